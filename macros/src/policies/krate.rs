//! Where things are: the crate `steadfast`, and `$crate`, which is known only where the macro of a set is called.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::parse::Parser;

use super::parse::A_PATH;
use crate::ctxt::Ctxt;
use crate::emit::Root;

/// The crate `steadfast`, where `crate = path` says that it is.
pub(super) struct Steadfast {
    /// As it is reached where the set is declared.
    pub(super) here: Root,
    /// As it was written, perhaps with `$crate`; nothing where it was not.
    pub(super) there: TokenStream,
}

impl Steadfast {
    pub(super) fn read(ctxt: &Ctxt, there: TokenStream) -> Self {
        let path = (!there.is_empty()).then(|| Path::parse_mod_style.parse2(in_this_crate(there.clone())));
        let path = path.map(|path| path.map_err(|error| syn::Error::new(error.span(), A_PATH)));
        Self { here: Root::new(path.and_then(|path| ctxt.ok(path))), there }
    }

    /// `crate = path`, to be added to `args` where it was given and they do not say it.
    pub(super) fn argument(&self, args: &TokenStream) -> Option<TokenStream> {
        let is_said = args.clone().into_iter().any(|tree| matches!(tree, TokenTree::Ident(name) if name == "crate"));
        if self.there.is_empty() || is_said {
            return None;
        }
        let ends_in_comma = args.clone().into_iter().last().is_none_or(|last| last.to_string() == ",");
        let (comma, there) = ((!ends_in_comma).then(|| quote!(,)), &self.there);
        Some(quote!(#comma crate = #there))
    }
}

/// `$crate` as `crate`: so it is where the set is declared.
pub(super) fn in_this_crate(tokens: TokenStream) -> TokenStream {
    with_crate(tokens, &|span| [TokenTree::Ident(Ident::new("crate", span))].into_iter().collect())
}

/// Stands for `$crate` where arguments are parsed that are written out again.
const CRATE: &str = "__steadfast_crate";

pub(super) fn with_placeholder(tokens: TokenStream) -> TokenStream {
    with_crate(tokens, &|span| [TokenTree::Ident(Ident::new(CRATE, span))].into_iter().collect())
}

/// Puts another word in place of each `$crate`.
fn with_crate(tokens: TokenStream, word: &impl Fn(Span) -> TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter().peekable();
    let mut out = TokenStream::new();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '$' => {
                match trees.next_if(|next| matches!(next, TokenTree::Ident(name) if name == "crate")) {
                    Some(name) => out.extend(word(name.span())),
                    None => out.extend([TokenTree::Punct(punct)]),
                }
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_crate(group.stream(), word));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

pub(super) fn without_placeholder(tokens: TokenStream) -> TokenStream {
    let trees = tokens.into_iter().flat_map(|tree| match tree {
        TokenTree::Ident(name) if name == CRATE => quote_spanned!(name.span()=> $crate),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_placeholder(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        other => other.into(),
    });
    trees.collect()
}
