use steadfast::{circuit_breaker, timeout};

#[timeout("1s", error = "late")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[circuit_breaker(error = || String::from("open"))]
fn without_argument() -> Result<u32, String> {
    Ok(1)
}

#[circuit_breaker(error = |code: u16| code.to_string())]
fn of_another_argument() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    let _ = (text(), without_argument(), of_another_argument());
}
