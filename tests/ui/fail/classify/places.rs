//! Attributes that stand where they say nothing.

use steadfast::Classify;

#[derive(Classify)]
#[permanent]
enum Error {
    Http(#[transient] u16),
    #[classify(crate = ::steadfast)]
    Other,
}

#[derive(Classify)]
struct Status(#[classify(with = by_status)] u16);

fn main() {}
