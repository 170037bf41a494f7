//! P8 to P11: what attributes ask for, and where they stand.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use steadfast::{CircuitBreaker, circuit_breaker, retry};

use super::common::{Answer, Error, is_open};

/// Where the names of other crates mean something else.
#[allow(dead_code, reason = "only in the way")]
mod without_crates {
    mod tokio {}
    mod tracing {}
    mod std {}
    mod log {}

    use super::Answer;

    #[::steadfast::timeout("1s")]
    #[::steadfast::retry(attempts = 2)]
    #[::steadfast::circuit_breaker]
    pub(super) async fn limited() -> Answer {
        ::core::future::pending().await
    }
}

/// The expansion names no crate but `steadfast`; the crates of `tests/editions` depend on nothing else.
#[tokio::test(start_paused = true)]
async fn p08_no_path_to_other_crates() {
    assert!(super::common::is_timeout(&without_crates::limited().await));
}

#[retry(attempts = attempts, backoff = none)]
fn attempts(attempts: u32, runs: &Cell<u32>) -> Answer {
    runs.set(runs.get() + 1);
    Err(Error::Body)
}

/// A setting that only shows at run time to be out of range does no harm: no attempts at all is one.
#[test]
fn p09_bad_settings_at_run_time() {
    let runs = Cell::new(0);
    for (setting, expected) in [(0, 1), (1, 1), (2, 2)] {
        assert_eq!(attempts(setting, &runs), Err(Error::Body));
        assert_eq!(runs.take(), expected, "attempts = {setting}");
    }
}

struct Service {
    breaker: CircuitBreaker,
}

impl Service {
    #[circuit_breaker(self.breaker)]
    fn ask(&self, fails: bool) -> Answer {
        if fails { Err(Error::Body) } else { Ok(1) }
    }

    #[circuit_breaker(failure_threshold = 1, key = std::any::type_name::<T>())]
    fn by_type<T>(fails: bool) -> Answer {
        if fails { Err(Error::Body) } else { Ok(1) }
    }
}

#[circuit_breaker(failure_threshold = 1)]
fn shared_by_types<T>(value: T, fails: bool) -> Result<T, Error> {
    if fails { Err(Error::Body) } else { Ok(value) }
}

/// One state for all instantiations, as documented; one each by `key`, or by an instance.
#[test]
fn p10_states_of_generic_functions() {
    assert_eq!(shared_by_types(1_u8, true), Err(Error::Body));
    assert!(is_open(&shared_by_types(1_u16, false)));

    assert_eq!(Service::by_type::<u8>(true), Err(Error::Body));
    assert!(is_open(&Service::by_type::<u8>(false)));
    assert_eq!(Service::by_type::<u16>(false), Ok(1));

    let [one, other] = [(); 2].map(|()| Service { breaker: CircuitBreaker::new().failure_threshold(1) });
    assert_eq!(one.ask(true), Err(Error::Body));
    assert!(is_open(&one.ask(false)));
    assert_eq!(other.ask(false), Ok(1));
}

#[retry(backoff = none)]
fn future(runs: &Cell<u32>) -> impl Future<Output = Answer> {
    let before = runs.get();
    async move {
        runs.set(runs.get().max(before) + 1);
        Err(Error::Body)
    }
}

#[retry(backoff = none)]
fn boxed(runs: &Cell<u32>) -> Pin<Box<dyn Future<Output = Answer> + '_>> {
    Box::pin(async move {
        runs.set(runs.get() + 1);
        Err(Error::Body)
    })
}

/// A plain `fn` that gives a future is a call that waits: its outcome is that of the future.
#[tokio::test]
async fn p11_functions_that_return_futures() {
    let runs = Cell::new(0);
    assert_eq!(future(&runs).await, Err(Error::Body));
    assert_eq!(runs.take(), 3);
    assert_eq!(boxed(&runs).await, Err(Error::Body));
    assert_eq!(runs.take(), 3);
}
