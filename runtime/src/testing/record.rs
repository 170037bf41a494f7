//! What the policies have decided, for a test to look at.

use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::path;
use super::scope::Scope;
use crate::event::observe::{Observer, observe};
use crate::{Decision, Event, Rejection};

/// Records every decision of a policy in the current [`Scope`], until the [`Recorded`] is dropped.
///
/// ```
/// use steadfast::testing::{self, Fault};
///
/// #[derive(Debug)]
/// struct Lost;
///
/// #[steadfast::fallback(Ok(0))]
/// #[steadfast::retry(attempts = 2, name = "prices", backoff = fixed("50ms"), jitter = none)]
/// async fn price() -> Result<u32, Lost> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let recorded = testing::record();
/// let _lost = testing::inject("price", Fault::error(|| Lost));
/// assert_eq!(price().await.unwrap(), 0);
///
/// assert_eq!((recorded.retries(), recorded.fallbacks(), recorded.rejections().len()), (1, 1, 0));
/// assert_eq!(recorded.of("prices").len(), 2);
/// # let shown = recorded.to_string();
/// # let (retries, answer) = shown.split_at(shown.find("fallback").unwrap());
/// # assert_eq!(retries, "\
/// # retry `prices` follows attempt 1 with another in 50.000ms
/// # retry `prices` gave up after 2 attempts: attempts
/// # ");
/// # assert!(answer.ends_with("price` answered\n"), "{answer}");
/// print!("{recorded}");
/// // retry `prices` follows attempt 1 with another in 50.000ms
/// // retry `prices` gave up after 2 attempts: attempts
/// // fallback `shop::price` answered
/// # }
/// ```
pub fn record() -> Recorded {
    let scope = Scope::current();
    let events = Arc::<Mutex<Vec<Event>>>::default();
    let noted = Arc::clone(&events);
    let observer = observe(move |event| {
        if scope.is_around() {
            lock(&noted).push(*event);
        }
    });
    Recorded { events, _observer: observer }
}

/// The decisions since [`record`], in their order. Displayed it is a line for each.
#[must_use = "nothing is recorded any more when this is dropped"]
pub struct Recorded {
    events: Arc<Mutex<Vec<Event>>>,
    _observer: Observer,
}

impl Recorded {
    /// All of them.
    pub fn events(&self) -> Vec<Event> {
        lock(&self.events).clone()
    }

    /// Those of the policies of that name: the one given, or the end of the function's path.
    pub fn of(&self, name: &str) -> Vec<Event> {
        self.those(|event| path::ends_in(event.policy, name).then_some(*event))
    }

    /// All of them, which are then forgotten.
    pub fn take(&self) -> Vec<Event> {
        core::mem::take(&mut *lock(&self.events))
    }

    /// How many attempts were followed by another.
    pub fn retries(&self) -> usize {
        self.count(|decision| matches!(decision, Decision::Retrying { .. }))
    }

    /// What breakers, bulkheads and rate limits have rejected.
    pub fn rejections(&self) -> Vec<Rejection> {
        self.those(|event| match event.decision {
            Decision::Rejected(rejection) => Some(rejection),
            _ => None,
        })
    }

    /// How many calls a timeout has ended.
    pub fn timeouts(&self) -> usize {
        self.count(|decision| matches!(decision, Decision::TimedOut { .. }))
    }

    /// How many calls a fallback has answered.
    pub fn fallbacks(&self) -> usize {
        self.count(|decision| matches!(decision, Decision::FellBack { .. }))
    }

    fn count(&self, is_one: impl Fn(&Decision) -> bool) -> usize {
        lock(&self.events).iter().filter(|event| is_one(&event.decision)).count()
    }

    fn those<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        lock(&self.events).iter().filter_map(pick).collect()
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events().iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.events()).finish()
    }
}

fn lock(events: &Mutex<Vec<Event>>) -> MutexGuard<'_, Vec<Event>> {
    events.lock().unwrap_or_else(PoisonError::into_inner)
}
