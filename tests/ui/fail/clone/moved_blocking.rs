use std::io;
use steadfast::retry;

#[retry]
fn consumed(order: String) -> io::Result<()> {
    send(order)
}

fn send(_: String) -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = consumed(String::new());
}
