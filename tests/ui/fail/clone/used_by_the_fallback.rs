use std::io;
use steadfast::fallback;

#[fallback(cached(&order).await)]
async fn consumed(order: String) -> io::Result<()> {
    send(order).await
}

async fn cached(_: &str) -> io::Result<()> {
    Ok(())
}

async fn send(_: String) -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = consumed(String::new());
}
