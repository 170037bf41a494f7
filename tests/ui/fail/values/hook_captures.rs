use std::io;
use steadfast::circuit_breaker;

// It stands in a `static`.
#[circuit_breaker(on_state_change = |_| println!("{name}"))]
fn fetch(name: &str) -> io::Result<usize> {
    Ok(name.len())
}

fn main() {
    let _ = fetch("");
}
