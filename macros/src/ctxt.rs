//! The errors of one expansion, collected so that all of them are reported at once.

use std::cell::RefCell;
use std::fmt::Display;
use std::thread;

use proc_macro2::Span;
use quote::ToTokens;

/// Collects errors while parts of the macro go on with what they could understand.
///
/// Functions that take a `&Ctxt` report to it and return a value that can be worked with. Whoever made it must call
/// [`check`](Self::check): errors that nobody looks at would make a mistake pass in silence.
pub(crate) struct Ctxt {
    /// `None` once they were checked.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Reports a mistake in `tokens`, underlining all of them.
    pub(crate) fn error_spanned_by(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports a mistake at `span`.
    pub(crate) fn error(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Reports a mistake that a parser found.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// The value, or `None` and a report.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// What was reported, in one error that holds them all, in the order in which it stands in the code.
    pub(crate) fn check(self) -> syn::Result<()> {
        let mut errors = self.errors.take().unwrap_or_default();
        errors.sort_by_key(|error| error.span().start());
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else { return Ok(()) };
        first.extend(errors);
        Err(first)
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        assert!(thread::panicking() || self.errors.borrow().is_none(), "forgot to check for errors");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_are_kept() {
        let ctxt = Ctxt::new();
        ctxt.error(Span::call_site(), "first");
        assert!(ctxt.ok(Err::<(), _>(syn::Error::new(Span::call_site(), "second"))).is_none());
        ctxt.error_spanned_by(quote::quote!(x), "third");
        let messages: Vec<_> = ctxt.check().unwrap_err().into_iter().map(|error| error.to_string()).collect();
        assert_eq!(messages, ["first", "second", "third"]);
    }

    #[test]
    fn errors_are_in_the_order_of_the_code() {
        let tokens: Vec<proc_macro2::TokenTree> =
            "a b\nc".parse::<proc_macro2::TokenStream>().unwrap().into_iter().collect();
        let ctxt = Ctxt::new();
        for token in tokens.iter().rev() {
            ctxt.error_spanned_by(token, token);
        }
        let messages: Vec<_> = ctxt.check().unwrap_err().into_iter().map(|error| error.to_string()).collect();
        assert_eq!(messages, ["a", "b", "c"]);
    }

    #[test]
    fn nothing_reported_is_no_error() {
        assert!(Ctxt::new().check().is_ok());
    }

    #[test]
    #[should_panic(expected = "forgot to check")]
    fn an_unchecked_context_is_a_bug() {
        drop(Ctxt::new());
    }

    #[test]
    #[should_panic(expected = "the first panic")]
    fn a_panic_is_not_hidden_by_another() {
        let _ctxt = Ctxt::new();
        panic!("the first panic");
    }
}
