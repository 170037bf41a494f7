//! The attributes of steadfast: tokens in, tokens out. Use them through the crate `steadfast`.
//!
//! One call of an attribute takes this way through the files, one step each:
//!
//! `lib -> attribute -> function -> collect -> args -> policy -> stack -> check -> shape -> expand`

mod args;
mod attribute;
mod check;
mod classify;
mod collect;
mod ctxt;
mod docs;
mod duration;
mod emit;
mod expand;
mod function;
mod kind;
mod policies;
mod policy;
mod resilient;
mod shape;
mod stack;
mod suggest;

#[cfg(test)]
mod readme;
#[cfg(test)]
mod robust;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;

use crate::kind::Kind;

#[doc = include_str!("../docs/retry.md")]
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Retry, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/circuit_breaker.md")]
#[proc_macro_attribute]
pub fn circuit_breaker(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::CircuitBreaker, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/bulkhead.md")]
#[proc_macro_attribute]
pub fn bulkhead(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Bulkhead, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/rate_limit.md")]
#[proc_macro_attribute]
pub fn rate_limit(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::RateLimit, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/timeout.md")]
#[proc_macro_attribute]
pub fn timeout(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Timeout, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/hedge.md")]
#[proc_macro_attribute]
pub fn hedge(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Hedge, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/fallback.md")]
#[proc_macro_attribute]
pub fn fallback(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Fallback, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/outcome.md")]
#[proc_macro_attribute]
pub fn outcome(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Outcome, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/policies.md")]
#[proc_macro]
pub fn policies(input: TokenStream) -> TokenStream {
    policies::expand(input.into()).into()
}

#[doc = include_str!("../docs/resilient.md")]
#[proc_macro_attribute]
pub fn resilient(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Resilient, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/classify.md")]
#[proc_macro_derive(Classify, attributes(transient, throttled, permanent, neutral, classify))]
pub fn derive_classify(input: TokenStream) -> TokenStream {
    classify::derive(input.into()).into()
}
