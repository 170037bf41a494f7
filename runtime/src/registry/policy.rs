//! One policy of the list.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::ptr;
use std::sync::Arc;

use super::{Count, Managed, Refusal, Setting, Steer, Trouble, Value};
use crate::PolicyKind;

/// A policy of the program, wherever it is: reads and steers it.
#[derive(Clone)]
pub struct Policy(Source);

#[derive(Clone)]
enum Source {
    /// With where its name stands in a set, if it is a copy of what that declares.
    Static(
        &'static dyn Managed,
        #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "a configuration asks for it"))] &'static str,
    ),
    Made(Arc<dyn Managed + Send>),
}

impl Policy {
    pub(super) fn of_static((policy, set): (&'static dyn Managed, &'static str)) -> Self {
        Self(Source::Static(policy, set))
    }

    pub(super) fn made(policy: Arc<dyn Managed + Send>) -> Self {
        Self(Source::Made(policy))
    }

    /// As its kind is written.
    pub fn managed(&self) -> &dyn Managed {
        match &self.0 {
            Source::Static(policy, _) => *policy,
            Source::Made(policy) => &**policy,
        }
    }

    /// The name given, or the path of the function that the attribute stands on.
    pub fn name(&self) -> &'static str {
        self.managed().name()
    }

    /// Whether the name was given.
    pub fn is_named(&self) -> bool {
        self.managed().is_named()
    }

    /// What kind of policy it is.
    pub fn kind(&self) -> PolicyKind {
        self.managed().kind()
    }

    /// The settings in force, in the order of the docs. One that each call computes is not among them.
    pub fn settings(&self) -> Vec<Setting> {
        self.managed().settings()
    }

    /// One of the settings in force.
    pub fn setting(&self, key: &str) -> Option<Value> {
        self.settings().into_iter().find(|setting| setting.key == key).map(|setting| setting.value)
    }

    /// How it stands, as `closed` or `forced_open`; `None` for a kind that has no state.
    pub fn state(&self) -> Option<&'static str> {
        self.managed().state()
    }

    /// What it has counted.
    pub fn counts(&self) -> Vec<Count> {
        self.managed().counts()
    }

    /// What keeps calls from passing at this moment.
    pub fn trouble(&self) -> Option<Trouble> {
        self.managed().trouble()
    }

    /// Rejects every call from now on; `false` for a kind that cannot.
    pub fn force_open(&self) -> bool {
        self.managed().steer(Steer::ForceOpen)
    }

    /// Lets every call pass from now on; `false` for a kind that cannot.
    pub fn force_closed(&self) -> bool {
        self.managed().steer(Steer::ForceClosed)
    }

    /// Begins anew; `false` for a kind that cannot.
    pub fn reset(&self) -> bool {
        self.managed().steer(Steer::Reset)
    }

    /// Puts settings over those of the attribute, in the place of all that were put over them before; none at all takes
    /// them back. What is refused changes nothing.
    ///
    /// ```
    /// use steadfast::registry::{self, Value};
    ///
    /// #[steadfast::retry(attempts = 3, name = "prices")]
    /// fn price() -> std::io::Result<u32> {
    ///     Ok(7)
    /// }
    ///
    /// let prices = &registry::find("prices")[0];
    /// prices.change(&[("attempts", Value::Integer(5))]).expect("it is in range");
    /// assert_eq!(prices.setting("attempts"), Some(Value::Integer(5)));
    ///
    /// let refused = prices.change(&[("attemps", Value::Integer(7))]).unwrap_err();
    /// assert_eq!(refused[0].key, "attemps");
    /// assert_eq!(prices.setting("attempts"), Some(Value::Integer(5)));
    ///
    /// prices.change(&[]).expect("nothing is left to refuse");
    /// assert_eq!(prices.setting("attempts"), Some(Value::Integer(3)));
    /// ```
    ///
    /// # Errors
    /// Every setting that is unknown, out of range or at odds with another one.
    pub fn change(&self, over: &[(&str, Value)]) -> Result<(), Vec<Refusal>> {
        let change = self.managed().change(over)?;
        change();
        Ok(())
    }

    /// Whether it was made while the program runs.
    #[cfg(feature = "config")]
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.0, Source::Made(_))
    }

    /// The declaration of which this is one copy for each function, if it is one: that of a set.
    #[cfg(feature = "config")]
    pub(crate) fn set(&self) -> Option<&'static str> {
        match self.0 {
            Source::Static(_, set) => Some(set).filter(|set| !set.is_empty()),
            Source::Made(_) => None,
        }
    }

    /// A flag that is not among its settings is as it is by default.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.setting(key) == Some(Value::Flag(true))
    }

    /// Where it is. A policy of another kind at the same place is a part of it.
    fn place(&self) -> (*const (), PolicyKind) {
        (ptr::from_ref(self.managed()).cast(), self.kind())
    }
}

/// The same policy, and not one that is like it.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Policy {}

impl Hash for Policy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.name())
            .field("kind", &self.kind())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
