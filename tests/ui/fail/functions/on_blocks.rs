use steadfast::{retry, timeout};

struct Client;

#[retry]
impl Client {
    fn fetch(&self) -> u32 {
        1
    }
}

#[timeout("1s")]
trait Fetch {
    fn fetch(&self);
}

#[retry]
mod api {
    pub fn fetch() {}
}

fn take(_: impl Fetch) {}

impl Fetch for Client {
    fn fetch(&self) {}
}

fn main() {
    Client.fetch();
    take(Client);
    api::fetch();
}
