//! `#[derive(Classify)]`: what each variant of an error says of itself.
//!
//! `attr` reads the attributes, `case` finds what each variant says by them, `expand` writes the impl.

mod attr;
mod case;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use self::attr::Marks;
use self::case::Case;
use crate::ctxt::Ctxt;

/// The impl of `Classify`. After mistakes they come beside an impl that compiles, so that what uses it stays right.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let ctxt = Ctxt::new();
    let marks = Marks::read(&ctxt, &input.attrs);
    let krate = marks.krate.clone().unwrap_or_else(|| syn::parse_quote!(::steadfast));
    let cases = cases(&ctxt, &input, marks);
    match ctxt.check() {
        Ok(()) => expand::implement(&input, &krate, &cases),
        Err(errors) => {
            let fallback = expand::says_nothing(&input, &krate);
            let errors = errors.into_compile_error();
            quote!(#fallback #errors)
        }
    }
}

fn cases<'a>(ctxt: &Ctxt, input: &'a DeriveInput, marks: Marks) -> Vec<Case<'a>> {
    match &input.data {
        Data::Struct(data) => vec![Case::of_struct(ctxt, &input.attrs, &data.fields, marks)],
        Data::Enum(data) => {
            // #[transient]
            //   ^^^^^^^^^
            // enum Error { .. }
            if let Some((_, name)) = &marks.class {
                let message = format!("`#[{name}]` belongs on a variant; an enum has no class of its own");
                ctxt.error_spanned_by(name, message);
            }
            data.variants.iter().map(|variant| Case::of_variant(ctxt, variant)).collect()
        }
        Data::Union(data) => {
            let message = "`Classify` is derived for enums and structs; implement it by hand for a union";
            ctxt.error_spanned_by(data.union_token, message);
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
