//! The header `Retry-After`.

use core::time::Duration;
use std::time::SystemTime;

/// How long a `Retry-After` header asks to wait: its seconds, or the time until its HTTP date.
///
/// A date in the past is zero; a number too large to say is [`Duration::MAX`]; anything else is `None`.
///
/// ```
/// use std::time::Duration;
/// use steadfast::parse_retry_after;
///
/// assert_eq!(parse_retry_after("120"), Some(Duration::from_secs(120)));
/// assert_eq!(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
/// assert_eq!(parse_retry_after("soon"), None);
/// ```
pub fn parse_retry_after(header: &str) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(header.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let cases = [
            ("0", Some(Duration::ZERO)),
            (" 7\t", Some(Duration::from_secs(7))),
            ("99999999999999999999999999", Some(Duration::MAX)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(Duration::ZERO)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("Wed, 99 Oct 2015", None),
        ];
        for (header, expected) in cases {
            assert_eq!(parse_retry_after(header), expected, "{header:?}");
        }

        let in_an_hour = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        let wait = parse_retry_after(&in_an_hour).unwrap();
        assert!((3590..=3600).contains(&wait.as_secs()), "{wait:?}");
    }
}
