//! `#[outcome]`: what counts as a failure, said once for the whole stack.

use syn::Expr;

use super::filter::Filter;

#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) filter: Filter,
    /// `Fn(Rejection) -> E`, for the policies that have none of their own.
    pub(crate) error: Option<Expr>,
}
