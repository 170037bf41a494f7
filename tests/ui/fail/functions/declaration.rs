use std::io;
use steadfast::{retry, timeout};

trait Fetch {
    #[retry]
    #[timeout("1s")]
    async fn fetch(&self) -> io::Result<u32>;
}

struct Client;

impl Fetch for Client {
    async fn fetch(&self) -> io::Result<u32> {
        Ok(1)
    }
}

unsafe extern "C" {
    #[retry]
    safe fn getpid() -> i32;
}

fn main() {
    let _ = (Client.fetch(), getpid());
}
