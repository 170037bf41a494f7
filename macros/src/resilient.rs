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

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token};

use crate::args::{Args, Common};
use crate::collect::Collected;
use crate::ctxt::Ctxt;
use crate::emit::Root;
use crate::function::Function;
use crate::kind::{Facts, Kind};
use crate::stack::inline_arguments;

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
        let more: TokenStream = input.parse()?;
        let is_comma = more.to_string() == ",";
        if more.is_empty() || is_comma { Ok(path) } else { Err(no_set(&path, &more)) }
    };
    if attribute.args.is_empty() {
        ctxt.error(attribute.span, format!("`#[resilient]` needs {A_SET}"));
        return None;
    }
    ctxt.ok(parse.parse2(attribute.args.clone()))
}

/// What stands there where it is more than the name of one set.
fn no_set(path: &Path, more: &TokenStream) -> syn::Error {
    let is_policy = path.get_ident().is_some_and(|name| Kind::of(name).is_some());
    let is_list = matches!(more.clone().into_iter().next(), Some(TokenTree::Group(_)));
    let sets = |input: ParseStream<'_>| {
        input.parse::<Token![,]>()?;
        Punctuated::<Path, Token![,]>::parse_terminated(input)
    };
    let message = if is_policy {
        "the name of a set stands here, e.g. `#[resilient(upstream)]`; declare it with `policies! { upstream: [..] }`"
    } else if !is_list && sets.parse2(more.clone()).is_ok() {
        "`#[resilient]` names one set; write one attribute for each"
    } else {
        "a set takes no settings here; change it in `policies!`"
    };
    syn::Error::new_spanned(if is_policy { quote!(#path #more) } else { more.clone() }, message)
}

/// The outermost attribute, of which the compiler has left the arguments.
fn attribute(outermost: &Collected) -> TokenStream {
    let Collected { kind, span, args, .. } = outermost;
    let quiet = Ctxt::new();
    let root = Root::new(Common::read(&mut Args::parse(&quiet, *kind, *span, args.clone())).root);
    // It is read again in its new place, and reported there.
    let _ = quiet.check();
    let name = Ident::new(kind.name(), *span);
    let mark = outermost.is_of_a_set.then(|| quote!(@));
    quote_spanned!(*span=> #[#root::#name(#mark #args)])
}

/// What the names in a set stand for at a function, by its span: each argument of that name, and `self`, where they come
/// from; all else where the name of the function does. They may differ where a macro writes the function.
pub(crate) struct Named {
    arguments: Vec<Ident>,
    other: Span,
}

impl Named {
    pub(crate) fn of(function: &Function) -> Self {
        let mut arguments: Vec<_> = function.arguments().into_iter().map(|argument| argument.name).collect();
        if let Some(receiver) = function.signature.receiver() {
            arguments.push(receiver.self_token.into());
        }
        Self { arguments, other: function.signature.ident.span() }
    }

    pub(crate) fn resolve(&self, tokens: TokenStream) -> TokenStream {
        tokens.into_iter().map(|tree| self.resolve_tree(tree)).collect()
    }

    fn resolve_tree(&self, mut tree: TokenTree) -> TokenTree {
        let names = match &tree {
            TokenTree::Group(group) => {
                let mut resolved = Group::new(group.delimiter(), self.resolve(group.stream()));
                resolved.set_span(group.span());
                return TokenTree::Group(resolved);
            }
            // The crate of the set, which it tells by where it stands.
            TokenTree::Ident(name) if name == "$crate" => return tree,
            TokenTree::Ident(name) => vec![name.clone()],
            // `"{host}"` names one. It has one span, so that all that it names is taken to be from where the first is.
            TokenTree::Literal(literal) => inline_arguments(&literal.to_string()),
            TokenTree::Punct(_) => Vec::new(),
        };
        let argument = names.iter().find_map(|name| self.arguments.iter().find(|argument| *argument == name));
        tree.set_span(tree.span().resolved_at(argument.map_or(self.other, Ident::span)));
        tree
    }
}
