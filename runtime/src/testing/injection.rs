//! Faults that are in force.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread::panicking;

use super::fault::{Fault, Reached};
use super::scope::{Held, Scope};
use super::site::Place;
use crate::scope::attempt;

/// For every task and thread of the program.
static DRILLS: Held<Entry> = Held::new();
/// How many there are in all scopes, so that a call asks nothing more while there are none.
static INJECTED: AtomicUsize = AtomicUsize::new(0);

/// Injects a fault into the calls of an annotated function, until the [`Injection`] is dropped.
///
/// `name` is the end of the function's path, such as `fetch`, `Client::fetch` or `shop::Client::fetch`, or the `name = ".."`
/// of a policy that stands on it; `"*"` is every annotated function.
///
/// It concerns the current [`Scope`]: this thread with all the tasks that run on it, and what the scope is taken to. So
/// tests side by side do not disturb one another. Where several take the same call, the newest says what happens; one
/// that only delays leaves that to the older ones.
///
/// # Panics
/// When the guard is dropped and no call of that name has come, since a fault that nobody meets proves nothing: the name has
/// a typo, or the call was on a thread that is not in the scope. Where that is what you expect,
/// [`optional`](Injection::optional) allows it. Nothing is said in a panic, nor of `chaos`.
///
/// ```
/// use std::time::Duration;
/// use steadfast::testing::{self, Fault};
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("connection lost")]
/// struct Lost;
///
/// #[steadfast::retry(attempts = 3)]
/// async fn price(item: &str) -> Result<u32, Lost> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let lost = testing::inject("price", Fault::error(|| Lost).first(2));
/// assert_eq!(price("tea").await, Ok(7));
/// assert_eq!((lost.calls(), lost.injected()), (3, 2));
///
/// let _always = testing::inject("price", Fault::error(|| Lost));
/// assert_eq!(price("tea").await, Err(Lost));
/// # }
/// ```
pub fn inject(name: impl Into<String>, fault: Fault) -> Injection {
    let scope = Scope::current();
    scope.inject(name, fault)
}

/// Says call by call what happens to an annotated function; when it is over, the body runs.
///
/// A step is for one call, or as many as [`first`](Fault::first) says, after those that [`after`](Fault::after) lets pass.
/// The name and the scope are as for [`inject`], as is the panic where no call comes.
///
/// ```
/// use std::time::Duration;
/// use steadfast::testing::{self, Fault};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("connection lost")]
/// struct Lost;
///
/// #[steadfast::retry(attempts = 5)]
/// async fn price() -> Result<u32, Lost> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let script = testing::script("price", [
///     Fault::error(|| Lost).first(2),
///     Fault::latency(Duration::from_secs(1)),
///     Fault::value(|| 8_u32),
/// ]);
/// assert_eq!(price().await.unwrap(), 7);        // lost, lost, late
/// assert!(!script.is_finished());
/// assert_eq!(price().await.unwrap(), 8);
/// assert!(script.is_finished());
/// assert_eq!(price().await.unwrap(), 7);
/// # }
/// ```
pub fn script(name: impl Into<String>, steps: impl IntoIterator<Item = Fault>) -> Injection {
    Scope::current().script(name, steps)
}

/// As [`inject`], for every task and thread of the program: a drill in a server that was built with this feature.
///
/// In a program of tests it would disturb those beside it. Faults of a scope come before it.
///
/// ```
/// use std::time::Duration;
/// use steadfast::testing::{self, Fault};
///
/// // One call in twenty of all annotated functions is late, until the program ends.
/// testing::chaos("*", Fault::latency(Duration::from_millis(300)).share(0.05)).forever();
/// ```
pub fn chaos(name: impl Into<String>, fault: Fault) -> Injection {
    Injection::begin(None, name.into(), Steps::Always(fault))
}

impl Scope {
    /// As [`inject`], into this scope.
    pub fn inject(&self, name: impl Into<String>, fault: Fault) -> Injection {
        Injection::begin(Some(self.clone()), name.into(), Steps::Always(fault))
    }

    /// As [`script`], in this scope.
    pub fn script(&self, name: impl Into<String>, steps: impl IntoIterator<Item = Fault>) -> Injection {
        Injection::begin(Some(self.clone()), name.into(), Steps::Script(steps.into_iter().collect()))
    }
}

/// A fault or script in force, until this is dropped; in any order.
#[must_use = "the fault is taken back when this is dropped"]
pub struct Injection {
    /// `None` for the whole program.
    scope: Option<Scope>,
    entry: Arc<Entry>,
    is_forever: bool,
    is_optional: bool,
}

impl Injection {
    fn begin(scope: Option<Scope>, name: String, steps: Steps) -> Self {
        let (calls, injected, is_met) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let entry = Arc::new(Entry { name, steps, calls, injected, is_met });
        list(scope.as_ref()).hold(Arc::clone(&entry));
        INJECTED.fetch_add(1, Ordering::Relaxed);
        // What goes on in a server may leave out anything.
        let is_optional = scope.is_none();
        Self { scope, entry, is_forever: false, is_optional }
    }

