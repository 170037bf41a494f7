//! A library as a careful author has it: everything annotated, and every lint denied.

#![deny(
    warnings,
    unused,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo
)]
#![allow(
    clippy::cargo_common_metadata,
    clippy::multiple_crate_versions,
    reason = "of the whole crate, not of this code"
)]

mod client;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use client::{Ask, Client};
use steadfast::{
    Class, Classify, Failure, GiveUpEvent, Rejection, RetryEvent, StaleEvent, StateChange, circuit_breaker, fallback,
    hedge, outcome, retry, timeout,
};

/// What may go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The server is down.
    Down,
    /// It asks for less.
    Throttled(Duration),
    /// There is no such thing.
    NotFound,
    /// A policy answered.
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Down => Class::TRANSIENT,
            Self::Throttled(wait) => Class::Throttled { retry_after: Some(*wait) },
            Self::NotFound => Class::Permanent,
            Self::Rejected(rejection) => rejection.class(),
        }
    }
}

async fn ask(id: u32) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    ask_now(id)
}

const fn ask_now(id: u32) -> Result<u32, Error> {
    match id {
        0 => Err(Error::Down),
        404 => Err(Error::NotFound),
        _ => Ok(id),
    }
}

/// Every setting of a retry.
///
/// # Errors
/// What the server says.
#[retry(
    attempts = 5,
    backoff = exponential("100ms", factor = 2.0),
    jitter = 0.5,
    max_delay = "5s",
    max_duration = "1m",
    on(Err(Error::Down), Ok(n) if *n > 1000),
    ignore(Err(Error::NotFound)),
    retry_after(Err(Error::Throttled(wait)) => wait),
    rejections(timeout, rate_limited, bulkhead_full, circuit_open),
    on_retry = log_retry,
    on_give_up = |event| drop(event.policy.to_owned()),
    clone(text),
    name = "retry"
)]
pub async fn every_retry_setting(id: u32, text: String) -> Result<u32, Error> {
    let length = text.into_bytes().len();
    let answer = ask(id).await?;
    Ok(answer + u32::try_from(length).unwrap_or_default())
}

fn log_retry(event: &RetryEvent<'_, Result<u32, Error>>) {
    drop(event.policy.to_owned());
}

/// The last success, with every setting.
///
/// # Errors
/// What the server says.
#[fallback(Ok(0), on(Err(Error::Down)))]
#[fallback(
    stale = "10m",
    key = (id, &text),
    max_keys = 100,
    on_stale = log_stale,
    on(Err(Error::Down)),
    ignore(Err(Error::NotFound)),
    name = "stale"
)]
#[fallback(ask(id).await, clone(text))]
pub async fn stale(id: u32, text: String) -> Result<u32, Error> {
    let length = text.into_bytes().len();
    let answer = ask(id).await?;
    Ok(answer + u32::try_from(length).unwrap_or_default())
}

fn log_stale(event: &StaleEvent<'_, Result<u32, Error>>) {
    drop(event.policy.to_owned());
}

/// The last success, blocking.
#[must_use]
#[fallback(stale = limit, on(0))]
pub fn stale_blocking(id: u32, limit: Duration) -> u32 {
    id
}

/// Settings that are expressions.
///
/// # Errors
/// What the server says.
#[retry(attempts = attempts, backoff = |n| Duration::from_millis(u64::from(n)), max_delay = limit, when = is_down)]
#[timeout(limit * 2)]
pub async fn expressions(id: u32, attempts: u32, limit: Duration) -> Result<u32, Error> {
    ask(id).await
}

const fn is_down(error: &Error) -> bool {
    matches!(error, Error::Down)
}

/// Blocks.
///
/// # Errors
/// What the server says.
#[retry(attempts = 2, backoff = linear("1ms"), jitter = none, clone, on_give_up = give_up)]
pub fn blocking(id: u32, mut text: String) -> Result<usize, Error> {
    text.push_str("..");
    let answer = ask_now(id)?;
    drop(text);
    Ok(usize::try_from(answer).unwrap_or_default())
}

fn give_up(event: &GiveUpEvent<'_, Result<usize, Error>>) {
    drop(event.policy.to_owned());
}

/// Every setting of a breaker.
///
/// # Errors
/// What the server says.
#[circuit_breaker(
    failure_rate = 0.5,
    window = "30s",
    min_calls = 10,
    slow_call = "1s",
    slow_call_rate = 0.9,
    reset_timeout = "5s",
    max_reset_timeout = "1m",
    success_threshold = 2,
    max_probes = 3,
    probe_timeout = "2s",
    abandoned = failure,
    key = id,
    max_keys = 16,
    on_state_change = log_change,
    ignore(Err(Error::Throttled(_))),
    when = |error| *error == Error::Down,
    error = Error::Rejected,
    name = "breaker"
)]
pub async fn every_breaker_setting(id: u32) -> Result<u32, Error> {
    ask(id).await
}

