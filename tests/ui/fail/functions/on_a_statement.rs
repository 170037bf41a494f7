use std::io;
use steadfast::retry;

fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    #[retry]
    let _ = fetch();
}
