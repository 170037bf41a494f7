//! A curve as attributes say it: `exponential(100ms, factor = 2.0)`.

use core::time::Duration;

use super::{Backoff, Kind};
use crate::registry::duration;

const CURVES: &str = "`exponential`, `fixed`, `linear`, `fibonacci`, `none`";

impl Backoff {
    /// The curve that a text spells. The message follows the name of a setting.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.trim().split_once('(') {
            None => (text.trim(), None),
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(arguments) => (name.trim_end(), Some(arguments)),
                None => return Err(format!("is no curve: {text:?} lacks its `)`")),
            },
        };
        let curve = match name {
            "none" if arguments.is_none() => return Ok(Self::NONE),
            "none" => return Err("is no curve: `none` takes no arguments".to_owned()),
            "exponential" => Self::exponential,
            "fixed" => Self::fixed,
            "linear" => Self::linear,
            "fibonacci" => Self::fibonacci,
            _ => {
                return Err(format!(
                    "takes a curve, e.g. \"exponential(100ms)\", and not {text:?}; expected one of: {CURVES}"
                ));
            }
        };
        let (base, factor) = read(name, arguments.unwrap_or_default()).map_err(|why| format!("is no curve: {why}"))?;
        let default = if name == "fixed" { Duration::from_secs(1) } else { Duration::from_millis(100) };
        let backoff = curve(base.unwrap_or(default));
        Ok(factor.map_or(backoff, |factor| backoff.factor(factor)))
    }

    /// As it would be written; `None` for a function.
    pub(crate) fn text(&self) -> Option<String> {
        let (name, base) = match self.0 {
            Kind::Exponential { base, factor } => {
                // As it is taken: what is less, or no number, is 1.
                return Some(format!("exponential({}, factor = {:?})", duration::text(base), factor.max(1.0)));
            }
            Kind::Fixed(Duration::ZERO) => return Some("none".to_owned()),
            Kind::Fixed(delay) => ("fixed", delay),
            Kind::Linear(base) => ("linear", base),
            Kind::Fibonacci(base) => ("fibonacci", base),
            Kind::Custom(_) => return None,
        };
        Some(format!("{name}({})", duration::text(base)))
    }

    /// The first delay, where it is one that a `max_delay` must not cut.
    pub(crate) fn first_delay(&self) -> Option<Duration> {
        Some(self.base()).filter(|base| !base.is_zero())
    }
}

/// What stands between the parentheses.
fn read(name: &str, arguments: &str) -> Result<(Option<Duration>, Option<f64>), String> {
    let (mut base, mut factor) = (None, None);
    let arguments = arguments.trim_end().strip_suffix(',').filter(|rest| !rest.trim().is_empty()).unwrap_or(arguments);
    for (index, argument) in arguments.split(',').map(str::trim).enumerate() {
        match argument.split_once('=') {
            None if argument.is_empty() && index == 0 && !arguments.contains(',') => {}
            None if index == 0 => base = Some(delay(argument)?),
            None if name == "exponential" => return Err("expected `factor = ..`".to_owned()),
            None => return Err(format!("`{name}` takes one duration, e.g. `{name}(1s)`")),
            Some((given, value)) => {
                let given = given.trim();
                if name != "exponential" {
                    let hint = if given == "factor" { "; `exponential` does" } else { "" };
                    return Err(format!("`{name}` takes no `{given}`{hint}"));
                }
                if given != "factor" {
                    return Err(format!("unknown argument `{given}`; expected one of: `factor`"));
                }
                if factor.is_some() {
                    return Err("duplicate argument `factor`".to_owned());
                }
                let number = value.trim().parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 1.0);
                factor = Some(number.ok_or("`factor` is a number of at least 1, e.g. `factor = 2.0`")?);
            }
        }
    }
    Ok((base, factor))
}

/// `100ms`, also in quotes, as in an attribute.
fn delay(text: &str) -> Result<Duration, String> {
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    duration::parse(bare).map_err(|message| format!("it {message}"))
}
