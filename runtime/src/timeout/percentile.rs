//! A limit that follows the latencies of its own calls.

#[cfg(feature = "registry")]
mod managed;

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::alarm::Alarm;
use crate::control::Common;
use crate::event::{Decision, PolicyKind, announce};
use crate::name::Name;
use crate::percentile::{NEVER, Watch};
use crate::scope::{self, Dropping, Started};
use crate::{Flow, Percentile, Rejection, RejectionKind, clock, flow};

/// Ends a call that takes much longer than others did lately: `#[timeout(percentile(..))]` as a value.
///
/// Each call may take as long as [`Percentile::current`] says when it begins. Give that a [`max`](Percentile::max),
/// which is the limit until enough calls were seen: without one there is none until then.
///
/// These calls are taken into account:
///
/// - Those that return, with success or failure, for as long as they took.
/// - Those that it ends itself, as longer than anybody knows. While more of them are in the window than lie above the
///   percentile, the limit is `max`; so it never ends more than that share of calls by being too short, and grows when
///   the dependency becomes slow.
/// - Those that a policy beneath rejects, that somebody else drops, and that panic, only where they had taken longer than
///   the percentile is at that moment. An open circuit answers at once, and says nothing of the latency.
///
/// Time runs from the first poll; the clock is read then and at the end of the call. All else is as with
/// [`Timeout`](crate::Timeout). It is one state: shared by reference or `Arc`, not cloned.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Percentile, PercentileTimeout, Rejection};
/// use tokio::time::sleep;
///
/// static LOOKUP: PercentileTimeout = PercentileTimeout::new(
///     Percentile::new(0.99).factor(2.0).min(Duration::from_millis(50)).max(Duration::from_secs(5)),
/// )
/// .name("lookup");
///
/// async fn takes(millis: u64) -> Result<(), Rejection> {
///     LOOKUP.call(async {
///         sleep(Duration::from_millis(millis)).await;
///         Ok(())
///     }).await
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// assert_eq!(LOOKUP.limit(), Some(Duration::from_secs(5)));
/// for _ in 0..100 {
///     assert!(takes(40).await.is_ok());
/// }
/// assert!(LOOKUP.limit() < Some(Duration::from_millis(85)));
/// assert_eq!(takes(90).await.unwrap_err().to_string(), "timed out at `lookup`");
/// # }
/// ```
#[derive(Debug)]
pub struct PercentileTimeout {
    percentile: Percentile,
    name: Name,
    #[cfg(feature = "registry")]
    totals: crate::tally::Totals<2>,
    #[cfg(feature = "metrics")]
    durations: crate::metrics::Durations,
}

impl PercentileTimeout {
    /// A limit that follows this percentile.
    pub const fn new(percentile: Percentile) -> Self {
        Self {
            percentile,
            name: Name::UNNAMED,
            #[cfg(feature = "registry")]
            totals: crate::tally::Totals::new(),
            #[cfg(feature = "metrics")]
            durations: crate::metrics::Durations::new(),
        }
    }

    /// The name in rejections; by default `unnamed`.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Whether it limits anything; true by default. Switched off, a call takes as long as it takes, and is measured all the
    /// same.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        let common = self.percentile.common();
        *common = Common { enabled, ..*common };
        self
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    pub const fn critical(mut self, critical: bool) -> Self {
        let common = self.percentile.common();
        *common = Common { critical, ..*common };
        self
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(mut self, closure: &F) -> Self {
        self.name = Name::inside(closure);
        self
    }

    /// What it follows: to be read, or to be [`reset`](Percentile::reset).
    pub const fn percentile(&self) -> &Percentile {
        &self.percentile
    }

    /// How long a call may take that begins now; `None` where there is no limit.
    pub fn limit(&self) -> Option<Duration> {
        self.percentile.current()
    }

    /// Limits the time of `call`; one that takes too long is dropped, and the rejection becomes its error.
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub async fn call<F, T, E>(&self, call: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        self.try_call(call).await.into_result()
    }

    /// Limits the time of `call`, whatever it returns, and gives the flow.
    pub async fn try_call<F: Future>(&self, call: F) -> Flow<F::Output> {
        percentile_timeout(self).around(flow::call(call)).await
    }
}

/// A timeout in a stack.
#[inline]
pub const fn percentile_timeout(policy: &PercentileTimeout) -> Layer<'_> {
    Layer { policy, tag: 0, is_off: false }
}

