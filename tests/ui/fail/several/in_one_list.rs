use std::io;
use steadfast::retry;

#[retry(attemps = 3, backoff = linear("1"), jitter = 2.0, max_delay = "10x", attempts = 0, rejections(late))]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
