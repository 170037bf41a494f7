//! Mistakes in a set are reported where it is declared, once, however many functions use it.

use std::io;

steadfast::policies! {
    // Each of these, and at once.
    policies: [retry(attemps = 3), circuit_braker, retry(attempts = 0), own timeout("1s") retry];
    no_colon [retry];
    no_brackets: retry;
    empty: [];
    not_itself: [resilient(policies)];
}

steadfast::policies! {
    orders: [retry, fallback(Ok(1)), timeout("1s"), timeout("2s")];
    no_policy: [outcome(on(Err(_)))];
    shares_nothing: [own retry, own timeout("1s"), own fallback(Ok(1))];
    no_end: [retry] // no comma
    other: [retry]
}

#[steadfast::resilient(orders)]
async fn one() -> io::Result<u32> {
    Ok(1)
}

#[steadfast::resilient(orders)]
async fn two() -> io::Result<u32> {
    Ok(2)
}

#[steadfast::resilient(policies)]
async fn three() -> io::Result<u32> {
    Ok(2)
}

fn main() {}
