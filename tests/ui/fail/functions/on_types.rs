use steadfast::{circuit_breaker, retry, timeout};

#[retry]
#[derive(Default)]
struct Client {
    calls: u32,
}

#[timeout("1s")]
pub(crate) enum State {
    Idle,
}

#[circuit_breaker]
union Bits {
    int: u32,
}

fn main() {
    let _ = (Client { calls: 1 }, Client::default(), State::Idle, Bits { int: 1 });
}
