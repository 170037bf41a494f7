use std::io;
use std::time::Duration;
use steadfast::circuit_breaker;

trait Limits {
    const FAILURES: u32;
    const RESET: Duration;
}

#[circuit_breaker(failure_threshold = L::FAILURES)]
fn a_parameter<L: Limits>() -> io::Result<u32> {
    Ok(L::FAILURES)
}

struct Client;

impl Limits for Client {
    const FAILURES: u32 = 1;
    const RESET: Duration = Duration::ZERO;
}

impl Client {
    #[circuit_breaker(reset_timeout = Self::RESET)]
    fn its_own(&self) -> io::Result<u32> {
        Ok(1)
    }
}

fn main() {
    let _ = (a_parameter::<Client>(), Client.its_own());
}
