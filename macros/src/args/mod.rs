//! The list of arguments of an attribute, before anybody asks what they mean.
//!
//! ```text
//! #[circuit_breaker(PAYMENTS, on(Err(Error::Io(_))), name = "payments")]
//!                   positional  list                 named
//! ```

mod adaptive;
mod backoff;
pub(crate) mod bulkhead;
pub(crate) mod circuit_breaker;
mod clone;
mod common;
pub(crate) mod fallback;
pub(crate) mod filter;
pub(crate) mod flags;
mod grammar;
pub(crate) mod hedge;
pub(crate) mod outcome;
pub(crate) mod percentile;
pub(crate) mod rate_limit;
pub(crate) mod retry;
pub(crate) mod setting;
mod stale;
pub(crate) mod stateful;
pub(crate) mod timeout;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{BinOp, Expr};

pub(crate) use self::common::Common;
use crate::ctxt::Ctxt;
use crate::kind::Kind;
use crate::suggest::{nearest, unknown};

/// Arguments whose meaning is fixed and that a later version takes.
const RESERVED: [&str; 2] = ["nested", "budget"];

pub(crate) struct Args<'c> {
    pub(crate) ctxt: &'c Ctxt,
    pub(crate) kind: Kind,
    /// What is taken in their place, in a list within those of the attribute.
    inner: Option<&'static [&'static str]>,
    /// The whole attribute.
    pub(crate) span: Span,
    positional: Option<Expr>,
    named: Vec<Named>,
}

struct Named {
    name: Ident,
    value: Value,
}

enum Value {
    /// `name = EXPR`
    Expr(Box<Expr>),
    /// `name(..)`
    List(Group),
    /// `name`
    Bare,
    /// `name =`, of which a mistake was reported: it must not be reported as missing as well.
    Mistaken,
}

