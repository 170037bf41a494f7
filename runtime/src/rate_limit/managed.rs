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
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Value};

/// In the order of the docs.
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
            Duration::ZERO => Err("is longer than nothing, e.g. `per = \"1s\"`".to_owned()),
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
    Key {
        name: "enabled",
        get: |settings| Some(settings.common.enabled.into()),
        set: |settings, value| Ok(settings.common.enabled = value.flag()?),
    },
    Key {
        name: "shadow",
        get: |settings| Some(settings.common.shadow.into()),
        set: |settings, value| Ok(settings.common.shadow = value.flag()?),
    },
    Key {
        name: "critical",
        get: |settings| Some(settings.common.critical.into()),
        set: |settings, value| Ok(settings.common.critical = value.flag()?),
    },
];

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

    /// Has the settings of another one of which it was made.
    pub(crate) fn follow(&self, template: &Self) {
        self.queue.put_over(self, || template.over());
    }

    fn over(&self) -> Option<Settings> {
        self.over.over().and_then(|over| over.as_ref().map(|bucket| bucket.settings))
    }
}

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
        vec![
            count("available", self.available().into()),
            count("waiting", self.waiting() as u64),
            count("rejected", self.rejected()),
        ]
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
