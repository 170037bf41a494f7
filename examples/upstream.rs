//! An HTTP server on loopback that answers as scripted, so that examples and tests meet true failures: connections
//! that are reset, answers that never come, statuses and headers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The connection is reset: the client sees an error, and no answer.
    Reset,
    /// No answer, ever; the connection stays open.
    Hang,
    /// An answer.
    Answer(Answer),
}

/// An answer that the server gives.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    after: Duration,
}

impl Reply {
    /// An answer with this status; its reason is the body.
    ///
    /// # Panics
    /// Where it is no status: the script is wrong.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status has three digits");
        let body = status.canonical_reason().unwrap_or_default().to_owned();
        Self::Answer(Answer { status, headers: HeaderMap::new(), body, after: Duration::ZERO })
    }

    /// 200 with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::status(200).body(body)
    }

    /// 429 with `Retry-After`, which is in whole seconds: rounded up.
    pub fn throttled(retry_after: Duration) -> Self {
        Self::status(429).retry_after(retry_after)
    }

    /// The same answer with `Retry-After`, which is in whole seconds: rounded up.
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(|answer| {
            answer.headers.insert(header::RETRY_AFTER, seconds.into());
        })
    }

    /// The same answer with a header.
    ///
    /// # Panics
    /// Where the name or the value is none: the script is wrong.
    pub fn header(self, name: &'static str, value: &'static str) -> Self {
        self.with(|answer| {
            answer.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        })
    }

    /// The same answer with this body.
    pub fn body(self, body: impl Into<String>) -> Self {
        self.with(|answer| answer.body = body.into())
    }

    /// The same answer, that much later.
    pub fn after(self, delay: Duration) -> Self {
        self.with(|answer| answer.after = delay)
    }

    /// Changes the answer; a reset and a hang have none.
    fn with(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Self::Answer(answer) = &mut self {
            change(answer);
        }
        self
    }
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET` and so on.
    pub method: Method,
    /// The path, with its query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// When it had been read.
    pub at: Instant,
}

/// The server. Dropped, it is gone with all its connections.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    server: AbortHandle,
}

#[derive(Debug)]
struct Script {
    next: VecDeque<Reply>,
    /// Given again when the script has ended.
    last: Reply,
    requests: Vec<Request>,
}

impl Upstream {
    /// Listens on a free port of 127.0.0.1 and gives these replies, one per request, the last one again and again.
    /// Without any it says 200.
    ///
    /// # Errors
    /// Where the system has no port to give.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let next = replies.into_iter().collect();
        let script = Arc::new(Mutex::new(Script { next, last: Reply::ok(""), requests: Vec::new() }));
        let server = tokio::spawn(serve(listener, script.clone())).abort_handle();
        Ok(Self { address, script, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Replaces what is left of the script.
    pub fn set(&self, replies: impl IntoIterator<Item = Reply>) {
        let replies: VecDeque<_> = replies.into_iter().collect();
        locked(&self.script).next = replies;
    }

    /// Adds a reply to the end of the script.
    pub fn push(&self, reply: Reply) {
        locked(&self.script).next.push_back(reply);
    }

    /// What has come in so far.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.script).requests.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Script {
    fn reply(&mut self, request: Request) -> Reply {
        self.requests.push(request);
        if let Some(reply) = self.next.pop_front() {
            self.last = reply;
        }
        self.last.clone()
    }
}

/// No code of others runs under this lock.
fn locked(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    // Dropped with this task, and aborts every connection then.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, script.clone()));
                }
                // Too many open files, or a client that went away already: neither is a reason to stop.
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, over which many requests may come, one after the other.
async fn converse(stream: TcpStream, script: Arc<Mutex<Script>>) {
    let reset = Notify::new();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let reply = locked(&script).reply(received(&request));
        if matches!(reply, Reply::Reset) {
            reset.notify_one();
        }
        answer(reply)
    });
    let mut connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        () = reset.notified() => false,
        // What goes wrong on a connection is the client's affair.
        _ = &mut connection => true,
    };
    if !ended {
        // Without this, closing it would end it in good order.
        let _ = connection.into_parts().io.inner().set_zero_linger();
    }
}

fn received(request: &hyper::Request<Incoming>) -> Request {
    Request {
        method: request.method().clone(),
        path: request.uri().to_string(),
        headers: request.headers().clone(),
        at: Instant::now(),
    }
}

async fn answer(reply: Reply) -> Result<Response<Body>, Infallible> {
    let Reply::Answer(answer) = reply else { return std::future::pending().await };
    if !answer.after.is_zero() {
        sleep(answer.after).await;
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

#[cfg(test)]
#[path = "upstream_tests.rs"]
mod tests;
