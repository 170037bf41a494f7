use std::io;
use steadfast::timeout;

#[timeout("5s", nested = own, budget = BUDGET)]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
