//! The rows, a file for each policy.

mod body;
mod bulkhead;
mod circuit_breaker;
mod rate_limit;
mod retry;
mod stack;
mod timeout;

use crate::contest::Row;

pub(crate) fn all() -> Vec<Row> {
    [retry::rows(), timeout::rows(), circuit_breaker::rows(), bulkhead::rows(), rate_limit::rows(), stack::rows()]
        .into_iter()
        .flatten()
        .collect()
}
