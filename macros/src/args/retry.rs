//! `#[retry]`.

use core::time::Duration;

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, Ident, Token};

use super::Args;
use super::backoff::{Backoff, backoff, is_no_curve};
use super::setting::{Setting, is_negative, literal};
use crate::emit::{Root, at};
use crate::kind::Facts;
use crate::policy::{Layer, Made, Policy};
use crate::stack::Stack;
use crate::suggest::{List, unknown as unknown_name};

pub(crate) const FACTS: Facts = Facts {
    name: "retry",
    arguments: &[
        "attempts",
        "backoff",
        "jitter",
        "max_delay",
        "max_duration",
        "retry_after",
        "rejections",
        "budget",
        "nested",
        "clone",
        "on_retry",
        "on_give_up",
    ],
    settings: &["attempts", "backoff", "jitter", "max_delay", "max_duration"],
    judges: true,
    rejects: false,
    read: Some(|args| Policy::Retry(Box::new(Retry::read(args)))),
};

const REJECTIONS: [&str; 4] = ["timeout", "rate_limited", "bulkhead_full", "circuit_open"];

#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "`on_retry` is the name of the argument")]
pub(crate) struct Retry {
    /// A shared policy in place of settings.
    handle: Option<Expr>,
    attempts: Option<Attempts>,
    backoff: Option<Backoff>,
    jitter: Option<Jitter>,
    max_delay: Option<Setting<Duration>>,
    max_duration: Option<Setting<Duration>>,
    rejections: Option<Vec<Ident>>,
    budget: Option<Box<Expr>>,
    /// `once` or `multiply`.
    nested: Option<Ident>,
    on_retry: Option<Expr>,
    on_give_up: Option<Expr>,
}

enum Attempts {
    Limited(Setting<u32>),
    Unlimited(Span),
}

enum Jitter {
    Full,
    None,
    Fraction(Setting<f64>),
}

