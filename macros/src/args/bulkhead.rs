//! `#[bulkhead]`.

use core::time::Duration;

use super::Args;
use super::setting::Setting;
use super::stateful::{Stateful, Type};
use crate::kind::Facts;
use crate::policy::Policy;

pub(crate) const FACTS: Facts = Facts {
    name: "bulkhead",
    arguments: &["max_concurrent", "max_wait", "max_queue", "key", "max_keys", "clone"],
    settings: &["max_concurrent", "max_wait", "max_queue", "max_keys"],
    judges: false,
    rejects: true,
    read: Some(read),
};

/// As many as can wait.
const LONGEST_QUEUE: u32 = (1 << 30) - 1;

const POLICY: Type = Type {
    name: "Bulkhead",
    noun: "a bulkhead",
    example: "#[bulkhead(max_concurrent = 10)]",
    new: &["max_concurrent"],
};

fn read(args: &mut Args<'_>) -> Policy {
    let mistaken = args.is_positional();
    let mut bulkhead = Stateful::read(args, &POLICY);
    if bulkhead.handle().is_none() {
        read_settings(&mut bulkhead, args, mistaken);
    }
    Policy::Around(Box::new(bulkhead))
}

/// `mistaken`: something was given in place of the settings, and reported.
fn read_settings(bulkhead: &mut Stateful, args: &mut Args<'_>, mistaken: bool) {
    if !mistaken && !args.is_meant("max_concurrent") {
        args.ctxt.error(
            args.span,
            "`#[bulkhead]` needs `max_concurrent`: how many calls run at once, e.g. `#[bulkhead(max_concurrent = 10)]`",
        );
    }
    let max_concurrent = args.integer("max_concurrent", 1, u32::MAX);
    let waits = args.has("max_wait");
    let max_wait = args.duration("max_wait");
    let max_queue = args.integer("max_queue", 1, LONGEST_QUEUE);
    if let (Some(queue), false) = (&max_queue, waits) {
        args.ctxt.error(queue.span(), "`max_queue` needs `max_wait`: how long a call waits, e.g. `max_wait = \"1s\"`");
    }
    bulkhead.words = words(max_concurrent.as_ref(), max_wait.as_ref(), max_queue.as_ref());
    bulkhead.set("max_concurrent", max_concurrent);
    bulkhead.set("max_wait", max_wait);
    bulkhead.set("max_queue", max_queue);
}

fn words(
    max_concurrent: Option<&Setting<u32>>,
    max_wait: Option<&Setting<Duration>>,
    max_queue: Option<&Setting<u32>>,
) -> String {
    let Some(max_concurrent) = max_concurrent else { return String::new() };
    let runs = format!("at most {} at once", crate::docs::setting(max_concurrent));
    match max_wait {
        None | Some(Setting::Literal(Duration::ZERO, _)) => runs,
        Some(wait) => {
            let queue = crate::docs::setting(max_queue.unwrap_or(max_concurrent));
            format!("{runs}, {queue} wait up to {}", crate::docs::duration(wait))
        }
    }
}
