//! Annotated functions in a crate of edition 2021.
#![deny(warnings, missing_docs, clippy::all)]

#[path = "../functions.rs"]
mod functions;

pub use functions::*;

#[cfg(test)]
#[path = "../drops.rs"]
mod drops;
