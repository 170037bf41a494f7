//! What a call can learn of the policies around it, in the same task: the deadline, the attempt, and whether a timeout
//! is just dropping it.
//!
//! Each future sets these for the length of its own `poll` and puts the old values back afterwards, also when the poll
//! panics. So they follow the future and not the thread, and siblings under `join!` see what stands above them both.

use core::cell::Cell;

struct Scope {
    /// The attempt of the nearest retry; 0 outside of any.
    attempt: Cell<u32>,
    /// Whether a timeout of ours has elapsed and is now dropping what is beneath it.
    timing_out: Cell<bool>,
}

thread_local! {
    static SCOPE: Scope = const { Scope { attempt: Cell::new(0), timing_out: Cell::new(false) } };
}

/// Whether a timeout of ours is at this moment dropping what is beneath it.
pub(crate) fn timing_out() -> bool {
    SCOPE.with(|scope| scope.timing_out.get())
}

/// Drops a call by `drop`, marked as timed out.
pub(crate) fn time_out(drop: impl FnOnce()) {
    let _restore = Restore(SCOPE.with(|scope| scope.timing_out.replace(true)));
    drop();

    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            SCOPE.with(|scope| scope.timing_out.set(self.0));
        }
    }
}

/// The attempt in which the caller runs, from 1, as its nearest `#[retry]` counts; 1 outside of any.
///
/// ```
/// # use steadfast::retry;
/// #[retry(attempts = 3)]
/// async fn charge() -> Result<(), std::io::Error> {
///     let key = format!("charge-17-{}", steadfast::attempt());
///     # drop(key);
///     Ok(())
/// }
/// ```
pub fn attempt() -> u32 {
    SCOPE.with(|scope| scope.attempt.get()).max(1)
}
