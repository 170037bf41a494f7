use std::io;
use std::time::Duration;
use steadfast::timeout;

#[timeout(percentile(99, max = "5s"))]
async fn percent() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(1.0, max = "5s", factor = 0))]
async fn the_longest() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(-0.5, max = "5s", factor = 1e400))]
async fn negative() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile("0.99", max = 5, factor = "2"))]
async fn of_another_type() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, min = "6s", max = "5s", window = "0s", min_calls = 0))]
async fn bounds() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, factor = 2.0))]
async fn no_max() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(max = "5s"))]
async fn no_share() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile())]
async fn nothing() -> io::Result<u32> {
    Ok(1)
}

fn percentile(percent: u8) -> Duration {
    Duration::from_millis(percent.into())
}

#[timeout(percentile(7))]
async fn a_function_of_ones_own() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(PERCENT))]
async fn a_function_of_ones_own_by_a_constant() -> io::Result<u32> {
    Ok(1)
}

const PERCENT: u8 = 7;

fn main() {
    let _ = (percentile(7), a_function_of_ones_own(), a_function_of_ones_own_by_a_constant());
    let _ = (percent(), the_longest(), negative(), of_another_type(), bounds(), no_max(), no_share(), nothing());
}
