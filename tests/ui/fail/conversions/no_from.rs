use steadfast::{circuit_breaker, timeout};

#[derive(Debug)]
enum Error {
    NotFound,
}

#[timeout("1s")]
async fn timed() -> Result<u32, Error> {
    Err(Error::NotFound)
}

#[circuit_breaker]
fn guarded() -> Result<u32, Error> {
    Err(Error::NotFound)
}

fn main() {
    let _ = (timed(), guarded());
}
