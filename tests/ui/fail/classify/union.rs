//! A union does not know what it is.

use steadfast::Classify;

#[derive(Classify)]
union Error {
    code: u16,
}

fn main() {}
