//! Settings from a TOML file and from environment variables, over those of the attributes.
//!
//! The settings of an attribute are its defaults. A [`Config`] puts others over them, when the program starts and again
//! whenever it is told to; what it does not speak of stays, or becomes again, as the attribute has it.
//!
//! ```toml
//! # steadfast.toml
//! enabled = true                  # the kill switch: with false nothing is on but fallbacks
//!
//! [retry]                         # every retry of the program
//! attempts = 4
//!
//! [payments]                      # every policy named "payments"
//! critical = true
//!
//! [payments.retry]                # the retry named "payments"
//! attempts = 5
//! backoff = "exponential(200ms, factor = 2.0)"
//!
//! [payments.circuit_breaker]
//! shadow = true                   # decides and reports, but lets calls pass
//! ```
//!
//! ```
//! use steadfast::config::Config;
//!
//! fn main() -> Result<(), steadfast::config::ConfigError> {
//!     let config = Config::new().optional_file("steadfast.toml").env();
//!     println!("{}", config.load()?);     // retry `payments`: attempts is 5, was 3
//!
//!     // After a SIGHUP, or whenever it may have changed:
//!     if let Err(error) = config.load() {
//!         eprintln!("the settings stay as they are:\n{error}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Which setting is taken
//!
//! For each key of each policy the first of these:
//!
//! | | TOML | environment | for |
//! | --- | --- | --- | --- |
//! | 1 | `enabled = false` | `STEADFAST__ENABLED=false` | all policies but fallbacks: the kill switch |
//! | 2 | `[payments.retry]` | `STEADFAST__PAYMENTS__RETRY__ATTEMPTS=5` | the retry of that name |
//! | 3 | `[payments]` | `STEADFAST__PAYMENTS__ENABLED=false` | all policies of that name; `enabled`, `shadow` and `critical` alone |
//! | 4 | `[retry]` | `STEADFAST__RETRY__ATTEMPTS=4` | every retry, with a name or without |
//! | 5 | `shadow = true` at the top | `STEADFAST__SHADOW=true` | all policies; the same three alone |
//! | 6 | | | the attribute |
//!
//! Where two sources say the same at the same level, the one that was added last is taken. `failure_threshold` and
//! `failure_rate` are two ways to say one thing, so that the nearer or later takes the place of the other. In 3 and 5 a setting is for the
//! policies that have it: `shadow` is one of those that reject. In 4 it is for every policy of the kind, and refused, with its
//! name, where one can't have it: a `limit` for all timeouts, of which one is a percentile.
//!
//! The kinds and their keys, besides `enabled` and `critical`, which all have:
//!
//! | kind | keys |
//! | --- | --- |
//! | [`retry`](macro@crate::retry) | `attempts` `backoff` `jitter` `max_delay` `max_duration` `rejections` `nested` |
//! | [`retry_budget`](crate::RetryBudget) | `ratio` `min_per_second` `window` |
//! | [`circuit_breaker`](macro@crate::circuit_breaker) | `failure_threshold` `failure_rate` `window` `min_calls` `slow_call` `slow_call_rate` `reset_timeout` `max_reset_timeout` `success_threshold` `max_probes` `probe_timeout` `abandoned` `shadow` |
//! | [`bulkhead`](macro@crate::bulkhead) | `max_concurrent`, or `min` `max` `initial` of an adaptive one; `max_wait` `max_queue` `shadow` |
//! | [`rate_limit`](macro@crate::rate_limit) | `permits` `per` `burst` `max_wait` `shadow` |
//! | [`timeout`](macro@crate::timeout) | `limit`, or `share` `factor` `min` `max` `window` `min_calls` of a percentile |
//! | [`hedge`](macro@crate::hedge) | `after` `attempts` |
//! | [`fallback`](macro@crate::fallback) | `stale` `max_keys` of one that answers with the last success |
//!
//! They are called as in the attribute, and so are their values written: durations as `"250ms"`, a backoff as
//! `"exponential(100ms, factor = 2.0)"`. What stands there without a name has one here: `limit`, and `share` of
//! `percentile(0.99)`.
//!
//! A name is one that was given, `#[retry(name = "payments")]`. The name alone must tell which policy is meant: where a
//! function has two timeouts named `payments`, `[payments.timeout]` is refused, and one of them needs another name. A name
//! that policies have which were [registered](crate::registry::register) at run time, or that is announced by
//! [`later`](Config::later), means all who have it, as one for each tenant; so
//! does that of a retry, timeout, hedge or fallback in a set of [`policies!`](crate::policies), of which each function has its own.
//!
//! In a variable words are divided by two underscores and told apart without case; each character of a name that is no
//! letter or digit is an underscore there, so that `payments-eu` is `PAYMENTS_EU`. A variable that can mean two policies is
//! refused. Its value is a flag, a number or a text, as it looks.
//!
//! # Mistakes
//!
//! A configuration is checked as strictly as an attribute, and as a whole: unknown names and keys, values that a policy
//! does not take, and settings that do not go together. All mistakes are reported at once, with key and line, and then
//! nothing changes; see [`ConfigError`]. A value that is nowhere in force, since a nearer one is for every policy, is not
//! looked at; nor are those of a kind that the program has no policy of, but their keys are.
//! A variable of one underscore that looks as though it was meant, `STEADFAST_ENABLED=false`, is a mistake, too.
//! [`Config::check`] only checks, as in a test of the file that goes to production.
//!
//! # While the program runs
//!
//! A change is in force for the next call, which sees all of it or nothing; a call takes no lock for it. Policies keep their
//! state: a breaker stays open, a bulkhead keeps its calls. What somebody forces, as by
//! [`force_open`](crate::registry::Policy::force_open), stays in force whatever `enabled` and the kill switch say, until it is
//! reset. A load takes the place of what was put over the settings by
//! hand, with [`Policy::change`](crate::registry::Policy::change); `change(&[])` takes that back before. A policy that is
//! [registered](crate::registry::register) at run time gets its settings then, also while a load is under way. No lock is held
//! while policies change. So while two threads load at once, a policy may for a moment have what the earlier one says, and
//! for longer where a listener of that policy waits; when both have ended it is the later one. `Config::watch` (feature `watch`) loads again whenever
//! a file changes.
//!
//! # What the crates do
//!
//! [`config`](https://docs.rs/config) puts the layers over each other and keeps the origin of every value. Its own sources are
//! not used, since they lose where a value comes from: that of a file knows the file but no line, and that of the
//! environment calls itself "the environment", skips names that are not UTF-8, and takes words apart without knowing the
//! names of policies. So files are read with [`toml`](https://docs.rs/toml), which has the place of every key, and variables here.

