use steadfast::{fallback, timeout};

#[fallback(|error| None)]
fn option() -> Option<u32> {
    Some(1)
}

#[fallback(|error| 0)]
#[timeout("1s")]
async fn plain_value() -> u32 {
    1
}

fn main() {
    let _ = (option(), plain_value());
}
