//! The attributes, and what there is to know of each before its arguments are read.

use syn::Ident;

use crate::args::{Args, bulkhead, circuit_breaker, fallback, hedge, outcome, rate_limit, retry, timeout};
use crate::policy::Policy;
use crate::resilient;

/// An attribute of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Retry,
    CircuitBreaker,
    Bulkhead,
    RateLimit,
    Timeout,
    Hedge,
    Fallback,
    Outcome,
    Resilient,
}

/// Stands in the file of the attribute.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    /// Its own arguments, in the order of the docs.
    pub(crate) arguments: &'static [&'static str],
    /// Those that belong to the policy itself where it is made elsewhere and named by an expression.
    pub(crate) settings: &'static [&'static str],
    /// Whether it asks what a failure is, and so takes filters.
    pub(crate) judges: bool,
    /// Whether it may answer in place of what is beneath it.
    pub(crate) rejects: bool,
    /// Nothing for an attribute that is no policy.
    pub(crate) read: Option<fn(&mut Args<'_>) -> Policy>,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Retry,
        Self::CircuitBreaker,
        Self::Bulkhead,
        Self::RateLimit,
        Self::Timeout,
        Self::Hedge,
        Self::Fallback,
        Self::Outcome,
        Self::Resilient,
    ];

    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Self::Retry => &retry::FACTS,
            Self::CircuitBreaker => &circuit_breaker::FACTS,
            Self::Bulkhead => &bulkhead::FACTS,
            Self::RateLimit => &rate_limit::FACTS,
            Self::Timeout => &timeout::FACTS,
            Self::Hedge => &hedge::FACTS,
            Self::Fallback => &fallback::FACTS,
            Self::Outcome => &outcome::FACTS,
            Self::Resilient => &resilient::FACTS,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.facts().name
    }

    pub(crate) fn of(name: &Ident) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| name == kind.name())
    }

    pub(crate) fn is_policy(self) -> bool {
        self.facts().read.is_some()
    }

    /// Whether it takes an argument of its own of that name.
    pub(crate) fn takes(self, argument: &str) -> bool {
        self.facts().arguments.contains(&argument)
    }

    /// Whether `error` may be given: rejections come from it, or it speaks for those that they come from.
    pub(crate) fn takes_error(self) -> bool {
        self.facts().rejects || self == Self::Outcome
    }

    /// All the arguments that it takes, in the order of the docs.
    pub(crate) fn arguments(self) -> Vec<&'static str> {
        let facts = self.facts();
        let filters: &[&str] = if facts.judges { &["on", "ignore", "when"] } else { &[] };
        let name: &[&str] = if self.is_policy() { &["name"] } else { &[] };
        let flags = self.flags();
        let error: &[&str] = if self.takes_error() { &["error"] } else { &[] };
        [facts.arguments, filters, error, name, flags, &["docs", "crate"]].concat()
    }
}
