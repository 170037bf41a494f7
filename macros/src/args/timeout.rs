//! `#[timeout]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::setting::Setting;
use crate::emit::at;
use crate::policy::{Layer, Stack};

pub(crate) struct Timeout {
    /// `None` where an error was reported.
    pub(crate) limit: Option<Setting<Duration>>,
}

impl Timeout {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        match args.positional() {
            Some(expr) => Self { limit: args.duration_of(expr) },
            None => {
                args.ctxt.error(args.span, "`#[timeout]` needs a duration, e.g. `#[timeout(\"2s\")]`");
                Self { limit: None }
            }
        }
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        self.limit.as_ref().map(crate::docs::duration).unwrap_or_default()
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let Some(Setting::Expr(limit)) = &self.limit else { return TokenStream::new() };
        let (root, named) = (&stack.root, layer.named());
        let policy = layer.variable("timeout", stack);
        let root = root.at(at(limit));
        let value = quote_spanned!(at(limit)=> #root::__private::limit(#limit));
        quote_spanned!(Span::mixed_site()=> let #policy = #value #named;)
    }

    /// The layer, which is put around a call.
    pub(crate) fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let (root, named) = (&stack.root, layer.named());
        let policy = match &self.limit {
            Some(limit @ Setting::Literal(..)) => quote_spanned!(span=> {
                static TIMEOUT: #root::Timeout = #root::Timeout::new(#limit)#named;
                &TIMEOUT
            }),
            _ => {
                let policy = layer.variable("timeout", stack);
                quote_spanned!(span=> &#policy)
            }
        };
        let tag = layer.tag(stack);
        quote_spanned!(span=> #root::__private::timeout(#policy)#tag)
    }
}
