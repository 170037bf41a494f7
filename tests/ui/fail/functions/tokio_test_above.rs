use std::io;
use steadfast::{retry, timeout};

// What it leaves behind is a blocking function, which a timeout cannot stop.
#[tokio::main]
#[retry]
#[timeout("1s")]
async fn run() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
#[retry]
async fn works() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = run();
}
