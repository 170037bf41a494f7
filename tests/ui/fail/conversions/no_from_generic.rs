use steadfast::circuit_breaker;

#[circuit_breaker]
fn guarded<T: Default, E>() -> Result<T, E> {
    Ok(T::default())
}

fn main() {
    let _ = guarded::<u32, String>();
}