fn log_change(change: &StateChange) {
    drop(change.name.to_owned());
}

/// A breaker alone, blocking.
///
/// # Errors
/// What the server says.
#[circuit_breaker(failure_threshold = 3)]
pub fn breaker(id: u32) -> Result<u32, Error> {
    ask_now(id)
}

/// A total limit and one for each attempt, with an answer in three levels.
///
/// # Errors
/// Nothing that the fallbacks leave.
#[outcome(on(Err(Error::Down)), ignore(Err(Error::NotFound)), error = Error::Rejected)]
#[fallback(Ok(0))]
#[fallback(ask(id + 1).await)]
#[timeout(percentile(0.99, factor = 2.0, min = "2s", max = "10s", window = "5m", min_calls = 50))]
#[retry(attempts = 3)]
#[circuit_breaker]
#[timeout("1s", error = |_| Error::Down, name = "inner")]
pub async fn full(id: u32) -> Result<u32, Error> {
    let answer = ask(id).await?;
    if answer == 77 {
        return Err(Error::Down);
    }
    Ok(answer)
}

/// The same, blocking.
///
/// # Errors
/// Nothing that the fallbacks leave.
#[fallback(|error| if error == Error::Down { Ok(0) } else { Err(error) })]
#[retry(backoff = none)]
#[circuit_breaker]
pub fn full_blocking(id: u32) -> Result<u32, Error> {
    let answer = ask_now(id)?;
    if answer == 77 {
        return Err(Error::Down);
    }
    Ok(answer)
}

/// Asks again, rather than wait.
///
/// # Errors
/// What the server says.
#[fallback(|error| if error == Error::Down { Ok(0) } else { Err(error) })]
#[hedge(after = "50ms", attempts = 3, clone(text))]
#[retry]
#[timeout("1s")]
pub async fn hedged(id: u32, mut text: String) -> Result<u32, Error> {
    text.push('7');
    let answer = ask(id).await?;
    Ok(if text.is_empty() { 0 } else { answer })
}

/// Asks again, and nothing else.
///
/// # Errors
/// What the server says.
#[hedge(after = Duration::from_millis(u64::from(id)))]
pub async fn hedged_alone(id: u32) -> Result<u32, Error> {
    ask(id).await
}

/// Names the failure.
#[fallback(|failure: Failure<Option<u32>>| failure.rejection().map(|_| 1))]
#[timeout("1s")]
pub async fn option(id: u32) -> Option<u32> {
    ask(id).await.ok()
}

/// Gives nothing.
#[fallback(())]
#[timeout("1s")]
pub async fn nothing(id: u32) {
    drop(ask(id).await);
}

/// Gives nothing either.
#[fallback(log(id))]
#[circuit_breaker]
pub fn nothing_blocking(id: u32) {
    drop(ask_now(id));
}

fn log(id: u32) {
    drop(id.to_string());
}

/// The fallback and the body share an argument.
///
/// # Errors
/// None.
#[fallback(Ok(text.len()), clone(text))]
pub fn shared_argument(mut text: String) -> Result<usize, Error> {
    text.clear();
    drop(text);
    Err(Error::Down)
}

/// Counts.
///
/// # Errors
/// What the server says.
#[retry]
pub async fn generic<I, T: Sync>(items: &mut I, value: &T, convert: impl Fn(&T) -> u32 + Sync) -> Result<u32, Error>
where
    I: Iterator<Item = u32> + Send,
{
    let id = items.next().ok_or(Error::NotFound)?;
    Ok(ask(id).await? + convert(value))
}

/// Lends.
///
/// # Errors
/// What the server says.
#[retry]
#[timeout("1s")]
pub async fn lends<'a>(id: &u32, text: &'a str) -> Result<&'a str, Error> {
    drop(ask(*id).await?.to_string());
    Ok(text)
}

/// As many as the server says.
///
/// # Errors
/// What the server says.
#[retry]
#[timeout("1s")]
pub async fn iterator(id: u32) -> Result<impl Iterator<Item = u32> + Send, Error> {
    Ok(0..ask(id).await?)
}

/// Asks less and less.
///
/// # Errors
/// What the server says.
#[must_use]
#[retry]
pub fn recursive(id: u32) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send>> {
    Box::pin(async move { if id > 5 { recursive(id - 1).await } else { ask(id).await } })
}

/// Comes as it is.
///
/// # Errors
/// What the server says.
#[retry]
#[timeout("1s")]
pub fn future(id: u32) -> impl Future<Output = Result<u32, Error>> + Send {
    let early = ask(id + 1);
    drop(early);
    async move { ask(id).await }
}
