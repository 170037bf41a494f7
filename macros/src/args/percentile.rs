//! `percentile(0.99, factor = 2.0, min = "50ms", max = "5s")`, where a duration may follow recent latencies.

use core::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprCall, Lit};

use super::Args;
use super::setting::{Setting, Value, literal};
use super::stateful::is_constant;
use crate::ctxt::Ctxt;
use crate::emit::Root;
use crate::stack::Stack;
use crate::suggest::{nearest, unknown};

pub(super) const NAME: &str = "percentile";

const ARGUMENTS: [&str; 5] = ["factor", "min", "max", "window", "min_calls"];

pub(crate) struct Percentile {
    share: Setting<f64>,
    factor: Option<Setting<f64>>,
    min: Option<Setting<Duration>>,
    max: Option<Setting<Duration>>,
    window: Option<Setting<Duration>>,
    min_calls: Option<Setting<u32>>,
}

/// Whether an expression is the call of a percentile, and not a function of the user's: that one stands in parentheses.
pub(crate) fn call(expr: &Expr) -> Option<&ExprCall> {
    match expr {
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident(NAME)) => Some(call),
        _ => None,
    }
}

/// `percentil(0.99, max = "1s")`, which is reported: nobody calls a function so.
pub(super) fn is_misspelt(args: &Args<'_>, expr: &Expr) -> bool {
    let Expr::Call(ExprCall { func, args: given, .. }) = expr else { return false };
    let name = func.to_token_stream().to_string();
    let is_misspelt =
        given.iter().any(|argument| matches!(argument, Expr::Assign(_))) && nearest(&name, &[NAME]).is_some();
    if is_misspelt {
        args.ctxt.error_spanned_by(func, format!("unknown `{name}(..)`; did you mean `{NAME}`?"));
    }
    is_misspelt
}

/// Another expression, without those parentheses; no lint should find them in the expansion.
pub(crate) fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Paren(paren) => bare(*paren.expr),
        expr => expr,
    }
}

/// `percentile = 0.99, max = "5s"`, where `percentile(..)` was meant: says whether it is so, and what to write, with the
/// settings that were given and those that are `needed`.
pub(super) fn refuse_as_argument(args: &mut Args<'_>, before: &str, needed: &[&str]) -> bool {
    let Some(named) = args.named.iter().find(|named| named.name == NAME) else { return false };
    let share = match &named.value {
        super::Value::Expr(share) => percent(share).unwrap_or_else(|| crate::docs::source(&**share)),
        _ => "0.99".to_owned(),
    };
    let span = named.name.span();
    let given = ARGUMENTS.into_iter().filter(|name| args.has(name) || needed.contains(name));
    let arguments: Vec<_> = std::iter::once(share).chain(given.map(|name| format!("{name} = .."))).collect();
    args.ctxt.error(span, format!("write `{before}{NAME}({})`", arguments.join(", ")));
    args.drop(&[NAME]);
    args.drop(&ARGUMENTS);
    true
}

impl Percentile {
    /// `None` where an error was reported. `needs_max` says what there would not be without `max`.
    pub(crate) fn read(args: &Args<'_>, call: &ExprCall, needs_max: Option<&str>) -> Option<Self> {
        let mut given = Given::read(args, call);
        let share = match given.share.take() {
            Some(expr) => share(args, expr, &ones_own(call)),
            None => {
                if !given.is_mistaken {
                    let or = ones_own(call);
                    let message = format!("`percentile` needs a share of the calls, e.g. `percentile(0.99)`{or}");
                    args.ctxt.error_spanned_by(call, message);
                }
                None
            }
        };
        let factor = given.take("factor", |expr| {
            args.number_of(expr, |factor| factor > 0.0, "`factor` is a number above 0, e.g. `factor = 2.0`")
        });
        let min = given.take("min", |expr| args.duration_of(expr));
        let has_max = given.has("max");
        let max = given.take("max", |expr| args.duration_of(expr));
        let window = given.take("window", |expr| args.duration_of(expr));
        let min_calls = given.take("min_calls", |expr| args.integer_of("min_calls", expr, 1, u32::MAX));
        if let (Some(without), false) = (needs_max, has_max || given.is_mistaken) {
            let or = if matches!(share, Some(Setting::Expr(_))) { ones_own(call) } else { String::new() };
            let message = format!("`percentile` needs `max` here, e.g. `max = \"5s\"`: {without}{or}");
            args.ctxt.error_spanned_by(call, message);
        }
        if let (Some(Setting::Literal(min, span)), Some(Setting::Literal(max, _))) = (&min, &max)
            && min > max
        {
            args.ctxt.error(*span, format!("`min` is longer than `max` ({max:?})"));
        }
        if let Some(Setting::Literal(Duration::ZERO, span)) = &window {
            args.ctxt.error(*span, "`window` is longer than nothing, e.g. `window = \"1m\"`");
        }
        Some(Self { share: share?, factor, min, max, window, min_calls })
    }

