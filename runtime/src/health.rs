//! Whether the program can do its work, as far as its policies tell. With the feature `registry`.
//!
//! A policy that is marked as `critical` guards what the program cannot do without:
//!
//! ```
//! use steadfast::circuit_breaker;
//! use steadfast::health::{Status, health};
//!
//! #[circuit_breaker(name = "database", critical = true)]
//! async fn query() -> std::io::Result<u32> {
//!     Ok(7)
//! }
//!
//! #[circuit_breaker(name = "pictures")]
//! async fn picture() -> std::io::Result<u32> {
//!     Ok(7)
//! }
//!
//! let force_open = |name: &str| steadfast::registry::find(name)[0].force_open();
//! assert_eq!(health().status, Status::Up);
//!
//! force_open("pictures");
//! let degraded = health();
//! assert!(degraded.is_ready());
//! assert_eq!(degraded.to_string(), "degraded: circuit_breaker `pictures` is forced open");
//!
//! force_open("database");
//! let down = health();
//! assert_eq!((down.status, down.http_status()), (Status::Down, 503));
//! ```
//!
//! | how a policy stands | `critical` | otherwise |
//! | --- | --- | --- |
//! | it rejects every call: an open circuit, forced open | down | degraded |
//! | it is spent: all places or permits are taken, and it rejects what comes beyond | degraded | degraded |
//! | it recovers: half-open, or open and about to let a probe pass | degraded | up |
//! | it lets calls pass, is switched off, or in shadow | up | up |
//!
//! What is spent is so for the load on it, and a program that is called down for that leaves its load to others, who are
//! spent next. What recovers needs calls to recover by, which a program that is down does not get; so an open circuit
//! counts as down only until its time is over. One policy for each key is degraded at most, unless it is forced open
//! for all keys: a host that is down is not all hosts, and to reject who asks too often is what a limit per key is for.
//!
//! What is switched off or in shadow rejects calls all the same where it is forced open, and counts then.
//!
//! Retries, timeouts, hedges and fallbacks stand the same at all times, so that they do not count here.

use core::cmp::Reverse;
use core::fmt;

use crate::PolicyKind;
use crate::registry::{Policy, Trouble, policies};

/// Whether the program can do its work, and what keeps it from that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The worst of the reasons.
    pub status: Status,
    /// What is wrong, the worst first, then by name; empty where all is well.
    pub reasons: Vec<Reason>,
}

/// How well the program can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing speaks against it.
    Up,
    /// It works, but not all of it, or not for all.
    Degraded,
    /// What it cannot do without is not there.
    Down,
}

/// A policy that keeps calls from passing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The name of the policy.
    pub policy: &'static str,
    /// Its kind.
    pub kind: PolicyKind,
    /// Whether it is marked as critical.
    pub is_critical: bool,
    /// What it makes of the status.
    pub status: Status,
    /// How it stands, in words: `is open`.
    pub why: String,
}

/// How well the program can do its work, by the policies that it has at this moment: see [the table](mod@crate::health).
///
/// It is cheap enough for every probe: each policy is asked once, under no lock of ours.
pub fn health() -> Health {
    Health::of(&policies())
}

impl Health {
    pub(crate) fn of(policies: &[Policy]) -> Self {
        let mut reasons: Vec<Reason> = policies.iter().filter_map(reason).collect();
        // Stable, so that names stay in order.
        reasons.sort_by_key(|reason| Reverse(reason.status));
        Self { status: reasons.first().map_or(Status::Up, |worst| worst.status), reasons }
    }

    /// Whether calls should come here: for a readiness probe. Degraded is ready.
    pub fn is_ready(&self) -> bool {
        self.status != Status::Down
    }

    /// What a readiness probe answers with: 200, or 503 where it is down.
    pub fn http_status(&self) -> u16 {
        if self.is_ready() { 200 } else { 503 }
    }
}

fn reason(policy: &Policy) -> Option<Reason> {
    let trouble = policy.trouble()?;
    let is_critical = policy.flag("critical");
    let (status, why) = match (trouble, is_critical) {
        (Trouble::Rejects(why), true) => (Status::Down, why),
        (Trouble::Rejects(why), false) | (Trouble::Spent(why), _) | (Trouble::Recovers(why), true) => {
            (Status::Degraded, why)
        }
        (Trouble::Recovers(_), false) => return None,
    };
    Some(Reason { policy: policy.name(), kind: policy.kind(), is_critical, status, why })
}

impl Status {
    /// `up`, `degraded` or `down`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` {}", self.kind, self.policy, self.why)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)?;
        for (index, reason) in self.reasons.iter().enumerate() {
            let before = if index == 0 { ": " } else { "; " };
            write!(f, "{before}{reason}")?;
        }
        Ok(())
    }
}
