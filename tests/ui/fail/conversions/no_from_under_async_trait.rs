use async_trait::async_trait;
use steadfast::timeout;

struct Client;

#[async_trait]
trait Fetch {
    async fn fetch(&self) -> Result<u32, String>;
}

#[async_trait]
impl Fetch for Client {
    #[timeout("1s")]
    async fn fetch(&self) -> Result<u32, String> {
        Ok(1)
    }
}

fn main() {
    let _ = Client.fetch();
}
