use std::io;
use steadfast::outcome;

#[outcome(on(Err(_)))]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
