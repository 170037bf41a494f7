//! What is wrong with a configuration.

use core::fmt;
use std::error::Error;
use std::io;

/// Why a configuration was not applied: every mistake in it, one a line. What was in force stays so.
///
/// Its source is the error of the system where a file could not be read.
///
/// ```
/// let error = steadfast::config::Config::new().toml("[paymets.retry]\nattempts = 5\n").load().unwrap_err();
/// assert_eq!(error.mistakes()[0].key, "paymets");
/// assert!(error.to_string().starts_with("text:1: unknown policy `paymets`"));
/// ```
#[derive(Debug)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
    system: Option<io::Error>,
}

impl ConfigError {
    /// All mistakes, by file and line; there is one at least.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    pub(super) fn of(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_cached_key(|mistake| (in_file(&mistake.origin), mistake.message.clone()));
        mistakes.dedup();
        Self { mistakes, system: None }
    }

    pub(super) fn because(mut self, system: Option<io::Error>) -> Self {
        self.system = system;
        self
    }
}

/// `("steadfast.toml", 12)`, so that line 9 stands before line 12.
fn in_file(origin: &str) -> (String, usize) {
    match origin.rsplit_once(':') {
        Some((file, line)) if !line.is_empty() => (file.to_owned(), line.parse().unwrap_or(0)),
        _ => (origin.to_owned(), 0),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.system.as_ref().map(|error| error as _)
    }
}

/// One mistake in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The setting or section that it is about, as it is reached in TOML: `payments.retry.attempts`. Empty where it is about
    /// a whole file.
    pub key: String,
    /// Where it stands: `steadfast.toml:7`, `text:7`, or the name of a variable.
    pub origin: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Mistake {
    pub(super) fn new(key: impl Into<String>, origin: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), origin: origin.into(), message: message.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}
