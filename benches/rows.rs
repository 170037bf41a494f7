//! The rows, a file for each policy.

pub(crate) mod body;
mod bulkhead;
mod circuit_breaker;
mod rate_limit;
mod retry;
mod stack;
mod timeout;

use crate::contest::Row;

pub(crate) fn all() -> Vec<Row> {
    #[cfg_attr(not(feature = "peers"), expect(unused_mut))]
    let mut rows: Vec<Row> =
        [retry::rows(), timeout::rows(), circuit_breaker::rows(), bulkhead::rows(), rate_limit::rows(), stack::rows()]
            .into_iter()
            .flatten()
            .collect();
    #[cfg(feature = "peers")]
    for row in &mut rows {
        row.contestants.extend(crate::peers::of(row.name));
    }
    rows
}
