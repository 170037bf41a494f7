use steadfast::{circuit_breaker, timeout};

#[timeout("1s")]
async fn timed() -> Option<u32> {
    Some(1)
}

#[circuit_breaker]
fn guarded() -> Option<u32> {
    Some(1)
}

fn main() {
    let _ = (timed(), guarded());
}
