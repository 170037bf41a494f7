//! The list of arguments of an attribute, before anybody asks what they mean.
//!
//! ```text
//! #[circuit_breaker(PAYMENTS, on(Err(Error::Io(_))), name = "payments")]
//!                   positional  list                 named
//! ```

pub(crate) mod circuit_breaker;
mod common;
pub(crate) mod fallback;
pub(crate) mod filter;
pub(crate) mod outcome;
pub(crate) mod retry;
pub(crate) mod setting;
pub(crate) mod timeout;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token, token};

pub(crate) use self::common::Common;
use crate::ctxt::Ctxt;
use crate::policy::Kind;
use crate::suggest::{List, unknown};

/// The arguments that have the form `name(..)`; anything else that looks so is an expression.
const LISTS: [&str; 5] = ["on", "ignore", "rejections", "retry_after", "clone"];

/// Arguments whose meaning is fixed and that a later version takes.
const RESERVED: [&str; 6] = ["enabled", "shadow", "critical", "nested", "budget", "stale"];

/// What every attribute takes.
const COMMON: [&str; 2] = ["crate", "docs"];

pub(crate) struct Args<'c> {
    pub(crate) ctxt: &'c Ctxt,
    pub(crate) kind: Kind,
    /// The whole attribute.
    pub(crate) span: Span,
    positional: Option<Expr>,
    named: Vec<Named>,
    /// The names that somebody asked for: the ones that this attribute knows.
    known: Vec<&'static str>,
}

struct Named {
    name: Ident,
    value: Value,
}

enum Value {
    /// `name = EXPR`
    Expr(Box<Expr>),
    /// `name(..)`
    List(TokenStream),
    /// `name`
    Bare,
}

impl<'c> Args<'c> {
    pub(crate) fn parse(ctxt: &'c Ctxt, kind: Kind, span: Span, tokens: TokenStream) -> Self {
        let mut args = Self { ctxt, kind, span, positional: None, named: Vec::new(), known: Vec::new() };
        let parse = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.parse_one(input) {
                    ctxt.push(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    ctxt.push(input.error("expected `,`"));
                    skip_to_comma(input)?;
                    let _comma: Option<Token![,]> = input.parse()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(tokens) {
            ctxt.push(error);
        }
        args
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let assigns = input.peek2(Token![=]) && !input.peek2(Token![==]) && !input.peek2(Token![=>]);
        if input.peek(Ident::peek_any) && assigns {
            let name = input.call(Ident::parse_any)?;
            let equals = input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                self.push(name, Value::Bare);
                return Err(syn::Error::new_spanned(equals, "expected a value after `=`"));
            }
            return match input.parse() {
                Ok(value) => {
                    self.push(name, Value::Expr(Box::new(value)));
                    Ok(())
                }
                Err(error) => {
                    // Known, though it has no value: it must not be reported as missing as well.
                    self.push(name, Value::Bare);
                    Err(error)
                }
            };
        }
        if let Some(name) =
            input.fork().call(Ident::parse_any).ok().filter(|name| LISTS.iter().any(|list| name == list))
        {
            if input.peek2(token::Paren) {
                input.call(Ident::parse_any)?;
                let list;
                syn::parenthesized!(list in input);
                self.push(name, Value::List(list.parse()?));
                return Ok(());
            }
            let rest = input.fork();
            rest.call(Ident::parse_any)?;
            if name == "clone" && (rest.is_empty() || rest.peek(Token![,])) {
                input.call(Ident::parse_any)?;
                self.push(name, Value::Bare);
                return Ok(());
            }
        }
        let first = self.positional.is_none() && self.named.is_empty();
        let expr: Expr = input.parse()?;
        if first {
            self.positional = Some(expr);
            return Ok(());
        }
        Err(match &expr {
            Expr::Path(path) if path.path.get_ident().is_some() => {
                let name = path.path.get_ident().map(Ident::to_string).unwrap_or_default();
                syn::Error::new_spanned(&expr, format!("expected `{name} = ..`"))
            }
            _ => syn::Error::new_spanned(&expr, "expected `name = value`; an expression without a name comes first"),
        })
    }

    fn push(&mut self, name: Ident, value: Value) {
        if self.named.iter().any(|other| other.name == name) {
            self.ctxt.error(name.span(), format!("duplicate argument `{name}`"));
            return;
        }
        self.named.push(Named { name, value });
    }

    fn take(&mut self, name: &'static str) -> Option<Named> {
        self.known.push(name);
        let found = self.named.iter().position(|named| named.name == name)?;
        Some(self.named.remove(found))
    }

    /// The expression without a name.
    pub(crate) fn positional(&mut self) -> Option<Expr> {
        self.positional.take()
    }

    /// `name = EXPR`.
    pub(crate) fn expr(&mut self, name: &'static str) -> Option<(Ident, Expr)> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::Expr(expr) => Some((name, *expr)),
            Value::List(_) => {
                self.ctxt.error(name.span(), format!("expected `{name} = ..`"));
                None
            }
            // The missing value was reported where it should have stood.
            Value::Bare => None,
        }
    }

