//! Other crates that do the same, each in the rows where it has an equal.
//!
//! Equal work: the same body, policies that are built before the first call, breakers that are closed, no events, logs
//! or metrics. What is built for each call is what the crate's own way of use builds for each call.

mod bulkhead;
mod circuit_breaker;
mod rate_limit;
mod retry;
mod stack;
mod timeout;

use std::hint::black_box;
use std::ops::Range;

use layered::Service as Layered;
use seatbelt::ResilienceContext;
use tower::{Service, ServiceExt};

use crate::contest::{Contestant, poll_once, ready, runtime, waits};
use crate::rows::body::Answer;

/// Those of a row.
pub(crate) fn of(row: &str) -> Vec<Contestant> {
    match row {
        "retry" => retry::ready_at_once(),
        "timeout" => timeout::ready_at_once(),
        "timeout-waits" => timeout::waiting(),
        "breaker" => circuit_breaker::consecutive(),
        "breaker-count" => circuit_breaker::count_window(),
        "breaker-time" => circuit_breaker::time_window(),
        "breaker-open" => circuit_breaker::open(),
        "bulkhead" => bulkhead::ready_at_once(),
        "rate-limit" => rate_limit::ready_at_once(),
        "stack" => stack::ready_at_once(),
        "stack-waits" => stack::waiting(),
        _ => Vec::new(),
    }
}

/// A service of tower is called by one caller at a time: each loop has a clone, and all clones one state.
fn ready_service<S>(name: &'static str, service: S) -> Contestant
where
    S: Service<u32> + Clone + Send + Sync + 'static,
{
    let size = size_of_val(&call(&mut service.clone(), 0));
    let calls = move |arguments: Range<u32>| {
        let mut service = service.clone();
        for n in arguments {
            let _ = black_box(poll_once(call(&mut service, black_box(n))));
        }
    };
    Contestant { name, calls: Box::new(calls), size: Some(size) }
}

fn waits_service<S>(name: &'static str, service: S) -> Contestant
where
    S: Service<u32> + Clone + Send + Sync + 'static,
{
    let size = size_of_val(&call(&mut service.clone(), 0));
    let calls = move |arguments: Range<u32>| {
        runtime().block_on(async {
            let mut service = service.clone();
            for n in arguments {
                let _ = black_box(call(&mut service, black_box(n)).await);
            }
        });
    };
    Contestant { name, calls: Box::new(calls), size: Some(size) }
}

async fn call<S: Service<u32>>(service: &mut S, n: u32) -> Result<S::Response, S::Error> {
    service.ready().await?.call(n).await
}

/// A service of seatbelt.
fn ready_layered(service: impl Layered<u32, Out = Answer> + 'static) -> Contestant {
    ready!("seatbelt", service, execute)
}

fn waits_layered(service: impl Layered<u32, Out = Answer> + 'static) -> Contestant {
    waits!("seatbelt", service, execute)
}

async fn execute(service: &impl Layered<u32, Out = Answer>, n: u32) -> Answer {
    service.execute(n).await
}

/// With the clock of the runtime of this thread.
fn context() -> ResilienceContext<u32, Answer> {
    let _entered = runtime().enter();
    ResilienceContext::new(tick::Clock::new_tokio())
}
