use std::io;
use steadfast::bulkhead;

#[bulkhead(max_concurrent = limit)]
fn an_argument(limit: u32) -> io::Result<u32> {
    Ok(limit)
}

fn main() {
    let _ = an_argument(1);
}
