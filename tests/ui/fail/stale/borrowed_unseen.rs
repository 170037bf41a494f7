use std::io;
use steadfast::fallback;

#[derive(Clone)]
struct Row<'a>(&'a str);

type Rows<'a> = io::Result<Vec<Row<'a>>>;

#[fallback(stale = "10m")]
fn hidden(text: &str) -> io::Result<Row> {
    Ok(Row(text))
}

#[fallback(stale = "10m")]
async fn hidden_async(text: &str) -> io::Result<Row> {
    Ok(Row(text))
}

#[fallback(stale = "10m")]
fn generic<T: Clone + Send + Sync>(value: T) -> io::Result<T> {
    Ok(value)
}

#[fallback(stale = "10m")]
async fn generic_async<T: Clone + Send + Sync>(value: T) -> io::Result<T> {
    Ok(value.clone())
}

fn main() {
    let _ = (hidden(""), hidden_async(""), generic(1), generic_async(1));
    let _: Rows<'_> = Ok(vec![]);
}
