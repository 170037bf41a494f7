//! Takes the other attributes of ours off the function, so that the outermost one expands them all in written order.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Path};

use crate::ctxt::Ctxt;
use crate::kind::Kind;

/// One attribute of the stack.
pub(crate) struct Collected {
    pub(crate) kind: Kind,
    /// Where messages about the whole attribute point.
    pub(crate) span: Span,
    pub(crate) args: TokenStream,
    /// How it was called; `None` for the outermost, which the compiler resolved itself.
    path: Option<Path>,
    /// Whether something was reported that leaves nothing to read.
    pub(crate) is_mistaken: bool,
    /// Whether the arguments were written in a set, which marks them with `@`.
    pub(crate) is_of_a_set: bool,
}

impl Collected {
    pub(crate) fn outermost(kind: Kind, span: Span, args: TokenStream) -> Self {
        let (args, is_of_a_set) = unmarked(args);
        Self { kind, span, args, path: None, is_mistaken: false, is_of_a_set }
    }

    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let kind = Kind::of(&attribute.path().segments.last()?.ident)?;
        let args = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
        };
        let path = attribute.path();
        let is_mistaken = matches!(attribute.meta, Meta::NameValue(_));
        let (args, is_of_a_set) = unmarked(args);
        Some(Self { kind, span: path.span(), args, path: Some(path.clone()), is_mistaken, is_of_a_set })
    }
}

/// Arguments without the `@` in front, and whether there was one.
fn unmarked(args: TokenStream) -> (TokenStream, bool) {
    let mut rest = args.clone().into_iter();
    match rest.next() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '@' => (rest.collect(), true),
        _ => (args, false),
    }
}

/// Moves our attributes out of `attributes`, in written order; those of others stay.
pub(crate) fn take(ctxt: &Ctxt, attributes: &mut Vec<Attribute>) -> Vec<Collected> {
    let mut taken = Vec::new();
    attributes.retain(|attribute| {
        let Some(collected) = Collected::of(attribute) else { return true };
        if collected.is_mistaken {
            let message = format!("arguments stand in parentheses: `#[{}(..)]`", collected.kind.name());
            ctxt.error_spanned_by(&attribute.meta, message);
        }
        taken.push(collected);
        false
    });
    taken
}

const ABSORBED: &str = "__absorbed_";
const REPORTED: &str = "__reported";

/// Whether an attribute of ours stands on the item that [`uses`] writes.
pub(crate) fn is_absorbed(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter().skip(1);
    matches!(tokens.next(), Some(name) if name.to_string().starts_with(ABSORBED))
}

/// Whether [`mark_reported`] wrote these arguments.
pub(crate) fn is_reported(args: &TokenStream) -> bool {
    args.to_string() == REPORTED
}

/// Lets our attributes pass over an item of which all was said. They stay on it, so that their imports are used.
pub(crate) fn mark_reported(attributes: &mut [Attribute]) {
    let reported = Ident::new(REPORTED, Span::mixed_site());
    for attribute in attributes.iter_mut().filter(|attribute| Collected::of(attribute).is_some()) {
        let path = attribute.path();
        *attribute = syn::parse_quote!(#[#path(#reported)]);
    }
}

/// Uses each absorbed name once, so that its import is not reported as unused:
///
/// ```text
/// #[timeout("1s")]
/// fn __absorbed_1() {
///     #[must_use = ".."]
///     struct NotOfSteadfast;
///     #[deny(unused_must_use)]
///     [NotOfSteadfast];
/// }
/// ```
///
/// Ours expand that to nothing. An attribute of another crate that happens to have one of our names leaves it standing.
/// An unknown name does so too, and is reported by the compiler; a lint is not, after that. In an array, since the
/// compiler would suggest a use of what stands alone.
pub(crate) fn uses(attributes: &[Collected]) -> TokenStream {
    let mut seen: Vec<String> = Vec::new();
    let mut uses = TokenStream::new();
    for Collected { kind, args, path, is_of_a_set, .. } in attributes {
        let Some(path) = path else { continue };
        // By its full path, which needs no import.
        if *is_of_a_set && *kind != Kind::Resilient {
            continue;
        }
        let text = path.to_token_stream().to_string();
        if seen.contains(&text) {
            continue;
        }
        seen.push(text);
        let message = format!(
            "the attributes of steadfast take all beneath them that are called `{}`; import this one under another name",
            kind.name(),
        );
        let span = path.span();
        let absorbed = Ident::new(&format!("{ABSORBED}{}", seen.len()), Span::mixed_site());
        let args = (!args.is_empty()).then(|| quote_spanned!(span=> (#args)));
        let attribute = quote_spanned!(span=> #[#path #args]);
        uses.extend(quote_spanned!(span=>
            #attribute
            fn #absorbed() {
                #[must_use = #message]
                struct NotOfSteadfast;
                #[deny(unused_must_use)]
                [NotOfSteadfast];
            }
        ));
    }
    uses
}
