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
    spelled(text)
        .ok_or_else(|| format!("takes a duration with its unit, e.g. \"250ms\" or \"1h30m\", and not {text:?}"))
}

fn spelled(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut units = UNITS.iter();
    let mut nanos = 0_u128;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // Each unit once, the larger ones first.
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(scaled(number, *size)?)?;
        rest = after.trim_start();
    }
    let seconds = u64::try_from(nanos / SECOND).ok()?;
    Some(Duration::new(seconds, u32::try_from(nanos % SECOND).ok()?))
}

/// A decimal number times a unit, without rounding of the whole part; less than a nanosecond is dropped.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
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
        for text in ["", " ", "5", "s", "-5s", "1.2.3s", "5 parsecs", "1s1s", "1ms1s", ".s", "99999999999999999999d"] {
            let message = parse(text).unwrap_err();
            assert!(message.starts_with("takes a duration") && message.contains(&format!("{text:?}")), "{message}");
        }
    }
}
