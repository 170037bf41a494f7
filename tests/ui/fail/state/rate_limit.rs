use std::io;
use steadfast::rate_limit;

struct Client {
    rate: u32,
}

#[rate_limit(permits = rate)]
fn an_argument(rate: u32) -> io::Result<u32> {
    Ok(rate)
}

impl Client {
    #[rate_limit(permits = 10, burst = self.rate)]
    async fn itself(&self) -> io::Result<u32> {
        Ok(self.rate)
    }
}

fn main() {
    let _ = (an_argument(1), Client { rate: 1 }.itself());
}
