//! The rows, a file for each policy.

pub(crate) mod body;
mod bulkhead;
mod circuit_breaker;
mod rate_limit;
mod retry;
mod stack;
mod timeout;

use crate::contest::Row;

/// Those with such names. Others are not built, as some take their time to begin.
pub(crate) fn chosen(is_chosen: impl Fn(&str) -> bool) -> Vec<Row> {
    [retry::rows(), timeout::rows(), circuit_breaker::rows(), bulkhead::rows(), rate_limit::rows(), stack::rows()]
        .into_iter()
        .flatten()
        .filter(|row| is_chosen(row.name))
        .map(with_peers)
        .collect()
}

#[cfg(feature = "peers")]
fn with_peers(mut row: Row) -> Row {
    row.contestants.extend(crate::peers::of(row.name));
    row
}

#[cfg(not(feature = "peers"))]
fn with_peers(row: Row) -> Row {
    row
}
