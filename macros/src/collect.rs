//! Takes the other attributes of ours off the function, so that the outermost one expands them all in written order.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Path};

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
    pub(crate) fn outermost(kind: Kind, args: TokenStream) -> Self {
        Self { kind, span: Span::call_site(), args, path: None }
    }

    fn of(attribute: &Attribute) -> Option<Self> {
        let kind = Kind::of(&attribute.path().segments.last()?.ident)?;
        let args = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            // The compiler refuses `#[name = value]` for attributes of this kind.
            Meta::NameValue(_) => return None,
        };
        Some(Self { kind, span: attribute.path().span(), args, path: Some(attribute.path().clone()) })
    }
}

/// Moves our attributes out of `attributes`, in written order; those of others stay.
pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Vec<Collected> {
    let mut taken = Vec::new();
    attributes.retain(|attribute| match Collected::of(attribute) {
        Some(collected) => {
            taken.push(collected);
            false
        }
        None => true,
    });
    taken
}

const MARKER: &str = "__absorbed";

/// Whether an attribute of ours stands on the item that [`uses`] writes.
pub(crate) fn is_marker(args: &TokenStream) -> bool {
    let mut tokens = args.clone().into_iter();
    matches!(tokens.next(), Some(first) if first.to_string() == MARKER) && tokens.next().is_none()
}

/// Uses each absorbed name once, so that its import is not reported as unused:
///
/// ```text
/// #[timeout(__absorbed)] const _: () = compile_error!("..");
/// ```
///
/// Ours expand that to nothing. An unknown name is reported by the compiler, where it was written, and an attribute of
/// another crate that happens to have one of our names leaves the error standing.
pub(crate) fn uses(attributes: &[Collected]) -> TokenStream {
    let mut seen: Vec<String> = Vec::new();
    let mut uses = TokenStream::new();
    for path in attributes.iter().filter_map(|attribute| attribute.path.as_ref()) {
        let text = path.to_token_stream().to_string();
        if seen.contains(&text) {
            continue;
        }
        let message = format!(
            "`#[{name}]` is not steadfast's: one attribute of steadfast takes all of that name; put it above them with \
             another name, or call it by a name of its own",
            name = text.replace(' ', ""),
        );
        seen.push(text);
        let marker = proc_macro2::Ident::new(MARKER, Span::mixed_site());
        let error = quote_spanned!(path.span()=> ::core::compile_error!(#message));
        uses.extend(quote!(#[#path(#marker)] const _: () = #error;));
    }
    uses
}
