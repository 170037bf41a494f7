use std::io;
use steadfast::retry;

fn main() {
    let fetch = #[retry]
    || -> io::Result<u32> { Ok(1) };
    let _ = fetch();
}