impl Retry {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let handle = args.handle("#[retry(attempts = 3)]").filter(|handle| is_no_curve(args, handle));
        let mut retry = Self { handle, ..Self::default() };
        if retry.handle.is_some() {
            args.refuse_beside_handle(FACTS.settings);
        } else {
            retry.attempts = attempts(args);
            retry.backoff = args.expr("backoff").and_then(|(_, expr)| backoff(args, expr));
            retry.jitter = jitter(args);
            retry.max_delay = args.duration("max_delay");
            let has_end = args.has("max_duration");
            retry.max_duration = args.duration("max_duration");
            retry.check(args, has_end);
        }
        retry.rejections = args.list("rejections").map(|(_, list)| rejections(args, &list));
        retry.budget = budget(args);
        retry.nested = nested(args);
        retry.on_retry = args.expr("on_retry").map(|(_, expr)| expr);
        retry.on_give_up = args.expr("on_give_up").map(|(_, expr)| expr);
        retry
    }

    fn check(&self, args: &Args<'_>, has_end: bool) {
        if let Some(Attempts::Unlimited(span)) = &self.attempts
            && !has_end
        {
            args.ctxt.error(*span, "`unlimited` needs an end; add `max_duration = \"1m\"` or the like");
        }
        if let Some(base) = self.backoff.as_ref().and_then(Backoff::first_delay)
            && let Some(Setting::Literal(max, span)) = &self.max_delay
            && base > *max
        {
            args.ctxt.error(*span, format!("`max_delay` is shorter than the first delay, which is {base:?}"));
        }
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let policy = self.policy(layer, stack);
        let budget = self.budget.as_ref().map(|budget| {
            let (root, variable) = (&stack.root, layer.variable("budget", stack));
            let listed = stack.listed(budget);
            let handle = stack.shared_handle(budget, &quote_spanned!(Span::mixed_site()=> #root::RetryBudget));
            quote_spanned!(Span::mixed_site()=> #listed let #variable = #handle;)
        });
        quote_spanned!(Span::mixed_site()=> #policy #budget)
    }

    fn policy(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let policy = layer.variable("policy", stack);
        if let Some(handle) = &self.handle {
            let (root, listed) = (&stack.root, stack.listed(handle));
            let handle = stack.handle(handle, &quote_spanned!(Span::mixed_site()=> #root::Retry));
            let nested = self.nested(root);
            let narrowed = match &self.rejections {
                Some(_) => self.rejections(layer, stack),
                None => layer.filter.narrows().then(|| quote_spanned!(Span::mixed_site()=> .narrowed())),
            };
            return if narrowed.is_some() || nested.is_some() {
                quote_spanned!(Span::mixed_site()=> #listed let #policy = (*#handle)#narrowed #nested;)
            } else {
                quote_spanned!(Span::mixed_site()=> #listed let #policy = #handle;)
            };
        }
        if self.is_constant(layer) {
            return TokenStream::new();
        }
        let made = layer.made(&stack.root, &ty(&stack.root), self.made(layer, stack));
        quote_spanned!(Span::mixed_site()=> let #policy = #made;)
    }

    /// The machine that decides after each attempt.
    pub(crate) fn machine(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let policy = if self.handle.is_none() && self.is_constant(layer) {
            layer.constant(root, &ty(root), self.made(layer, stack))
        } else {
            let mut policy = layer.variable("policy", stack);
            let span = self.handle.as_ref().map_or(span, at);
            // Where it was made, so that what is wrong with it is reported there alone.
            policy.set_span(span);
            quote_spanned!(span=> &#policy)
        };
        let function = match &self.backoff {
            // Bounded by `Fn`, from which a closure learns the type of its argument.
            Some(Backoff::Function(function)) if matches!(**function, Expr::Closure(_)) => {
                Some(quote_spanned!(at(function)=> .backoff_fn(#function)))
            }
            Some(Backoff::Function(function)) => Some(quote_spanned!(at(function)=> .backoff(#function))),
            _ => None,
        };
        let observed = self.is_observed().then(|| quote_spanned!(span=> .observed()));
        let begun = match &self.budget {
            Some(budget) => {
                let mut variable = layer.variable("budget", stack);
                variable.set_span(at(&**budget));
                let budget = quote_spanned!(at(&**budget)=> &#variable);
                quote_spanned!(span=> #root::__private::retry_within(#policy, #budget))
            }
            None => quote_spanned!(span=> #root::__private::retry(#policy)),
        };
        quote_spanned!(span=> #begun #function #observed)
    }

    /// What becomes of the outcome of an attempt.
    pub(crate) fn next(&self, class: &TokenStream) -> TokenStream {
        let span = Span::mixed_site();
        if !self.is_observed() {
            return quote_spanned!(span=> retry.next(&outcome, #class));
        }
        let hook = |hook: &Option<Expr>| {
            hook.as_ref().map_or_else(|| quote_spanned!(span=> |_| ()), ToTokens::to_token_stream)
        };
        let (on_retry, on_give_up) = (hook(&self.on_retry), hook(&self.on_give_up));
        let span = self.on_retry.as_ref().or(self.on_give_up.as_ref()).map_or(span, at);
        quote_spanned!(span=> retry.next_observed(&outcome, #class, #on_retry, #on_give_up))
    }

    fn is_observed(&self) -> bool {
        self.on_retry.is_some() || self.on_give_up.is_some()
    }

    /// Whether all settings are literals, so that the policy stands in a `static`.
    fn is_constant(&self, layer: &Layer) -> bool {
        let duration = |setting: &Option<Setting<Duration>>| setting.as_ref().is_none_or(|s| s.literal().is_some());
        let backoff = self.backoff.as_ref();
        backoff.is_none_or(|backoff| backoff.is_literal() || matches!(backoff, Backoff::Function(_)))
            && layer.common.flags.are_literals()
            && !matches!(&self.attempts, Some(Attempts::Limited(Setting::Expr(_))))
            && !matches!(&self.jitter, Some(Jitter::Fraction(Setting::Expr(_))))
            && duration(&self.max_delay)
            && duration(&self.max_duration)
    }

    fn made(&self, layer: &Layer, stack: &Stack) -> Made {
        let span = Span::mixed_site();
        let root = &stack.root;
        let (mut value, mut varying) = (quote_spanned!(span=> #root::Retry::new()), Vec::new());
        let mut known = value.clone();
        for (name, is_literal, setting) in self.settings(root) {
            if is_literal {
                known.extend(setting.clone());
            } else {
                varying.push(name);
            }
            value.extend(setting);
        }
        let rejections = self.rejections(layer, stack);
        let nested = self.nested(root);
        let common = quote_spanned!(span=> #rejections #nested);
        value.extend(common.clone());
        known.extend(common);
        Made { value, known, varying }
    }

    /// `.attempts(3)`, in the order of the docs, and whether that is a literal.
    fn settings(&self, root: &Root) -> Vec<(&'static str, bool, TokenStream)> {
        let span = Span::mixed_site();
        let mut settings = Vec::new();
        match &self.attempts {
            Some(Attempts::Limited(attempts)) => {
                let set = quote_spanned!(span.located_at(attempts.span())=> .attempts(#attempts));
                settings.push(("attempts", attempts.literal().is_some(), set));
            }
            Some(Attempts::Unlimited(_)) => settings.push(("attempts", true, quote_spanned!(span=> .unlimited()))),
            None => {}
        }
        if let Some(backoff) = &self.backoff {
            // A function is no setting of the policy: the call has it.
            let set = backoff.tokens(root).map(|backoff| quote_spanned!(span=> .backoff(#backoff)));
            settings.push(("backoff", backoff.is_literal(), set.unwrap_or_default()));
        }
        if let Some(jitter) = &self.jitter {
            let is_literal = !matches!(jitter, Jitter::Fraction(Setting::Expr(_)));
            let jitter = match jitter {
                Jitter::Full => quote_spanned!(span=> Full),
                Jitter::None => quote_spanned!(span=> None),
                Jitter::Fraction(fraction) => quote_spanned!(span=> Fraction(#fraction)),
            };
            settings.push(("jitter", is_literal, quote_spanned!(span=> .jitter(#root::Jitter::#jitter))));
        }
        for (name, setting) in [("max_delay", &self.max_delay), ("max_duration", &self.max_duration)] {
            if let Some(max) = setting {
                let span = span.located_at(max.span());
                let method = Ident::new(name, span);
                settings.push((name, max.literal().is_some(), quote_spanned!(span=> .#method(#max))));
            }
        }
        settings
    }

    /// Which rejections are retried: those named; none where the errors are narrowed; the default otherwise.
    fn rejections(&self, layer: &Layer, stack: &Stack) -> Option<TokenStream> {
        let root = &stack.root;
        let names: &[Ident] = match &self.rejections {
            Some(names) => names,
            None if layer.filter.narrows() => &[],
            None => return None,
        };
        Some(quote_spanned!(Span::mixed_site()=> .rejections(#root::Rejections::NONE #(.#names())*)))
    }

    fn nested(&self, root: &Root) -> Option<TokenStream> {
        let variant = match self.nested.as_ref()? {
            word if word == "once" => quote_spanned!(Span::mixed_site()=> Once),
            _ => quote_spanned!(Span::mixed_site()=> Multiply),
        };
        Some(quote_spanned!(Span::mixed_site()=> .nested(#root::Nested::#variant)))
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        let budget = match &self.budget {
            Some(budget) => format!(", within the budget `{}`", crate::docs::source(&**budget)),
            None => String::new(),
        };
        let is_once = self.nested.as_ref().is_some_and(|nested| nested == "once");
        let nested = if is_once { "; once beneath another retry" } else { "" };
        format!("{}{budget}{nested}", self.policy_words())
    }

    fn policy_words(&self) -> String {
        if let Some(handle) = &self.handle {
            return format!("retried as `{}` says", crate::docs::source(handle));
        }
        let attempts = match &self.attempts {
            None => "at most 3 attempts".to_owned(),
            Some(Attempts::Unlimited(_)) => "any number of attempts".to_owned(),
            Some(Attempts::Limited(attempts)) => format!("at most {} attempts", crate::docs::setting(attempts)),
        };
        let backoff = match &self.backoff {
            None => "exponential backoff from 100ms".to_owned(),
            Some(Backoff::Function(_)) => "backoff by a function".to_owned(),
            Some(Backoff::Curve { name, .. }) if name == "none" => "no delay".to_owned(),
            Some(Backoff::Curve { name, base, .. }) => match base {
                Some(base) => format!("{name} backoff from {}", crate::docs::duration(base)),
                None => format!("{name} backoff"),
            },
        };
        let limit = self.max_duration.as_ref().map(|max| format!(", within {}", crate::docs::duration(max)));
        format!("{attempts}, {backoff}{}", limit.unwrap_or_default())
    }
}

fn ty(root: &Root) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #root::Retry)
}

fn attempts(args: &mut Args<'_>) -> Option<Attempts> {
    // Looked at before it is read as a number: `unlimited` is a word of the grammar and no variable.
    if let Some(word) = args.take_word("attempts", &["unlimited"]) {
        return Some(Attempts::Unlimited(word.span()));
    }
    args.integer("attempts", 1, u32::MAX).map(Attempts::Limited)
}

fn jitter(args: &mut Args<'_>) -> Option<Jitter> {
    match args.take_word("jitter", &["full", "none"]) {
        Some(word) if word == "full" => Some(Jitter::Full),
        Some(_) => Some(Jitter::None),
        None => {
            let message = "`jitter` takes `full`, `none`, or the share that varies, e.g. `jitter = 0.25`";
            args.rate_or("jitter", message).map(Jitter::Fraction)
        }
    }
}

/// `budget = EXPR`, for all that take it.
pub(super) fn budget(args: &mut Args<'_>) -> Option<Box<Expr>> {
    let (_, expr) = args.expr("budget")?;
    if literal(&expr).is_some() || is_negative(&expr) {
        let message = "`budget` takes a shared `RetryBudget`, e.g. `budget = BUDGET` with \
                       `static BUDGET: RetryBudget = RetryBudget::new().ratio(0.1);`";
        args.ctxt.error_spanned_by(expr, message);
        return None;
    }
    Some(Box::new(expr))
}

fn nested(args: &mut Args<'_>) -> Option<Ident> {
    let word = args.take_word("nested", &["once", "multiply"]);
    if word.is_none()
        && let Some((_, other)) = args.expr("nested")
    {
        let message = "`nested` takes `once`, to leave the retries to a retry around this one, or `multiply`";
        args.ctxt.error_spanned_by(other, message);
    }
    word
}

/// `rejections(timeout, circuit_open)`
fn rejections(args: &Args<'_>, list: &Group) -> Vec<Ident> {
    let names = args.parse_list(list, |input| {
        let name = |input: syn::parse::ParseStream<'_>| {
            let name = input.call(Ident::parse_any);
            name.map_err(|error| syn::Error::new(error.span(), format!("expected one of: {}", List(&REJECTIONS))))
        };
        input.parse_terminated(name, Token![,])
    });
    let mut known: Vec<Ident> = Vec::new();
    for name in names.into_iter().flatten() {
        if !REJECTIONS.iter().any(|known| name == known) {
            args.ctxt.error(name.span(), unknown_name("rejection", &name.to_string(), &REJECTIONS));
        } else if known.contains(&name) {
            args.ctxt.error(name.span(), format!("duplicate rejection `{name}`"));
        } else {
            known.push(name);
        }
    }
    known
}
