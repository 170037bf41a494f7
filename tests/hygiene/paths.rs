//! O3: one stack, whichever way its attributes are reached.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use steadfast::Rejection;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, PartialEq)]
pub(super) enum Error {
    Body,
    Handled,
}

impl From<Rejection> for Error {
    fn from(_: Rejection) -> Self {
        Self::Body
    }
}

pub(super) fn fail() -> Result<u32, Error> {
    RUNS.fetch_add(1, Relaxed);
    Err(Error::Body)
}

mod full {
    use super::{Error, fail};

    #[::steadfast::fallback(Err(Error::Handled))]
    #[steadfast::timeout("10s")]
    #[::steadfast::retry(attempts = 7, backoff = none)]
    #[steadfast::circuit_breaker(failure_threshold = 4)]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }
}

mod by_use {
    use super::{Error, fail};
    use steadfast::{circuit_breaker, fallback, retry, timeout};

    #[fallback(Err(Error::Handled))]
    #[timeout("10s")]
    #[retry(attempts = 7, backoff = none)]
    #[circuit_breaker(failure_threshold = 4)]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }
}

mod by_glob {
    use super::{Error, fail};
    #[allow(clippy::wildcard_imports, reason = "what is tried")]
    use steadfast::*;

    #[fallback(Err(Error::Handled))]
    #[timeout("10s")]
    #[retry(attempts = 7, backoff = none)]
    #[circuit_breaker(failure_threshold = 4)]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }
}

mod by_cfg_attr {
    use super::{Error, fail};
    use steadfast::{circuit_breaker, fallback, retry, timeout};

    #[cfg_attr(test, fallback(Err(Error::Handled)), timeout("10s"))]
    #[cfg_attr(not(test), retry(attempts = 2))]
    #[cfg_attr(test, retry(attempts = 7, backoff = none))]
    #[cfg_attr(test, circuit_breaker(failure_threshold = 4))]
    #[cfg_attr(not(test), circuit_breaker(failure_threshold = 1))]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }

    struct Service;

    impl Service {
        #[cfg_attr(test, fallback(Err(Error::Handled)))]
        #[timeout("10s")]
        #[cfg_attr(test, retry(attempts = 7, backoff = none))]
        #[circuit_breaker(failure_threshold = 4)]
        #[cfg(test)]
        async fn ask(&self) -> Result<u32, Error> {
            fail()
        }
    }

    pub(super) async fn ask_method() -> Result<u32, Error> {
        Service.ask().await
    }
}

mod by_module {
    use super::{Error, fail};
    use steadfast as sf;

    #[sf::fallback(Err(Error::Handled))]
    #[sf::timeout("10s")]
    #[sf::retry(attempts = 7, backoff = none)]
    #[sf::circuit_breaker(failure_threshold = 4)]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }
}

/// A crate of the user's that hands the attributes on.
pub(super) mod facade {
    pub(crate) mod resilience {
        pub(crate) use steadfast::*;
    }
}

mod by_reexport {
    use super::facade::resilience;
    use super::{Error, fail};

    #[resilience::fallback(Err(Error::Handled))]
    #[resilience::timeout("10s", crate = super::facade::resilience)]
    #[resilience::retry(attempts = 7, backoff = none)]
    #[resilience::circuit_breaker(failure_threshold = 4)]
    pub(super) async fn ask() -> Result<u32, Error> {
        fail()
    }

    #[resilience::retry(attempts = 7, backoff = none, crate = crate::hygiene::paths::facade::resilience)]
    #[resilience::circuit_breaker(failure_threshold = 4)]
    pub(super) fn ask_blocking() -> Result<u32, Error> {
        fail()
    }
}

#[tokio::test]
async fn each_way_is_one_stack() {
    let runs = |outcome: Result<u32, Error>| {
        assert_eq!(outcome, Err(Error::Handled));
        RUNS.swap(0, Relaxed)
    };
    assert_eq!(runs(full::ask().await), 4);
    assert_eq!(runs(by_use::ask().await), 4);
    assert_eq!(runs(by_glob::ask().await), 4);
    assert_eq!(runs(by_cfg_attr::ask().await), 4);
    assert_eq!(runs(by_cfg_attr::ask_method().await), 4);
    assert_eq!(runs(by_module::ask().await), 4);
    assert_eq!(runs(by_reexport::ask().await), 4);
    assert_eq!(by_reexport::ask_blocking(), Err(Error::Body));
    assert_eq!(RUNS.swap(0, Relaxed), 4);
}
