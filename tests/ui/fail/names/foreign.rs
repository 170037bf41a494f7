use ntest_timeout::timeout;
use std::io;
use steadfast::retry;

#[retry]
#[timeout("1s")]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
