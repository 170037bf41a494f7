use std::io;
use steadfast::{fallback, timeout};

#[fallback]
#[timeout]
async fn without_parentheses() -> io::Result<u32> {
    Ok(1)
}

#[fallback()]
#[timeout(name = "t")]
async fn without_an_expression() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (without_parentheses(), without_an_expression());
}
