use std::io;
use steadfast::retry;

#[derive(Clone)]
struct Client(String);

impl Client {
    #[retry(clone(self))]
    fn by_value(self) -> io::Result<String> {
        Ok(self.0)
    }

    #[retry(clone(self, order))]
    fn by_reference(&self, order: String) -> io::Result<String> {
        drop(order);
        Ok(self.0.clone())
    }
}

fn main() {
    let _ = Client(String::new()).by_value();
    let _ = Client(String::new()).by_reference(String::new());
}
