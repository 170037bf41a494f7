//! What a test makes of a call.

use core::any::{Any, type_name};
use core::fmt;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

use super::parts::{Kind, Made};
use crate::random;

/// What happens to a call in place of the body, or before it; and to which calls.
///
/// It stands where the body does, beneath every policy of the function: what it returns is judged, retried and counted
/// as what the body returns. A call here is each run of the body, so each attempt of a retry is one, and each call of a
/// hedge.
///
/// ```
/// use std::time::Duration;
/// use steadfast::testing::Fault;
///
/// #[derive(Debug)]
/// enum Error { Lost }
///
/// Fault::error(|| Error::Lost);                                      // `Err(Error::Lost)` instead of the body
/// Fault::error(|| Error::Lost).first(2);                             // the first two calls
/// Fault::error(|| Error::Lost).share(0.3).with_latency(Duration::from_secs(1)); // three in ten, after a second
/// Fault::latency(Duration::from_secs(5)).after(1).first(1);          // the second call is late, and then runs
/// Fault::hang().when(|call| call.attempt == 1);                      // first attempts never end
/// Fault::value(|| Ok::<_, Error>(Vec::<u32>::new()));                // an empty answer
/// Fault::panic("out of luck");
/// ```
#[derive(Clone)]
#[must_use = "a fault does nothing before it is injected"]
pub struct Fault {
    before: Vec<Before>,
    end: End,
    skip: u64,
    first: Option<u64>,
    share: f64,
    when: Vec<Arc<When>>,
}

type When = dyn Fn(&Reached) -> bool + Send + Sync;
type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens first.
#[derive(Clone)]
pub(super) enum Before {
    Latency(Arc<dyn Fn(&Reached) -> Duration + Send + Sync>),
    WaitFor(Arc<dyn Fn() -> Waiting + Send + Sync>),
    Run(Arc<dyn Fn(&Reached) + Send + Sync>),
}

/// What happens in the end.
#[derive(Clone)]
pub(super) enum End {
    /// The body runs, or what another fault says.
    Body,
    Made {
        kind: Kind,
        type_name: &'static str,
        make: Arc<dyn Fn() -> Box<dyn Any> + Send + Sync>,
    },
    Hang,
    Panic(Arc<str>),
}

/// A call that a fault may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reached {
    /// The path of the function.
    pub function: &'static str,
    /// The attempt of the nearest retry, as [`steadfast::attempt`](crate::attempt) tells it.
    pub attempt: u32,
    /// How many calls have come to this injection, this one included.
    pub call: u64,
}

impl Fault {
    const fn new(end: End) -> Self {
        Self { before: Vec::new(), end, skip: 0, first: None, share: 1.0, when: Vec::new() }
    }

