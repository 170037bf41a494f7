use steadfast::{circuit_breaker, timeout};

// The breaker has no word on its own rejections.
#[timeout("1s", error = |rejection| rejection.to_string())]
#[circuit_breaker]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
