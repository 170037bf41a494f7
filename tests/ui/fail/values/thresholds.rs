use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(failure_threshold = 0)]
fn failures() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_threshold = 0.5)]
fn a_rate() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(success_threshold = 0)]
fn successes() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(max_probes = 0)]
fn probes() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = id, max_keys = 0)]
fn keys(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[circuit_breaker(max_keys = 10)]
fn keys_without_key() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, min_calls = 0)]
fn calls() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (failures(), a_rate(), successes(), probes(), keys(1), keys_without_key(), calls());
}