impl<'c> Args<'c> {
    /// The names that are taken, in the order of the docs.
    fn known(&self) -> Vec<&'static str> {
        self.inner.map_or_else(|| self.kind.arguments(), <[_]>::to_vec)
    }

    fn take(&mut self, name: &'static str) -> Option<Named> {
        debug_assert!(self.known().contains(&name), "`{name}` is missing among the arguments of {:?}", self.kind);
        let found = self.named.iter().position(|named| named.name == name)?;
        Some(self.named.remove(found))
    }

    /// Whether an argument of that name is there, known or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named.iter().any(|named| named.name == name)
    }

    /// Whether `name` was not given, nor anything unknown that may have been meant so and is reported as such.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        !self.has(name) && !self.has_unknown()
    }

    /// Whether there is an argument that [`finish`](Self::finish) reports as unknown.
    pub(crate) fn has_unknown(&self) -> bool {
        let known = self.known();
        self.named.iter().any(|named| is_unknown(&named.name.to_string(), &known))
    }

    /// The first `name = ..` that is like nothing that is known.
    fn take_unlike_any(&mut self) -> Option<Ident> {
        let known = self.known();
        let found = self.named.iter().position(|Named { name, value }| {
            let name = name.to_string();
            matches!(value, Value::Expr(_)) && is_unknown(&name, &known) && nearest(&name, &known).is_none()
        })?;
        Some(self.named.remove(found).name)
    }

    /// Leaves out what is not to be reported.
    fn drop(&mut self, names: &[&str]) {
        self.named.retain(|named| !names.iter().any(|name| named.name == name));
    }

    /// Whether there is an expression without a name.
    pub(crate) fn is_positional(&self) -> bool {
        self.positional.is_some()
    }

    /// The expression without a name.
    pub(crate) fn positional(&mut self) -> Option<Expr> {
        self.positional.take()
    }

    /// The expression without a name, as a policy that was made elsewhere. `None` also for what was meant as a setting.
    pub(crate) fn handle(&mut self, example: &str) -> Option<Expr> {
        let handle = self.positional()?;
        let known = self.known();
        let names = |expr: &Expr| match expr {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        let setting = |expr: &Expr| names(expr).filter(|name| known.contains(&name.as_str()));
        let meant = match &handle {
            // `attempts`
            Expr::Path(_) => setting(&handle),
            // `attempts(3)`
            Expr::Call(call) => setting(&call.func),
            // `attempts == 3`
            Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => setting(&binary.left),
            _ => None,
        };
        // `adaptve(min = 2)`: nobody calls a function so.
        let misspelt = match &handle {
            Expr::Call(call) if call.args.iter().any(|argument| matches!(argument, Expr::Assign(_))) => {
                names(&call.func)
            }
            _ => None,
        };
        let message = match (meant, misspelt) {
            (Some(name), _) => format!("expected `{name} = ..`"),
            (None, Some(name)) => unknown("argument", &name, &known),
            (None, None) if setting::literal(&handle).is_some() || setting::is_negative(&handle) => {
                format!("expected `name = value`, e.g. `{example}`, or a shared policy")
            }
            (None, None) => return Some(handle),
        };
        self.ctxt.error_spanned_by(&handle, message);
        None
    }

    /// `name = EXPR`.
    pub(crate) fn expr(&mut self, name: &'static str) -> Option<(Ident, Expr)> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::Expr(expr) => Some((name, *expr)),
            Value::List(_) | Value::Bare => {
                self.ctxt.error(name.span(), format!("expected `{name} = ..`"));
                None
            }
            Value::Mistaken => None,
        }
    }

    /// The value of `name = EXPR`, which stays to be read.
    pub(crate) fn peek(&self, name: &'static str) -> Option<&Expr> {
        self.named.iter().find(|named| named.name == name).and_then(|named| match &named.value {
            Value::Expr(expr) => Some(&**expr),
            Value::List(_) | Value::Bare | Value::Mistaken => None,
        })
    }

    /// `name = word`, where it is one of `words`; anything else stays to be read.
    pub(crate) fn take_word(&mut self, name: &'static str, words: &[&str]) -> Option<Ident> {
        let Expr::Path(path) = self.peek(name)? else { return None };
        let word = path.path.get_ident()?.clone();
        if !words.iter().any(|known| word == known) {
            return None;
        }
        self.take(name);
        Some(word)
    }

    /// `name(..)`.
    pub(crate) fn list(&mut self, name: &'static str) -> Option<(Ident, Group)> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::List(list) => Some((name, list)),
            Value::Expr(_) => {
                self.ctxt.error(name.span(), format!("expected `{name}(..)`, not `{name} = ..`"));
                None
            }
            Value::Bare => {
                self.ctxt.error(name.span(), format!("expected `{name}(..)`"));
                None
            }
            Value::Mistaken => None,
        }
    }

    /// `name(..)` or `name = EXPR`, for an argument that has both forms.
    pub(crate) fn list_or_expr(&mut self, name: &'static str) -> Option<(Ident, Result<Group, Expr>)> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::List(list) => Some((name, Ok(list))),
            Value::Expr(expr) => Some((name, Err(*expr))),
            Value::Bare => {
                self.ctxt.error(name.span(), format!("expected `{name} = ..` or `{name}(..)`"));
                None
            }
            Value::Mistaken => None,
        }
    }

    /// `name(..)` with arguments of its own, or `name` with none; they are to be finished as well.
    pub(crate) fn inner(&mut self, name: &'static str, names: &'static [&'static str]) -> Option<Args<'c>> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::List(list) => Some(self.parse_inner(names, &list)),
            Value::Bare => Some(self.parse_inner(names, &Group::new(Delimiter::Parenthesis, TokenStream::new()))),
            Value::Expr(_) => {
                self.ctxt.error(name.span(), format!("expected `{name}` or `{name}(..)`, not `{name} = ..`"));
                None
            }
            Value::Mistaken => None,
        }
    }

    /// What stands in a list. Where it ends too early, the message points to its end.
    fn parse_list<T>(&self, list: &Group, parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>) -> Option<T> {
        let parse = |input: ParseStream<'_>| {
            let content;
            syn::parenthesized!(content in input);
            parse(&content)
        };
        self.ctxt.ok(parse.parse2(list.to_token_stream()))
    }

    /// Whether a policy made elsewhere stands in place of settings: `#[retry(POLICY)]`, `#[fallback(stale(POLICY))]`.
    pub(crate) fn has_handle(&self) -> bool {
        let is_stale = |named: &Named| named.name == "stale" && matches!(named.value, Value::List(_));
        let positional = !self.kind.facts().settings.is_empty() && self.positional.is_some();
        positional || self.named.iter().any(is_stale)
    }

    /// Names that were given beside such a policy and belong to it.
    pub(crate) fn refuse_beside_handle(&mut self, settings: &[&'static str]) {
        self.refuse(settings, "is a setting of the shared policy; set it where that is made");
    }

    /// Reports those of `names` that were given, and says whether there are any.
    pub(crate) fn refuse(&mut self, names: &[&'static str], why: &str) -> bool {
        let mut any = false;
        for name in names {
            if let Some(Named { name, .. }) = self.take(name) {
                self.ctxt.error(name.span(), format!("`{name}` {why}"));
                any = true;
            }
        }
        any
    }

    /// Leaves out what belongs to a shared policy.
    pub(crate) fn drop_settings(&mut self) {
        self.drop(&["name"]);
        self.drop(self.kind.flags());
        self.drop(self.kind.facts().settings);
    }

    /// As they were written, but for the expression without a name.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let named = self.named.into_iter().map(|Named { name, value }| match value {
            Value::Expr(expr) => quote!(#name = #expr,),
            Value::List(list) => quote!(#name #list,),
            Value::Bare => quote!(#name,),
            Value::Mistaken => TokenStream::new(),
        });
        named.collect()
    }

    /// Reports what nobody asked for.
    pub(crate) fn finish(self) {
        let (known, misplaced) = (self.known(), self.misplaced());
        let Self { ctxt, kind, positional, named, .. } = self;
        if let Some(expr) = positional {
            ctxt.error_spanned_by(expr, format!("`#[{}]` takes no expression without a name", kind.name()));
        }
        for Named { name, value } in named {
            let text = name.to_string();
            let message = if RESERVED.contains(&text.as_str()) {
                format!("`{text}` is reserved and not supported yet")
            } else if let Some(misplaced) = flags::misplaced(&text, kind) {
                misplaced
            } else if text == "error" {
                format!(
                    "`#[{}]` rejects nothing; give `error` to the policy that does, or to `#[outcome]` for all of them",
                    kind.name()
                )
            } else if matches!(value, Value::Bare) && nearest(&text, &known).is_none() {
                misplaced.to_owned()
            } else {
                unknown("argument", &text, &known)
            };
            ctxt.error(name.span(), message);
        }
    }
}

/// Reserved names, `shadow` and `error` have messages of their own.
fn is_unknown(name: &str, known: &[&str]) -> bool {
    !known.contains(&name) && !RESERVED.contains(&name) && !matches!(name, "error" | "enabled" | "shadow" | "critical")
}
