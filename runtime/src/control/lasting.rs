//! What lasts of a policy that may be a value of each call.

use super::Control;
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Refusal, Setting, Value};
use crate::tally::Totals;

/// As many as a retry has, which counts the most.
pub(crate) const COUNTS: usize = 14;

/// What a [`Retry`](crate::Retry), [`Timeout`](crate::Timeout) or [`Hedge`](crate::Hedge) needs to be changed while the
/// program runs: these are values, copied and made anew by each call, and this is what lasts of them. It stands in a
/// `static` of its own, and the policy is told of it by `controlled`, at best where that stands in a `static` as well.
///
/// ```
/// use steadfast::Retry;
/// use steadfast::registry::{Managed, RetryControl, Value};
///
/// static CONTROL: RetryControl = RetryControl::new();
/// static RETRY: Retry = Retry::new().name("payments").controlled(&CONTROL);
///
/// let change = RETRY.change(&[("attempts", Value::Integer(1))]).expect("it is in range");
/// change();
/// let calls = std::cell::Cell::new(0);
/// let paid = RETRY.call_blocking(|| {
///     calls.set(calls.get() + 1);
///     Err::<(), _>(std::io::Error::other("connection lost"))
/// });
/// assert_eq!((paid.is_err(), calls.get()), (true, 1));
/// ```
#[derive(Debug)]
pub struct PolicyControl<P: 'static> {
    over: Control<P>,
    totals: Totals<COUNTS>,
    #[cfg(feature = "metrics")]
    durations: crate::metrics::Durations,
    varying: &'static [&'static str],
}

impl<P: 'static> PolicyControl<P> {
    /// Nothing is put over the settings, and nothing was counted.
    #[expect(clippy::new_without_default, reason = "for a static")]
    pub const fn new() -> Self {
        Self {
            over: Control::new(),
            totals: Totals::new(),
            varying: &[],
            #[cfg(feature = "metrics")]
            durations: crate::metrics::Durations::new(),
        }
    }

    /// Names the settings that are of each call its own, so that those of the policy in the registry say nothing. They
    /// are shown, and at odds with others, only where something is put over them.
    #[doc(hidden)]
    pub const fn varying(mut self, keys: &'static [&'static str]) -> Self {
        self.varying = keys;
        self
    }

    /// Whether anything is put over the settings.
    #[inline]
    pub(crate) fn is_altered(&self) -> bool {
        self.over.is_altered()
    }

    /// Where the durations of calls go.
    #[cfg(feature = "metrics")]
    pub(crate) const fn durations(&self) -> &crate::metrics::Durations {
        &self.durations
    }

    /// What has been counted.
    #[inline]
    pub(crate) const fn totals(&self) -> &Totals<COUNTS> {
        &self.totals
    }
}

impl<P: Copy + 'static> PolicyControl<P> {
    /// What is put over the settings.
    #[inline]
    pub(crate) fn over(&self) -> Option<P> {
        self.over.over().and_then(|over| over.as_deref().copied())
    }
}

/// A part of the settings of a kind, of which anything may be missing.
pub(crate) trait Part: Copy + Default + Send + Sync + 'static {
    /// All there are.
    const KEYS: &'static [Key<Self>];

    /// With what is missing as it is in another one.
    fn or(self, other: Self) -> Self;

    /// Without a setting.
    fn without(self, key: &str) -> Self;

    /// What is at odds in `all`, of which `self` is what was put over.
    fn check(&self, _all: &Self) -> Vec<Refusal> {
        Vec::new()
    }
}

/// A policy that may be a value of each call.
pub(crate) trait Steered {
    type Part: Part;

    fn control(&self) -> Option<&'static PolicyControl<Self::Part>>;

    /// Its own settings, defaults included.
    fn own(&self) -> Self::Part;

    /// Its own settings that are the same for all calls.
    fn known(&self) -> Self::Part {
        let varying = self.control().map_or(&[][..], |control| control.varying);
        varying.iter().fold(self.own(), |own, key| own.without(key))
    }

    fn shown(&self) -> Vec<Setting> {
        let over = self.control().and_then(PolicyControl::over).unwrap_or_default();
        keys::settings(Self::Part::KEYS, &over.or(self.known()))
    }

    fn changed(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let part = keys::over(Self::Part::KEYS, Self::Part::default(), over)?;
        let refusals = part.check(&part.or(self.known()));
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let part = (!over.is_empty()).then_some(part);
        match (self.control(), part) {
            (Some(control), part) => Ok(Box::new(move || control.over.set(part))),
            (None, None) => Ok(Box::new(|| ())),
            (None, Some(_)) => Err(over.iter().map(|(key, _)| unsteered(key)).collect()),
        }
    }
}

fn unsteered(key: &str) -> Refusal {
    let message = format!("`{key}` can only be changed of a policy with `.controlled(&CONTROL)`");
    Refusal { key: key.to_owned(), message }
}
