use std::io;
use std::sync::Arc;
use steadfast::{fallback, hedge, retry, timeout};

#[hedge(after = "50ms")]
async fn consumed(order: String) -> io::Result<()> {
    send(order).await
}

#[timeout("1s")]
#[retry]
#[hedge(after = "50ms")]
#[timeout("500ms")]
async fn in_a_stack(order: String) -> io::Result<()> {
    send(order).await
}

#[hedge(after = "50ms")]
#[fallback(send(order).await)]
async fn by_the_fallback(order: String) -> io::Result<()> {
    assert!(!order.is_empty());
    Ok(())
}

#[hedge(after = "50ms")]
async fn changed(mut orders: Vec<String>, (mut count, _): (u32, u32)) -> io::Result<u32> {
    orders.push(String::new());
    count += 1;
    Ok(count)
}

struct Client(String);

impl Client {
    #[hedge(after = "50ms")]
    async fn consumes_itself(self) -> io::Result<()> {
        send(self.0).await
    }

    #[hedge(after = "50ms")]
    async fn consumes_the_arc(self: Arc<Self>) -> io::Result<()> {
        drop(self);
        Ok(())
    }

    #[hedge(after = "50ms", clone(self))]
    async fn clones_itself(self) -> io::Result<()> {
        send(self.0).await
    }
}

async fn send(_: String) -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (consumed(String::new()), in_a_stack(String::new()), by_the_fallback(String::new()));
    let _ = changed(Vec::new(), (1, 2));
    let _ = (Client(String::new()).consumes_itself(), Client(String::new()).clones_itself());
    let _ = Arc::new(Client(String::new())).consumes_the_arc();
}
