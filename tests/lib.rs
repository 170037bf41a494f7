//! What the tests share: an error of every class, bodies that follow a script, and a way to spell what calls do.

use std::fmt;
use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast::{Class, Classify, Rejection};
use tokio::time::{Instant, sleep};

/// An error that says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Transient.
    Failed,
    /// Transient, and told apart by patterns.
    Io,
    /// Transient, with a hint.
    After(Duration),
    /// Throttled, perhaps with a hint.
    Throttled(Option<Duration>),
    /// Permanent.
    Permanent,
    /// Neutral.
    Neutral,
    /// A policy answered; it classifies itself.
    Rejected(Rejection),
    /// What `error = F` made of a rejection; transient.
    Mapped(&'static str),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match *self {
            Self::Failed | Self::Io | Self::Mapped(_) => Class::TRANSIENT,
            Self::After(wait) => Class::TRANSIENT.with_retry_after(wait),
            Self::Throttled(retry_after) => Class::Throttled { retry_after },
            Self::Permanent => Class::Permanent,
            Self::Neutral => Class::Neutral,
            Self::Rejected(rejection) => rejection.class(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The rejection that it holds.
    ///
    /// # Panics
    /// If it is another error.
    pub fn rejection(self) -> Rejection {
        match self {
            Self::Rejected(rejection) => rejection,
            other => panic!("not a rejection: {other:?}"),
        }
    }
}

/// Whether it is the one that the set [`across`] retries.
#[must_use]
pub const fn is_io(error: &Error) -> bool {
    matches!(error, Error::Io)
}

steadfast::policies! {
    /// A set that other crates use: a path leads back here.
    pub across: [
        retry(attempts = 2, backoff = none, when = $crate::is_io),
        circuit_breaker(failure_threshold = 3, when = $crate::is_io),
    ]
}

/// What scripted bodies return: the number of the run, from 1, or an error.
pub type Answer = Result<u32, Error>;

/// The letter of an outcome, the same that makes a scripted body come to it, but for the rejections: `R` an open
/// circuit, `T` a timeout.
pub fn letter(answer: &Answer) -> char {
    match answer {
        Ok(_) => 'S',
        Err(Error::Failed | Error::After(_)) => 'F',
        Err(Error::Io) => 'I',
        Err(Error::Throttled(_)) => 'L',
        Err(Error::Permanent) => 'P',
        Err(Error::Neutral) => 'N',
        Err(Error::Rejected(rejection)) if rejection.is_circuit_open() => 'R',
        Err(Error::Rejected(rejection)) if rejection.is_timeout() => 'T',
        Err(Error::Rejected(_) | Error::Mapped(_)) => '?',
    }
}

/// What a body does each time it runs, one letter each; the last is repeated.
///
/// `S` succeeds, `F` fails, `I`, `L`, `P` and `N` give the errors with those letters, `T` hangs until somebody drops
/// it. `s` and `f` are the same as `S` and `F` after a second.
#[derive(Debug)]
pub struct Script {
    letters: Vec<char>,
    began: Instant,
    runs: Mutex<Vec<Duration>>,
}

impl Script {
    /// # Panics
    /// If there is no letter.
    pub fn new(letters: &str) -> Self {
        let letters: Vec<char> = letters.chars().filter(char::is_ascii_alphabetic).collect();
        assert!(!letters.is_empty(), "an empty script");
        Self { letters, began: Instant::now(), runs: Mutex::default() }
    }

    /// How often the body ran.
    ///
    /// # Panics
    /// Not in practice.
    pub fn runs(&self) -> usize {
        self.runs.lock().expect("nobody panics with it").len()
    }

    /// When each run began.
    ///
    /// # Panics
    /// Not in practice.
    pub fn times(&self) -> Vec<Duration> {
        self.runs.lock().expect("nobody panics with it").clone()
    }

    /// The time from the beginning of each run to the next.
    pub fn delays(&self) -> Vec<Duration> {
        self.times().windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
    }

    /// The time since the script was made.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn begin(&self) -> (char, u32) {
        let mut runs = self.runs.lock().expect("nobody panics with it");
        let letter = self.letters[runs.len().min(self.letters.len() - 1)];
        runs.push(self.began.elapsed());
        (letter, u32::try_from(runs.len()).expect("a short script"))
    }

    /// A run of the body.
    ///
    /// # Errors
    /// As the script says.
    pub async fn run(&self) -> Answer {
        let (letter, run) = self.begin();
        match letter {
            'T' => pending().await,
            's' | 'f' => sleep(SLOW).await,
            _ => {}
        }
        outcome(letter, run)
    }

    /// A run of a sync body, which moves the paused clock on where it is slow.
    ///
    /// # Errors
    /// As the script says.
    pub fn run_blocking(&self) -> Answer {
        let (letter, run) = self.begin();
        if letter.is_ascii_lowercase() {
            pass(SLOW);
        }
        outcome(letter, run)
    }
}

