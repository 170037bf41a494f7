use std::io;
use steadfast::retry;

#[retry(on())]
fn on() -> io::Result<u32> {
    Ok(1)
}

#[retry(ignore())]
fn ignore() -> io::Result<u32> {
    Ok(1)
}

#[retry(retry_after())]
fn retry_after() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (on(), ignore(), retry_after());
}
