//! `enabled`, `shadow` and `critical`, which every policy has besides its own settings.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Lit};

use super::Args;
use super::setting::{Setting, is_negative, literal};
use crate::kind::Kind;

const NAMES: [&str; 3] = ["enabled", "shadow", "critical"];

impl Kind {
    /// Those of its policy; nothing is in shadow that rejects no call before it is made.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::CircuitBreaker | Self::Bulkhead | Self::RateLimit => &NAMES,
            Self::Retry | Self::Timeout | Self::Hedge | Self::Fallback => &["enabled", "critical"],
            Self::Outcome | Self::Resilient => &[],
        }
    }
}

/// What is wrong with one of them that is not taken.
pub(super) fn misplaced(name: &str, kind: Kind) -> Option<String> {
    if !NAMES.contains(&name) {
        return None;
    }
    let attribute = kind.name();
    Some(match kind {
        Kind::Outcome | Kind::Resilient => format!("`#[{attribute}]` is no policy; give `{name}` to one"),
        _ => format!(
            "`#[{attribute}]` has no `shadow`, which lets calls pass that would be rejected; give it to a \
             `circuit_breaker`, `bulkhead` or `rate_limit`, or write `enabled = false`"
        ),
    })
}

/// Those that were given, in the order of the docs.
#[derive(Default)]
pub(crate) struct Flags(Vec<(&'static str, Setting<bool>)>);

impl Flags {
    pub(super) fn read(args: &mut Args<'_>) -> Self {
        if args.has_handle() {
            args.refuse_beside_handle(args.kind.flags());
            return Self::default();
        }
        let names = args.kind.flags().iter();
        Self(names.filter_map(|name| flag(args, name).map(|value| (*name, value))).collect())
    }

    /// Whether all of them are literals, so that they may stand in a `static`.
    pub(crate) fn are_literals(&self) -> bool {
        self.exprs().next().is_none()
    }

    /// Those that are no literals.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().filter_map(|(_, value)| match value {
            Setting::Expr(expr) => Some(&**expr),
            Setting::Literal(..) => None,
        })
    }

    /// The names of those.
    pub(crate) fn varying(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(|(_, value)| value.literal().is_none()).map(|(name, _)| *name)
    }

    /// `.enabled(false)`
    pub(crate) fn tokens(&self) -> TokenStream {
        self.0.iter().map(set).collect()
    }

    /// As `tokens`, of the literals.
    pub(crate) fn literals(&self) -> TokenStream {
        self.0.iter().filter(|(_, value)| value.literal().is_some()).map(set).collect()
    }

    /// In words, for the docs of the function: what is not as it is by default.
    pub(crate) fn words(&self) -> String {
        let words = self.0.iter().map(|(name, value)| match (*name, value) {
            ("enabled", Setting::Literal(false, _)) => "; switched off".to_owned(),
            ("shadow", Setting::Literal(true, _)) => "; in shadow: rejects nothing".to_owned(),
            ("critical", Setting::Literal(true, _)) => "; critical".to_owned(),
            (_, Setting::Literal(..)) => String::new(),
            ("shadow", Setting::Expr(expr)) => format!("; in shadow if `{}`", crate::docs::source(&**expr)),
            (name, Setting::Expr(expr)) => format!("; {name} if `{}`", crate::docs::source(&**expr)),
        });
        words.collect()
    }
}

fn set((name, value): &(&str, Setting<bool>)) -> TokenStream {
    let span = Span::mixed_site().located_at(value.span());
    let name = Ident::new(name, span);
    quote_spanned!(span=> .#name(#value))
}

/// `name = true`, or an expression of type `bool`.
fn flag(args: &mut Args<'_>, name: &'static str) -> Option<Setting<bool>> {
    let (_, expr) = args.expr(name)?;
    match literal(&expr) {
        Some(Lit::Bool(flag)) => return Some(Setting::Literal(flag.value, flag.span)),
        None if !is_negative(&expr) => return Some(Setting::Expr(Box::new(expr))),
        _ => {}
    }
    args.ctxt.error_spanned_by(expr, format!("`{name}` takes `true` or `false`"));
    None
}
