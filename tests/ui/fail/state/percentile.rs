use std::io;
use std::time::Duration;
use steadfast::timeout;

struct Client {
    limit: Duration,
}

#[timeout(percentile(0.99, max = limit))]
async fn an_argument(limit: Duration) -> io::Result<Duration> {
    Ok(limit)
}

impl Client {
    #[timeout(percentile(0.99, min = self.limit, max = "5s"))]
    async fn itself(&self) -> io::Result<Duration> {
        Ok(self.limit)
    }
}

fn main() {
    let _ = (an_argument(Duration::ZERO), Client { limit: Duration::ZERO }.itself());
}
