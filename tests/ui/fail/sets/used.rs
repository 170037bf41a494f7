//! Mistakes in the use of a set.

use std::io;

steadfast::policies! {
    upstream: [retry(clone(order)), timeout("1s")]
}

#[steadfast::resilient]
async fn no_name(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::resilient("upstream")]
async fn quoted(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::timeout("1m")]
#[steadfast::resilient(upstream, attempts = 3)]
async fn with_settings(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::resilient = "upstream"]
async fn equals(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::resilient(nowhere)]
async fn unknown(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::resilient(upstream)]
async fn other_arguments(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient(upstream)]
fn blocks(order: String) -> io::Result<String> {
    Ok(order)
}

#[steadfast::resilient(upstream)]
struct Order;

fn main() {}
