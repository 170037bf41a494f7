//! Durations as in attributes, read and written: `250ms`, `1.5s`, `1h30m`.

use core::time::Duration;

/// From large to small, the order in which they stand.
const UNITS: [(&str, u128); 7] = [
    ("d", 24 * 60 * 60 * SECOND),
    ("h", 60 * 60 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const SECOND: u128 = 1_000_000_000;

/// The duration that a text spells. The message follows the name of a setting.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    spelled(text).map_err(|problem| match problem {
        Problem::TooLong => format!("takes a duration of at most {} days, and not {text:?}", u64::MAX / 86_400),
        Problem::Spelling => {
            format!("takes a duration with its unit, e.g. \"250ms\" or \"1h30m\", and not {text:?}")
        }
    })
}

enum Problem {
    Spelling,
    TooLong,
}

fn spelled(text: &str) -> Result<Duration, Problem> {
    let mut rest = text.trim();
    let mut units = UNITS.iter();
    let mut nanos = Some(0_u128);
    if rest.is_empty() {
        return Err(Problem::Spelling);
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(Problem::Spelling)?;
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // Each unit once, the larger ones first.
        let (_, size) = units.find(|(name, _)| *name == unit).ok_or(Problem::Spelling)?;
        if !is_number(number) {
            return Err(Problem::Spelling);
        }
        nanos = nanos.zip(scaled(number, *size)).and_then(|(sum, more)| sum.checked_add(more));
        rest = after.trim_start();
    }
    let nanos = nanos.ok_or(Problem::TooLong)?;
    let seconds = u64::try_from(nanos / SECOND).map_err(|_| Problem::TooLong)?;
    Ok(Duration::new(seconds, u32::try_from(nanos % SECOND).unwrap_or(0)))
}

/// Of digits and dots, with a digit and at most one dot.
fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.matches('.').count() <= 1
}

/// A decimal number times a unit, without rounding of the whole part; less than a nanosecond is dropped. `None` where it is
/// too large.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u128>().ok()?.checked_mul(unit)? };
    let fraction = &fraction[..fraction.len().min(18)];
    let parts = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()?.checked_mul(unit)? };
    whole.checked_add(parts / 10_u128.pow(u32::try_from(fraction.len()).ok()?))
}

/// A duration as it would be written: `1h30m`, and `0s` for none.
pub(crate) fn text(duration: Duration) -> String {
    let mut nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in UNITS {
        if nanos >= size {
            text += &(nanos / size).to_string();
            text += unit;
            nanos %= size;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (written, nanos, shown) in [
            ("250ms", 250_000_000, "250ms"),
            ("1.5s", 1_500_000_000, "1s500ms"),
            ("1h30m", 5_400_000_000_000, "1h30m"),
            (" 1 h 30 m ", 5_400_000_000_000, "1h30m"),
            ("0s", 0, "0s"),
            ("90s", 90_000_000_000, "1m30s"),
            ("1d", 86_400_000_000_000, "1d"),
            (".5us", 500, "500ns"),
        ] {
            let duration = parse(written).unwrap();
            assert_eq!((duration.as_nanos(), text(duration).as_str()), (nanos, shown), "{written}");
        }
        assert_eq!(parse(&text(Duration::MAX)), Ok(Duration::MAX));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", " ", "5", "s", "-5s", "1.2.3s", "5 parsecs", "1s1s", "1ms1s", ".s"] {
            let message = parse(text).unwrap_err();
            assert!(
                message.starts_with("takes a duration with") && message.contains(&format!("{text:?}")),
                "{message}"
            );
        }
        for text in ["99999999999999999999d", "213503982334602d", "99999999999999999999999999999999999999999s"] {
            let expected = format!("takes a duration of at most 213503982334601 days, and not {text:?}");
            assert_eq!(parse(text), Err(expected));
        }
    }
}
