//! Policies that are made while the program runs: listed for as long as somebody holds on to that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Managed, Policy};

static MADE: Mutex<Made> = Mutex::new(Made { next: 0, policies: Vec::new() });

struct Made {
    next: u64,
    policies: Vec<(u64, Arc<dyn Managed + Send>)>,
}

/// Lists a policy that was made while the program runs, such as the field of a client, until the value that this gives is
/// dropped. What a [configuration](crate::config) put over its settings is then taken back, unless it is registered once
/// more.
///
/// ```
/// use std::sync::Arc;
/// use steadfast::CircuitBreaker;
/// use steadfast::registry::{self, Registered};
///
/// struct Client {
///     breaker: Arc<CircuitBreaker>,
///     _registered: Registered,
/// }
///
/// let breaker = Arc::new(CircuitBreaker::new().name("eu-west"));
/// let client = Client { _registered: registry::register(breaker.clone()), breaker };
///
/// assert!(registry::find("eu-west")[0].force_open());
/// assert!(client.breaker.is_open());
///
/// drop(client);
/// assert!(registry::find("eu-west").is_empty());
/// ```
pub fn register<P: Managed + Send + 'static>(policy: Arc<P>) -> Registered {
    let policy: Arc<dyn Managed + Send> = policy;
    let mut made = lock();
    let id = made.next;
    made.next += 1;
    made.policies.push((id, Arc::clone(&policy)));
    drop(made);
    Registered {
        id,
        #[cfg(feature = "config")]
        refused: crate::config::apply_to(&*policy).err(),
    }
}

/// A policy is listed while this is there.
#[derive(Debug)]
#[must_use = "the policy is listed only while this is there"]
pub struct Registered {
    id: u64,
    #[cfg(feature = "config")]
    refused: Option<crate::config::ConfigError>,
}

#[cfg(feature = "config")]
impl Registered {
    /// What the [configuration](crate::config) in force says of the policy, and it does not take; then it is as it was made.
    pub fn refused(&self) -> Option<&crate::config::ConfigError> {
        self.refused.as_ref()
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut made = lock();
        let place = made.policies.iter().position(|(id, _)| *id == self.id);
        let policy = place.map(|place| made.policies.remove(place));
        // It may be the last that holds the policy, and that is the user's.
        drop(made);
        #[cfg(feature = "config")]
        if let Some((_, policy)) = &policy {
            let_go(&**policy);
        }
        drop(policy);
    }
}

/// Takes back what a configuration put over the settings of a policy, if that is no longer listed.
#[cfg(feature = "config")]
pub(crate) fn let_go(policy: &dyn Managed) {
    if !is_listed(policy) {
        crate::config::take_back(policy);
        // It may have come again meanwhile.
        if is_listed(policy) {
            let _ = crate::config::apply_to(policy);
        }
    }
}

/// Whether it is, by whatever registration.
#[cfg(feature = "config")]
fn is_listed(policy: &dyn Managed) -> bool {
    lock().policies.iter().any(|(_, other)| core::ptr::addr_eq(Arc::as_ptr(other), policy))
}

pub(crate) fn policies() -> Vec<Policy> {
    lock().policies.iter().map(|(_, policy)| Policy::made(Arc::clone(policy))).collect()
}

/// Nothing of the user's runs under it, so a poisoned one is as good as any.
fn lock() -> MutexGuard<'static, Made> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}