    /// As the runtime takes it, in a constant.
    pub(crate) fn tokens(&self, root: &Root) -> TokenStream {
        let share = &self.share;
        let settings = [
            set("factor", self.factor.as_ref()),
            set("min", self.min.as_ref()),
            set("max", self.max.as_ref()),
            set("window", self.window.as_ref()),
            set("min_calls", self.min_calls.as_ref()),
        ];
        quote_spanned!(Span::mixed_site()=> #root::Percentile::new(#share)#(#settings)*)
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        let mut words = format!("percentile {} of recent latencies", crate::docs::setting(&self.share));
        if let Some(factor) = &self.factor {
            words = format!("{} times {words}", crate::docs::setting(factor));
        }
        for (bound, duration) in [("at least", &self.min), ("at most", &self.max)] {
            if let Some(duration) = duration {
                words = format!("{words}, {bound} {}", crate::docs::duration(duration));
            }
        }
        words
    }

    /// What it never is shorter than.
    pub(crate) fn min(&self) -> Option<&Setting<Duration>> {
        self.min.as_ref()
    }

    /// What it never is longer than.
    pub(crate) fn max(&self) -> Option<&Setting<Duration>> {
        self.max.as_ref()
    }

    /// It stands in a `static`, so that its settings name no argument.
    pub(crate) fn check(&self, ctxt: &Ctxt, otherwise: &str, stack: &Stack) {
        let durations = [&self.min, &self.max, &self.window];
        let exprs = [expr(Some(&self.share)), expr(self.factor.as_ref()), expr(self.min_calls.as_ref())];
        for expr in exprs.into_iter().chain(durations.map(|duration| expr(duration.as_ref()))).flatten() {
            is_constant(ctxt, expr, otherwise, stack);
        }
    }
}

fn expr<T>(setting: Option<&Setting<T>>) -> Option<&Expr> {
    match setting? {
        Setting::Expr(expr) => Some(expr),
        Setting::Literal(..) => None,
    }
}

/// `.name(value)`
fn set<T: Value>(name: &str, value: Option<&Setting<T>>) -> Option<TokenStream> {
    let value = value?;
    let span = Span::mixed_site().located_at(value.span());
    let name = Ident::new(name, span);
    Some(quote_spanned!(span=> .#name(#value)))
}

/// What to write where a function of the user's was meant, which has no arguments with names.
fn ones_own(call: &ExprCall) -> String {
    if call.args.len() > 1 || call.args.iter().any(|argument| matches!(argument, Expr::Assign(_))) {
        return String::new();
    }
    format!("; a function of your own stands in parentheses, `({})`", crate::docs::source(call))
}

fn share(args: &Args<'_>, expr: Expr, or: &str) -> Option<Setting<f64>> {
    let message = match percent(&expr) {
        Some(share) => {
            format!("`percentile` takes a share above 0 and below 1; write `{share}`{or}")
        }
        None => format!("`percentile` takes a share above 0 and below 1, e.g. `0.99`{or}"),
    };
    args.number_of(expr, |share| share > 0.0 && share < 1.0, &message)
}

/// `99` or `99.9`, as it is said, as a share. A small number with a fraction is no percentage that anybody means.
fn percent(expr: &Expr) -> Option<String> {
    let (whole, fraction) = match literal(expr)? {
        Lit::Int(int) => (int.base10_parse::<u8>().ok()?, String::new()),
        Lit::Float(float) => {
            let (whole, fraction) = float.base10_digits().split_once('.')?;
            let whole = whole.parse().ok().filter(|whole| *whole >= 10)?;
            (whole, fraction.trim_end_matches('0').to_owned())
        }
        _ => return None,
    };
    let is_number = fraction.bytes().all(|digit| digit.is_ascii_digit());
    ((1..100).contains(&whole) && is_number).then(|| format!("0.{whole:02}{fraction}"))
}

/// What stands between the parentheses.
struct Given {
    share: Option<Expr>,
    named: Vec<(String, Expr)>,
    /// Whether something was reported that may have been meant as what is missing.
    is_mistaken: bool,
}

impl Given {
    fn read(args: &Args<'_>, call: &ExprCall) -> Self {
        let mut given = Self { share: None, named: Vec::new(), is_mistaken: false };
        for (index, argument) in call.args.iter().enumerate() {
            let (place, mistake) = match argument {
                Expr::Assign(assign) => {
                    let name = assign.left.to_token_stream().to_string();
                    if !ARGUMENTS.contains(&name.as_str()) {
                        (&*assign.left, unknown("argument", &name, &ARGUMENTS))
                    } else if given.has(&name) {
                        (&*assign.left, format!("duplicate argument `{name}`"))
                    } else {
                        given.named.push((name, (*assign.right).clone()));
                        continue;
                    }
                }
                share if index == 0 => {
                    given.share = Some(share.clone());
                    continue;
                }
                other if given.share.is_some() => {
                    (other, "expected `name = value`; only the share has no name".to_owned())
                }
                other => (other, "expected `name = value`; the share comes first: `percentile(0.99, ..)`".to_owned()),
            };
            args.ctxt.error_spanned_by(place, mistake);
            given.is_mistaken = true;
        }
        given
    }

    fn has(&self, name: &str) -> bool {
        self.named.iter().any(|(other, _)| other == name)
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(Expr) -> Option<T>) -> Option<T> {
        let found = self.named.iter().position(|(other, _)| other == name)?;
        read(self.named.remove(found).1)
    }
}
