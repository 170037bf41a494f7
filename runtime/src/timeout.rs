//! A limit on the time of a call.

use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::name::Name;
use crate::scope::{self, Start, UNLIMITED};
use crate::{Flow, Rejection, RejectionKind, flow};

/// Ends a call that takes longer than a duration: `#[timeout]` as a value.
///
/// The call's own result wins when it is ready in the same poll. Time runs from the moment when the call first waits,
/// or when anything beneath first asks for the [`deadline`](crate::deadline), whichever is earlier. Zero ends at once
/// what is not ready; a duration beyond what the clock can say never ends.
///
/// Waiting needs a tokio runtime with time enabled.
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
}

impl Timeout {
    /// A limit of this length.
    pub const fn new(limit: Duration) -> Self {
        let nanos = limit.as_nanos();
        #[expect(clippy::cast_possible_truncation, reason = "compared before; `try_from` is not const")]
        let nanos = if nanos < UNLIMITED as u128 { nanos as u64 } else { UNLIMITED };
        Self { nanos, name: Name::UNNAMED }
    }

    /// No limit at all, as `Timeout::from(None)`.
    pub const fn unlimited() -> Self {
        Self { nanos: UNLIMITED, name: Name::UNNAMED }
    }

    /// The name in rejections; by default `unnamed`.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Name::given(name), ..self }
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(self, closure: &F) -> Self {
        Self { name: Name::inside(closure), ..self }
    }

    /// The length; `None` where there is no limit.
    pub const fn limit(&self) -> Option<Duration> {
        match self.nanos {
            UNLIMITED => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
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
    pub fn try_call<F: Future>(&self, call: F) -> impl Future<Output = Flow<F::Output>> + use<'_, F> {
        timeout(self).around(flow::call(call))
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
    Layer { policy, tag: 0 }
}

/// A timeout that has yet to be told what it stands around.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'p> {
    policy: &'p Timeout,
    tag: u8,
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
        Timed { call: Some(call), state: State::Fresh, layer: self }
    }
}

pin_project! {
    /// A call with a limit on its time.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timed<'p, F> {
        // Taken out when the time is over, so that the call ends then and not when somebody drops this future.
        #[pin]
        call: Option<F>,
        state: State,
        layer: Layer<'p>,
    }
}

#[derive(Debug)]
enum State {
    Fresh,
    /// Ends then, but a timeout around it ends before that, and so there is no timer.
    Covered(Instant),
    Armed(Pin<Box<Sleep>>),
    /// Ends later than the clock can say.
    Endless,
}

impl<F, R> Future for Timed<'_, F>
where
    F: Future<Output = Flow<R>>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let mut this = self.project();
        let policy = this.layer.policy;
        let Some(call) = this.call.as_mut().as_pin_mut() else {
            return Poll::Ready(this.layer.rejection());
        };
        let elapsed = match this.state {
            State::Fresh => match scope::beneath_unstarted(policy.nanos, || call.poll(cx)) {
                Ok(outcome) => return Poll::Ready(outcome),
                Err(start) => this.state.start(policy.nanos, start.as_ref(), cx),
            },
            _ => match this.state.poll_call(call, cx) {
                Ok(outcome) => return Poll::Ready(outcome),
                Err(around) => this.state.is_over(around, cx),
            },
        };
        if !elapsed {
            return Poll::Pending;
        }
        scope::time_out(|| this.call.set(None));
        Poll::Ready(this.layer.rejection())
    }
}

impl Layer<'_> {
    #[cold]
    fn rejection<R>(&self) -> Flow<R> {
        Flow::Rejected(Rejection::new(RejectionKind::Timeout, self.policy.name).with_tag(self.tag))
    }
}

impl State {
    /// Whether the time is over, after the call has waited for the first time.
    #[cold]
    fn start(&mut self, nanos: u64, start: Option<&Start>, cx: &mut Context<'_>) -> bool {
        let Some(&Start { at, around }) = start else { return false };
        let Some(deadline) = scope::end(at, nanos) else {
            *self = State::Endless;
            return false;
        };
        *self = State::Covered(deadline);
        nanos == 0 || self.is_over(around, cx)
    }

    /// Polls a call that has waited before; `Err` where it still does, with the deadline around this timeout.
    #[cold]
    fn poll_call<F: Future>(&self, call: Pin<&mut F>, cx: &mut Context<'_>) -> Result<F::Output, Option<Instant>> {
        let deadline = match self {
            State::Covered(deadline) => *deadline,
            State::Armed(timer) => timer.deadline(),
            State::Fresh | State::Endless => {
                return match call.poll(cx) {
                    Poll::Ready(outcome) => Ok(outcome),
                    Poll::Pending => Err(None),
                };
            }
        };
        scope::beneath_started(deadline, || call.poll(cx))
    }

    /// Whether the time is over, where the timeouts around end at `around`.
    fn is_over(&mut self, around: Option<Instant>, cx: &mut Context<'_>) -> bool {
        match self {
            State::Covered(deadline) => {
                if around.is_some_and(|around| around < *deadline) {
                    return false;
                }
                *self = State::Armed(Box::pin(sleep_until(*deadline)));
                self.is_over(around, cx)
            }
            // Unconstrained: a call that has used up the cooperative budget of its task must not keep the timer from
            // being looked at.
            State::Armed(timer) => pin!(coop::unconstrained(timer.as_mut())).poll(cx).is_ready(),
            State::Fresh | State::Endless => false,
        }
    }
}
