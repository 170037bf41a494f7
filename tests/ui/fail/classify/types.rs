//! Fields and functions of other types.

use steadfast::{Class, Classify};

#[derive(Classify)]
enum Error {
    #[throttled(retry_after = secs)]
    Throttled { secs: u64 },
    #[classify(with = by_status)]
    Status(String),
    #[classify(with = by_status)]
    TwoFields(u16, u16),
    #[classify(with = is_server_error)]
    NoClass(u16),
}

#[derive(Classify)]
#[transient(retry_after = 0)]
struct Text(String);

fn by_status(status: u16) -> Class {
    Class::from_http_status(status)
}

fn is_server_error(status: u16) -> bool {
    status >= 500
}

fn main() {}