mod applied;
mod entries;
mod environment;
mod error;
mod known;
mod resolve;
mod samples;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod turn;
#[cfg(feature = "watch")]
mod watch;

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;

pub use self::applied::{Applied, Changed};
pub use self::error::{ConfigError, Mistake};
#[cfg(feature = "watch")]
pub use self::watch::Watch;

use self::entries::Entry;
use self::known::{Known, Many};
use self::source::Source;
use self::turn::{InForce, Turn};
use crate::registry::{self, Change, Managed, Policy};

static IN_FORCE: InForce = InForce::new();

/// Where settings come from. What comes later goes over what comes before.
///
/// There is one configuration in force in a program: loading another one takes the first one back.
#[derive(Debug, Clone, Default)]
pub struct Config {
    sources: Vec<Source>,
    later: Vec<String>,
}

impl Config {
    /// A configuration that says nothing. Loaded, it takes everything back to what the attributes say.
    #[must_use]
    pub const fn new() -> Self {
        Self { sources: Vec::new(), later: Vec::new() }
    }

    /// Adds a TOML file, which must be there. It is read by each [`load`](Self::load).
    #[must_use]
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        self.source(Source::File { path: path.into(), optional: false })
    }

    /// Adds a TOML file, if it is there.
    #[must_use]
    pub fn optional_file(self, path: impl Into<PathBuf>) -> Self {
        self.source(Source::File { path: path.into(), optional: true })
    }

    /// Adds TOML text: defaults that come with the program, or a configuration that came over the network.
    ///
    /// ```
    /// # use steadfast::config::Config;
    /// let config = Config::new().toml("[retry]\nattempts = 4").optional_file("steadfast.toml").env();
    /// ```
    #[must_use]
    pub fn toml(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.source(Source::Text(text.into()))
    }

    /// Adds the environment variables that begin with `STEADFAST__`.
    #[must_use]
    pub fn env(self) -> Self {
        self.source(Source::Environment)
    }

    /// Adds variables that are not in the environment, named in the same way: for tests, or from a `.env` file.
    ///
    /// ```
    /// # use steadfast::config::Config;
    /// let config = Config::new().variables([("STEADFAST__ENABLED", "false")]);
    /// # assert!(config.check().is_ok());
    /// ```
    #[must_use]
    pub fn variables<K, V>(self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        self.source(Source::Variables(variables))
    }

    /// Names of policies that come later or go again, which are no mistake while nothing has them: those that are
    /// registered at run time. What is said of them is checked when they come: see
    /// [`Registered::refused`](crate::registry::Registered::refused).
    ///
    /// ```
    /// # use steadfast::config::Config;
    /// let config = Config::new().toml("[tenant_eu.rate_limit]\npermits = 50").later(["tenant_eu"]);
    /// assert!(config.check().is_ok());
    /// ```
    #[must_use]
    pub fn later<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.later.extend(names.into_iter().map(Into::into));
        self
    }

    /// Reads all sources and puts what they say over the settings of the attributes, in the place of what was loaded before.
    /// Called again it reads them anew. It reads files, so it blocks. Where several threads load at once, that which comes last
    /// is in force when all have ended: none waits for another, so that who hears of a change may register policies and
    /// wait for threads that load. Only to load within a load of the same thread is refused.
    ///
    /// # Errors
    /// All mistakes. Everything stays as it is then.
    #[doc(alias = "reload")]
    #[doc(alias = "apply")]
    pub fn load(&self) -> Result<Applied, ConfigError> {
        let _turn = Turn::take()?;
        let policies = registry::policies();
        let managed: Vec<&dyn Managed> = policies.iter().map(Policy::managed).collect();
        let applied = self.load_over(&managed, &known::many(&policies), &IN_FORCE)?;
        let made = registry::made_policies();
        // Who came meanwhile may have taken what was in force before, and who went may have got this when it was gone.
        for come in made.iter().filter(|policy| !policies.contains(policy)) {
            let _ = apply_to(come.managed());
        }
        for gone in policies.iter().filter(|policy| policy.is_made()) {
            registry::let_go(gone.managed());
        }
        Ok(applied)
    }

    /// Checks all that [`load`](Self::load) would, and changes nothing.
    ///
    /// ```no_run
    /// # use steadfast::config::Config;
    /// // In a test of the program:
    /// let production = Config::new().file("deploy/production.toml").check();
    /// assert!(production.is_ok(), "{}", production.unwrap_err());
    /// ```
    ///
    /// # Errors
    /// All mistakes.
    pub fn check(&self) -> Result<(), ConfigError> {
        let policies = registry::policies();
        let managed: Vec<&dyn Managed> = policies.iter().map(Policy::managed).collect();
        self.plan(&managed, &known::many(&policies)).map(drop)
    }

    fn load_over(&self, policies: &[&dyn Managed], many: &Many, in_force: &InForce) -> Result<Applied, ConfigError> {
        let (entries, changes) = self.plan(policies, many)?;
        let before = applied::settings(policies);
        let left_out = resolve::left_out(&entries, policies);
        let load = in_force.put(entries);
        turn::run(changes, || in_force.is(load));
        in_force.catch_up(load, policies);
        Ok(Applied::since(&before, policies, left_out))
    }

    /// What would be done to each policy.
    fn plan<'p>(
        &self,
        policies: &[&'p dyn Managed],
        many: &Many,
    ) -> Result<(Vec<Entry>, Vec<Change<'p>>), ConfigError> {
        let known = Known::of(policies, &self.later, many);
        let mut mistakes = Vec::new();
        let mut system = None;
        let (mut layers, mut said) = (Vec::new(), Vec::new());
        for source in &self.sources {
            let layer = source.read(&known, &mut mistakes, &mut system);
            // Each by itself: what is wrong in one might be hidden under the next.
            said.push(entries::of(&layer, &known, &mut mistakes));
            layers.push(layer);
        }
        // Mistakes of layers come twice from their merger.
        let mut entries = entries::of(&tree::merged(layers), &known, &mut Vec::new());
        resolve::mark_replaced(&mut entries, &said);
        mistakes.extend(resolve::without_taker(&entries, policies));
        mistakes.extend(samples::unknown_keys(&entries, policies));
        match resolve::plan(&entries, policies) {
            Ok(changes) if mistakes.is_empty() => Ok((entries, changes)),
            Ok(_) => Err(ConfigError::of(mistakes).because(system)),
            Err(refused) => Err(ConfigError::of([mistakes, refused].concat()).because(system)),
        }
    }

    fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }
}

/// Gives a policy that comes at run time the settings that are in force for it.
///
/// To be called when it is among the policies that [`Config::load`] finds: a load that is under way then sees it, or what
/// it says is seen here.
///
/// # Errors
/// What the policy does not take; it stays as it is then.
pub(crate) fn apply_to(policy: &dyn Managed) -> Result<(), ConfigError> {
    apply_over(policy, &IN_FORCE)
}

fn apply_over(policy: &dyn Managed, in_force: &InForce) -> Result<(), ConfigError> {
    loop {
        let (load, entries) = in_force.get();
        let changes = resolve::plan(&entries, &[policy]).map_err(ConfigError::of)?;
        turn::run(changes, || true);
        if in_force.is(load) {
            return Ok(());
        }
    }
}

/// Takes away what the configuration in force puts over the settings of a policy.
pub(crate) fn take_back(policy: &dyn Managed) {
    let (_, entries) = IN_FORCE.get();
    if resolve::says_something_of(&entries, policy)
        && let Ok(change) = policy.change(&[])
    {
        turn::run(vec![change], || true);
    }
}