/// A timeout that has yet to be told what it stands around.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'p> {
    policy: &'p PercentileTimeout,
    tag: u8,
    /// Whether the policy was switched off when the call began.
    is_off: bool,
}

impl<'p> Layer<'p> {
    /// Marks the rejections of this timeout.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// Limits the time of `call`.
    #[inline]
    pub const fn around<F, R>(self, call: F) -> Measured<'p, F>
    where
        F: Future<Output = Flow<R>>,
    {
        let watch = Watch::new(&self.policy.percentile);
        Measured { stage: Stage::Under { watch, call, alarm: Alarm::NONE, layer: self } }
    }

    #[cold]
    fn tell(self, limit: u64) {
        let limit = if limit == NEVER { Duration::MAX } else { Duration::from_nanos(limit) };
        announce(self.policy.name, PolicyKind::Timeout, || Decision::TimedOut { limit });
    }

    #[cold]
    fn rejection<R>(self) -> Poll<Flow<R>> {
        let rejection = Rejection::new(RejectionKind::Timeout, self.policy.name).with_tag(self.tag);
        Poll::Ready(Flow::Rejected(rejection))
    }
}

pin_project! {
    /// A call with a limit on its time, which is measured.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Measured<'p, F> {
        #[pin]
        stage: Stage<'p, F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageProjection]
    enum Stage<'p, F> {
        Under { watch: Watch<'p>, #[pin] call: F, alarm: Alarm, layer: Layer<'p> },
        // The call is dropped as soon as the time is over, and not when somebody drops this future.
        Over { layer: Layer<'p> },
    }
}

impl<F, R> Future for Measured<'_, F>
where
    F: Future<Output = Flow<R>>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let mut stage = self.project().stage;
        let (layer, limit) = match stage.as_mut().project() {
            StageProjection::Under { watch, call, alarm, layer } => {
                let start = (!watch.is_running()).then(|| Start::of(watch));
                layer.is_off |= start.is_some_and(|start| start.is_off);
                if layer.is_off {
                    let Poll::Ready(outcome) = call.poll(cx) else { return Poll::Pending };
                    let took = watch.end(matches!(outcome, Flow::Returned(_)));
                    layer.policy.count_in_time(took);
                    return Poll::Ready(outcome);
                }
                let deadline = start.map_or_else(|| alarm.deadline(), |start| start.deadline);
                let beneath = Started::enter(deadline);
                if let Poll::Ready(outcome) = call.poll(cx) {
                    drop(beneath);
                    let took = watch.end(matches!(outcome, Flow::Returned(_)));
                    layer.policy.count_in_time(took);
                    return Poll::Ready(outcome);
                }
                let around = beneath.leave();
                let over = match start {
                    Some(Start { deadline, limit, .. }) => alarm.set_at(deadline, limit, around, cx),
                    None => alarm.is_over(around, cx),
                };
                if !over {
                    return Poll::Pending;
                }
                layer.policy.count_timed_out(watch.elapsed());
                watch.cut(alarm.deadline());
                (*layer, alarm.limit())
            }
            StageProjection::Over { layer } => return layer.rejection(),
        };
        {
            let _timed_out = scope::drop_as(Dropping::TimedOut);
            stage.set(Stage::Over { layer });
        }
        layer.tell(limit);
        layer.rejection()
    }
}

/// How a call begins.
#[derive(Clone, Copy)]
struct Start {
    /// `None` where there is no limit, or the clock cannot say it.
    deadline: Option<Instant>,
    /// In nanoseconds: [`NEVER`] where there is none, and over as soon as it waits where it is zero.
    limit: u64,
    is_off: bool,
}

impl Start {
    #[inline]
    fn of(watch: &mut Watch<'_>) -> Self {
        let (now, nanos) = watch.begin();
        let (deadline, limit, is_off) = match watch.percentile.limit_at(nanos) {
            None => (None, NEVER, true),
            Some(NEVER) => (None, NEVER, false),
            Some(limit) => (clock::after(now, Duration::from_nanos(limit)), limit, false),
        };
        Self { deadline, limit, is_off }
    }
}

#[cfg(not(feature = "registry"))]
impl PercentileTimeout {
    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_in_time(&self, _nanos: u64) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_timed_out(&self, _nanos: Option<u64>) {}
}

#[cfg(test)]
mod tests;
