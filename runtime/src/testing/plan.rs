//! What is to happen to one call: what all the faults that take it say together.

use core::fmt;
use core::future::{pending, ready};
use core::pin::Pin;

use super::fault::{Before, End, Reached};
use super::injection;
use super::parts::Made;
use super::site::Place;
use crate::sleeper;

/// What goes before the end of a plan.
pub(super) type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is to happen to one call.
pub(super) struct Plan {
    before: Vec<(Before, Reached)>,
    end: End,
    function: &'static str,
}

impl Plan {
    /// `None` where no fault takes the call. The newest says first; one that leaves the body to run leaves it to the older
    /// ones as well.
    pub(super) fn of(place: &Place) -> Option<Self> {
        if !injection::is_any() {
            return None;
        }
        let mut plan = Self { before: Vec::new(), end: End::Body, function: place.function() };
        let mut is_taken = false;
        for entry in injection::around(place) {
            let Some((fault, reached)) = entry.take(place) else { continue };
            is_taken = true;
            plan.before.extend(fault.before().map(|before| (before, reached)));
            if !matches!(fault.end(), End::Body) {
                plan.end = fault.end().clone();
                break;
            }
        }
        is_taken.then_some(plan)
    }

    /// All that goes before the end, as one future.
    pub(super) fn wait(&mut self) -> Wait {
        let before = core::mem::take(&mut self.before);
        let hangs = matches!(self.end, End::Hang);
        if before.is_empty() && !hangs {
            return Box::pin(ready(()));
        }
        Box::pin(async move {
            for (before, reached) in before {
                match before {
                    Before::Latency(latency) => tokio::time::sleep(latency(&reached)).await,
                    Before::WaitFor(future) => future().await,
                    Before::Run(run) => run(&reached),
                }
            }
            if hangs {
                pending::<()>().await;
            }
        })
    }

    /// The same in a blocking function.
    pub(super) fn block(&mut self) {
        for (before, reached) in self.before.drain(..) {
            match before {
                Before::Latency(latency) => sleeper::sleep(latency(&reached)),
                Before::Run(run) => run(&reached),
                Before::WaitFor(_) => panic!("`{}` blocks, so it cannot wait for a future", self.function),
            }
        }
        assert!(!matches!(self.end, End::Hang), "`{}` blocks, so nobody could end a call that hangs", self.function);
    }

    /// What takes the place of the body, if anything does.
    pub(super) fn end(&self) -> Option<Made> {
        self.end.make()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("function", &self.function).finish_non_exhaustive()
    }
}
