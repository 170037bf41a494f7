use std::io;
use steadfast::{fallback, retry};

#[retry(clone(oder))]
fn misspelt(order: String, other: Vec<u8>) -> io::Result<usize> {
    Ok(order.len() + other.len())
}

#[retry(clone(name))]
fn reference(name: &str, order: String) -> io::Result<usize> {
    Ok(order.len() + name.len())
}

#[fallback(Ok(name.len()), clone(name))]
fn nothing_by_value(name: &str) -> io::Result<usize> {
    Ok(name.len())
}

#[retry(clone)]
fn no_arguments() -> io::Result<usize> {
    Ok(1)
}

#[retry(clone())]
fn none_named(order: String) -> io::Result<usize> {
    Ok(order.len())
}

#[retry(clone(order, order))]
fn twice(order: String) -> io::Result<usize> {
    Ok(order.len())
}

fn main() {
    let _ = (misspelt(String::new(), Vec::new()), reference("", String::new()), nothing_by_value(""));
    let _ = (no_arguments(), none_named(String::new()), twice(String::new()));
}
