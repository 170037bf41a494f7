use std::io;
use steadfast::retry;

#[retry]
async fn consumed(order: String) -> io::Result<()> {
    send(order).await
}

#[retry]
async fn method(client: Client, order: String) -> io::Result<()> {
    send(format!("{order}{}", client.into_name())).await
}

struct Client(String);

impl Client {
    fn into_name(self) -> String {
        self.0
    }

    #[retry]
    async fn consumes_itself(self) -> io::Result<()> {
        send(self.0).await
    }
}

async fn send(_: String) -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (consumed(String::new()), method(Client(String::new()), String::new()));
    let _ = Client(String::new()).consumes_itself();
}
