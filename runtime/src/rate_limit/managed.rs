//! A rate limit as the registry sees it.

use core::ops::Deref;
use core::time::Duration;
use std::sync::Arc;

use arc_swap::Guard;

use super::RateLimit;
use super::bucket::{Bucket, Settings};
use super::forced::Forced;
use crate::PolicyKind;
use crate::registry::keys::{self, Key, Overlay};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Trouble, Value};

/// In the order of the docs.
#[expect(clippy::unit_arg, reason = "an assignment is all there is to do")]
pub(crate) const KEYS: &[Key<Settings>] = &[
    Key {
        name: "permits",
        get: |settings| Some(settings.permits.max(1).into()),
        set: |settings, value| Ok(settings.permits = value.count(1, u32::MAX)?),
    },
    Key {
        name: "per",
        get: |settings| Some(Value::of_duration(settings.per.max(Duration::from_nanos(1)))),
        set: |settings, value| match value.duration()? {
            Duration::ZERO => Err("takes a duration above zero, e.g. \"1s\"".to_owned()),
            per => Ok(settings.per = per),
        },
    },
    Key {
        name: "burst",
        get: |settings| Some(settings.burst().max(1).into()),
        set: |settings, value| Ok(settings.burst = Some(value.count(1, u32::MAX)?)),
    },
    Key {
        name: "max_wait",
        get: |settings| Some(Value::of_duration(settings.max_wait)),
        set: |settings, value| Ok(settings.max_wait = value.duration()?),
    },
    Key::ENABLED,
    Key::SHADOW,
    Key::CRITICAL,
];

keys::switched!(Settings, common);

impl Overlay for Settings {
    const KEYS: &'static [Key<Self>] = KEYS;

    /// No setting of a rate limit is at odds with another.
    fn refuse(&self, _: &dyn Fn(&str) -> bool, _: &mut dyn FnMut(&'static str, String)) {}
}

/// The bucket in force, kept for as long as somebody looks at it.
pub(super) struct Current<'l> {
    given: &'l Bucket,
    over: Option<Guard<Option<Arc<Bucket>>>>,
}

impl Deref for Current<'_> {
    type Target = Bucket;

    fn deref(&self) -> &Bucket {
        self.over.as_ref().and_then(|over| over.as_deref()).unwrap_or(self.given)
    }
}

impl RateLimit {
    /// The bucket in force. What it says is right as long as its number does not say that it has been replaced.
    pub(super) fn current(&self) -> Current<'_> {
        Current { given: &self.bucket, over: self.over.over() }
    }

    /// Takes over what has been put over the settings of the one it was made of, and what that is forced to do.
    pub(crate) fn follow(&self, template: &Self) {
        if self.over.is_altered() || template.over.is_altered() {
            self.queue.put_over(self, || template.over());
        }
        match template.forced() {
            Some(Forced::Open) => self.force_open(),
            Some(Forced::Closed) => self.force_closed(),
            None | Some(Forced::Off | Forced::Replaced) => {}
        }
    }

    fn over(&self) -> Option<Settings> {
        self.over.over().and_then(|over| over.as_ref().map(|bucket| bucket.settings))
    }
}

const REJECTED: usize = 0;
const ADMITTED: usize = 1;

impl RateLimit {
    #[inline]
    pub(super) fn count_admitted(&self) {
        self.totals.count_success(ADMITTED);
    }

    pub(super) fn count_rejected(&self) {
        self.totals.count(REJECTED);
    }
}

/// With other settings as many permits are taken as before: what is added to a burst is there at once, and a burst that
/// shrinks has lost what is taken of it, which counts again if it grows back before so much has come back. Who waits passes when it was told to, or
/// sooner where the new rate lets it; whoever comes then stands behind all of them and goes by the new rate.
impl Managed for RateLimit {
    fn name(&self) -> &'static str {
        self.policy()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::RateLimit
    }

    fn settings(&self) -> Vec<Setting> {
        keys::settings(KEYS, &self.current().settings)
    }

    fn state(&self) -> Option<&'static str> {
        Some(match self.forced() {
            Some(Forced::Open) => "forced_open",
            Some(Forced::Closed) => "forced_closed",
            None | Some(Forced::Off | Forced::Replaced) => "limited",
        })
    }

    fn counts(&self) -> Vec<Count> {
        let count = |name, value| Count { name, value };
        [count("available", self.available().into()), count("waiting", self.waiting() as u64)]
            .into_iter()
            .chain(self.totals())
            .collect()
    }

    fn totals(&self) -> Vec<Count> {
        self.totals.counts(&["rejected"], "admitted")
    }

    fn trouble(&self) -> Option<Trouble> {
        let Settings { max_wait, common, .. } = self.current().settings;
        match self.forced() {
            Some(Forced::Open) => return Some(Trouble::Rejects("is forced open".to_owned())),
            None if common.may_reject() => {}
            _ => return None,
        }
        let left = self.retry_after()?;
        let waiting = self.waiting();
        (max_wait.is_zero() || waiting > 0)
            .then(|| Trouble::Spent(format!("is spent: the next permit in {left:.1?}, {waiting} waiting")))
    }

    fn steer(&self, steer: Steer) -> bool {
        match steer {
            Steer::ForceOpen => self.force_open(),
            Steer::ForceClosed => self.force_closed(),
            Steer::Reset => self.reset(),
        }
        true
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let settings = keys::overlay(self.bucket.settings, over)?;
        Ok(Box::new(move || self.queue.put_over(self, || settings)))
    }
}
