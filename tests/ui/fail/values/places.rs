use std::io;
use steadfast::bulkhead;

#[bulkhead]
fn nothing() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_wait = "1s")]
fn not_how_many() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(10)]
fn without_a_name() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 0)]
fn none() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = "3")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, max_queue = 5)]
fn nobody_waits() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, max_wait = 5)]
fn no_unit() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, max_wait = "1s", max_queue = 0)]
fn no_queue() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_concurrent = 3, max_keys = 5)]
fn no_key() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (nothing(), not_how_many(), without_a_name(), none(), text(), nobody_waits(), no_unit(), no_queue(), no_key());
}