    /// The value of `name = EXPR`, which stays to be read.
    pub(crate) fn peek(&self, name: &'static str) -> Option<&Expr> {
        self.named.iter().find(|named| named.name == name).and_then(|named| match &named.value {
            Value::Expr(expr) => Some(&**expr),
            Value::List(_) | Value::Bare => None,
        })
    }

    /// `name = word`, where it is one of `words`; anything else stays to be read.
    pub(crate) fn take_word(&mut self, name: &'static str, words: &[&str]) -> Option<String> {
        let Expr::Path(path) = self.peek(name)? else { return None };
        let word = path.path.get_ident()?.to_string();
        if !words.contains(&word.as_str()) {
            return None;
        }
        self.take(name);
        Some(word)
    }

    /// `name(..)`.
    pub(crate) fn list(&mut self, name: &'static str) -> Option<(Ident, TokenStream)> {
        let Named { name, value } = self.take(name)?;
        match value {
            Value::List(tokens) => Some((name, tokens)),
            Value::Expr(_) => {
                self.ctxt.error(name.span(), format!("expected `{name}(..)`, not `{name} = ..`"));
                None
            }
            Value::Bare => None,
        }
    }

    /// `name(..)` or `name = EXPR`, for the one argument that has both forms.
    pub(crate) fn list_or_expr(&mut self, name: &'static str) -> Option<Result<TokenStream, Expr>> {
        match self.take(name)?.value {
            Value::List(tokens) => Some(Ok(tokens)),
            Value::Expr(expr) => Some(Err(*expr)),
            Value::Bare => None,
        }
    }

    /// `clone(a, b)`, or `clone` for all of `by_value`.
    pub(crate) fn clones(&mut self, by_value: &[Ident]) -> Vec<Ident> {
        let Some(Named { value, .. }) = self.take("clone") else { return Vec::new() };
        let Value::List(tokens) = value else { return by_value.to_vec() };
        let parse = |input: ParseStream<'_>| {
            let mut names = Vec::new();
            while !input.is_empty() {
                names.push(input.call(Ident::parse_any)?);
                let _comma: Option<Token![,]> = input.parse()?;
            }
            Ok(names)
        };
        let names = parse.parse2(tokens).unwrap_or_else(|error| {
            self.ctxt.push(error);
            Vec::new()
        });
        names.into_iter().filter(|name| self.may_be_cloned(name, by_value)).collect()
    }

    fn may_be_cloned(&self, name: &Ident, by_value: &[Ident]) -> bool {
        if by_value.contains(name) {
            return true;
        }
        let message = if name == "self" {
            "`self` cannot be cloned for each attempt; take `&self`, or clone it in a method above and call that one"
                .to_owned()
        } else if by_value.is_empty() {
            format!("`{name}` is no argument taken by value, and only those are cloned")
        } else {
            let names: Vec<String> = by_value.iter().map(Ident::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("`{name}` is no argument taken by value; expected one of: {}", List(&names))
        };
        self.ctxt.error(name.span(), message);
        false
    }

    /// Whether a shared policy stands in place of settings.
    pub(crate) fn has_handle(&self) -> bool {
        matches!(self.kind, Kind::Retry | Kind::CircuitBreaker) && self.positional.is_some()
    }

    /// Names that were given beside a positional handle and belong to the shared policy.
    pub(crate) fn refuse_beside_handle(&mut self, settings: &[&'static str]) {
        for setting in settings {
            if let Some(Named { name, .. }) = self.take(setting) {
                let message = format!("`{name}` is a setting of the shared policy; set it where that is made");
                self.ctxt.error(name.span(), message);
            }
        }
    }

    /// Reports what nobody asked for.
    pub(crate) fn finish(self) {
        let Self { ctxt, kind, positional, named, known, .. } = self;
        if let Some(expr) = positional {
            ctxt.error_spanned_by(expr, format!("`#[{}]` takes no expression without a name", kind.name()));
        }
        let mut known: Vec<&str> = known.into_iter().filter(|name| !COMMON.contains(name)).collect();
        known.extend(COMMON);
        for Named { name, .. } in named {
            let text = name.to_string();
            let message = if RESERVED.contains(&text.as_str()) {
                format!("`{text}` is reserved and not supported yet")
            } else {
                unknown("argument", &text, &known)
            };
            ctxt.error(name.span(), message);
        }
    }
}

/// `#[retry(3)]` and `#[retry(attempts(3))]`, which were meant as settings.
fn refuse_literal_handle(args: &Args<'_>, handle: &Expr, settings: &[&str], example: &str) {
    let is_setting = match handle {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|name| settings.iter().any(|setting| name == setting))
            }
            _ => false,
        },
        handle => setting::literal(handle).is_some(),
    };
    if is_setting {
        let message = format!("expected `name = value`, e.g. `{example}`, or a shared policy");
        args.ctxt.error_spanned_by(handle, message);
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
