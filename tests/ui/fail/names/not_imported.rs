use std::io;
use steadfast::retry;

#[retry]
#[timeout("1s")]
#[circuit_breaker]
#[timeout("500ms")]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
