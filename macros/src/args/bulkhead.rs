//! `#[bulkhead]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::setting::Setting;
use super::stateful::{Stateful, Type};
use crate::policy::{Layer, Stack};

pub(super) const ARGUMENTS: [&str; 6] = ["max_concurrent", "max_wait", "max_queue", "key", "max_keys", "clone"];

/// Those that a shared bulkhead has of its own.
const SETTINGS: [&str; 4] = ["max_concurrent", "max_wait", "max_queue", "max_keys"];

/// As many as can wait.
const LONGEST_QUEUE: u32 = (1 << 30) - 1;

const POLICY: Type = Type { name: "Bulkhead", variable: "bulkhead", item: "BULKHEAD", new: &["max_concurrent"] };

pub(crate) struct Bulkhead {
    pub(crate) shared: Stateful,
    words: String,
}

impl Bulkhead {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let mistaken = args.is_positional();
        let shared = Stateful::read(args, "#[bulkhead(max_concurrent = 10)]", &SETTINGS);
        let mut bulkhead = Self { shared, words: String::new() };
        if bulkhead.shared.handle().is_none() {
            bulkhead.read_settings(args, mistaken);
        }
        bulkhead
    }

    /// `mistaken`: something was given in place of the settings, and reported.
    fn read_settings(&mut self, args: &mut Args<'_>, mistaken: bool) {
        if !mistaken && !args.has("max_concurrent") {
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
            args.ctxt
                .error(queue.span(), "`max_queue` needs `max_wait`: how long a call waits, e.g. `max_wait = \"1s\"`");
        }
        self.words = words(max_concurrent.as_ref(), max_wait.as_ref(), max_queue.as_ref());
        self.shared.set("max_concurrent", max_concurrent);
        self.shared.set("max_wait", max_wait);
        self.shared.set("max_queue", max_queue);
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        self.shared.words(&self.words)
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        self.shared.prelude(&POLICY, layer, stack, None)
    }

    /// The layer, which is put around a call.
    pub(crate) fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let root = &stack.root;
        let bulkhead = self.shared.policy(&POLICY, layer, stack, None);
        let tag = layer.tag(stack);
        quote_spanned!(Span::mixed_site()=> #root::__private::bulkhead(#bulkhead)#tag)
    }
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
