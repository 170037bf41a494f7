//! A limit on the time of a call.

mod alarm;
#[cfg(feature = "registry")]
pub(crate) mod managed;
pub(crate) mod percentile;

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

pub(crate) use alarm::Alarm;

use crate::event::{Decision, PolicyKind, announce};
use crate::name::Name;
use crate::scope::{self, Dropping, Started, UNLIMITED, Unstarted};
use crate::{Flow, Rejection, RejectionKind, flow};

/// Ends a call that takes longer than a duration: `#[timeout]` as a value.
///
/// The call's own result wins when it is ready in the same poll. Time runs from the moment when the call first waits,
/// or when anything beneath first asks for the [`deadline`](crate::deadline), whichever is earlier. Zero ends at once
/// what is not ready; a duration beyond what the clock can say never ends.
///
/// Waiting needs a tokio runtime with time enabled. A limit that follows the latencies of recent calls is a
/// [`PercentileTimeout`](crate::PercentileTimeout).
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Rejection, Timeout};
///
/// static LIMIT: Timeout = Timeout::new(Duration::from_millis(20)).name("lookup");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let answer: Result<u32, Rejection> = LIMIT.call(async { Ok(7) }).await;
/// assert_eq!(answer, Ok(7));
///
/// let late: Result<u32, Rejection> = LIMIT.call(std::future::pending()).await;
/// assert_eq!(late.unwrap_err().to_string(), "timed out at `lookup`");
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Timeout {
    nanos: u64,
    name: Name,
    #[cfg(feature = "registry")]
    is_critical: bool,
    #[cfg(feature = "registry")]
    control: Option<&'static crate::registry::TimeoutControl>,
}

/// Stands above the nanoseconds of a limit that is switched off.
const OFF: u64 = UNLIMITED + 1;

impl Timeout {
    /// A limit of this length.
    pub const fn new(limit: Duration) -> Self {
        let nanos = limit.as_nanos();
        #[expect(clippy::cast_possible_truncation, reason = "compared before; `try_from` is not const")]
        let nanos = if nanos < UNLIMITED as u128 { nanos as u64 } else { UNLIMITED };
        Self::of(nanos)
    }

    /// No limit at all, as `Timeout::from(None)`.
    pub const fn unlimited() -> Self {
        Self::of(UNLIMITED)
    }

    const fn of(nanos: u64) -> Self {
        Self {
            nanos,
            name: Name::UNNAMED,
            #[cfg(feature = "registry")]
            is_critical: false,
            #[cfg(feature = "registry")]
            control: None,
        }
    }

    /// The name in rejections; by default `unnamed`.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Name::given(name), ..self }
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(self, closure: &F) -> Self {
        Self { name: Name::inside(closure), ..self }
    }

    /// Whether it limits anything; true by default. Switched off, a call takes as long as it takes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Timeout;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let timeout = Timeout::new(Duration::ZERO).enabled(false);
    /// let slow = tokio::time::sleep(Duration::from_millis(1));
    /// assert!(timeout.try_call(slow).await.rejection().is_none());
    /// # }
    /// ```
    pub const fn enabled(self, enabled: bool) -> Self {
        let nanos = if enabled { self.nanos & !OFF } else { self.nanos | OFF };
        Self { nanos, ..self }
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    #[cfg_attr(not(feature = "registry"), expect(unused_variables, reason = "nobody asks"))]
    pub const fn critical(self, critical: bool) -> Self {
        Self {
            #[cfg(feature = "registry")]
            is_critical: critical,
            ..self
        }
    }

    /// The length, also while it is switched off; `None` where there is no limit. What is put over it while the program
    /// runs is told by the registry.
    pub const fn limit(&self) -> Option<Duration> {
        match self.nanos & !OFF {
            UNLIMITED => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Limits the time of `call`; one that takes too long is dropped, and the rejection becomes its error.
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub async fn call<F, T, E>(self, call: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        self.try_call(call).await.into_result()
    }

    /// Limits the time of `call`, whatever it returns, and gives the flow.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Flow, Timeout};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let timeout = Timeout::new(Duration::from_secs(1));
    /// assert_eq!(timeout.try_call(async { "ready" }).await, Flow::Returned("ready"));
    /// # }
    /// ```
    pub async fn try_call<F: Future>(self, call: F) -> Flow<F::Output> {
        timeout(&self).around(flow::call(call)).await
    }
}

impl From<Duration> for Timeout {
    fn from(limit: Duration) -> Self {
        Self::new(limit)
    }
}

impl From<Option<Duration>> for Timeout {
    fn from(limit: Option<Duration>) -> Self {
        limit.map_or(Self::unlimited(), Self::new)
    }
}

/// What `#[timeout(..)]` may be given.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no time limit",
    label = "expected `Duration` or `Option<Duration>`"
)]
pub trait Limit {
    /// As a policy.
    fn into_timeout(self) -> Timeout;
}

#[diagnostic::do_not_recommend]
impl<D: Into<Timeout>> Limit for D {
    fn into_timeout(self) -> Timeout {
        self.into()
    }
}

/// The limit of `#[timeout(EXPR)]`.
pub fn limit(limit: impl Limit) -> Timeout {
    limit.into_timeout()
}

/// A timeout in a stack.
#[inline]
pub const fn timeout(policy: &Timeout) -> Layer<'_> {
    Layer {
        policy,
        tag: 0,
        #[cfg(feature = "registry")]
        is_free: false,
    }
}

