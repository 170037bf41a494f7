//! Defects of other libraries, each by its number: none of them is here.

mod pitfalls {
    mod backoff;
    mod breaker;
    mod common;
    mod expansion;
    mod half_open;
    mod keyed;
    mod manifest;
    mod others;
    mod retry;
    mod window;
}
