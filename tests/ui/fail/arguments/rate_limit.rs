use std::io;
use steadfast::rate_limit;

#[rate_limit(permits = 10, nested = own)]
fn reserved() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permit = 10)]
fn near() -> io::Result<u32> {
    Ok(1)
}

// A limit does not judge outcomes.
#[rate_limit(permits = 10, on(Err(_)))]
async fn of_another_policy() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (reserved(), near(), of_another_policy());
}
