//! What is written in `policies!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, Meta, Token, Visibility, token};

use crate::ctxt::Ctxt;
use crate::kind::Kind;
use crate::suggest::unknown;

pub(super) struct Set {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) name: Ident,
    pub(super) entries: Vec<Entry>,
    /// Whether a mistake was reported that leaves out a policy.
    pub(super) is_mistaken: bool,
}

pub(super) struct Entry {
    /// Where `own` stands.
    pub(super) own: Option<Span>,
    pub(super) kind: Kind,
    pub(super) span: Span,
    pub(super) args: TokenStream,
}

/// `crate = path;`, perhaps with `$crate`.
pub(super) fn root(ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut path = TokenStream::new();
    if !input.peek(Token![crate]) || !input.peek2(Token![=]) {
        return Ok(path);
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    if input.peek(Token![$]) {
        path.extend([input.parse::<TokenTree>()?]);
    }
    let mut is_begun = false;
    while input.peek(Token![::]) || !is_begun && input.peek(Ident::peek_any) {
        path.extend(input.parse::<Option<Token![::]>>()?.map(ToTokens::into_token_stream));
        path.extend([input.call(Ident::parse_any)?]);
        is_begun = true;
    }
    if !is_begun {
        ctxt.push(input.error(A_PATH));
    } else if !input.peek(Token![;]) && !input.is_empty() {
        ctxt.push(input.error("expected `;` after the path to `steadfast`"));
    }
    // Where only the `;` is missing, the sets are read all the same.
    if !is_begun || !input.peek(Ident::peek_any) {
        skip_to(input, |input| input.peek(Token![;]))?;
        input.parse::<Option<Token![;]>>()?;
    }
    Ok(path)
}

pub(super) const A_PATH: &str = "expected the path to `steadfast`, e.g. `crate = crate::common::steadfast;`";

/// `pub(crate) upstream: [retry(..), own bulkhead(..)],`; `None` where there is no name, which was reported.
pub(super) fn set(ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<Option<Set>> {
    if input.peek(Token![#]) && input.peek2(Token![!]) {
        ctxt.push(input.error("expected `#[..]`, on each set that it is meant for"));
        input.parse::<Token![#]>()?;
        input.parse::<Token![!]>()?;
        input.parse::<TokenTree>()?;
    }
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    if !input.peek(Ident) {
        let last = attributes.last().map(ToTokens::to_token_stream).into_iter().chain([visibility.to_token_stream()]);
        let message = "expected a set, e.g. `upstream: [timeout(\"10s\"), retry]`";
        match last.filter(|tokens| !tokens.is_empty()).last().filter(|_| input.is_empty()) {
            Some(last) => ctxt.error_spanned_by(last, message),
            None => ctxt.push(input.error(message)),
        }
        skip_to(input, is_end_of_set)?;
        input.parse::<Option<TokenTree>>()?;
        return Ok(None);
    }
    let name: Ident = input.parse()?;
    let mut set = Set { attributes, visibility, name, entries: Vec::new(), is_mistaken: false };
    if let Err(error) = set.read_entries(ctxt, input) {
        ctxt.push(error);
        set.is_mistaken = true;
        skip_to(input, is_end_of_set)?;
    }
    if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() && input.parse::<Token![;]>().is_err() {
        ctxt.push(input.error("expected `,` or `;` before the next set"));
    }
    Ok(Some(set))
}

fn is_end_of_set(input: ParseStream<'_>) -> bool {
    input.peek(Token![,]) || input.peek(Token![;])
}

fn skip_to(input: ParseStream<'_>, is_end: impl Fn(ParseStream<'_>) -> bool) -> syn::Result<()> {
    while !input.is_empty() && !is_end(input) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// `own bulkhead(max_concurrent = 10)`
fn entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    if input.peek(Token![#]) && input.peek2(token::Bracket) {
        return Err(of_attribute(&input.call(Attribute::parse_outer)?));
    }
    let mut name = input.call(Ident::parse_any)?;
    let mut own = None;
    if name == "own" && input.peek(Ident::peek_any) {
        own = Some(name.span());
        name = input.call(Ident::parse_any)?;
    }
    let known: Vec<_> = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Resilient).collect();
    let Some(kind) = known.iter().copied().find(|kind| name == kind.name()) else {
        let names: Vec<_> = known.iter().map(|kind| kind.name()).collect();
        return Err(syn::Error::new(name.span(), unknown("policy", &name.to_string(), &names)));
    };
    let args = if input.peek(token::Paren) {
        let args;
        syn::parenthesized!(args in input);
        args.parse()?
    } else if input.peek(token::Bracket) || input.peek(token::Brace) || input.peek(Token![=]) {
        return Err(input.error(format!("expected `{name}(..)`")));
    } else {
        TokenStream::new()
    };
    Ok(Entry { own, kind, span: name.span(), args })
}

/// `#[retry(..)]` in place of `retry(..)`.
fn of_attribute(attributes: &[Attribute]) -> syn::Error {
    let written = attributes.iter().map(|attribute| {
        let kind = Kind::of(&attribute.path().segments.last()?.ident)?;
        let args = if matches!(attribute.meta, Meta::Path(_)) { "" } else { "(..)" };
        Some(format!("{}{args}", kind.name()))
    });
    let message = match written.collect::<Option<Vec<_>>>() {
        Some(written) => format!("write `{}`, without `#[ ]`", written.join(", ")),
        None => "a policy of a set takes no attributes; the set does".to_owned(),
    };
    syn::Error::new_spanned(quote!(#(#attributes)*), message)
}

impl Set {
    fn read_entries(&mut self, ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<()> {
        let name = &self.name;
        if !input.peek(Token![:]) || !input.peek2(token::Bracket) {
            return Err(input.error(format!("expected `{name}: [..]` with the policies, the outermost first")));
        }
        input.parse::<Token![:]>()?;
        let list;
        syn::bracketed!(list in input);
        if list.is_empty() {
            return Err(syn::Error::new(name.span(), format!("`{name}` names no policy; give it one, e.g. `retry`")));
        }
        while !list.is_empty() {
            let entry = entry(&list).and_then(|entry| {
                let is_end = list.is_empty() || list.peek(Token![,]);
                if is_end { Ok(entry) } else { Err(list.error("a comma is missing before the next policy")) }
            });
            match entry {
                Ok(entry) => self.entries.push(entry),
                Err(error) => {
                    ctxt.push(error);
                    self.is_mistaken = true;
                    skip_to(&list, |list| list.peek(Token![,]) || list.peek(Token![;]))?;
                    list.parse::<Option<Token![;]>>()?;
                }
            }
            list.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    }
}
