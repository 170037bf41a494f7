//! `#[resilient(upstream)]`: the policies of a set in place of the attribute.
//!
//! ```text
//! #[timeout("5s")]           upstream! {
//! #[resilient(upstream)]         (upstream)
//! #[instrument]                  (#[::steadfast::timeout("5s")] #[resilient(@)])
//! async fn f() {}                #[instrument]
//!                                async fn f() {}
//!                            }
//! ```
//!
//! The macro puts its attributes between the two, and the outermost of all is expanded next. Arguments that begin with
//! `@` come from here: alone, of an attribute that has done its work.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Path};

use crate::args::{Args, Common};
use crate::collect::Collected;
use crate::ctxt::Ctxt;
use crate::emit::Root;
use crate::function::Function;
use crate::kind::{Facts, Kind};

pub(crate) const FACTS: Facts =
    Facts { name: "resilient", arguments: &[], settings: &[], judges: false, rejects: false, read: None };

const A_SET: &str = "the name of a set, e.g. `#[resilient(upstream)]`";

/// What becomes of a function with a set on it; `None` where there is none, or where its mistake was reported.
pub(crate) fn expand(ctxt: &Ctxt, outermost: &Collected, function: &mut Function) -> Option<TokenStream> {
    if outermost.kind == Kind::Resilient {
        let written = || function.to_tokens(&function.statements());
        let set = path(ctxt, outermost);
        return Some(set.map_or_else(written, |set| call(&set, &TokenStream::new(), function)));
    }
    let attributes = &mut function.attributes;
    let is_set = |attribute: &Attribute| {
        Collected::of(attribute).is_some_and(|it| it.kind == Kind::Resilient && !it.is_of_a_set && !it.is_mistaken)
    };
    let place = attributes.iter().position(is_set)?;
    let done = &mut attributes[place];
    let set = path(ctxt, &Collected::of(done)?);
    let name = done.path();
    *done = syn::parse_quote!(#[#name(@)]);
    let set = set?;
    let (above, rest): (Vec<_>, Vec<_>) = attributes
        .drain(..)
        .enumerate()
        .partition(|(index, attribute)| *index <= place && Collected::of(attribute).is_some());
    attributes.extend(rest.into_iter().map(|(_, attribute)| attribute));
    let above = above.into_iter().map(|(_, attribute)| attribute);
    let outermost = attribute(outermost);
    Some(call(&set, &quote!(#outermost #(#above)*), function))
}

fn call(set: &Path, above: &TokenStream, function: &Function) -> TokenStream {
    let function = function.to_tokens(&function.statements());
    quote!(#set! { (#set) (#above) #function })
}

/// The name of the set.
fn path(ctxt: &Ctxt, attribute: &Collected) -> Option<Path> {
    let parse = |input: ParseStream<'_>| {
        let path = input.call(Path::parse_mod_style);
        let path = path.map_err(|error| syn::Error::new(error.span(), format!("expected {A_SET}")))?;
        if input.is_empty() { Ok(path) } else { Err(input.error("expected the name of a set and no more")) }
    };
    if attribute.args.is_empty() {
        ctxt.error(attribute.span, format!("`#[resilient]` needs {A_SET}"));
        return None;
    }
    ctxt.ok(parse.parse2(attribute.args.clone()))
}

/// The outermost attribute, of which the compiler has left the arguments.
fn attribute(outermost: &Collected) -> TokenStream {
    let Collected { kind, span, args, .. } = outermost;
    let quiet = Ctxt::new();
    let root = Root::new(Common::read(&mut Args::parse(&quiet, *kind, *span, args.clone())).root);
    // It is read again in its new place, and reported there.
    let _ = quiet.check();
    let name = proc_macro2::Ident::new(kind.name(), *span);
    let mark = outermost.is_of_a_set.then(|| quote!(@));
    quote_spanned!(*span=> #[#root::#name(#mark #args)])
}

/// Names in what a set says are those of the function: arguments, `self`.
pub(crate) fn named_as_in(function: Span, tokens: TokenStream) -> TokenStream {
    let rename = |tree| match tree {
        TokenTree::Group(group) => {
            let mut named = Group::new(group.delimiter(), named_as_in(function, group.stream()));
            named.set_span(group.span());
            TokenTree::Group(named)
        }
        // The crate of the set, which it tells by where it stands.
        TokenTree::Ident(name) if name == "$crate" => TokenTree::Ident(name),
        // Literals as well: `"{host}"` names one.
        mut other => {
            other.set_span(other.span().resolved_at(function));
            other
        }
    };
    tokens.into_iter().map(rename).collect()
}
