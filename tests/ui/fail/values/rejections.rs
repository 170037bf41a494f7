use std::io;
use steadfast::retry;

#[retry(rejections(time_out))]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[retry(rejections(all))]
fn far() -> io::Result<u32> {
    Ok(1)
}

#[retry(rejections(timeout, timeout))]
fn twice() -> io::Result<u32> {
    Ok(1)
}

#[retry(rejections("timeout"))]
fn text() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far(), twice(), text());
}
