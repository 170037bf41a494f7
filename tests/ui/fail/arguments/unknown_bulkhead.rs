use std::io;
use steadfast::bulkhead;

#[bulkhead(max_concurrent = 3, max_wiat = "1s")]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, on(Err(_)))]
fn filter() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, shadow = true)]
fn reserved() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), filter(), reserved());
}
