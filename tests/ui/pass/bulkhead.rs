//! Each argument of `#[bulkhead]`, in each of its forms.

#![deny(warnings)]

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use steadfast::{Bulkhead, Keyed, Rejection, bulkhead, outcome};

const PLACES: u32 = 5;
static ADAPTIVE: Bulkhead = Bulkhead::adaptive(1, 10).initial(3);
static SHARED: Bulkhead = Bulkhead::new(1);
static LAZY: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::new(1));
static HOSTS: Keyed<Bulkhead> = Bulkhead::new(1).keyed();

fn refused(rejection: Rejection) -> io::Error {
    io::Error::other(rejection)
}

#[bulkhead(
    max_concurrent = 10,
    max_wait = "250ms",
    max_queue = 20,
    key = (host, port),
    max_keys = 10,
    error = refused,
    name = "hosts",
    docs = false,
)]
fn everything(host: &str, port: u16) -> io::Result<u16> {
    assert!(!host.is_empty());
    Ok(port)
}

#[bulkhead(max_concurrent = PLACES, max_wait = Duration::from_secs(1), max_queue = PLACES * 2)]
fn constants() -> io::Result<u16> {
    Ok(1)
}

#[bulkhead(adaptive(min = 2, max = 100, initial = 5), max_wait = "250ms", max_queue = 20, key = host, error = refused)]
fn adaptive(host: &str) -> io::Result<u16> {
    assert!(!host.is_empty());
    Ok(1)
}

#[bulkhead(adaptive)]
fn adaptive_by_default() -> io::Result<u16> {
    Ok(1)
}

#[bulkhead(name = "none", adaptive(),)]
fn adaptive_with_an_empty_list() -> io::Result<u16> {
    Ok(1)
}

#[bulkhead(adaptive(max = PLACES * 2, min = PLACES))]
fn adaptive_by_constants() -> io::Result<u16> {
    Ok(1)
}

#[outcome(on(Ok(0)), when = |error: &io::Error| error.kind() != io::ErrorKind::NotFound)]
#[bulkhead(adaptive(max = 10))]
fn adaptive_of_outcomes() -> io::Result<u16> {
    Ok(1)
}

/// In parentheses, a function of that name is a shared policy.
#[bulkhead((adaptive_places()))]
fn a_function_of_that_name() -> io::Result<u16> {
    Ok(1)
}

fn adaptive_places() -> &'static Bulkhead {
    &ADAPTIVE
}

#[bulkhead(SHARED)]
fn shared() -> io::Result<u16> {
    Ok(1)
}

#[bulkhead(LAZY)]
fn lazy() -> io::Result<u16> {
    Ok(1)
}

#[bulkhead(HOSTS, key = host, clone)]
fn shared_by_key(host: String) -> io::Result<u16> {
    drop(host);
    Ok(1)
}

struct Client {
    plain: Bulkhead,
    counted: Arc<Bulkhead>,
    calls: u16,
}

impl Client {
    #[bulkhead(self.plain)]
    fn plain(&self) -> io::Result<u16> {
        Ok(self.calls)
    }

    #[bulkhead(self.counted)]
    fn counted(&mut self) -> io::Result<u16> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() -> io::Result<()> {
    everything("localhost", 80)?;
    adaptive("localhost")?;
    let adaptive = [adaptive_by_default, adaptive_with_an_empty_list, adaptive_by_constants, adaptive_of_outcomes];
    for fetch in [constants, shared, lazy, a_function_of_that_name].into_iter().chain(adaptive) {
        assert_eq!(fetch()?, 1);
    }
    shared_by_key("localhost".into())?;
    let mut client = Client { plain: Bulkhead::new(1), counted: Arc::new(Bulkhead::new(1)), calls: 0 };
    client.plain()?;
    client.counted()?;
    Ok(())
}
