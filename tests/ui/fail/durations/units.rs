use std::io;
use steadfast::timeout;

#[timeout("5sec")]
async fn from_elsewhere() -> io::Result<u32> {
    Ok(1)
}

#[timeout("5M")]
async fn capital() -> io::Result<u32> {
    Ok(1)
}

#[timeout("5 fortnights")]
async fn unknown() -> io::Result<u32> {
    Ok(1)
}

#[timeout("30s1m")]
async fn smaller_first() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s2s")]
async fn twice() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (from_elsewhere(), capital(), unknown(), smaller_first(), twice());
}
