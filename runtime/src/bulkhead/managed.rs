//! A bulkhead as the registry sees it.

use super::settings::{Range, Settings};
use super::word::{MOST_WAITING, Mode};
use super::{Bulkhead, build::INITIAL};
use crate::PolicyKind;
use crate::registry::keys::{self, Key, Overlay};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Trouble, Value};

/// In the order of the docs. `min`, `max` and `initial` are those of `adaptive(..)`.
#[expect(clippy::unit_arg, reason = "an assignment is all there is to do")]
pub(crate) const KEYS: &[Key<Settings>] = &[
    Key {
        name: "max_concurrent",
        get: |settings| (!settings.is_adaptive).then_some(settings.range.max.into()),
        set: |settings, value| {
            if settings.is_adaptive {
                return Err("sets the limit, and this bulkhead is `adaptive`, which finds it; change `min` and `max`"
                    .to_owned());
            }
            let limit = value.count(1, u32::MAX)?;
            settings.range = Range { min: limit, max: limit, initial: limit };
            Ok(())
        },
    },
    Key {
        name: "min",
        get: |settings| settings.is_adaptive.then_some(settings.range.min.into()),
        set: |settings, value| Ok(settings.range.min = settings.adaptive(value)?),
    },
    Key {
        name: "max",
        get: |settings| settings.is_adaptive.then_some(settings.range.max.into()),
        set: |settings, value| Ok(settings.range.max = settings.adaptive(value)?),
    },
    Key {
        name: "initial",
        get: |settings| settings.is_adaptive.then_some(settings.range.initial.into()),
        set: |settings, value| {
            settings.range.initial = settings.adaptive(value)?;
            settings.has_initial = true;
            Ok(())
        },
    },
    Key {
        name: "max_wait",
        get: |settings| Some(Value::of_duration(settings.max_wait)),
        set: |settings, value| Ok(settings.max_wait = value.duration()?),
    },
    Key {
        name: "max_queue",
        get: |settings| (!settings.max_wait.is_zero()).then(|| settings.queue_limit_at(settings.range.max).into()),
        set: |settings, value| Ok(settings.max_queue = Some(value.count(1, MOST_WAITING)?)),
    },
    Key::ENABLED,
    Key::SHADOW,
    Key::CRITICAL,
];

keys::switched!(Settings, common);

impl Settings {
    fn adaptive(&self, value: &Value) -> Result<u32, String> {
        if self.is_adaptive {
            value.count(1, u32::MAX)
        } else {
            Err("is of a bulkhead that is `adaptive`, and this one has a fixed limit; change `max_concurrent`"
                .to_owned())
        }
    }
}

impl Overlay for Settings {
    const KEYS: &'static [Key<Self>] = KEYS;

    fn refuse(&self, is_given: &dyn Fn(&str) -> bool, refuse: &mut dyn FnMut(&'static str, String)) {
        if is_given("max_queue") && self.max_wait.is_zero() && !is_given("max_wait") {
            let message = "`max_queue` needs `max_wait`: how long a call waits, e.g. `max_wait = \"1s\"`";
            refuse("max_queue", message.to_owned());
        }
        let Range { min, max, initial } = self.range;
        if min > max {
            if is_given("max") {
                refuse("max", format!("`max` is below `min`, which is {min}"));
            } else if is_given("min") {
                refuse("min", format!("`min` is above `max`, which is {max}; give `max` too"));
            }
        } else if self.has_initial && initial < min {
            if is_given("initial") {
                refuse("initial", format!("`initial` is below `min`, which is {min}"));
            } else if is_given("min") {
                refuse("min", format!("`min` is above `initial`, which is {initial}; give `initial` too"));
            }
        } else if self.has_initial && initial > max {
            if is_given("initial") {
                refuse("initial", format!("`initial` is above `max`, which is {max}"));
            } else if is_given("max") {
                refuse("max", format!("`max` is below `initial`, which is {initial}; give `initial` too"));
            }
        }
    }

    /// The first limit is the nearest in range where it was not given.
    fn completed(mut self) -> Self {
        if self.is_adaptive && !self.has_initial {
            self.range = Range::new(self.range.min, self.range.max, INITIAL);
        }
        self
    }
}

impl Bulkhead {
    /// Takes over what has been put over the settings of the one it was made of, and what that is forced to do.
    pub(crate) fn follow(&self, template: &Self) {
        if self.over.is_altered() || template.over.is_altered() {
            self.put_over(|| template.over());
        }
        match template.word().mode() {
            Mode::ForcedOpen => self.force_open(),
            Mode::ForcedClosed => self.force_closed(),
            Mode::Limited | Mode::Off => {}
        }
    }

    pub(super) fn over(&self) -> Option<Settings> {
        self.over.over().and_then(|over| over.as_deref().copied())
    }
}

const REJECTED: usize = 0;
const ADMITTED: usize = 1;

impl Bulkhead {
    #[inline]
    pub(super) fn count_admitted(&self) {
        self.totals.count_success(ADMITTED);
    }

    pub(super) fn count_rejected(&self) {
        self.totals.count(REJECTED);
    }
}

/// A limit that grows lets those who wait in at once, one that shrinks lets those who run end; who waits already does so for as
/// long as it was told. An adaptive one keeps what it learnt, within its new range; its settings are `min`, `max` and
/// `initial`. It stays adaptive, as a fixed one stays fixed: the code around the calls is another one.
impl Managed for Bulkhead {
    fn name(&self) -> &'static str {
        self.policy()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::Bulkhead
    }

    fn settings(&self) -> Vec<Setting> {
        keys::settings(KEYS, &self.in_force())
    }

    fn state(&self) -> Option<&'static str> {
        Some(match self.word().mode() {
            Mode::ForcedOpen => "forced_open",
            Mode::ForcedClosed => "forced_closed",
            Mode::Limited | Mode::Off => "limited",
        })
    }

    fn counts(&self) -> Vec<Count> {
        let count = |name, value| Count { name, value };
        [
            count("running", self.running().into()),
            count("waiting", self.waiting().into()),
            count("limit", self.limit().into()),
        ]
        .into_iter()
        .chain(self.totals())
        .collect()
    }

    fn totals(&self) -> Vec<Count> {
        self.totals.counts(&["rejected"], "admitted")
    }

    fn trouble(&self) -> Option<Trouble> {
        if self.is_forced_open() {
            return Some(Trouble::Rejects("is forced open".to_owned()));
        }
        let (running, waiting) = (self.running(), self.waiting());
        let is_limited = self.word().mode() == Mode::Limited && self.in_force().common.may_reject();
        let is_spent = running >= self.limit() && (waiting > 0 || self.in_force().max_wait.is_zero());
        (is_limited && is_spent).then(|| Trouble::Spent(format!("is full: {running} running and {waiting} waiting")))
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
        let settings = keys::overlay(self.settings, over)?;
        Ok(Box::new(move || self.put_over(|| settings)))
    }
}