    /// Allows that no call comes, as where a test shows that nobody asks:
    ///
    /// ```
    /// use steadfast::testing::{self, Fault};
    /// use steadfast::{CircuitBreaker, Rejection, circuit_breaker};
    ///
    /// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().name("payments");
    ///
    /// #[circuit_breaker(PAYMENTS)]
    /// fn pay() -> Result<(), Rejection> {
    ///     Ok(())
    /// }
    ///
    /// let _open = testing::force_open(&PAYMENTS);
    /// let unasked = testing::inject("pay", Fault::none()).optional();
    /// assert!(pay().is_err());
    /// assert_eq!(unasked.calls(), 0);
    /// ```
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// How many calls have come to it, of those that a newer one has left to it.
    pub fn calls(&self) -> u64 {
        self.entry.calls.load(Ordering::Relaxed)
    }

    /// How many calls it has taken.
    pub fn injected(&self) -> u64 {
        self.entry.injected.load(Ordering::Relaxed)
    }

    /// How many calls a script has left, or a fault that is for the [`first`](Fault::first) ones; `None` without an end.
    pub fn remaining(&self) -> Option<u64> {
        Some(self.entry.steps.len()?.saturating_sub(self.calls()))
    }

    /// Whether all calls have come that a script is for, or a fault that is for the [`first`](Fault::first) ones.
    pub fn is_finished(&self) -> bool {
        self.remaining() == Some(0)
    }

    /// Leaves it in force for as long as its scope lives; for [`chaos`] that is until the program ends.
    pub fn forever(mut self) {
        self.is_forever = true;
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        if !self.is_forever {
            list(self.scope.as_ref()).release(&self.entry);
            INJECTED.fetch_sub(1, Ordering::Relaxed);
            assert!(
                self.is_optional || self.entry.is_met.load(Ordering::Relaxed) || panicking(),
                "no call came to what was injected into `{}`: it is the end of the path of an annotated function, or the \
                 `name` of a policy on it, and meets calls on the threads and in the tasks of its `Scope`; `.optional()` \
                 allows that none comes",
                self.entry.name,
            );
        }
    }
}

impl fmt::Debug for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injection")
            .field("name", &self.entry.name)
            .field("calls", &self.calls())
            .field("injected", &self.injected())
            .finish_non_exhaustive()
    }
}

fn list(scope: Option<&Scope>) -> &Held<Entry> {
    scope.map_or(&DRILLS, Scope::entries)
}

/// What an injection says of calls.
pub(super) struct Entry {
    name: String,
    steps: Steps,
    calls: AtomicU64,
    injected: AtomicU64,
    /// Whether there was a call of this name, even if newer ones took it.
    is_met: AtomicBool,
}

enum Steps {
    Always(Fault),
    Script(Vec<Fault>),
}

impl Steps {
    /// For how many calls they are.
    fn len(&self) -> Option<u64> {
        match self {
            Self::Always(fault) => {
                let (skip, first) = fault.window();
                Some(skip.saturating_add(first?))
            }
            Self::Script(steps) => Some(steps.iter().fold(0, |sum: u64, step| {
                let (skip, first) = step.window();
                sum.saturating_add(skip).saturating_add(first.unwrap_or(1))
            })),
        }
    }

    /// The one in whose window a call is; `call` is from 0.
    fn at(&self, call: u64) -> Option<&Fault> {
        match self {
            Self::Always(fault) => {
                let (skip, first) = fault.window();
                let is_in = call >= skip && first.is_none_or(|first| call - skip < first);
                is_in.then_some(fault)
            }
            Self::Script(steps) => {
                let mut left = call;
                for step in steps {
                    let (skip, first) = step.window();
                    let first = first.unwrap_or(1);
                    if left < skip {
                        return None;
                    }
                    left -= skip;
                    if left < first {
                        return Some(step);
                    }
                    left -= first;
                }
                None
            }
        }
    }
}

impl Entry {
    /// Counts a call of its name that comes to it, and says what it makes of that.
    pub(super) fn take(&self, place: &Place) -> Option<(&Fault, Reached)> {
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        let fault = self.steps.at(before)?;
        let reached = Reached { function: place.function(), attempt: attempt(), call: before.saturating_add(1) };
        fault.takes(&reached).then(|| {
            self.injected.fetch_add(1, Ordering::Relaxed);
            (fault, reached)
        })
    }
}

/// Whether there is any, in whatever scope.
pub(super) fn is_any() -> bool {
    INJECTED.load(Ordering::Relaxed) != 0
}

/// Those in force for a call, in the order in which they are asked.
pub(super) fn around(place: &Place) -> Vec<Arc<Entry>> {
    let mut around = Scope::around().map(|scope| scope.entries().newest_first()).unwrap_or_default();
    around.extend(DRILLS.newest_first());
    around.retain(|entry| place.is(&entry.name));
    for entry in &around {
        entry.is_met.store(true, Ordering::Relaxed);
    }
    around
}
