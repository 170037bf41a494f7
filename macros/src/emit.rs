//! What generated code is put together from: the path to the crate `steadfast`, and the user's expressions in it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Path};

/// The crate `steadfast`, as the code around the function reaches it.
#[derive(Clone)]
pub(crate) struct Root(Option<Path>);

impl Root {
    /// `::steadfast`, unless `crate = path` says otherwise.
    pub(crate) fn new(given: Option<Path>) -> Self {
        Self(given)
    }

    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// At `span`; a path that was given stays where it is, so that a mistake in it is reported there, once.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        match &self.0 {
            Some(path) => path.to_token_stream(),
            None => quote_spanned!(Span::call_site().located_at(span)=> ::steadfast),
        }
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.at(Span::mixed_site()));
    }
}

/// Where the code stands that is given to a call: what the compiler says of the two underlines that, and not the whole
/// attribute.
pub(crate) fn at(code: &impl Spanned) -> Span {
    Span::mixed_site().located_at(code.span())
}

/// `&EXPR`, with parentheses only where they are needed.
pub(crate) fn borrowed(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::Paren(_)
        | Expr::Group(_) => quote_spanned!(at(expr)=> &#expr),
        _ => quote_spanned!(at(expr)=> &(#expr)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_stand_where_they_are_needed() {
        for (expr, expected) in [
            ("host", "& host"),
            ("self.breaker", "& self . breaker"),
            ("url.host()", "& url . host ()"),
            ("hosts[0]", "& hosts [0]"),
            ("a + b", "& (a + b)"),
            ("a as u64", "& (a as u64)"),
            ("*a", "& (* a)"),
            ("(a + b)", "& (a + b)"),
        ] {
            assert_eq!(borrowed(&syn::parse_str(expr).unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn the_crate_is_where_it_is_said_to_be() {
        assert_eq!(Root::new(None).to_token_stream().to_string(), ":: steadfast");
        let given = Root::new(Some(syn::parse_quote!(crate::steadfast)));
        assert_eq!(given.at(Span::call_site()).to_string(), "crate :: steadfast");
    }
}
