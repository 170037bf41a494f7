//! What may stand between the parentheses of an attribute: one expression first, if at all; then `name = EXPR`, or
//! `name(..)` for lists and patterns. Parentheses always make an expression: `(on(x))`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token, token};

use super::{Args, Named, Value, percentile};
use crate::ctxt::Ctxt;
use crate::kind::Kind;

/// The arguments that have the form `name(..)`; anything else that looks so may be an expression.
const LISTS: [&str; 5] = ["on", "ignore", "rejections", "retry_after", "clone"];

const MISPLACED: &str = "expected `name = value`; an expression without a name comes first";

impl<'c> Args<'c> {
    pub(crate) fn parse(ctxt: &'c Ctxt, kind: Kind, span: Span, tokens: TokenStream) -> Self {
        Self::parse_as(ctxt, kind, None, span, tokens)
    }

    /// The arguments of a list of its own, `name(..)`, which takes those `names`.
    pub(super) fn parse_inner(&self, names: &'static [&'static str], list: &Group) -> Self {
        Self::parse_as(self.ctxt, self.kind, Some(names), list.span(), list.stream())
    }

    fn parse_as(
        ctxt: &'c Ctxt,
        kind: Kind,
        inner: Option<&'static [&'static str]>,
        span: Span,
        tokens: TokenStream,
    ) -> Self {
        let mut args = Self { ctxt, kind, inner, span, positional: None, named: Vec::new() };
        // Between parentheses, so that what ends too early is reported where the attribute stands.
        let mut list = Group::new(Delimiter::Parenthesis, tokens);
        list.set_span(span);
        let parse = |input: ParseStream<'_>| {
            let content;
            syn::parenthesized!(content in input);
            args.parse_all(&content)
        };
        if let Err(error) = parse.parse2(list.into_token_stream()) {
            ctxt.push(error);
        }
        args
    }

    /// Goes on at the next comma after a mistake.
    fn parse_all(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            if let Err(error) = self.parse_one(input) {
                self.ctxt.push(error);
                skip_to_comma(input)?;
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                self.ctxt.push(input.error("expected `,`"));
                skip_to_comma(input)?;
                let _comma: Option<Token![,]> = input.parse()?;
            }
        }
        Ok(())
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let Ok(name) = input.fork().call(Ident::parse_any) else { return self.parse_expr(input) };
        if input.peek2(Token![=>]) || (input.peek2(Token![:]) && !input.peek2(Token![::])) {
            input.call(Ident::parse_any)?;
            let error = input.error(format!("expected `{name} = ..`"));
            self.push(name, Value::Mistaken);
            return Err(error);
        }
        if input.peek2(Token![=]) && !input.peek2(Token![==]) {
            return self.parse_assignment(input);
        }
        let is_adaptive = name == "adaptive" && self.kind.takes("adaptive");
        let (after_word, after_list) = ends(input);
        // Of a fallback it may also be a function of the user that has the answer: `stale(id).await`.
        let is_stale = self.kind.takes("stale") && name == "stale" && after_list;
        let is_list = is_adaptive || is_stale || LISTS.iter().any(|list| name == list);
        // A variant or a constant is none: `Ok(0)`, `LIMIT`.
        let may_be_name =
            !self.takes_expression() && !name.to_string().starts_with(char::is_uppercase) && name != percentile::NAME;
        if input.peek2(token::Paren) && (is_list || (after_list && may_be_name)) {
            input.call(Ident::parse_any)?;
            let list = input.parse()?;
            self.push(name, Value::List(list));
            return Ok(());
        }
        if after_word && (is_adaptive || name == "clone" || may_be_name) {
            if let Some(key) = self.key_before(input) {
                return Err(self.key_in_parts(key, input)?);
            }
            input.call(Ident::parse_any)?;
            self.push(name, Value::Bare);
            return Ok(());
        }
        self.parse_expr(input)
    }

    /// Whether what comes next may be an expression without a name.
    fn takes_expression(&self) -> bool {
        self.positional.is_none() && self.named.is_empty() && self.kind.is_policy() && self.inner.is_none()
    }

    pub(super) fn misplaced(&self) -> &'static str {
        if self.inner.is_some() { "expected `name = value`" } else { MISPLACED }
    }

    fn parse_assignment(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = input.call(Ident::parse_any)?;
        let equals = input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            self.push(name, Value::Mistaken);
            return Err(syn::Error::new_spanned(equals, "expected a value after `=`"));
        }
        match input.parse() {
            Ok(value) => {
                self.push(name, Value::Expr(Box::new(ungrouped(value))));
                Ok(())
            }
            Err(error) => {
                self.push(name, Value::Mistaken);
                Err(error)
            }
        }
    }

    fn parse_expr(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let in_its_place = self.takes_expression();
        if let Some(key) = self.key_before(input) {
            return Err(self.key_in_parts(key, input)?);
        }
        let expr = ungrouped(input.parse()?);
        if in_its_place {
            self.positional = Some(expr);
            return Ok(());
        }
        let error = match &self.positional {
            Some(_) => syn::Error::new_spanned(&expr, "expected `name = value`; only one expression has no name"),
            None => syn::Error::new_spanned(&expr, self.misplaced()),
        };
        // So that it is not reported as missing as well.
        if matches!(self.kind, Kind::Timeout | Kind::Fallback) {
            self.positional.get_or_insert(expr);
        }
        Err(error)
    }

    /// The key, where what comes next may be another part of it: no setting and no policy that was made elsewhere.
    fn key_before(&self, input: ParseStream<'_>) -> Option<Expr> {
        let is_other = |name: Ident| {
            let name = name.to_string();
            name.starts_with(char::is_uppercase) || LISTS.contains(&&*name) || self.known().contains(&&*name)
        };
        if input.fork().call(Ident::parse_any).is_ok_and(is_other) {
            return None;
        }
        match self.named.last()? {
            Named { name, value: Value::Expr(key) } if name == "key" => Some((**key).clone()),
            _ => None,
        }
    }

    /// `key = a, b, c`: takes all the parts, of which it is said once.
    fn key_in_parts(&self, key: Expr, input: ParseStream<'_>) -> syn::Result<syn::Error> {
        let mut parts = vec![key, input.parse()?];
        loop {
            let ahead = input.fork();
            if ahead.parse::<Token![,]>().is_err() || self.key_before(&ahead).is_none() {
                break;
            }
            match ahead.parse() {
                Ok(Expr::Assign(_)) | Err(_) => break,
                Ok(part) => parts.push(part),
            }
            input.advance_to(&ahead);
        }
        let written: Vec<String> = parts.iter().map(crate::docs::source).collect();
        let message = format!("several keys are one tuple; write `key = ({})`", written.join(", "));
        let more = &parts[1..];
        Ok(syn::Error::new_spanned(quote!(#(#more)*), message))
    }

    fn push(&mut self, name: Ident, value: Value) {
        if self.named.iter().any(|other| other.name == name) {
            self.ctxt.error(name.span(), format!("duplicate argument `{name}`"));
            return;
        }
        self.named.push(Named { name, value });
    }
}

/// An expression that went through a `macro_rules!` comes in a group, which is no part of what it says.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        expr => expr,
    }
}

