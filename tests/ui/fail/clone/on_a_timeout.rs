use std::io;
use steadfast::timeout;

#[timeout("1s", clone(order))]
async fn consumed(order: String) -> io::Result<()> {
    drop(order);
    Ok(())
}

fn main() {
    let _ = consumed(String::new());
}
