//! "did you mean": the nearest of the names that would have been right.

use std::fmt::{self, Display, Formatter};

/// `` `a`, `b`, `c` ``
pub(crate) struct List<'a>(pub(crate) &'a [&'a str]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{name}`")?;
        }
        Ok(())
    }
}

/// `` unknown argument `attemps`; did you mean `attempts`? expected one of: `attempts`, `backoff` ``
pub(crate) fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    match (nearest(given, known), known) {
        (Some(only), [_]) => format!("unknown {what} `{given}`; did you mean `{only}`?"),
        (Some(meant), _) => {
            format!("unknown {what} `{given}`; did you mean `{meant}`? expected one of: {}", List(known))
        }
        (None, [only]) => format!("unknown {what} `{given}`; expected `{only}`"),
        (None, _) => format!("unknown {what} `{given}`; expected one of: {}", List(known)),
    }
}

/// What other libraries call it.
const ELSEWHERE: [(&str, &[&str]); 19] = [
    ("attempts", &["max_attempts", "max_retries", "retries", "tries", "times", "stop"]),
    ("backoff", &["delay", "wait", "sleep", "interval"]),
    ("max_duration", &["max_elapsed", "max_elapsed_time", "total_timeout"]),
    ("on", &["retry_if", "retry_on", "include"]),
    ("ignore", &["skip", "exclude", "abort_on"]),
    ("failure_threshold", &["threshold", "fail_max", "max_failures", "failures"]),
    ("reset_timeout", &["cooldown", "recovery_timeout", "wait_duration", "break_duration", "open_for"]),
    ("success_threshold", &["successes"]),
    ("factor", &["multiplier", "multiply"]),
    ("min", &["minimum", "lower"]),
    ("max", &["maximum", "upper", "cap"]),
    ("failure_rate", &["rate", "error_rate", "failure_ratio"]),
    ("max_concurrent", &["max", "limit", "size", "concurrency", "max_concurrency", "permits"]),
    ("permits", &["rate", "limit", "max", "calls", "max_calls", "requests", "count"]),
    ("per", &["period", "interval", "window"]),
    ("max_wait", &["timeout", "wait"]),
    ("after", &["delay", "wait", "interval", "latency"]),
    ("stale", &["ttl", "max_age", "cache"]),
    ("max_probes", &["half_open_max_calls", "probes", "permitted_calls"]),
];

/// The name in `known` that was most likely meant by `given`.
pub(crate) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut here = ELSEWHERE.iter().filter(|(_, names)| names.contains(&given)).map(|(here, _)| here);
    if let Some(name) = here.find_map(|here| known.iter().find(|name| *name == here)) {
        return Some(name);
    }
    let allowed = ((given.chars().count() + 1) / 3).clamp(1, 3);
    // It is near to words that mean something else, as `rate` is.
    let is_likely = |name: &str, distance| name != "crate" || (distance == 1 && given != "rate");
    known
        .iter()
        .map(|name| (strsim::osa_distance(given, name), *name))
        .filter(|(distance, name)| {
            *distance <= allowed && *distance < name.chars().count() && is_likely(name, *distance)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["attempts", "backoff", "jitter", "max_delay", "on"];
        for (given, meant) in [
            ("attemps", Some("attempts")),
            ("attempt", Some("attempts")),
            ("jiter", Some("jitter")),
            ("max_dealy", Some("max_delay")),
            ("no", Some("on")),
            ("retries", Some("attempts")),
            ("delay", Some("backoff")),
            ("cooldown", None),
            ("atempt", Some("attempts")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, &known), meant, "{given}");
        }
    }

    #[test]
    fn a_name_from_elsewhere_means_what_is_known_here() {
        for (given, known, meant) in [
            ("rate", &["permits", "crate"][..], Some("permits")),
            ("rate", &["failure_rate", "crate"], Some("failure_rate")),
            ("rate", &["after", "crate"], None),
            ("rat", &["after", "crate"], None),
            ("krate", &["after", "crate"], Some("crate")),
            ("delay", &["after", "backoff"], Some("backoff")),
            ("delay", &["after", "attempts"], Some("after")),
            ("max", &["max_concurrent", "max_wait"], Some("max_concurrent")),
        ] {
            assert_eq!(nearest(given, known), meant, "{given} of {known:?}");
        }
    }

    #[test]
    fn an_unknown_argument_is_told_what_to_write() {
        assert_eq!(
            unknown("argument", "attemps", &["attempts", "backoff"]),
            "unknown argument `attemps`; did you mean `attempts`? expected one of: `attempts`, `backoff`"
        );
        assert_eq!(unknown("argument", "x", &["a", "b"]), "unknown argument `x`; expected one of: `a`, `b`");
        assert_eq!(unknown("argument", "wiht", &["with"]), "unknown argument `wiht`; did you mean `with`?");
        assert_eq!(unknown("argument", "x", &["with"]), "unknown argument `x`; expected `with`");
    }

    #[test]
    fn a_list_quotes_its_names() {
        assert_eq!(List(&["a", "b"]).to_string(), "`a`, `b`");
    }
}
