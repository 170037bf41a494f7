use std::io;
use std::sync::{Arc, LazyLock};
use steadfast::{bulkhead, circuit_breaker, rate_limit, Bulkhead, CircuitBreaker, Keyed, RateLimit};

static LIMITS: Keyed<RateLimit> = RateLimit::new(10).keyed();
static LIMIT: RateLimit = RateLimit::new(10);
static PLACES: LazyLock<Keyed<Bulkhead>> = LazyLock::new(|| Bulkhead::new(3).keyed());

struct Client {
    breakers: Arc<Keyed<CircuitBreaker>>,
    breaker: Arc<CircuitBreaker>,
}

impl Client {
    #[circuit_breaker(self.breakers)]
    fn no_key(&self) -> io::Result<u32> {
        Ok(1)
    }

    #[circuit_breaker(self.breaker, key = host)]
    fn not_keyed(&self, host: &str) -> io::Result<usize> {
        Ok(host.len())
    }
}

#[rate_limit(LIMITS)]
fn limits() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(&LIMIT, key = host)]
fn limit(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

#[bulkhead(PLACES)]
fn places() -> io::Result<u32> {
    Ok(1)
}

fn by_reference() -> &'static Keyed<RateLimit> {
    &LIMITS
}

#[rate_limit(by_reference())]
fn of_a_function() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let client = Client { breakers: Arc::new(CircuitBreaker::new().keyed()), breaker: Arc::default() };
    let _ = (client.no_key(), client.not_keyed(""), limits(), limit(""), places(), of_a_function());
}
