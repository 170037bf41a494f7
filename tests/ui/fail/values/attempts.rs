use std::io;
use steadfast::retry;

#[retry(attempts = 0)]
fn zero() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = -1)]
fn negative() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = 2.5)]
fn fraction() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = "3")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = 4_294_967_296)]
fn too_many() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (zero(), negative(), fraction(), text(), too_many());
}
