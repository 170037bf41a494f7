use std::io;
use steadfast::{StaleFallback, fallback, retry};

static PRICES: StaleFallback = StaleFallback::new(std::time::Duration::from_secs(1));

#[fallback(Ok(0), stale = "10m")]
fn both() -> io::Result<u32> {
    Ok(1)
}

#[fallback(Ok(0), key = id)]
fn key_of_another(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(max_keys = 5, on_stale = |_| ())]
fn without_stale() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", max_keys = 5)]
fn max_keys_without_key() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", key = id, max_keys = 0)]
fn no_keys(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(stale = "10m", key = id, max_keys = id)]
fn not_constant(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(stale = "0s")]
fn at_no_age() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = 600)]
fn without_unit() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale())]
fn nothing() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale("10m"))]
fn an_age_for_a_shared_one() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale(600))]
fn a_number_for_a_shared_one() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale(PRICES), key = id, max_keys = 5, name = "prices")]
fn settings_of_the_shared_one(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(stale = "10m", error = |_| io::Error::other("?"))]
fn it_rejects_nothing() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", keys = 5)]
fn unknown() -> io::Result<u32> {
    Ok(1)
}

#[retry(stale = "10m")]
fn of_another() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m")]
#[fallback(Ok(0))]
fn never_reached() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (both(), key_of_another(1), without_stale(), max_keys_without_key(), no_keys(1), not_constant(1));
    let _ = (at_no_age(), without_unit(), nothing(), settings_of_the_shared_one(1), it_rejects_nothing());
    let _ = (unknown(), of_another(), never_reached(), an_age_for_a_shared_one(), a_number_for_a_shared_one());
}
