//! Defects of other libraries, each by its number: none of them is here.

mod pitfalls {
    mod attributes;
    mod backoff;
    mod breaker;
    mod budget;
    mod bulkhead;
    mod common;
    mod deadline;
    mod expansion;
    mod half_open;
    mod hedge;
    mod keyed;
    mod late;
    mod manifest;
    mod others;
    mod panics;
    mod percentile;
    mod rate_limit;
    mod retry;
    mod stale;
    mod window;
}
