//! One pattern over the return type, as in a `match`.

use core::time::Duration;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::{Expr, Pat, Token};

use crate::args::Args;
use crate::args::setting::Setting;

/// A pattern over the return type, as in a `match`.
#[derive(Clone)]
pub(crate) struct Arm {
    pub(super) pat: Pat,
    guard: Option<Expr>,
    /// What stands after `=>`; only in `retry_after`.
    pub(super) value: Option<Setting<Duration>>,
}

/// Which part of a `Result` a pattern can match.
#[derive(PartialEq, Eq)]
pub(crate) enum Head {
    Error,
    Both,
    Other,
}

impl Arm {
    /// `PAT if GUARD => value,`
    pub(super) fn tokens(&self, value: &TokenStream) -> TokenStream {
        let Self { pat, guard, .. } = self;
        let guard = guard.as_ref().map(|guard| quote_spanned!(Span::mixed_site()=> if #guard));
        quote_spanned!(Span::mixed_site()=> #pat #guard => #value,)
    }
}

pub(super) fn arms(args: &Args<'_>, (name, list): (Ident, Group), with_values: bool) -> Vec<Arm> {
    if is_closure(&list) {
        args.ctxt.error_spanned_by(list.stream(), format!("`{name}` takes patterns; a function goes into `when = ..`"));
        return Vec::new();
    }
    let arms = args.parse_list(&list, |input| {
        let mut arms = Vec::new();
        while !input.is_empty() {
            arms.push(arm(args, &name, input, with_values)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arms)
    });
    if arms.as_ref().is_some_and(Vec::is_empty) {
        let value = if with_values { " => \"5s\"" } else { "" };
        let message = format!("`{name}` needs at least one pattern, e.g. `{name}(Err(_){value})`");
        args.ctxt.error(name.span(), message);
    }
    arms.unwrap_or_default()
}

/// `PAT if GUARD`, and `=> VALUE` where there is to be one.
fn arm(args: &Args<'_>, name: &Ident, input: ParseStream<'_>, with_value: bool) -> syn::Result<Arm> {
    let pat = Pat::parse_multi_with_leading_vert(input).map_err(|error| {
        let message = format!("expected a pattern, as in an arm of a `match`: {error}");
        syn::Error::new(error.span(), message)
    })?;
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(_) => Some(input.parse()?),
        None => None,
    };
    let value = match (with_value, input.peek(Token![=>])) {
        (true, true) => {
            input.parse::<Token![=>]>()?;
            args.duration_of(input.parse()?)
        }
        (true, false) => return Err(input.error("expected `=>` and how long to wait, e.g. `Err(_) => \"5s\"`")),
        (false, true) => return Err(input.error(format!("`{name}` takes patterns alone, without `=>`"))),
        (false, false) => None,
    };
    Ok(Arm { pat, guard, value })
}

/// `|error| ..`, which would be taken for a pattern with a leading `|`.
pub(super) fn is_closure(list: &Group) -> bool {
    let mut tokens = list.stream().into_iter();
    let bar = |tree: Option<TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == '|');
    bar(tokens.next())
        && match tokens.next() {
            Some(TokenTree::Ident(name)) => !name.to_string().starts_with(char::is_uppercase),
            _ => false,
        }
        && match tokens.next() {
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '|' | ',' | ':'),
            _ => false,
        }
}

pub(super) fn head(pat: &Pat) -> Head {
    match pat {
        Pat::Wild(_) => Head::Both,
        // A name in capitals is a constant or a variant: `None`.
        Pat::Ident(name) => match &name.subpat {
            Some((_, pat)) => head(pat),
            None if name.ident.to_string().starts_with(char::is_uppercase) => Head::Other,
            None => Head::Both,
        },
        Pat::Paren(paren) => head(&paren.pat),
        Pat::Reference(reference) => head(&reference.pat),
        Pat::TupleStruct(tuple) if tuple.path.segments.last().is_some_and(|last| last.ident == "Err") => Head::Error,
        Pat::Or(or) => {
            let mut heads = or.cases.iter().map(head);
            let first = heads.next().unwrap_or(Head::Other);
            if heads.all(|head| head == first) { first } else { Head::Both }
        }
        _ => Head::Other,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Delimiter;
    use syn::parse::Parser;

    use super::*;

    #[test]
    fn patterns_are_told_by_what_they_can_match() {
        let head_of = |pat: &str| head(&Pat::parse_multi_with_leading_vert.parse_str(pat).unwrap());
        for pat in
            ["Err(_)", "Err(E::Io(e))", "Result::Err(..)", "&Err(_)", "(Err(_))", "e @ Err(_)", "Err(A) | Err(B)"]
        {
            assert!(head_of(pat) == Head::Error, "{pat}");
        }
        for pat in ["_", "outcome", "ref outcome", "Err(_) | Ok(0)", "| Err(_) | _"] {
            assert!(head_of(pat) == Head::Both, "{pat}");
        }
        for pat in ["Ok(_)", "None", "Some(5..)", "Response { status: 500..=599, .. }", "MISSING", "0", "Ok(0) | Ok(1)"]
        {
            assert!(head_of(pat) == Head::Other, "{pat}");
        }
    }

    #[test]
    fn a_closure_is_no_pattern() {
        let is = |list: &str| is_closure(&Group::new(Delimiter::Parenthesis, list.parse().unwrap()));
        for closure in ["|error| true", "|_| false", "|e: &E| e.late()", "|a, b| a"] {
            assert!(is(closure), "{closure}");
        }
        for pattern in ["Err(_)", "| Err(_) | Ok(0)", "|None| Some(0)", "| E::A(_)", ""] {
            assert!(!is(pattern), "{pattern}");
        }
    }
}
