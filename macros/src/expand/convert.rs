//! The outer end of a stack: what makes an error of a rejection that nobody handled.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::{Expand, site};
use crate::emit::at;
use crate::policy::Layer;

/// What makes an error of a rejection.
pub(super) enum Converts {
    /// There are none.
    Nothing,
    /// `E: From<Rejection>`.
    ByFrom,
    /// `error = F`.
    By(TokenStream),
}

impl Expand<'_> {
    /// An outcome as the function's return type, a rejection as its error.
    pub(super) fn absorb(&self, layers: &[Layer], outcome: &TokenStream) -> TokenStream {
        let (root, output) = (self.root, self.output);
        match self.converts(layers) {
            Converts::Nothing => quote_spanned!(site()=> #root::__private::returned(#outcome)),
            Converts::ByFrom => quote_spanned!(site()=> #root::__private::absorb::<#output>(#outcome)),
            Converts::By(f) => {
                let root = root.at(at(&f));
                quote_spanned!(at(&f)=> #root::__private::absorb_with::<#output, _>(#outcome, #f))
            }
        }
    }

    /// How a rejection that comes out of `layers` becomes an error.
    pub(super) fn converts(&self, layers: &[Layer]) -> Converts {
        let root = self.root;
        // What is beneath a fallback is handled by it.
        let rejecting: Vec<_> =
            layers.iter().take_while(|layer| !layer.is_fallback()).filter(|layer| layer.rejects()).collect();
        let shared = self.stack.error.as_ref();
        let own: Vec<_> = rejecting.iter().filter_map(|l| Some((l.number, l.common.error.as_ref()?))).collect();
        match (&*own, shared) {
            _ if rejecting.is_empty() => Converts::Nothing,
            ([], None) => Converts::ByFrom,
            ([], Some(f)) => Converts::By(f.to_token_stream()),
            ([(_, f)], _) if rejecting.len() == 1 => Converts::By(f.to_token_stream()),
            (own, shared) => {
                let convert = |f: &Expr| {
                    let root = root.at(at(f));
                    quote_spanned!(at(f)=> #root::__private::convert(rejection, #f))
                };
                let rest = match shared {
                    Some(f) => convert(f),
                    None => {
                        // What it is, the return type tells by `absorb_with`; here an `impl Trait` in it would be unknown.
                        let error = quote_spanned!(self.output.span()=> _);
                        quote_spanned!(site()=> #root::__private::error::<#error>(rejection))
                    }
                };
                // The last arm takes the policies that have no `error`, or the last one where all have.
                let (arms, rest) = match own.split_last() {
                    Some(((_, last), others)) if own.len() == rejecting.len() => (others, convert(last)),
                    _ => (own, rest),
                };
                let arms = arms.iter().map(|(number, f)| {
                    let (number, f) = (Literal::u8_unsuffixed(*number), convert(f));
                    quote_spanned!(site()=> #number => #f,)
                });
                Converts::By(quote_spanned!(site()=>
                    |rejection: #root::Rejection| match #root::__private::tag(&rejection) { #(#arms)* _ => #rest, }
                ))
            }
        }
    }
}
