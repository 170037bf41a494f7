//! What headers say, and what of it is sent on.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// So that a time can be read to the nanosecond.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn grpc(text: &[u8]) -> Option<Duration> {
    paused().block_on(async { Deadline::from_grpc_timeout(Some(text)).ok().and_then(Deadline::remaining) })
}

fn millis(text: &[u8]) -> Option<Duration> {
    paused().block_on(async { Deadline::from_timeout_ms(Some(text)).ok().and_then(Deadline::remaining) })
}

#[test]
fn grpc_timeouts_are_read() {
    let cases: [(&str, Option<Duration>); 29] = [
        ("1H", Some(3600 * SECOND)),
        ("2M", Some(120 * SECOND)),
        ("3S", Some(3 * SECOND)),
        ("250m", Some(ms(250))),
        ("7u", Some(Duration::from_micros(7))),
        ("9n", Some(Duration::from_nanos(9))),
        ("0n", Some(Duration::ZERO)),
        ("00000001S", Some(SECOND)),
        ("99999999n", Some(Duration::from_nanos(99_999_999))),
        ("99999999S", Some(99_999_999 * SECOND)),
        ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
        ("100000000n", None),
        ("000000001S", None),
        ("", None),
        ("S", None),
        ("1", None),
        ("12", None),
        ("1s", None),
        ("1h", None),
        ("1U", None),
        ("1ms", None),
        ("-1S", None),
        ("+1S", None),
        (" 1S", None),
        ("1S ", None),
        ("1 S", None),
        ("1.5S", None),
        ("1S, 2S", None),
        ("١S", None),
    ];
    for (text, expected) in cases {
        assert_eq!(grpc(text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(grpc(b"1\xff"), None);
}

#[test]
fn milliseconds_are_read() {
    let cases: [(&str, Option<Duration>); 12] = [
        ("0", Some(Duration::ZERO)),
        ("1500", Some(ms(1500))),
        ("007", Some(ms(7))),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        (" 1", None),
        ("1ms", None),
        ("0x10", None),
        ("100, 200", None),
    ];
    for (text, expected) in cases {
        assert_eq!(millis(text.as_bytes()), expected, "{text:?}");
    }
    // However large: never less than could be said, and no panic.
    for text in ["18446744073709551615", "18446744073709551616", &format!("1{:030}", 0), &"9".repeat(10_000)] {
        assert!(millis(text.as_bytes()).is_none_or(|left| left >= ms(u64::MAX)), "{text:.30}");
    }
}

#[test]
fn a_missing_header_is_no_limit() {
    assert_eq!(Deadline::from_grpc_timeout(None::<&str>), Ok(Deadline::NONE));
    assert_eq!(Deadline::from_timeout_ms(None::<Vec<u8>>), Ok(Deadline::NONE));
    let error = Deadline::from_timeout_ms(Some("soon")).unwrap_err();
    assert_eq!(error.to_string(), "a timeout in milliseconds must be digits and nothing else");
    let error = Deadline::from_grpc_timeout(Some("soon")).unwrap_err();
    assert!(error.to_string().starts_with("`grpc-timeout` must be one to eight digits and a unit"));
}

#[test]
fn what_is_sent_is_never_more_than_is_left() {
    let hour = 3600 * SECOND;
    let cases = [
        (Duration::ZERO, "0n", 0),
        (Duration::from_nanos(1), "1n", 0),
        (Duration::from_nanos(99_999_999), "99999999n", 99),
        (Duration::from_nanos(100_000_999), "100000u", 100),
        (SECOND, "1000000u", 1000),
        (Duration::from_nanos(99_999_999_999), "99999999u", 99_999),
        (100 * SECOND, "100000m", 100_000),
        (Duration::from_nanos(99_999_999_999_999), "99999999m", 99_999_999),
        (100_000 * SECOND, "100000S", 100_000_000),
        (Duration::from_millis(99_999_999_999), "99999999S", 99_999_999_999),
        (100_000_059 * SECOND, "1666667M", 100_000_059_000),
        (Duration::from_secs(99_999_999 * 60 + 59), "99999999M", 5_999_999_999_000),
        (1_666_667 * hour, "1666667H", 6_000_001_200_000),
    ];
    for (left, expected, expected_ms) in cases {
        let sent = paused().block_on(async {
            let deadline = Deadline::after(left);
            (deadline.to_grpc_timeout(), deadline.to_timeout_ms())
        });
        assert_eq!(sent, (Some(expected.to_owned()), Some(expected_ms)), "{left:?}");
    }
    assert_eq!((Deadline::NONE.to_grpc_timeout(), Deadline::NONE.to_timeout_ms()), (None, None));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(text: Vec<u8>, digits in "[0-9]{0,30}[HMSmunx]?") {
        let _ = (grpc(&text), millis(&text), grpc(digits.as_bytes()), millis(digits.as_bytes()));
    }

    /// There and back: not longer, and shorter by less than a unit, of which there are at least 100,000.
    #[test]
    fn little_is_lost_on_the_way(exponent in 0_u32..62, mantissa: u64) {
        let left = Duration::from_nanos(mantissa >> exponent);
        let sent = paused().block_on(async { Deadline::after(left).to_grpc_timeout() }).expect("a limit");
        let read = grpc(sent.as_bytes()).expect("valid");
        prop_assert!(read <= left, "{sent} for {left:?}");
        prop_assert!(left <= read + left / 100_000 + Duration::from_nanos(1), "{sent} for {left:?}");
    }
}
