//! A deadline as a value, to be carried where no timeout reaches.

mod wire;

use core::cmp::Ordering;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

pub use wire::ParseDeadlineError;

use crate::{clock, scope};

/// The moment after which nobody waits for an answer; or none, which is no limit.
///
/// What stands beneath a [`#[timeout]`](macro@crate::timeout), in the same task, keeps to its deadline without being
/// told. A `Deadline` carries it further: into another task, onto a thread that may block, to a server, and from a
/// client.
///
/// # From a client
///
/// The header says how long the client waits. [`scope`](Self::scope) puts that in force beneath it; a missing header is
/// no limit. The header comes as any server has it: a `HeaderValue` of `http`, a `MetadataValue` of `tonic`, text or
/// bytes.
///
/// ```
/// use std::collections::HashMap;
/// use std::time::Duration;
/// use steadfast::{Deadline, Rejection, retry, timeout};
///
/// // In axum this is a middleware, and `answer` is the rest of the server: `next.run(request)`.
/// async fn serve(headers: &HashMap<&str, &str>) -> (u16, String) {
///     let given = match Deadline::from_timeout_ms(headers.get("x-timeout-ms")) {
///         Ok(given) => given,
///         Err(error) => return (400, error.to_string()),
///     };
///     // No longer than this server allows, and a little sooner: the answer has a way to go.
///     let deadline = given.min(Deadline::after(Duration::from_secs(30))).sooner_by(Duration::from_millis(20));
///     if deadline.is_over() {
///         return (504, "too late".to_owned());
///     }
///     match deadline.scope(answer()).await {
///         Ok(answer) => (200, answer),
///         Err(rejection) => (rejection.http_status(), rejection.to_string()),
///     }
/// }
///
/// #[retry(attempts = 10)]
/// #[timeout("2s", name = "answer")]
/// async fn answer() -> Result<String, Rejection> {
///     std::future::pending().await
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let start = tokio::time::Instant::now();
/// // The timeout ends at the client's deadline, and the retry sees that there is no time for another attempt.
/// let answered = serve(&HashMap::from([("x-timeout-ms", "500")])).await;
/// assert_eq!(answered, (504, "timed out at `answer`".to_owned()));
/// assert_eq!(start.elapsed(), Duration::from_millis(480));
///
/// assert_eq!(serve(&HashMap::from([("x-timeout-ms", "soon")])).await.0, 400);
/// assert_eq!(serve(&HashMap::from([("x-timeout-ms", "10")])).await, (504, "too late".to_owned()));
/// # }
/// ```
///
/// # To a server
///
/// What is left, as the header that the server reads. It is asked for within the attempt, so that each attempt sends its
/// own.
///
/// ```
/// use std::io;
/// use steadfast::{Deadline, retry, timeout};
///
/// #[timeout("2s")]
/// #[retry]
/// async fn price(item: &str) -> io::Result<String> {
///     let mut request = format!("GET /{item} HTTP/1.1\r\n");
///     if let Some(left) = Deadline::current().to_timeout_ms() {
///         request += &format!("x-timeout-ms: {left}\r\n");
///     }
///     // The same in gRPC; tonic writes it itself, in `request.set_timeout(..)` for what `steadfast::remaining()` says.
///     if let Some(left) = Deadline::current().to_grpc_timeout() {
///         request += &format!("grpc-timeout: {left}\r\n");
///     }
///     Ok(request)
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> io::Result<()> {
/// assert_eq!(price("tea").await?, "GET /tea HTTP/1.1\r\nx-timeout-ms: 2000\r\ngrpc-timeout: 2000000u\r\n");
/// # Ok(())
/// # }
/// ```
///
/// # To a task or a thread
///
/// A task that is spawned, and a thread for work that blocks, are beneath no timeout. They are handed the deadline:
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Deadline, Rejection, bulkhead, timeout};
/// use tokio::task::{spawn, spawn_blocking};
///
/// #[timeout("2s")]
/// async fn report() -> Result<u32, Rejection> {
///     let deadline = Deadline::current();
///     let rows = spawn(deadline.scope(rows()));
///     let disk = spawn_blocking(move || deadline.run(|| save()));
///     Ok(rows.await.unwrap()? + disk.await.unwrap()?)
/// }
///
/// #[timeout("1m")]
/// async fn rows() -> Result<u32, Rejection> {
///     assert!(steadfast::remaining() <= Some(Duration::from_secs(2)));
///     Ok(7)
/// }
///
/// // Waits for a place no longer than the report may take.
/// #[bulkhead(max_concurrent = 1, max_wait = "1m")]
/// fn save() -> Result<u32, Rejection> {
///     assert!(steadfast::remaining() <= Some(Duration::from_secs(2)));
///     Ok(1)
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// assert_eq!(report().await, Ok(8));
/// # }
/// ```
///
/// A spawned task goes on when its caller is dropped; only what keeps to the deadline ends by then. Nothing but the
/// deadline travels: in another task [`attempt`](crate::attempt) is 1, and a retry there is nobody's nested one.
///
/// Two things drive tasks of others while they are polled or block: `LocalSet::run_until`, and `block_on` of a
/// current-thread runtime. For so long these tasks see the deadline, [`attempt`](crate::attempt) and retry that those
/// stand beneath, and keep to them. Drive what belongs to others outside of policies.
///
/// # What keeps to it
///
/// A deadline ends nothing by itself: a body without policies may look at [`is_over`](Self::is_over). Beneath it
///
/// - the outermost `#[timeout]` ends its call then, if that is sooner than its own limit, and reports it as its own; one
///   without a limit does not;
/// - a `#[retry]` begins no delay that would end at or after it, and gives up once it is over;
/// - a `#[hedge]` starts no call at or after it;
/// - a `#[bulkhead]` stops waiting, and a `#[rate_limit]` rejects at once a call whose turn comes too late.
///
/// To end at the deadline and no sooner, `#[timeout(deadline.remaining())]` stands outermost on a function with an
/// argument of this type.
///
/// A call that is ended so counts as a failure for a [`#[circuit_breaker]`](macro@crate::circuit_breaker), as any
/// timeout does: or a dependency that hangs would not be noticed while all clients are impatient. Refuse at the door a
/// client that leaves less time than the work takes.
///
/// Deadlines are ordered, none being the last: `min` is the earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No limit.
    pub const NONE: Self = Self(None);

    /// The one that the caller is beneath, the same as [`deadline`](crate::deadline); none outside of any.
    ///
    /// The time of a timeout that has not begun runs from this question.
    pub fn current() -> Self {
        Self(scope::deadline())
    }

    /// So long from now; none where that is beyond what the clock can say.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// assert!(!Deadline::after(Duration::from_secs(60)).is_over());
    /// assert!(Deadline::after(Duration::ZERO).is_over());
    /// assert_eq!(Deadline::after(Duration::MAX).remaining(), None);
    /// ```
    pub fn after(duration: Duration) -> Self {
        Self(clock::after(clock::now(), duration))
    }

    /// At this instant.
    pub const fn at(instant: Instant) -> Self {
        Self(Some(instant))
    }

    /// Sooner by so much, to leave time for what is to be done with the answer. No limit stays none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// let client = Deadline::after(Duration::from_secs(60));
    /// assert!(client.sooner_by(Duration::from_secs(1)) < client);
    /// assert!(client.sooner_by(Duration::MAX).is_over());
    /// ```
    pub fn sooner_by(self, margin: Duration) -> Self {
        // What is before all that the clock can say is over now.
        Self(self.0.map(|instant| instant.checked_sub(margin).unwrap_or_else(clock::now)))
    }

    /// When it is; `None` for no limit.
    pub const fn instant(self) -> Option<Instant> {
        self.0
    }

    /// How long it is until then: zero where it is over, `None` for no limit.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|instant| instant.saturating_duration_since(clock::now()))
    }

    /// Whether nobody waits any more.
    pub fn is_over(self) -> bool {
        self.0.is_some_and(|instant| instant <= clock::now())
    }

    /// Puts it in force beneath the future that this makes: there the earlier of it and the deadline around holds. What
    /// that means says [the page of the type](Self#what-keeps-to-it).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let deadline = Deadline::after(Duration::from_secs(1));
    /// let seen = async { (Deadline::current(), Deadline::NONE.scope(async { Deadline::current() }).await) };
    /// assert_eq!(deadline.scope(seen).await, (deadline, deadline));
    /// assert_eq!(Deadline::current(), Deadline::NONE);
    /// # }
    /// ```
    pub fn scope<F: Future>(self, future: F) -> DeadlineScope<F> {
        DeadlineScope { future, deadline: self.0 }
    }

    /// Puts it in force beneath a closure that blocks its thread, as [`scope`](Self::scope) does beneath a future.
    ///
    /// While it runs no timeout above it can, so a timeout in it, of a future that it blocks on, leaves nothing to those:
    /// it ends at the deadline by itself, and not only at its own limit. Whatever blocks on futures within an async
    /// function should do so in this.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use steadfast::{Deadline, retry};
    ///
    /// #[retry(attempts = 10, backoff = fixed("1m"), jitter = none, max_delay = "1m")]
    /// fn fetch() -> io::Result<u32> {
    ///     Err(io::ErrorKind::ConnectionReset.into())
    /// }
    ///
    /// // The delay would not end in time: no delay, and the error at once.
    /// assert!(Deadline::after(Duration::from_secs(1)).run(fetch).is_err());
    /// ```
    pub fn run<T>(self, f: impl FnOnce() -> T) -> T {
        scope::blocking(self.0, f)
    }
}

/// The earlier is the less; no limit is the last.
impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pin_project! {
    /// A future beneath a deadline: see [`Deadline::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct DeadlineScope<F> {
        #[pin]
        future: F,
        deadline: Option<Instant>,
    }
}

impl<F: Future> Future for DeadlineScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        scope::beneath_given(*this.deadline, || this.future.poll(cx))
    }
}

#[cfg(test)]
mod tests;
