use std::io;
use steadfast::{CircuitBreaker, circuit_breaker};

struct Client {
    breaker: CircuitBreaker,
    name: String,
}

#[circuit_breaker(client.breaker)]
async fn fetch(client: Client) -> io::Result<String> {
    Ok(client.name)
}

fn main() {
    let _ = fetch(Client { breaker: CircuitBreaker::new(), name: String::new() });
}
