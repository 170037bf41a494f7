//! Decisions as events of `tracing`.

use tracing::level_filters::LevelFilter;
use tracing::{debug, info, warn};

use super::TARGET;
use crate::{Cause, Decision, Event, GiveUp, State};

/// Whether anybody traces at all: asked before an event is put together.
#[inline]
pub(crate) fn is_enabled() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// What takes something away from a caller, or will soon, is a warning; what was mended, or gets better, is information;
/// what comes with every call while a dependency is down is for debugging.
macro_rules! event {
    ($level:ident, $event:ident, $($fields:tt)*) => {
        $level!(
            target: TARGET,
            policy = $event.policy,
            kind = $event.kind.as_str(),
            decision = $event.decision.as_str(),
            $($fields)*
            "{}", $event
        )
    };
}

#[cold]
pub(crate) fn event(event: &Event) {
    match event.decision {
        Decision::Retrying { attempt, delay, failure } => {
            event!(info, event, attempt, delay = delay.as_secs_f64(), failure = said(failure),);
        }
        Decision::GaveUp { attempts, reason: reason @ (GiveUp::NotRetryable | GiveUp::Nested), failure } => {
            event!(debug, event, attempts, reason = reason.as_str(), failure = said(failure),);
        }
        Decision::GaveUp { attempts, reason, failure } => {
            event!(warn, event, attempts, reason = reason.as_str(), failure = said(failure),);
        }
        Decision::Rejected(rejection) | Decision::WouldReject(rejection) => {
            let retry_after = rejection.retry_after().map(|wait| wait.as_secs_f64());
            event!(debug, event, retry_after, running = rejection.running(), waiting = rejection.waiting(),);
        }
        Decision::TimedOut { limit } => event!(warn, event, limit = limit.as_secs_f64(),),
        Decision::StateChanged { from, to: to @ (State::Open | State::ForcedOpen), reason, counts } => {
            event!(
                warn,
                event,
                from = from.as_str(),
                to = to.as_str(),
                reason = reason.as_str(),
                calls = counts.calls,
                failures = counts.failures,
                slow = counts.slow,
                consecutive_failures = counts.consecutive_failures,
            );
        }
        Decision::StateChanged { from, to, reason, .. } => {
            event!(info, event, from = from.as_str(), to = to.as_str(), reason = reason.as_str(),);
        }
        Decision::Hedged { call } => event!(debug, event, call,),
        Decision::HedgeWon { calls } => event!(debug, event, calls,),
        Decision::FellBack { rejection, age } => {
            let rejection = rejection.map(|rejection| rejection.kind().as_str());
            event!(info, event, rejection, age = age.map(|age| age.as_secs_f64()),);
        }
        Decision::BudgetExhausted => event!(warn, event,),
    }
}

fn said(failure: Cause) -> &'static str {
    match failure {
        Cause::Returned(class) => class.as_str(),
        Cause::Rejected(rejection) => rejection.kind().as_str(),
    }
}
