use std::io;
use std::time::Duration;
use steadfast::timeout;

const FACTOR: u32 = 2;

fn configured() -> Duration {
    Duration::from_secs(1)
}

#[timeout(percentile(0.99, max = configured()))]
async fn not_constant() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, factor = FACTOR, max = "5s"))]
async fn of_another_type() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (not_constant(), of_another_type(), configured());
}
