use std::io;
use steadfast::{retry, RetryBudget};

struct Client {
    calls: u32,
    budget: RetryBudget,
}

impl Client {
    #[retry(budget = self.budget)]
    async fn fetch(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() {
    let _ = Client { calls: 0, budget: RetryBudget::new() }.fetch();
}
