//! The delays of sync functions.

use core::time::Duration;

/// Blocks the thread, or does what the test says instead.
#[cfg(not(feature = "testing"))]
pub(crate) fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// Does what the test says in place of a wait that something else may end, and whether there was such a test.
#[cfg(not(feature = "testing"))]
pub(crate) fn replaced(_duration: Duration) -> bool {
    false
}

#[cfg(feature = "testing")]
pub use replaced::{Sleeper, Sleeps, advance_on_sleep, record_sleeps, sleeper};
#[cfg(feature = "testing")]
pub(crate) use replaced::{replaced, sleep};

#[cfg(feature = "testing")]
mod replaced {
    use super::Duration;

    use core::cell::RefCell;
    use core::fmt;
    use core::pin::pin;
    use core::task::{Context, Waker};
    use std::rc::Rc;

    type Sleep = Rc<dyn Fn(Duration)>;

    thread_local! {
        static SLEEPER: RefCell<Option<Sleep>> = const { RefCell::new(None) };
    }

    pub(crate) fn sleep(duration: Duration) {
        let sleeper = SLEEPER.with_borrow(Clone::clone);
        match sleeper {
            Some(sleep) => sleep(duration),
            None => std::thread::sleep(duration),
        }
    }

    pub(crate) fn replaced(duration: Duration) -> bool {
        let sleeper = SLEEPER.with_borrow(Clone::clone);
        sleeper.is_some_and(|sleep| {
            sleep(duration);
            true
        })
    }

    /// Does `sleep` wherever a sync function of this thread would wait, until the guard is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Backoff, Jitter, Retry, testing};
    ///
    /// let _sleeper = testing::sleeper(|delay| assert_eq!(delay, Duration::from_secs(9)));
    /// let retry = Retry::new().attempts(2).backoff(Backoff::fixed(Duration::from_secs(9))).jitter(Jitter::None);
    /// assert_eq!(retry.call_blocking(|| Err::<(), _>("down".to_owned())), Err("down".to_owned()));
    /// ```
    pub fn sleeper(sleep: impl Fn(Duration) + 'static) -> Sleeper {
        Sleeper { before: SLEEPER.replace(Some(Rc::new(sleep))) }
    }

    /// Notes the waits of the sync functions of this thread instead of waiting, until it is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Jitter, Retry, testing};
    ///
    /// let sleeps = testing::record_sleeps();
    /// let _: Result<(), String> = Retry::new().jitter(Jitter::None).call_blocking(|| Err("down".to_owned()));
    /// assert_eq!(sleeps.taken(), [Duration::from_millis(100), Duration::from_millis(200)]);
    /// ```
    pub fn record_sleeps() -> Sleeps {
        Sleeps::noting(|_| {})
    }

    /// As [`record_sleeps`], and the paused clock of tokio moves on by each wait; by thirty years at most, as the timers
    /// of tokio do.
    ///
    /// Only for a thread with a runtime whose clock is paused, as under `#[tokio::test(start_paused = true)]`; tokio
    /// panics elsewhere.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Backoff, Jitter, Retry, testing};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let sleeps = testing::advance_on_sleep();
    /// let start = tokio::time::Instant::now();
    /// let retry = Retry::new().attempts(2).backoff(Backoff::fixed(Duration::from_secs(9))).jitter(Jitter::None);
    /// let _: Result<(), String> = retry.call_blocking(|| Err("down".to_owned()));
    /// assert_eq!(start.elapsed(), sleeps.total());
    /// # }
    /// ```
    pub fn advance_on_sleep() -> Sleeps {
        // As the timers of tokio: a clock ends somewhere, and a delay may be as long as there are.
        const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        Sleeps::noting(|duration| {
            // The clock moves in the first poll; what follows only lets other tasks run.
            let advanced =
                pin!(tokio::time::advance(duration.min(LONGEST))).poll(&mut Context::from_waker(Waker::noop()));
            let _ = advanced;
        })
    }

    /// Puts the former sleeper back when it is dropped.
    #[must_use = "the sleeper is taken back when this is dropped"]
    pub struct Sleeper {
        before: Option<Sleep>,
    }

    /// The waits noted so far.
    #[derive(Debug)]
    #[must_use = "the sleeper is taken back when this is dropped"]
    pub struct Sleeps {
        noted: Rc<RefCell<Vec<Duration>>>,
        _sleeper: Sleeper,
    }

    impl Sleeps {
        fn noting(pass: impl Fn(Duration) + 'static) -> Self {
            let noted = Rc::<RefCell<Vec<Duration>>>::default();
            let note = Rc::clone(&noted);
            let sleeper = sleeper(move |duration| {
                note.borrow_mut().push(duration);
                pass(duration);
            });
            Self { noted, _sleeper: sleeper }
        }

        /// Each wait, in order.
        pub fn taken(&self) -> Vec<Duration> {
            self.noted.borrow().clone()
        }

        /// All waits together.
        pub fn total(&self) -> Duration {
            self.noted.borrow().iter().fold(Duration::ZERO, |total, sleep| total.saturating_add(*sleep))
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            SLEEPER.set(self.before.take());
        }
    }

    impl fmt::Debug for Sleeper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Sleeper").finish_non_exhaustive()
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_nests() {
        let seconds = Duration::from_secs;
        let outer = record_sleeps();
        sleep(seconds(1));
        let inner = record_sleeps();
        sleep(seconds(2));
        assert!(replaced(seconds(3)));
        assert_eq!((inner.taken(), inner.total()), (vec![seconds(2), seconds(3)], seconds(5)));
        drop(inner);
        sleep(seconds(4));
        assert_eq!((outer.taken(), outer.total()), (vec![seconds(1), seconds(4)], seconds(5)));
        drop(outer);
        assert!(!replaced(seconds(6)));
    }
}
