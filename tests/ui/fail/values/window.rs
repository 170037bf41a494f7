use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(failure_rate = 0.5, window = 65_537)]
fn too_large() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = 0)]
fn no_calls() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = "0s")]
fn no_time() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = 0.5)]
fn fraction() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = -10)]
fn negative() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = 50, min_calls = 51)]
fn never_judged() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, min_calls = 101)]
fn never_judged_by_default() -> io::Result<u32> {
    Ok(1)
}

// Consecutive failures are counted without a window.
#[circuit_breaker(window = 50, min_calls = 10)]
fn without_a_rate() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (too_large(), no_calls(), no_time(), fraction(), negative());
    let _ = (never_judged(), never_judged_by_default(), without_a_rate());
}
