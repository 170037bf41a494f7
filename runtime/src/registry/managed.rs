//! What the registry asks of a policy, whatever its kind.

use super::Value;
use crate::PolicyKind;

/// A setting in force.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// As the argument of the attribute is called.
    pub key: &'static str,
    /// Its value.
    pub value: Value,
}

/// Something that a policy has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// What was counted: `running`, `rejected`.
    pub name: &'static str,
    /// How many.
    pub value: u64,
}

/// What is done to a policy by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Steer {
    /// Rejects every call.
    ForceOpen,
    /// Lets every call pass.
    ForceClosed,
    /// Begins anew.
    Reset,
}

/// A setting that a policy does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The key, as it was given.
    pub key: String,
    /// What is wrong with it, and what to write instead: lower case, no full stop.
    pub message: String,
}

/// What keeps calls from passing, for [`health`](fn@crate::health).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// It rejects every call.
    Rejects(String),
    /// As many calls pass as it allows at this moment, and it rejects what comes beyond.
    Spent(String),
    /// It finds out whether calls can pass again.
    Recovers(String),
}

/// Puts settings that were found good in force. It cannot fail.
pub type Change<'p> = Box<dyn FnOnce() + Send + 'p>;

/// A policy as the registry sees it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy",
    label = "expected a policy of `steadfast`",
    note = "of a reference to one, or a `LazyLock`, say `register!(*NAME)`"
)]
pub trait Managed: Sync {
    /// The name given, or the path of the function that the attribute stands on.
    fn name(&self) -> &'static str;

    /// Whether the name was given, so that a configuration can address it.
    fn is_named(&self) -> bool;

    /// What kind of policy it is.
    fn kind(&self) -> PolicyKind;

    /// The settings in force, `enabled`, `shadow` and `critical` included, in the order of the docs.
    fn settings(&self) -> Vec<Setting>;

    /// How it stands, in the words of the field: `closed`, `open`, `half_open`, `forced_open`, `forced_closed`. A bulkhead
    /// and a rate limit are `limited` while nobody forces them. `None` for a kind that has no state, and for a policy per key,
    /// unless it is forced for all keys.
    fn state(&self) -> Option<&'static str> {
        None
    }

    /// What it has counted.
    fn counts(&self) -> Vec<Count>;

    /// What keeps calls from passing at this moment; nothing where it is switched off or in shadow, unless it is forced.
    fn trouble(&self) -> Option<Trouble> {
        None
    }

    /// Whether it stays as it is, whatever is asked of it: a value of which nothing lasts.
    #[doc(hidden)]
    fn is_fixed(&self) -> bool {
        false
    }

    /// Those of the counts that all keys of a policy share.
    #[doc(hidden)]
    fn totals(&self) -> Vec<Count> {
        Vec::new()
    }

    /// Steers it by hand; `false` for a kind that cannot be steered so.
    fn steer(&self, _steer: Steer) -> bool {
        false
    }

    /// Checks settings that are to be put over those of the attribute, in the place of all that were put over them
    /// before; none at all takes them back. Nothing changes before the [`Change`] is called.
    ///
    /// # Errors
    /// Every setting that is unknown, out of range or at odds with another one, as strictly as the attributes are.
    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>>;
}