/// How long the slow letters take.
pub const SLOW: Duration = Duration::from_secs(1);

fn outcome(letter: char, run: u32) -> Answer {
    match letter.to_ascii_uppercase() {
        'S' => Ok(run),
        'F' => Err(Error::Failed),
        'I' => Err(Error::Io),
        'L' => Err(Error::Throttled(None)),
        'P' => Err(Error::Permanent),
        'N' => Err(Error::Neutral),
        other => panic!("no body does `{other}`"),
    }
}

/// Moves the paused clock on, from code that cannot wait.
pub fn pass(duration: Duration) {
    // The clock moves in the first poll; what follows only lets other tasks run.
    let _ = pin!(tokio::time::advance(duration)).poll(&mut Context::from_waker(Waker::noop()));
}

/// Calls `call` once for each letter of `calls`, and checks that it comes to that letter. `<250>` lets so many
/// milliseconds pass. Bodies do what the letters say, except where `R` stands: there they must not run.
///
/// # Panics
/// If a call comes to something else, or a body runs that should not or the other way round.
pub async fn drive(calls: &str, call: impl AsyncFn(&Script) -> Answer) {
    let mut bodies = calls.to_owned();
    while let Some((start, end)) = bodies.find('<').zip(bodies.find('>')) {
        bodies.replace_range(start..=end, "");
    }
    let script = Script::new(&bodies.replace('R', ""));
    let mut done = String::new();
    let mut rest = calls;
    while let Some(next) = rest.chars().next() {
        rest = &rest[1..];
        done.push(next);
        match next {
            ' ' => {}
            '<' => {
                let (millis, after) = rest.split_once('>').expect("a `>`");
                pass(Duration::from_millis(millis.parse().expect("milliseconds")));
                rest = after;
            }
            expected => {
                let runs = script.runs();
                let came_to = letter(&call(&script).await);
                assert_eq!(came_to, expected.to_ascii_uppercase(), "in `{calls}` after `{done}`");
                assert_eq!(script.runs() - runs, usize::from(expected != 'R'), "runs in `{calls}` after `{done}`");
            }
        }
    }
}

/// Drives a function with these attributes, async and sync (or one of the two), through each of some lists of calls.
/// Every time it is another function, with policies of its own.
///
/// ```text
/// drive!(#[circuit_breaker(failure_threshold = 2)] => "FFR", "FSFSS");
/// drive!(async #[timeout("1s")] #[circuit_breaker] => "TTTTTR");
/// ```
#[macro_export]
macro_rules! drive {
    (async $(#[$($attribute:tt)*])* => $($calls:expr),+) => {
        $crate::drive!(@async [$(#[$($attribute)*])*] $($calls),+)
    };
    (sync $(#[$($attribute:tt)*])* => $($calls:expr),+) => {
        $crate::drive!(@sync [$(#[$($attribute)*])*] $($calls),+)
    };
    ($(#[$($attribute:tt)*])* => $($calls:expr),+) => {{
        $crate::drive!(@async [$(#[$($attribute)*])*] $($calls),+);
        $crate::drive!(@sync [$(#[$($attribute)*])*] $($calls),+);
    }};
    (@one async [$($attributes:tt)*] $calls:expr) => {{
        $($attributes)*
        async fn call(script: &$crate::Script) -> $crate::Answer {
            script.run().await
        }
        $crate::drive($calls, call).await;
    }};
    (@one sync [$($attributes:tt)*] $calls:expr) => {{
        $($attributes)*
        fn call(script: &$crate::Script) -> $crate::Answer {
            script.run_blocking()
        }
        $crate::drive($calls, async |script| call(script)).await;
    }};
    (@$colour:ident $attributes:tt $($calls:expr),+) => {{
        $($crate::drive!(@one $colour $attributes $calls);)+
    }};
}

/// One poll, as a caller gives who then does something else.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// Functions that must be public for their lints to fire.
#[path = "lints/public.rs"]
pub mod public;
