//! `#[rate_limit]`.

use core::time::Duration;

use super::Args;
use super::setting::Setting;
use super::stateful::{Stateful, Type};
use crate::kind::Facts;
use crate::policy::Policy;

pub(crate) const FACTS: Facts = Facts {
    name: "rate_limit",
    arguments: &["permits", "per", "burst", "max_wait", "key", "max_keys", "clone"],
    settings: &["permits", "per", "burst", "max_wait", "max_keys"],
    judges: false,
    rejects: true,
    read: Some(read),
};

const POLICY: Type = Type {
    name: "RateLimit",
    noun: "a limit",
    example: "#[rate_limit(permits = 100)]",
    constructor: "new",
    new: &["permits"],
};

fn read(args: &mut Args<'_>) -> Policy {
    let mistaken = args.is_positional();
    let mut limit = Stateful::read(args, &POLICY);
    if limit.handle().is_none() {
        read_settings(&mut limit, args, mistaken);
    }
    Policy::Around(Box::new(limit))
}

/// `mistaken`: something was given in place of the settings, and reported.
fn read_settings(limit: &mut Stateful, args: &mut Args<'_>, mistaken: bool) {
    if !mistaken && args.lacks("permits") {
        args.ctxt.error(
            args.span,
            "`#[rate_limit]` needs `permits`: how many calls pass in a second, or in `per`, e.g. \
             `#[rate_limit(permits = 100)]`",
        );
    }
    let permits = args.integer("permits", 1, u32::MAX);
    let per = args.duration("per");
    if let Some(Setting::Literal(Duration::ZERO, span)) = &per {
        args.ctxt.error(*span, "`per` is longer than nothing, e.g. `per = \"1s\"`");
    }
    let burst = args.integer("burst", 1, u32::MAX);
    let max_wait = args.duration("max_wait");
    limit.words = words(permits.as_ref(), per.as_ref(), burst.as_ref(), max_wait.as_ref());
    limit.set("permits", permits);
    limit.set("per", per);
    limit.set("burst", burst);
    limit.set("max_wait", max_wait);
}

fn words(
    permits: Option<&Setting<u32>>,
    per: Option<&Setting<Duration>>,
    burst: Option<&Setting<u32>>,
    max_wait: Option<&Setting<Duration>>,
) -> String {
    let Some(permits) = permits else { return String::new() };
    let per = per.map_or_else(|| "1s".to_owned(), crate::docs::duration);
    let rate = format!("{} calls per {per}", crate::docs::setting(permits));
    let words = match burst {
        Some(burst) => format!("{rate}, {} at once", crate::docs::setting(burst)),
        None => rate,
    };
    match max_wait {
        None | Some(Setting::Literal(Duration::ZERO, _)) => words,
        Some(wait) => format!("{words}, others wait up to {}", crate::docs::duration(wait)),
    }
}
