use std::io;
use steadfast::fallback;

#[fallback(|| Ok(0))]
fn without_argument() -> io::Result<u32> {
    Ok(1)
}

#[fallback(|error, attempts| Ok(0))]
fn two_arguments() -> io::Result<u32> {
    Ok(1)
}

#[fallback(async |error| Ok(0))]
async fn asynchronous() -> io::Result<u32> {
    Ok(1)
}

#[fallback(|error: String| Ok(error.len()))]
fn of_another_type() -> io::Result<usize> {
    Ok(1)
}

fn main() {
    let _ = (without_argument(), two_arguments(), asynchronous(), of_another_type());
}
