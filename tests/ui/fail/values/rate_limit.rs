use std::io;
use steadfast::rate_limit;

#[rate_limit]
fn nothing() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(per = "1s", burst = 3)]
fn no_permits() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 0)]
fn none() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 1.5)]
fn a_fraction() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 10, per = "0s")]
fn no_time() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 10, per = 1)]
fn no_unit() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 10, burst = 0)]
async fn no_burst() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(100)]
fn no_name() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 10, max_keys = 5)]
fn no_key() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (nothing(), no_permits(), none(), a_fraction(), no_time(), no_unit(), no_burst(), no_name(), no_key());
}
