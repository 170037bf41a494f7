use std::io;
use steadfast::retry;

#[retry(backoff = "1s")]
fn duration() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = 2)]
fn number() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponential("100ms", base = 2.0))]
fn unknown_argument() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponential("100ms", 2.0))]
fn factor_without_name() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponential("100ms", factor = 0.5))]
fn shrinking() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponential("100ms", factor = "2"))]
fn factor_of_text() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponential("100ms", factor = 2.0, factor = 3.0))]
fn factor_twice() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = linear("100ms", factor = 2.0))]
fn factor_of_another_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed("100ms", "200ms"))]
fn two_delays() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed(1))]
fn no_duration() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = none("1s"))]
fn none() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (duration(), number(), unknown_argument(), factor_without_name(), shrinking(), factor_of_text());
    let _ = (factor_twice(), factor_of_another_curve(), two_delays(), no_duration(), none());
}