/// Whether an argument ends after the first token, and after the second.
fn ends(input: ParseStream<'_>) -> (bool, bool) {
    let rest = input.fork();
    let after_next = || rest.parse::<TokenTree>().is_ok() && (rest.is_empty() || rest.peek(Token![,]));
    (after_next(), after_next())
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each argument as it was understood, and the mistakes.
    fn parsed(kind: Kind, tokens: TokenStream) -> (Vec<String>, Vec<String>) {
        let ctxt = Ctxt::new();
        let args = Args::parse(&ctxt, kind, Span::call_site(), tokens);
        let positional = args.positional.iter().map(|expr| format!("expression {}", expr.to_token_stream()));
        let named = args.named.iter().map(|Named { name, value }| match value {
            Value::Expr(expr) => format!("{name} = {}", expr.to_token_stream()),
            Value::List(list) => format!("{name}{list}"),
            Value::Bare => name.to_string(),
            Value::Mistaken => format!("{name}?"),
        });
        let read = positional.chain(named).collect();
        let errors = ctxt.check().err().into_iter().flatten().map(|error| error.to_string());
        (read, errors.collect())
    }

    fn understood(tokens: TokenStream) -> Vec<String> {
        let (read, errors) = parsed(Kind::Retry, tokens);
        assert!(errors.is_empty(), "{errors:?}");
        read
    }

    #[test]
    fn an_expression_comes_first() {
        assert_eq!(understood(quote!(POLICY, name = "x")), ["expression POLICY", "name = \"x\""]);
        assert_eq!(understood(quote!(self.policy(),)), ["expression self . policy ()"]);
        assert_eq!(understood(quote!(attempts(3))), ["expression attempts (3)"]);
        assert_eq!(understood(quote!(a == b)), ["expression a == b"]);
        assert_eq!(understood(quote!({ a = b })), ["expression { a = b }"]);
    }

    #[test]
    fn the_names_of_lists_are_no_functions() {
        assert_eq!(understood(quote!(on(Err(_)))), ["on(Err (_))"]);
        assert_eq!(understood(quote!((on(x)))), ["expression (on (x))"]);
        assert_eq!(understood(quote!(clone)), ["clone"]);
        assert_eq!(understood(quote!(retry_after = f, on(Ok(_)))), ["retry_after = f", "on(Ok (_))"]);
    }

    #[test]
    fn a_shared_fallback_is_no_function() {
        let understood = |tokens| {
            let (read, errors) = parsed(Kind::Fallback, tokens);
            assert!(errors.is_empty(), "{errors:?}");
            read
        };
        assert_eq!(understood(quote!(stale(PRICES), key = id)), ["stale(PRICES)", "key = id"]);
        assert_eq!(understood(quote!(stale(id).await)), ["expression stale (id) . await"]);
        assert_eq!(understood(quote!((stale(id)))), ["expression (stale (id))"]);
    }

    #[test]
    fn the_crate_is_told_from_a_path_into_it() {
        assert_eq!(understood(quote!(crate = a::b)), ["crate = a :: b"]);
        assert_eq!(understood(quote!(crate::POLICY)), ["expression crate :: POLICY"]);
    }

    #[test]
    fn a_mistake_ends_at_the_next_comma() {
        let (read, errors) = parsed(Kind::Retry, quote!(a = , b: 3, c = 1 2, d = +, e = 5));
        assert_eq!(read, ["a?", "b?", "c = 1", "d?", "e = 5"]);
        assert_eq!(
            errors,
            ["expected a value after `=`", "expected `b = ..`", "expected `,`", "expected an expression"]
        );
    }

    #[test]
    fn what_is_misplaced_is_not_missing_as_well() {
        let (read, errors) = parsed(Kind::Timeout, quote!(name = "x", 1 + 1));
        assert_eq!(read, ["expression 1 + 1", "name = \"x\""]);
        assert_eq!(errors, [MISPLACED]);
    }

    #[test]
    fn a_name_stands_once() {
        let (read, errors) = parsed(Kind::Retry, quote!(on(Ok(_)), on = 5));
        assert_eq!(read, ["on(Ok (_))"]);
        assert_eq!(errors, ["duplicate argument `on`"]);
    }
}
