use std::io;
use steadfast::retry;

#[retry(on = Err(_))]
fn on() -> io::Result<u32> {
    Ok(1)
}

#[retry(ignore = io::ErrorKind::NotFound)]
fn ignore() -> io::Result<u32> {
    Ok(1)
}

#[retry(rejections = timeout)]
fn rejections() -> io::Result<u32> {
    Ok(1)
}

#[retry(clone = order)]
fn clone(order: String) -> io::Result<u32> {
    drop(order);
    Ok(1)
}

fn main() {
    let _ = (on(), ignore(), rejections(), clone(String::new()));
}
