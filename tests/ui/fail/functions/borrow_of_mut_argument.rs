use std::io;
use steadfast::{retry, timeout};

#[retry]
async fn elided(buffer: &mut String) -> io::Result<&str> {
    Ok(buffer)
}

#[retry]
fn named<'a>(buffer: &'a mut String, other: &str) -> io::Result<std::borrow::Cow<'a, str>> {
    buffer.push_str(other);
    Ok(buffer.as_str().into())
}

struct Connection(Vec<u8>);

impl Connection {
    #[timeout("1s")]
    #[retry]
    async fn read(&mut self, other: &str) -> io::Result<&[u8]> {
        self.0.extend(other.as_bytes());
        Ok(&self.0)
    }
}

fn main() {
    let _ = elided(&mut String::new());
    let _ = named(&mut String::new(), "");
    let _ = Connection(Vec::new()).read("");
}
