//! Asking again while the first call is still out.

mod call;
pub(crate) mod layer;
#[cfg(feature = "registry")]
pub(crate) mod managed;
pub(crate) mod marked;
mod measure;
mod race;
mod schedule;
#[cfg(test)]
mod tests;

use core::time::Duration;

use tokio::time::Instant;

use crate::control::Common;
use crate::name::Name;
use crate::percentile::NEVER;
use crate::{Percentile, RetryBudget, clock, time};

pub use call::HedgeWhen;

/// Starts another call when the first one is late, and takes the better: `#[hedge]` as a value.
///
/// For calls that may be repeated safely, and that now and then take much longer than most. Another call starts each
/// `after` in which there is no answer yet, and at once when the last one fails before that. The first success wins, and
/// so does the first permanent error, which is an answer too; the other calls are dropped. Any other failure waits for
/// the calls under way, a neutral one as well, by which nobody was asked. When all have failed, the outcome is that of
/// the first call.
///
/// A call that is dropped so says nothing of the dependency: for a circuit breaker beneath it is neutral, and slow where
/// it took longer than `slow_call`.
///
/// Time runs from the moment when a call first waits. No call starts at or after the [`deadline`](crate::deadline) of a
/// timeout around it, nor before a server's hint is over; a hint above ten seconds (or above `after`, where that is
/// longer), an open circuit and any other neutral error end the starting of calls. Waiting needs a tokio runtime with time enabled.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use steadfast::Hedge;
///
/// static HEDGE: Hedge = Hedge::new(Duration::from_millis(20));
///
/// async fn read(replica: usize) -> io::Result<String> {
///     if replica == 0 {
///         std::future::pending::<()>().await;
///     }
///     Ok(format!("the answer of replica {replica}"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let replicas = std::sync::atomic::AtomicUsize::new(0);
/// let answer = HEDGE.call(|| read(replicas.fetch_add(1, std::sync::atomic::Ordering::Relaxed))).await?;
/// assert_eq!(answer, "the answer of replica 1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hedge {
    after: After,
    attempts: u32,
    budget: Option<&'static RetryBudget>,
    common: Common,
    name: Name,
    #[cfg(feature = "registry")]
    control: Option<&'static crate::registry::HedgeControl>,
}

/// How long a call may take before the next one starts.
#[derive(Debug, Clone, Copy)]
enum After {
    Fixed(Duration),
    /// Of recent calls, which are measured for it.
    Percentile(&'static Percentile),
}

impl After {
    /// When that is, from now on; `None` where it is not known, or beyond what the clock can say.
    fn from(self, now: Instant) -> Option<Instant> {
        match self {
            Self::Fixed(after) => clock::after(now, after),
            Self::Percentile(percentile) => match percentile.current_at(time::of(now)) {
                NEVER => None,
                nanos => clock::after(now, Duration::from_nanos(nanos)),
            },
        }
    }

    /// How long that is at present; nothing where it is not known.
    fn current(self) -> Duration {
        match self {
            Self::Fixed(after) => after,
            Self::Percentile(percentile) => percentile.current().unwrap_or_default(),
        }
    }

    /// What the calls are measured for.
    const fn percentile(self) -> Option<&'static Percentile> {
        match self {
            Self::Fixed(_) => None,
            Self::Percentile(percentile) => Some(percentile),
        }
    }
}

impl Hedge {
    /// Two calls, the second of which starts when the first one has waited for this long; at once where it is zero.
    ///
    /// A good value is the time in which 95 of 100 calls end: there are then at most 5 % more of them.
    pub const fn new(after: Duration) -> Self {
        Self::of(After::Fixed(after))
    }

