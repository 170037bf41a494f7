//! A variant has one class.

use steadfast::Classify;

#[derive(Classify)]
enum Error {
    #[transient]
    #[permanent]
    NotFound,
    #[neutral]
    #[neutral]
    Invalid,
}

fn main() {
    // The type is `Classify` for the rest of the crate.
    Error::NotFound.class();
    Error::Invalid.class();
}
