//! Each argument of `#[circuit_breaker]`, in each of its forms.

#![deny(warnings)]

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use steadfast::{CircuitBreaker, Keyed, Rejection, StateChange, Window, circuit_breaker};

const FAILURES: u32 = 5;
const WINDOW: Window = Window::Calls(50);
static SHARED: CircuitBreaker = CircuitBreaker::new();
static LAZY: LazyLock<CircuitBreaker> = LazyLock::new(CircuitBreaker::new);
static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed();

fn changed(_: &StateChange) {}

fn refused(rejection: Rejection) -> io::Error {
    io::Error::other(rejection)
}

#[circuit_breaker(
    failure_rate = 0.5,
    window = 100,
    min_calls = 100,
    slow_call = "2s",
    slow_call_rate = 1,
    reset_timeout = "30s",
    max_reset_timeout = "30s",
    success_threshold = 2,
    max_probes = 2,
    probe_timeout = Duration::from_secs(3),
    abandoned = failure,
    key = (host, port),
    max_keys = 10,
    on_state_change = changed,
    on(Err(_)),
    ignore(Ok(0)),
    error = refused,
    name = "hosts",
)]
fn everything(host: &str, port: u16) -> io::Result<u16> {
    assert!(!host.is_empty());
    Ok(port)
}

#[circuit_breaker(failure_threshold = FAILURES, on_state_change = |change| drop(format!("{change:?}")))]
fn consecutive() -> io::Result<u16> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.25, window = "1m")]
fn time_window() -> io::Result<u16> {
    Ok(1)
}

#[circuit_breaker(slow_call = "1s", window = WINDOW, min_calls = 1)]
fn window_by_value() -> io::Result<u16> {
    Ok(1)
}

#[circuit_breaker(SHARED, abandoned = neutral)]
fn shared() -> io::Result<u16> {
    Ok(1)
}

#[circuit_breaker(LAZY)]
fn lazy() -> io::Result<u16> {
    Ok(1)
}

#[circuit_breaker(HOSTS, key = host)]
fn shared_by_key(host: String) -> io::Result<u16> {
    drop(host);
    Ok(1)
}

struct Client {
    plain: CircuitBreaker,
    counted: Arc<CircuitBreaker>,
    calls: u16,
}

impl Client {
    #[circuit_breaker(self.plain)]
    fn plain(&self) -> io::Result<u16> {
        Ok(self.calls)
    }

    #[circuit_breaker(&self.plain)]
    fn plain_by_reference(&self) -> io::Result<u16> {
        Ok(self.calls)
    }

    #[circuit_breaker(self.counted)]
    fn counted(&mut self) -> io::Result<u16> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[circuit_breaker(&self.counted)]
    fn counted_by_reference(mut self) -> io::Result<u16> {
        self.calls += 1;
        Ok(self.calls)
    }
}

#[circuit_breaker(breaker)]
fn argument(breaker: &CircuitBreaker) -> io::Result<u16> {
    assert_eq!(breaker.counts().failures, 0);
    Ok(1)
}

fn main() -> io::Result<()> {
    everything("localhost", 80)?;
    for fetch in [consecutive, time_window, window_by_value, shared, lazy] {
        assert_eq!(fetch()?, 1);
    }
    shared_by_key("localhost".into())?;
    let mut client = Client { plain: CircuitBreaker::new(), counted: Arc::default(), calls: 0 };
    client.plain()?;
    client.plain_by_reference()?;
    client.counted()?;
    client.counted_by_reference()?;
    argument(&CircuitBreaker::new())?;
    Ok(())
}
