//! `#[rate_limit]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::setting::Setting;
use super::stateful::{Stateful, Type};
use crate::policy::{Layer, Stack};

pub(super) const ARGUMENTS: [&str; 7] = ["permits", "per", "burst", "max_wait", "key", "max_keys", "clone"];

/// Those that a shared limit has of its own.
const SETTINGS: [&str; 5] = ["permits", "per", "burst", "max_wait", "max_keys"];

const POLICY: Type = Type { name: "RateLimit", variable: "rate_limit", item: "RATE_LIMIT", new: &["permits"] };

pub(crate) struct RateLimit {
    pub(crate) shared: Stateful,
    words: String,
}

impl RateLimit {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let mistaken = args.is_positional();
        let shared = Stateful::read(args, "#[rate_limit(permits = 100)]", &SETTINGS);
        let mut limit = Self { shared, words: String::new() };
        if limit.shared.handle().is_none() {
            limit.read_settings(args, mistaken);
        }
        limit
    }

    /// `mistaken`: something was given in place of the settings, and reported.
    fn read_settings(&mut self, args: &mut Args<'_>, mistaken: bool) {
        if !mistaken && !args.has("permits") {
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
        self.words = words(permits.as_ref(), per.as_ref(), burst.as_ref(), max_wait.as_ref());
        self.shared.set("permits", permits);
        self.shared.set("per", per);
        self.shared.set("burst", burst);
        self.shared.set("max_wait", max_wait);
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
        let limit = self.shared.policy(&POLICY, layer, stack, None);
        let tag = layer.tag(stack);
        quote_spanned!(Span::mixed_site()=> #root::__private::rate_limit(#limit)#tag)
    }
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
