//! Values of arguments: literals, which are checked here, or expressions, which the compiler checks.

use core::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

use super::Args;
use crate::duration;

/// A value that was given for an argument.
#[derive(Clone)]
pub(crate) enum Setting<T> {
    Literal(T, Span),
    Expr(Box<Expr>),
}

impl<T> Setting<T> {
    pub(crate) fn literal(&self) -> Option<&T> {
        match self {
            Self::Literal(value, _) => Some(value),
            Self::Expr(_) => None,
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Literal(_, span) => *span,
            Self::Expr(expr) => expr.span(),
        }
    }
}

/// As the runtime takes it.
pub(crate) trait Value {
    fn value_tokens(&self, span: Span) -> TokenStream;
}

impl Value for Duration {
    fn value_tokens(&self, _span: Span) -> TokenStream {
        duration::tokens(*self)
    }
}

impl Value for bool {
    fn value_tokens(&self, span: Span) -> TokenStream {
        Ident::new(if *self { "true" } else { "false" }, span).into_token_stream()
    }
}

impl Value for u32 {
    fn value_tokens(&self, span: Span) -> TokenStream {
        let mut literal = proc_macro2::Literal::u32_unsuffixed(*self);
        literal.set_span(span);
        literal.into_token_stream()
    }
}

impl Value for f64 {
    fn value_tokens(&self, span: Span) -> TokenStream {
        let mut literal = proc_macro2::Literal::f64_unsuffixed(*self);
        literal.set_span(span);
        literal.into_token_stream()
    }
}

impl<T: Value> ToTokens for Setting<T> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(value, span) => tokens.extend(value.value_tokens(*span)),
            Self::Expr(expr) => expr.to_tokens(tokens),
        }
    }
}

impl Args<'_> {
    /// `name = "250ms"`, or an expression of type `Duration`.
    pub(crate) fn duration(&mut self, name: &'static str) -> Option<Setting<Duration>> {
        let (_, expr) = self.expr(name)?;
        self.duration_of(expr)
    }

    pub(crate) fn duration_of(&self, expr: Expr) -> Option<Setting<Duration>> {
        match duration::literal(&expr) {
            Some(literal) => self.ctxt.ok(literal).map(|duration| Setting::Literal(duration, expr.span())),
            None => Some(Setting::Expr(Box::new(expr))),
        }
    }

    /// `name = 5`, at least `min` and at most `max`, or an expression of type `u32`.
    pub(crate) fn integer(&mut self, name: &'static str, min: u32, max: u32) -> Option<Setting<u32>> {
        self.integer_or(name, min, max, &format!("`{name}` is at least {min}"))
    }

    /// As [`integer`](Self::integer), with a message of its own where it is less.
    pub(crate) fn integer_or(
        &mut self,
        name: &'static str,
        min: u32,
        max: u32,
        too_small: &str,
    ) -> Option<Setting<u32>> {
        let (_, expr) = self.expr(name)?;
        self.integer_of_or(name, expr, min, max, too_small)
    }

    pub(crate) fn integer_of(&self, name: &str, expr: Expr, min: u32, max: u32) -> Option<Setting<u32>> {
        self.integer_of_or(name, expr, min, max, &format!("`{name}` is at least {min}"))
    }

    fn integer_of_or(&self, name: &str, expr: Expr, min: u32, max: u32, too_small: &str) -> Option<Setting<u32>> {
        let message = match literal(&expr) {
            Some(Lit::Int(int)) => match int.base10_parse::<u32>() {
                Ok(value) if (min..=max).contains(&value) => return Some(Setting::Literal(value, int.span())),
                Ok(value) if value < min => too_small.to_owned(),
                _ => format!("`{name}` is at most {max}"),
            },
            Some(_) => format!("`{name}` takes a whole number, e.g. `{name} = {}`", min.max(3)),
            None if is_negative(&expr) => too_small.to_owned(),
            None => return Some(Setting::Expr(Box::new(expr))),
        };
        self.ctxt.error_spanned_by(expr, message);
        None
    }

    /// `name = 0.5`, above 0 and at most 1, or an expression of type `f64`.
    pub(crate) fn rate(&mut self, name: &'static str) -> Option<Setting<f64>> {
        self.rate_or(name, &format!("`{name}` is a share above 0 and at most 1, e.g. `{name} = 0.5`"))
    }

    /// As [`rate`](Self::rate), with a message of its own.
    pub(crate) fn rate_or(&mut self, name: &'static str, message: &str) -> Option<Setting<f64>> {
        let (_, expr) = self.expr(name)?;
        self.number_of(expr, |value| value > 0.0 && value <= 1.0, message)
    }

    /// A number that is allowed, or an expression of type `f64`.
    pub(crate) fn number_of(
        &self,
        expr: Expr,
        is_allowed: impl Fn(f64) -> bool,
        message: &str,
    ) -> Option<Setting<f64>> {
        let value = match literal(&expr) {
            Some(Lit::Float(float)) => float.base10_parse::<f64>().ok(),
            Some(Lit::Int(int)) => int.base10_parse::<f64>().ok(),
            Some(_) => None,
            None if is_negative(&expr) => None,
            None => return Some(Setting::Expr(Box::new(expr))),
        };
        match value {
            Some(value) if value.is_finite() && is_allowed(value) => Some(Setting::Literal(value, expr.span())),
            _ => {
                self.ctxt.error_spanned_by(expr, message);
                None
            }
        }
    }
}

/// The literal that an expression is, also when it went through a `macro_rules!` fragment or stands in parentheses.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// `-1`: a literal all the same.
pub(crate) fn is_negative(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).is_some(),
        Expr::Group(group) => is_negative(&group.expr),
        _ => false,
    }
}
