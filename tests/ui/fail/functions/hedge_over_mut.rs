use std::io;
use std::pin::Pin;
use steadfast::{hedge, retry};

struct Client {
    calls: u32,
}

impl Client {
    #[hedge(after = "50ms")]
    async fn counted(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[retry]
    #[hedge(after = "50ms")]
    async fn pinned(self: Pin<&mut Self>) -> io::Result<u32> {
        Ok(self.calls)
    }

    #[hedge(after = "50ms")]
    #[hedge(after = "10ms")]
    async fn twice(&mut self) -> io::Result<u32> {
        Ok(self.calls)
    }
}

#[hedge(after = "50ms")]
async fn argument(seen: &mut Vec<u32>, last: Option<&mut u32>, (out, _): (&mut u32, u32)) -> io::Result<()> {
    seen.push(1);
    *out = 1;
    assert!(last.is_none());
    Ok(())
}

#[hedge(after = "50ms")]
async fn rebound(mut text: &str) -> io::Result<usize> {
    text = text.trim();
    Ok(text.len())
}

fn main() {
    let mut client = Client { calls: 0 };
    let _ = client.counted();
    let _ = Pin::new(&mut client).pinned();
    let _ = client.twice();
    let _ = (argument(&mut Vec::new(), None, (&mut 1, 1)), rebound(""));
}
