//! An HTTP server on loopback that answers 429 to whoever asks too often.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// The server. Dropped, it is gone.
#[derive(Debug)]
pub struct Metered {
    address: SocketAddr,
    meter: Arc<Mutex<Meter>>,
    server: AbortHandle,
}

/// The requests of the last second.
#[derive(Debug)]
struct Meter {
    allowed: usize,
    recent: VecDeque<Instant>,
    exceeded: usize,
}

impl Metered {
    /// Listens on a free port of 127.0.0.1, and answers so many requests in any second.
    ///
    /// # Errors
    /// Where the system has no port to give.
    pub async fn start(allowed: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let meter = Arc::new(Mutex::new(Meter { allowed, recent: VecDeque::new(), exceeded: 0 }));
        let counted = meter.clone();
        let app = Router::new().route("/", get(async move || respond(&counted)));
        let server = tokio::spawn(async move { axum::serve(listener, app).await }).abort_handle();
        Ok(Self { address, meter, server })
    }

    /// The address of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests were too many.
    pub fn exceeded(&self) -> usize {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).exceeded
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn respond(meter: &Mutex<Meter>) -> impl IntoResponse + use<> {
    let is_allowed = meter.lock().unwrap_or_else(PoisonError::into_inner).count(Instant::now());
    if is_allowed {
        (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")])
    } else {
        (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")])
    }
}

impl Meter {
    /// Whether one more request is within the rate.
    fn count(&mut self, now: Instant) -> bool {
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= SECOND) {
            self.recent.pop_front();
        }
        let is_allowed = self.recent.len() < self.allowed;
        if is_allowed {
            self.recent.push_back(now);
        } else {
            self.exceeded += 1;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_any_second() {
        let mut meter = Meter { allowed: 2, recent: VecDeque::new(), exceeded: 0 };
        let start = Instant::now();
        let counted = [0, 400, 900, 1000, 1100, 1400].map(|at| meter.count(start + Duration::from_millis(at)));
        assert_eq!(counted, [true, true, false, true, false, true]);
        assert_eq!(meter.exceeded, 2);
    }
}
