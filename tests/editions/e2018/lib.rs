//! Annotated functions in a crate of edition 2018.
#![deny(warnings, missing_docs, clippy::all)]

#[path = "../functions.rs"]
mod functions;

pub use functions::*;

#[cfg(test)]
#[path = "../drops.rs"]
mod drops;
