use steadfast::{circuit_breaker, timeout};

#[timeout("1s")]
async fn timed() -> u32 {
    1
}

#[circuit_breaker]
fn guarded() -> String {
    String::new()
}

#[timeout("1s")]
async fn unit() {}

fn main() {
    let _ = (timed(), guarded(), unit());
}
