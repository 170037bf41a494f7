use std::io;
use steadfast::timeout;

#[timeout(percentile(0.99, maximum = "5s", factr = 2.0))]
async fn unknown() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, max = "5s", max = "6s"))]
async fn duplicate() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(max = "5s", 0.99))]
async fn the_share_later() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, 2.0, max = "5s"))]
async fn two_without_names() -> io::Result<u32> {
    Ok(1)
}

#[timeout(name = "lookup", percentile(0.99, max = "5s"))]
async fn later() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, max = "5s", p = 1, factor = 0, window = "1"))]
async fn several() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (unknown(), duplicate(), the_share_later(), two_without_names(), later(), several());
}
