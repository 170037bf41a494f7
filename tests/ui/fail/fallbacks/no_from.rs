use steadfast::{fallback, timeout};

// To name the error, a timeout must become one.
#[fallback(|error: String| Ok(error.len()))]
#[timeout("1s")]
async fn typed() -> Result<usize, String> {
    Ok(1)
}

#[fallback(|error| Ok(error.len()))]
#[timeout("1s")]
async fn named() -> Result<usize, String> {
    Ok(1)
}

fn main() {
    let _ = (typed(), named());
}