/// A timeout that has yet to be told what it stands around.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'p> {
    policy: &'p Timeout,
    tag: u8,
    /// Whether the call has waited already, and has no limit.
    #[cfg(feature = "registry")]
    is_free: bool,
}

impl<'p> Layer<'p> {
    /// Marks the rejections of this timeout.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// Limits the time of `call`.
    #[inline]
    pub const fn around<F, R>(self, call: F) -> Timed<'p, F>
    where
        F: Future<Output = Flow<R>>,
    {
        Timed { stage: Stage::Under { call, alarm: Alarm::NONE, layer: self } }
    }

    /// A call ended in time, after it had to wait.
    #[inline]
    fn ended_after(&self, alarm: &Alarm) {
        let waited = if cfg!(feature = "metrics") { alarm.elapsed() } else { None };
        self.policy.count_in_time(waited);
    }

    #[cold]
    fn tell(self, nanos: u64) {
        let limit = Duration::from_nanos(nanos);
        self.policy.count_timed_out(nanos);
        announce(self.policy.name, PolicyKind::Timeout, || Decision::TimedOut { limit });
    }

    #[cold]
    fn rejection<R>(self) -> Poll<Flow<R>> {
        let rejection = Rejection::new(RejectionKind::Timeout, self.policy.name).with_tag(self.tag);
        Poll::Ready(Flow::Rejected(rejection))
    }
}

pin_project! {
    /// A call with a limit on its time.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timed<'p, F> {
        #[pin]
        stage: Stage<'p, F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageProjection]
    enum Stage<'p, F> {
        Under { #[pin] call: F, alarm: Alarm, layer: Layer<'p> },
        // The call is dropped as soon as the time is over, and not when somebody drops this future.
        Over { layer: Layer<'p> },
    }
}

impl<F, R> Future for Timed<'_, F>
where
    F: Future<Output = Flow<R>>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let mut stage = self.project().stage;
        let (layer, nanos) = match stage.as_mut().project() {
            StageProjection::Under { call, alarm, layer } => {
                let over = if alarm.is_set() {
                    let started = Started::enter(alarm.deadline());
                    match call.poll(cx) {
                        Poll::Ready(outcome) => {
                            layer.ended_after(alarm);
                            return Poll::Ready(outcome);
                        }
                        Poll::Pending => alarm.is_over(started.leave(), cx),
                    }
                } else {
                    let nanos = layer.nanos();
                    let unstarted = Unstarted::enter(nanos);
                    match call.poll(cx) {
                        Poll::Ready(outcome) => {
                            layer.policy.count_in_time(None);
                            return Poll::Ready(outcome);
                        }
                        Poll::Pending => {
                            layer.keep(nanos);
                            alarm.set(nanos, unstarted, cx)
                        }
                    }
                };
                if !over {
                    return Poll::Pending;
                }
                (*layer, alarm.limit())
            }
            StageProjection::Over { layer } => return layer.rejection(),
        };
        {
            let _timed_out = scope::drop_as(Dropping::TimedOut);
            stage.set(Stage::Over { layer });
        }
        layer.tell(nanos);
        layer.rejection()
    }
}

/// Where nothing can be put over the limit.
#[cfg(not(feature = "registry"))]
impl Layer<'_> {
    #[inline]
    fn nanos(&self) -> u64 {
        self.policy.nanos()
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "it stays the same in any case")]
    const fn keep(&mut self, _nanos: u64) {}
}

/// Where nothing can be put over the limit.
#[cfg(not(feature = "registry"))]
impl Timeout {
    /// The limit in force.
    #[inline]
    fn nanos(&self) -> u64 {
        self.nanos.min(UNLIMITED)
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_in_time(&self, _waited: Option<u64>) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_timed_out(&self, _nanos: u64) {}
}

#[cfg(test)]
mod tests;
