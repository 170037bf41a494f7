//! The attributes of steadfast.

mod classify;
mod ctxt;
mod duration;
mod suggest;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/classify.md")]
#[proc_macro_derive(Classify, attributes(transient, throttled, permanent, neutral, classify))]
pub fn derive_classify(input: TokenStream) -> TokenStream {
    classify::derive(input.into()).into()
}
