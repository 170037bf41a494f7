use std::io;
use steadfast::retry;

fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[retry(when = "timeout")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[retry(when = |_| "yes")]
fn no_condition() -> io::Result<u32> {
    Ok(1)
}

#[retry(when = is_timeout)]
fn of_another_error() -> Result<u32, String> {
    Ok(1)
}

#[retry(when = |error: String| error.is_empty())]
fn by_value() -> Result<u32, String> {
    Ok(1)
}

#[retry(when = |_| true)]
fn of_no_error() -> Option<u32> {
    Some(1)
}

fn main() {
    let _ = (text(), no_condition(), of_another_error(), by_value(), of_no_error(), is_timeout);
}
