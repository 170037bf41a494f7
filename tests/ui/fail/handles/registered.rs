static COUNT: u32 = 7;
steadfast::register!(COUNT);

fn main() {
    let local = steadfast::CircuitBreaker::new();
    steadfast::register!(local);
}
