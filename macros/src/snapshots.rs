//! What the attributes write, as documentation of the generated code.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attribute;
use crate::policy::Kind;

mod rate_limit;

pub(super) fn expanded(kind: Kind, args: TokenStream, item: TokenStream) -> String {
    let tokens = attribute::expand(kind, args, item);
    match syn::parse2(tokens.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("{error}: {tokens}"),
    }
}

#[test]
fn show() {
    println!(
        "{}",
        expanded(
            Kind::Timeout,
            quote!("1s"),
            quote!(
                async fn f(&self) -> Result<u32, Error> {
                    self.x().await
                }
            )
        )
    );
    println!(
        "{}",
        expanded(
            Kind::Fallback,
            quote!(|error| Ok(default(error))),
            quote!(
                #[timeout("10s")]
                #[retry(attempts = 5, clone(order), on_retry = |e| log(e), retry_after(Ok(r) => r.hint))]
                #[steadfast::circuit_breaker(failure_threshold = 3, error = Error::cb)]
                #[timeout("1s")]
                #[outcome(on(Ok(r) if r.status >= 500, Err(Error::Io(_))), ignore(Err(Error::NotFound)))]
                /// Docs.
                async fn f(&self, mut order: Order) -> Result<u32, Error> {
                    let x = g(order)?;
                    self.x(x).await
                }
            )
        )
    );
    println!(
        "{}",
        expanded(
            Kind::Retry,
            quote!(),
            quote!(
                #[fallback(other(a)?)]
                #[circuit_breaker(self.breaker)]
                fn f(&self, a: u32) -> Result<u32, Error> {
                    g(a)?
                }
            )
        )
    );
}
