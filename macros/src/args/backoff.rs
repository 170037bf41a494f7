//! `backoff = ..` of a retry.

use core::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprCall};

use super::Args;
use super::setting::{Setting, is_negative, literal};
use crate::emit::Root;
use crate::suggest::{List, unknown as unknown_name};

const CURVES: [&str; 5] = ["exponential", "fixed", "linear", "fibonacci", "none"];

pub(super) enum Backoff {
    Curve {
        name: Ident,
        base: Option<Setting<Duration>>,
        factor: Option<Setting<f64>>,
    },
    /// `Fn(u32) -> Duration`, or a `Backoff`.
    Function(Box<Expr>),
}

impl Backoff {
    /// Of a curve with a literal, or its default.
    pub(super) fn first_delay(&self) -> Option<Duration> {
        match self {
            Self::Curve { name, .. } if name == "none" => None,
            Self::Curve { base: Some(base), .. } => base.literal().copied(),
            Self::Curve { name, .. } => Some(default_base(name)),
            Self::Function(_) => None,
        }
    }

    /// Whether it is the same for all calls.
    pub(super) fn is_literal(&self) -> bool {
        match self {
            Self::Curve { base, factor, .. } => {
                base.as_ref().is_none_or(|base| base.literal().is_some())
                    && factor.as_ref().is_none_or(|factor| factor.literal().is_some())
            }
            Self::Function(_) => false,
        }
    }

    /// The curve as a value; `None` for a function, which is handed to the machine.
    pub(super) fn tokens(&self, root: &Root) -> Option<TokenStream> {
        let span = Span::mixed_site();
        let Self::Curve { name, base, factor } = self else { return None };
        if name == "none" {
            return Some(quote_spanned!(span=> #root::Backoff::NONE));
        }
        let base = base.as_ref().map_or_else(|| crate::duration::tokens(default_base(name)), ToTokens::to_token_stream);
        let factor = factor.as_ref().map(|factor| quote_spanned!(span=> .factor(#factor)));
        Some(quote_spanned!(span=> #root::Backoff::#name(#base)#factor))
    }
}

fn default_base(curve: &Ident) -> Duration {
    if curve == "fixed" { Duration::from_secs(1) } else { Duration::from_millis(100) }
}

/// `#[retry(exponential("1s"))]`
pub(super) fn is_no_curve(args: &Args<'_>, handle: &Expr) -> bool {
    let path = match handle {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    let is_curve = CURVES.iter().any(|curve| matches!(path, Expr::Path(path) if path.path.is_ident(curve)));
    if is_curve {
        args.ctxt.error_spanned_by(handle, format!("expected `backoff = {}`", crate::docs::source(handle)));
    }
    !is_curve
}

pub(super) fn backoff(args: &Args<'_>, expr: Expr) -> Option<Backoff> {
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
    let mut right = true;
    for (index, argument) in call.args.iter().enumerate() {
        let mistake = match argument {
            Expr::Assign(assign) => {
                let given = assign.left.to_token_stream().to_string();
                let mistake = if name != "exponential" {
                    format!(
                        "`{name}` takes no `{given}`{}",
                        if given == "factor" { "; `exponential` does" } else { "" }
                    )
                } else if given != "factor" {
                    unknown_name("argument", &given, &["factor"])
                } else if factor.is_some() {
                    "duplicate argument `factor`".to_owned()
                } else {
                    let message = "`factor` is a number of at least 1, e.g. `factor = 2.0`";
                    factor = args.number_of((*assign.right).clone(), |factor| factor >= 1.0, message);
                    right &= factor.is_some();
                    continue;
                };
                args.ctxt.error_spanned_by(&assign.left, mistake);
                right = false;
                continue;
            }
            delay if index == 0 && name != "none" => {
                base = args.duration_of(delay.clone());
                right &= base.is_some();
                continue;
            }
            _ if name == "none" => "`none` takes no arguments".to_owned(),
            _ if name == "exponential" => "expected `factor = ..`".to_owned(),
            _ => format!("`{name}` takes one duration, e.g. `{name}(\"1s\")`"),
        };
        args.ctxt.error_spanned_by(argument, mistake);
        right = false;
    }
    right.then(|| Backoff::Curve { name: name.clone(), base, factor })
}
