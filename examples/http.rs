//! How the examples ask a server, and what went wrong when it did not answer well.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, header};
use steadfast::{Class, Classify, Rejection, parse_retry_after};

use crate::timeline::{Tone, say};

/// Why there is no answer. The derive tells every policy what to make of it.
#[derive(Debug, thiserror::Error, Classify)]
pub enum Error {
    /// No answer came. An error of another crate is transient unless it is marked otherwise.
    #[error("{}", innermost(.0))]
    Http(#[from] reqwest::Error),
    /// An answer, but not the one that was asked for.
    #[error("{status}{}", hint(*.retry_after))]
    #[classify(with = by_status)]
    Status {
        /// What the server says.
        status: StatusCode,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// A policy answered instead: a timeout, an open circuit.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

/// 429 is throttled, 5xx is transient, any other status is an answer that another try will not change.
fn by_status(status: StatusCode, retry_after: Option<Duration>) -> Class {
    let class = Class::from_http_status(status.as_u16());
    retry_after.map_or(class, |wait| class.with_retry_after(wait))
}

/// A client for servers on loopback: a proxy in the environment does not concern them.
///
/// # Panics
/// Where the system has no sockets to give.
pub fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client without TLS needs nothing")
}

/// The body of an answer with a status of success.
///
/// # Errors
/// No answer, or one with another status.
pub async fn get(client: &Client, url: &str) -> Result<String, Error> {
    send(client.get(url)).await
}

/// As [`get`], of a request with whatever it needs.
///
/// # Errors
/// No answer, or one with another status.
pub async fn send(request: RequestBuilder) -> Result<String, Error> {
    let response = request.send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response.text().await?);
    }
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| parse_retry_after(value.to_str().ok()?));
    Err(Error::Status { status, retry_after })
}

/// As [`get`], and says on the timeline what came of it.
///
/// # Errors
/// No answer, or one with another status.
pub async fn ask(whom: &str, client: &Client, url: &str) -> Result<String, Error> {
    let answer = get(client, url).await;
    match &answer {
        Ok(_) => say(Tone::Plain, whom, "200 OK"),
        Err(error) => say(Tone::Bad, whom, error),
    }
    answer
}

/// An error of reqwest says which request failed; the last of its causes says why.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(next) = cause.and_then(|cause| cause.source()) {
        cause = Some(next);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

fn hint(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(", Retry-After: {}", wait.as_secs())).unwrap_or_default()
}
