//! The upstream: a process that answers as its standard input tells it.

use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::sleep;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// Each tenth answer is a 503.
    Tenth,
    /// All of them are.
    Failing,
    /// An answer takes a second.
    Slow,
    Hanging,
    /// No such process.
    Gone,
}

impl Mood {
    pub(crate) const ALL: [Self; 6] = [Self::Well, Self::Tenth, Self::Failing, Self::Slow, Self::Hanging, Self::Gone];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Tenth => "fails one in ten",
            Self::Failing => "fails",
            Self::Slow => "slow, 1 s",
            Self::Hanging => "hangs",
            Self::Gone => "down",
        }
    }
}

static MOOD: AtomicUsize = AtomicUsize::new(0);
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Takes a line of standard input as its next mood, and says how often it was asked in the one before.
pub(crate) fn run() -> io::Result<()> {
    std::thread::spawn(|| {
        for line in io::stdin().lines().map_while(Result::ok) {
            if let Some(mood) = Mood::ALL.iter().position(|mood| mood.name() == line) {
                MOOD.store(mood, Relaxed);
            }
            println!("{}", ASKED.swap(0, Relaxed));
        }
    });
    crate::serve(Router::new().route("/data", get(data)))
}

async fn data() -> (StatusCode, &'static str) {
    let asked = ASKED.fetch_add(1, Relaxed);
    match Mood::ALL[MOOD.load(Relaxed)] {
        Mood::Tenth if asked.is_multiple_of(10) => (StatusCode::SERVICE_UNAVAILABLE, "not now"),
        Mood::Well | Mood::Tenth | Mood::Gone => (StatusCode::OK, "all is well"),
        Mood::Failing => (StatusCode::SERVICE_UNAVAILABLE, "not now"),
        Mood::Slow => {
            sleep(Duration::from_secs(1)).await;
            (StatusCode::OK, "at last")
        }
        Mood::Hanging => pending().await,
    }
}