    fn made<T: 'static>(kind: Kind, make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::new(End::Made { kind, type_name: type_name::<T>(), make: Arc::new(move || Box::new(make())) })
    }

    /// Nothing: the body runs. A step of a [`script`](super::script), or what `with_latency` and `run` are added to.
    pub const fn none() -> Self {
        Self::new(End::Body)
    }

    /// The function returns `Err` of what is made, which must be of its own error type.
    ///
    /// # Panics
    /// The call panics where that type is another one, or one that a test cannot make: where it borrows from the
    /// arguments, has no name, or is a type parameter of the function or its `impl`.
    pub fn error<E: 'static>(make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self::made(Kind::Error, make)
    }

    /// The function returns what is made: a value of its return type, or the success of its `Result`.
    ///
    /// # Panics
    /// As [`error`](Self::error); also where the return type has an `impl Trait` or a `Self` in it.
    pub fn value<T: 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::made(Kind::Value, make)
    }

    /// The call takes so much longer, and then the body runs. A blocking function waits as for a delay of a retry, so a
    /// [`sleeper`](super::sleeper) takes its place.
    pub fn latency(latency: Duration) -> Self {
        Self::none().with_latency(latency)
    }

    /// The call never ends.
    ///
    /// # Panics
    /// The call panics in a blocking function, where nobody could end it.
    pub const fn hang() -> Self {
        Self::new(End::Hang)
    }

    /// The call panics.
    pub fn panic(message: impl Into<String>) -> Self {
        Self::new(End::Panic(message.into().into()))
    }

    /// Some time passes first. Several add up.
    pub fn with_latency(self, latency: Duration) -> Self {
        self.with_latency_by(move |_| latency)
    }

    /// As [`with_latency`](Self::with_latency), for each call its own.
    pub fn with_latency_by(mut self, latency: impl Fn(&Reached) -> Duration + Send + Sync + 'static) -> Self {
        self.before.push(Before::Latency(Arc::new(latency)));
        self
    }

    /// A future ends first: a gate that the test opens.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast::testing::{self, Fault};
    /// use tokio::sync::Notify;
    ///
    /// #[steadfast::bulkhead(max_concurrent = 1)]
    /// async fn export() -> Result<u32, steadfast::Rejection> {
    ///     Ok(1)
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let gate = Arc::new(Notify::new());
    /// let closed = Arc::clone(&gate);
    /// let _faults = testing::inject("export", Fault::none().wait_for(move || {
    ///     let gate = Arc::clone(&closed);
    ///     async move { gate.notified().await }
    /// }));
    /// let first = tokio::spawn(export());
    /// tokio::task::yield_now().await;
    /// assert!(export().await.is_err());      // the only place is taken
    /// gate.notify_one();
    /// assert_eq!(first.await.unwrap(), Ok(1));
    /// # }
    /// ```
    ///
    /// # Panics
    /// The call panics in a blocking function.
    pub fn wait_for<F>(mut self, future: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.before.push(Before::WaitFor(Arc::new(move || Box::pin(future()))));
        self
    }

    /// Something is done first.
    pub fn run(mut self, behaviour: impl Fn(&Reached) + Send + Sync + 'static) -> Self {
        self.before.push(Before::Run(Arc::new(behaviour)));
        self
    }

    /// Only the first `calls` calls, after those that [`after`](Self::after) lets pass. As a step of a script it lasts so
    /// long.
    pub const fn first(mut self, calls: u64) -> Self {
        self.first = Some(calls);
        self
    }

    /// None of the first `calls` calls.
    pub const fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// A share of the calls, drawn at random: 0.3 is three in ten. [`seed`](super::seed) makes it repeatable.
    pub const fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Only calls of which this is true. Several must all be.
    pub fn when(mut self, when: impl Fn(&Reached) -> bool + Send + Sync + 'static) -> Self {
        self.when.push(Arc::new(when));
        self
    }

    /// How many calls it lets pass, and how many it is for thereafter.
    pub(super) const fn window(&self) -> (u64, Option<u64>) {
        (self.skip, self.first)
    }

    /// Whether it takes a call in its window.
    pub(super) fn takes(&self, call: &Reached) -> bool {
        self.when.iter().all(|when| when(call)) && (self.share >= 1.0 || random::unit() < self.share)
    }

    pub(super) fn before(&self) -> impl Iterator<Item = Before> {
        self.before.iter().cloned()
    }

    pub(super) const fn end(&self) -> &End {
        &self.end
    }
}

impl End {
    /// What takes the place of the body, of a call of `function`.
    pub(super) fn make(&self) -> Option<Made> {
        match self {
            Self::Body | Self::Hang => None,
            Self::Made { kind, type_name, make } => Some(Made { kind: *kind, value: make(), type_name }),
            Self::Panic(message) => panic!("{message}"),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end: &dyn fmt::Debug = match &self.end {
            End::Body => &"body",
            End::Made { type_name, .. } => type_name,
            End::Hang => &"hang",
            End::Panic(message) => message,
        };
        f.debug_struct("Fault")
            .field("end", end)
            .field("after", &self.skip)
            .field("first", &self.first)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}
