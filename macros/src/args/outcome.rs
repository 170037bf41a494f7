//! `#[outcome]`: what counts as a failure, said once for the whole stack.

use syn::Expr;

use super::filter::Filter;
use crate::kind::Facts;

pub(crate) const FACTS: Facts = Facts {
    name: "outcome",
    arguments: &["retry_after", "clone"],
    settings: &[],
    judges: true,
    rejects: false,
    read: None,
};

#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) filter: Filter,
    /// `Fn(Rejection) -> E`, for the policies that have none of their own.
    pub(crate) error: Option<Expr>,
}
