use std::io;
use steadfast::circuit_breaker;

struct Client {
    limit: u32,
}

#[circuit_breaker(failure_threshold = limit)]
fn an_argument(limit: u32) -> io::Result<u32> {
    Ok(limit)
}

impl Client {
    #[circuit_breaker(failure_threshold = self.limit)]
    async fn itself(&self) -> io::Result<u32> {
        Ok(self.limit)
    }
}

#[circuit_breaker(key = id, max_keys = limit)]
fn keyed(id: u32, limit: usize) -> io::Result<usize> {
    let _ = id;
    Ok(limit)
}

fn main() {
    let _ = (an_argument(1), Client { limit: 1 }.itself(), keyed(1, 1));
}
