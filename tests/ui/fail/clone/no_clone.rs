use std::io;
use steadfast::retry;

struct Token;

#[retry(clone(token))]
fn consumed(token: Token) -> io::Result<()> {
    drop(token);
    Ok(())
}

fn main() {
    let _ = consumed(Token);
}
