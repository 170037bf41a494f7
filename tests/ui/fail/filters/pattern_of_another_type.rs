use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(on(Some(_)))]
fn of_an_option() -> io::Result<u32> {
    Ok(1)
}

#[retry(on(Ok(500)))]
fn of_a_number() -> io::Result<String> {
    Ok(String::new())
}

#[circuit_breaker(ignore(Err(Error::Missing)))]
fn of_an_unknown_variant() -> Result<u32, Error> {
    Err(Error::NotFound)
}

enum Error {
    NotFound,
    Rejected(steadfast::Rejection),
}

impl From<steadfast::Rejection> for Error {
    fn from(rejection: steadfast::Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

// Bindings are references.
#[retry(on(Ok(n) if n > 5))]
fn of_a_guard() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (of_an_option(), of_a_number(), of_an_unknown_variant().is_ok(), of_a_guard());
}
