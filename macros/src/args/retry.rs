//! `#[retry]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprCall, Ident, Lit, Token};

use super::Args;
use super::setting::{Setting, is_negative, literal};
use crate::policy::{Layer, Stack};
use crate::suggest::{List, unknown as unknown_name};

const SETTINGS: [&str; 5] = ["attempts", "backoff", "jitter", "max_delay", "max_duration"];
const REJECTIONS: [&str; 4] = ["timeout", "rate_limited", "bulkhead_full", "circuit_open"];
const CURVES: [&str; 5] = ["exponential", "fixed", "linear", "fibonacci", "none"];

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
    on_retry: Option<Expr>,
    on_give_up: Option<Expr>,
}

enum Attempts {
    Limited(Setting<u32>),
    Unlimited,
}

enum Backoff {
    Curve {
        name: Ident,
        base: Option<Setting<Duration>>,
        factor: Option<Setting<f64>>,
    },
    /// `Fn(u32) -> Duration`, or a `Backoff`.
    Function(Box<Expr>),
}

enum Jitter {
    Full,
    None,
    Fraction(Setting<f64>),
}

impl Retry {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let mut retry = Self { handle: args.positional(), ..Self::default() };
        if let Some(handle) = &retry.handle {
            super::refuse_literal_handle(args, handle, &SETTINGS, "#[retry(attempts = 3)]");
            args.refuse_beside_handle(&SETTINGS);
        } else {
            retry.attempts = attempts(args);
            retry.backoff = args.expr("backoff").and_then(|(_, expr)| backoff(args, expr));
            retry.jitter = jitter(args);
            retry.max_delay = args.duration("max_delay");
            retry.max_duration = args.duration("max_duration");
            retry.check(args);
        }
        retry.rejections = args.list("rejections").map(|(_, tokens)| rejections(args, tokens));
        retry.on_retry = args.expr("on_retry").map(|(_, expr)| expr);
        retry.on_give_up = args.expr("on_give_up").map(|(_, expr)| expr);
        retry
    }

    fn check(&self, args: &Args<'_>) {
        if matches!(self.attempts, Some(Attempts::Unlimited)) && self.max_duration.is_none() {
            args.ctxt.error(args.span, "`attempts = unlimited` needs an end; add `max_duration = \"1m\"` or the like");
        }
        if let Some(Backoff::Curve { base: Some(base), .. }) = &self.backoff
            && let (Some(base), Some(max)) = (base.literal(), &self.max_delay)
            && max.literal().is_some_and(|max| base > max)
        {
            args.ctxt.error(max.span(), "`max_delay` is shorter than the first delay of `backoff`");
        }
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let policy = layer.variable("policy", stack);
        if let Some(handle) = &self.handle {
            let handle = stack.handle(handle);
            let narrowed = match &self.rejections {
                Some(_) => self.rejections(layer, stack),
                None => layer.filter.narrows().then(|| quote_spanned!(Span::mixed_site()=> .narrowed())),
            };
            return match narrowed {
                Some(narrowed) => quote_spanned!(Span::mixed_site()=> let #policy = (*#handle)#narrowed;),
                None => quote_spanned!(Span::mixed_site()=> let #policy = #handle;),
            };
        }
        if self.is_constant() {
            return TokenStream::new();
        }
        let value = self.value(layer, stack);
        quote_spanned!(Span::mixed_site()=> let #policy = #value;)
    }

    /// The machine that decides after each attempt.
    pub(crate) fn machine(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let policy = if self.handle.is_none() && self.is_constant() {
            let value = self.value(layer, stack);
            quote_spanned!(span=> { static RETRY: #root::Retry = #value; &RETRY })
        } else {
            let policy = layer.variable("policy", stack);
            quote_spanned!(span=> &#policy)
        };
        let function = match &self.backoff {
            Some(Backoff::Function(function)) => Some(match &**function {
                // Bounded by `Fn`, from which a closure learns the type of its argument.
                Expr::Closure(function) => quote_spanned!(span=> .backoff_fn(#function)),
                function => quote_spanned!(span=> .backoff(#function)),
            }),
            _ => None,
        };
        let observed = self.is_observed().then(|| quote_spanned!(span=> .observed()));
        quote_spanned!(span=> #root::__private::retry(#policy)#function #observed)
    }

    /// What becomes of the outcome of an attempt.
    pub(crate) fn next(&self, class: &TokenStream) -> TokenStream {
        let span = Span::mixed_site();
        if !self.is_observed() {
            return quote_spanned!(span=> retry.next(outcome, #class));
        }
        let hook = |hook: &Option<Expr>| {
            hook.as_ref().map_or_else(|| quote_spanned!(span=> |_| ()), ToTokens::to_token_stream)
        };
        let (on_retry, on_give_up) = (hook(&self.on_retry), hook(&self.on_give_up));
        quote_spanned!(span=> retry.next_observed(outcome, #class, #on_retry, #on_give_up))
    }

    fn is_observed(&self) -> bool {
        self.on_retry.is_some() || self.on_give_up.is_some()
    }

    /// Whether all settings are literals, so that the policy stands in a `static`.
    fn is_constant(&self) -> bool {
        let duration = |setting: &Option<Setting<Duration>>| setting.as_ref().is_none_or(|s| s.literal().is_some());
        let backoff = match &self.backoff {
            Some(Backoff::Curve { base, factor, .. }) => {
                duration(base) && factor.as_ref().is_none_or(|factor| factor.literal().is_some())
            }
            Some(Backoff::Function(_)) | None => true,
        };
        backoff
            && !matches!(&self.attempts, Some(Attempts::Limited(Setting::Expr(_))))
            && !matches!(&self.jitter, Some(Jitter::Fraction(Setting::Expr(_))))
            && duration(&self.max_delay)
            && duration(&self.max_duration)
    }

    fn value(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let attempts = self.attempts.as_ref().map(|attempts| match attempts {
            Attempts::Limited(attempts) => quote_spanned!(span=> .attempts(#attempts)),
            Attempts::Unlimited => quote_spanned!(span=> .unlimited()),
        });
        let backoff = self.backoff.as_ref().and_then(|backoff| backoff.tokens(root));
        let backoff = backoff.map(|backoff| quote_spanned!(span=> .backoff(#backoff)));
        let jitter = self.jitter.as_ref().map(|jitter| {
            let jitter = match jitter {
                Jitter::Full => quote_spanned!(span=> Full),
                Jitter::None => quote_spanned!(span=> None),
                Jitter::Fraction(fraction) => quote_spanned!(span=> Fraction(#fraction)),
            };
            quote_spanned!(span=> .jitter(#root::Jitter::#jitter))
        });
        let max_delay = self.max_delay.as_ref().map(|delay| quote_spanned!(span=> .max_delay(#delay)));
        let max_duration = self.max_duration.as_ref().map(|max| quote_spanned!(span=> .max_duration(#max)));
        let rejections = self.rejections(layer, stack);
        let named = layer.named();
        quote_spanned!(span=>
            #root::Retry::new()#attempts #backoff #jitter #max_delay #max_duration #rejections #named
        )
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

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        if let Some(handle) = &self.handle {
            return format!("retried as `{}` says", crate::docs::source(handle));
        }
        let attempts = match &self.attempts {
            None => "at most 3 attempts".to_owned(),
            Some(Attempts::Unlimited) => "any number of attempts".to_owned(),
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

impl Backoff {
    /// The curve as a value; `None` for a function, which is handed to the machine.
    fn tokens(&self, root: &syn::Path) -> Option<TokenStream> {
        let span = Span::mixed_site();
        let Self::Curve { name, base, factor } = self else { return None };
        if name == "none" {
            return Some(quote_spanned!(span=> #root::Backoff::NONE));
        }
        let base = base.as_ref().map_or_else(
            || {
                let default = if name == "fixed" { Duration::from_secs(1) } else { Duration::from_millis(100) };
                crate::duration::tokens(default)
            },
            ToTokens::to_token_stream,
        );
        let factor = factor.as_ref().map(|factor| quote_spanned!(span=> .factor(#factor)));
        Some(quote_spanned!(span=> #root::Backoff::#name(#base)#factor))
    }
}

fn attempts(args: &mut Args<'_>) -> Option<Attempts> {
    // Looked at before it is read as a number: `unlimited` is a word of the grammar and no variable.
    if args.take_word("attempts", &["unlimited"]).is_some() {
        return Some(Attempts::Unlimited);
    }
    args.integer("attempts", 1, u32::MAX).map(Attempts::Limited)
}

fn jitter(args: &mut Args<'_>) -> Option<Jitter> {
    match args.take_word("jitter", &["full", "none"]).as_deref() {
        Some("full") => Some(Jitter::Full),
        Some(_) => Some(Jitter::None),
        None => args.rate("jitter").map(Jitter::Fraction),
    }
}

fn backoff(args: &Args<'_>, expr: Expr) -> Option<Backoff> {
    let expr = match expr {
        Expr::Group(group) => *group.expr,
        expr => expr,
    };
    match &expr {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) if CURVES.iter().any(|curve| name == curve) => {
                Some(Backoff::Curve { name: name.clone(), base: None, factor: None })
            }
            _ => Some(Backoff::Function(Box::new(expr))),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if CURVES.iter().any(|curve| name == curve) => curve(args, name, call),
                _ => Some(Backoff::Function(Box::new(expr))),
            },
            _ => Some(Backoff::Function(Box::new(expr))),
        },
        _ if literal(&expr).is_some() || is_negative(&expr) => {
            let message = format!(
                "`backoff` takes a curve, e.g. `backoff = exponential(\"100ms\")`; expected one of: {}",
                List(&CURVES)
            );
            args.ctxt.error_spanned_by(expr, message);
            None
        }
        _ => Some(Backoff::Function(Box::new(expr))),
    }
}

/// `exponential("100ms", factor = 2.0)`
fn curve(args: &Args<'_>, name: &Ident, call: &ExprCall) -> Option<Backoff> {
    let mut base = None;
    let mut factor = None;
    for (index, argument) in call.args.iter().enumerate() {
        match argument {
            Expr::Assign(assign) if assign.left.to_token_stream().to_string() == "factor" && name == "exponential" => {
                factor = Some(self::factor(args, &assign.right)?);
            }
            Expr::Assign(assign) => {
                let expected = if name == "exponential" { "; expected `factor`" } else { "" };
                let message = format!("unknown argument `{}` of `{name}`{expected}", assign.left.to_token_stream());
                args.ctxt.error_spanned_by(&assign.left, message);
            }
            delay if index == 0 && name != "none" => base = Some(args.duration_of(delay.clone())?),
            other => {
                args.ctxt.error_spanned_by(other, format!("`{name}` does not take this; see `backoff` in the docs"));
            }
        }
    }
    Some(Backoff::Curve { name: name.clone(), base, factor })
}

fn factor(args: &Args<'_>, expr: &Expr) -> Option<Setting<f64>> {
    let value = match literal(expr) {
        Some(Lit::Float(float)) => float.base10_parse::<f64>().ok(),
        Some(Lit::Int(int)) => int.base10_parse::<f64>().ok(),
        None if !is_negative(expr) => return Some(Setting::Expr(Box::new(expr.clone()))),
        _ => None,
    };
    match value {
        Some(value) if value.is_finite() && value >= 1.0 => {
            Some(Setting::Literal(value, syn::spanned::Spanned::span(expr)))
        }
        _ => {
            args.ctxt.error_spanned_by(expr, "`factor` is a number of at least 1, e.g. `factor = 2.0`");
            None
        }
    }
}

/// `rejections(timeout, circuit_open)`
fn rejections(args: &Args<'_>, tokens: TokenStream) -> Vec<Ident> {
    let parse = |input: ParseStream<'_>| input.parse_terminated(<Ident as syn::ext::IdentExt>::parse_any, Token![,]);
    let names = match parse.parse2(tokens) {
        Ok(names) => names,
        Err(error) => {
            args.ctxt.push(error);
            return Vec::new();
        }
    };
    let (known, unknown): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| REJECTIONS.iter().any(|known| name == known));
    for name in unknown {
        args.ctxt.error(name.span(), unknown_name("rejection", &name.to_string(), &REJECTIONS));
    }
    known
}
