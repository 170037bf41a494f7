use std::io;
use steadfast::{circuit_breaker, retry, CircuitBreaker, Retry};

struct Client {
    calls: u32,
    breaker: CircuitBreaker,
    policy: Retry,
}

impl Client {
    #[circuit_breaker(self.breaker)]
    async fn fetch(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[circuit_breaker(&self.breaker)]
    fn by_reference(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[retry(self.policy)]
    fn by_value(self) -> io::Result<u32> {
        Ok(self.calls)
    }
}

fn main() {
    let client = || Client { calls: 0, breaker: CircuitBreaker::new(), policy: Retry::new() };
    let _ = client().fetch();
    let _ = client().by_reference();
    let _ = client().by_value();
}
