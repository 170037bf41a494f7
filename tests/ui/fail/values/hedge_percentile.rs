use std::io;
use std::time::Duration;
use steadfast::hedge;

#[hedge(after = percentile(95))]
async fn percent() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = percentile(0.95, maximum = "1s", min = "2s", max = "1s"))]
async fn settings() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = percentile(0.95, min = shortest))]
async fn argument(shortest: Duration) -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (percent(), settings(), argument(Duration::ZERO));
}