    /// Two calls, the second of which starts when the first one has waited for as long as this
    /// [`Percentile`] of recent latencies is at that moment: with `0.95` about five calls of a hundred get a second one,
    /// whatever the dependency is like today. As long as the percentile is not known, and has no
    /// [`max`](Percentile::max), none starts but after a failure.
    ///
    /// It measures each call from its own first poll, and so reads the clock then and at its end. Calls that return count,
    /// whatever they return. One that is given up because another has won counts as any of the recent calls that took
    /// longer than it had, so that the percentile stays that of the calls where `after` is shorter, by a
    /// [`factor`](Percentile::factor) or a [`max`](Percentile::max). Those that the caller drops, and those that a policy
    /// beneath rejects, count only where they had taken longer than the percentile.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Hedge, Percentile};
    ///
    /// static LATENCIES: Percentile = Percentile::new(0.95).min(Duration::from_millis(1));
    /// static HEDGE: Hedge = Hedge::percentile(&LATENCIES);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(HEDGE.call(|| async { Ok::<_, String>(7) }).await, Ok(7));
    /// assert_eq!(LATENCIES.calls(), 1);
    /// # }
    /// ```
    pub const fn percentile(percentile: &'static Percentile) -> Self {
        Self::of(After::Percentile(percentile))
    }

    const fn of(after: After) -> Self {
        Self {
            after,
            attempts: 2,
            budget: None,
            common: Common::DEFAULT,
            name: Name::UNNAMED,
            #[cfg(feature = "registry")]
            control: None,
        }
    }

    /// How many calls there are in all, the first included; 2 by default, and 0 means 1.
    pub const fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// A limit to the calls that are added, shared with other hedges and with retries; none by default. Where it is
    /// spent, no other call starts, and those under way go on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Hedge, RetryBudget};
    ///
    /// static UPSTREAM: RetryBudget = RetryBudget::new().ratio(0.05);
    /// static HEDGE: Hedge = Hedge::new(Duration::from_millis(20)).budget(&UPSTREAM);
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # assert_eq!(HEDGE.call(|| async { Ok::<_, String>(1) }).await, Ok(1));
    /// # assert_eq!(UPSTREAM.counts().calls, 1);
    /// # }
    /// ```
    pub const fn budget(self, budget: &'static RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The name in events; by default `unnamed`.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Name::given(name), ..self }
    }

    /// Whether it adds calls; true by default. Switched off there is one call, and no use of the budget. What a
    /// [`percentile`](Self::percentile) measures is measured all the same.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Hedge;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let hedge = Hedge::new(Duration::ZERO).attempts(9).enabled(false);
    /// assert_eq!(hedge.call(|| async { Err::<(), _>("down") }).await, Err("down"));
    /// # }
    /// ```
    pub const fn enabled(self, enabled: bool) -> Self {
        Self { common: Common { enabled, ..self.common }, ..self }
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    pub const fn critical(self, critical: bool) -> Self {
        Self { common: Common { critical, ..self.common }, ..self }
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(self, closure: &F) -> Self {
        Self { name: Name::inside(closure), ..self }
    }

    /// Its name: the one given, or the path of the function that the attribute stands on.
    pub fn policy(&self) -> &'static str {
        self.name.as_str()
    }

    /// Lets `when` decide which errors are failures, in the place of their classification: true is transient, and
    /// waits for another call; false is permanent, an answer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Hedge;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let hedge = Hedge::new(Duration::from_millis(20)).when(|status: &u16| *status >= 500);
    /// let answer: Result<(), u16> = hedge.call(|| async { Err(404) }).await;
    /// assert_eq!(answer, Err(404));
    /// # }
    /// ```
    pub const fn when<E, W: Fn(&E) -> bool>(self, when: W) -> HedgeWhen<W> {
        HedgeWhen::new(self, when)
    }
}

/// What a hedge goes by for the length of a call.
#[derive(Debug, Clone, Copy)]
struct Settings {
    after: After,
    attempts: u32,
}

impl Hedge {
    /// Those of its own; one call where it is switched off.
    const fn own(&self) -> Settings {
        Settings { after: self.after, attempts: if self.common.enabled { self.attempts } else { 1 } }
    }
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl Hedge {
    #[inline]
    const fn is_enabled(&self) -> bool {
        self.common.enabled
    }

    /// Those in force.
    const fn settings(&self) -> Settings {
        self.own()
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count(&self, _decision: &crate::event::Decision) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_call(&self) {}
}
