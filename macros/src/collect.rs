//! Takes the other attributes of ours off the function, so that the outermost one expands them all in written order.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Path};

use crate::ctxt::Ctxt;
use crate::policy::Kind;

/// One attribute of the stack.
pub(crate) struct Collected {
    pub(crate) kind: Kind,
    /// Where messages about the whole attribute point.
    pub(crate) span: Span,
    pub(crate) args: TokenStream,
    /// How it was called; `None` for the outermost, which the compiler resolved itself.
    path: Option<Path>,
}

impl Collected {
    pub(crate) fn outermost(kind: Kind, span: Span, args: TokenStream) -> Self {
        Self { kind, span, args, path: None }
    }

    fn of(attribute: &Attribute) -> Option<Self> {
        let kind = Kind::of(&attribute.path().segments.last()?.ident)?;
        let args = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
        };
        Some(Self { kind, span: attribute.path().span(), args, path: Some(attribute.path().clone()) })
    }
}

/// Moves our attributes out of `attributes`, in written order; those of others stay.
pub(crate) fn take(ctxt: &Ctxt, attributes: &mut Vec<Attribute>) -> Vec<Collected> {
    let mut taken = Vec::new();
    attributes.retain(|attribute| {
        let Some(collected) = Collected::of(attribute) else { return true };
        if let Meta::NameValue(_) = &attribute.meta {
            let message = format!("arguments stand in parentheses: `#[{}(..)]`", collected.kind.name());
            ctxt.error_spanned_by(&attribute.meta, message);
        } else {
            taken.push(collected);
        }
        false
    });
    taken
}

const ABSORBED: &str = "__absorbed";
const REPORTED: &str = "__reported";

/// Whether an attribute of ours stands on the item that [`uses`] writes.
pub(crate) fn is_absorbed(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter().skip(1);
    matches!(tokens.next(), Some(name) if name.to_string() == ABSORBED)
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
/// #[timeout("1s")] fn __absorbed() { const _: () = panic!(".."); }
/// ```
///
/// Ours expand that to nothing. An unknown name is reported by the compiler, where it was written. An attribute of
/// another crate that happens to have one of our names leaves the panic standing, which is reported when constants are
/// evaluated: later than an unknown name, which would otherwise be reported twice.
pub(crate) fn uses(attributes: &[Collected]) -> TokenStream {
    let mut seen: Vec<String> = Vec::new();
    let mut uses = TokenStream::new();
    for Collected { kind, args, path, .. } in attributes {
        let Some(path) = path else { continue };
        let text = path.to_token_stream().to_string();
        if seen.contains(&text) {
            continue;
        }
        seen.push(text);
        let message = format!(
            "this `{name}` is not steadfast's, whose attributes take all beneath them that are called so; import it \
             under another name",
            name = kind.name(),
        );
        let absorbed = Ident::new(ABSORBED, Span::mixed_site());
        let panic = quote_spanned!(path.span()=> ::core::panic!(#message));
        let args = (!args.is_empty()).then(|| quote!((#args)));
        uses.extend(quote!(#[#path #args] fn #absorbed() { const _: () = #panic; }));
    }
    uses
}
