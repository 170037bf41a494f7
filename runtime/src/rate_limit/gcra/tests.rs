use super::*;

const SECOND: u64 = 1_000_000_000;

/// How many pass at once.
fn burst(gcra: &Gcra, number: &mut u64, nanos: u64, asked: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..asked {
        if let Ok(next) = gcra.pass(*number, gcra.ticks(nanos)) {
            *number = next;
            passed += 1;
        }
    }
    passed
}

#[test]
fn all_permits_are_back_after_exactly_the_time_whatever_the_division() {
    for permits in [1, 2, 3, 7, 10, 97, 600, 999, 1000, 7919] {
        for per in [1, SECOND / 1000, SECOND / 3, SECOND, 60 * SECOND, 86_400 * SECOND] {
            let gcra = Gcra::new(permits, Duration::from_nanos(per), permits);
            // More than one a nanosecond is one a nanosecond.
            let per = per.max(u64::from(permits));
            // Not a round number.
            let (mut now, mut number) = (86_400 * SECOND + 123_456_789, 0);
            for _ in 0..50 {
                assert_eq!(burst(&gcra, &mut number, now, permits + 5), permits, "{permits} per {per} ns");
                assert_eq!(burst(&gcra, &mut number, now + per / u64::from(permits) / 2, 1), 0);
                now += per;
            }
        }
    }
}

#[test]
fn nothing_is_gained_or_lost_over_many_permits() {
    // 3 a second, one at a time, as soon as each is there.
    let gcra = Gcra::new(3, Duration::from_secs(1), 1);
    let (start, mut number) = (86_400 * SECOND + 17, 0);
    let mut now = start;
    for _ in 0..3_000_000 {
        match gcra.pass(number, gcra.ticks(now)) {
            Ok(next) => number = next,
            Err(later) => {
                // Not a nanosecond sooner.
                let due = gcra.nanos(later.at);
                assert!(gcra.pass(number, gcra.ticks(due - 1)).is_err());
                now = due;
                number = gcra.pass(number, gcra.ticks(now)).expect("it is due");
            }
        }
    }
    // 2,999,999 intervals of a third of a second.
    assert_eq!(now - start, 2_999_999 * SECOND / 3 + 1);
}

#[test]
fn idling_fills_the_bucket_and_no_more() {
    let gcra = Gcra::new(100, Duration::from_secs(1), 10);
    let mut number = 0;
    let mut now = 86_400 * SECOND;
    assert_eq!(burst(&gcra, &mut number, now, 1000), 10);
    for idle in [SECOND, 3_600 * SECOND, 365 * 86_400 * SECOND, 50 * 365 * 86_400 * SECOND] {
        now += idle;
        assert_eq!(gcra.available(number, gcra.ticks(now)), 10);
        assert_eq!(burst(&gcra, &mut number, now, 1000), 10);
    }
}

#[test]
fn a_clock_that_stands_still_gives_nothing() {
    let gcra = Gcra::new(5, Duration::from_secs(1), 5);
    let mut number = 0;
    assert_eq!(burst(&gcra, &mut number, SECOND, 100_000), 5);
    assert_eq!(gcra.available(number, gcra.ticks(SECOND)), 0);
}

#[test]
fn extreme_settings_are_taken_to_the_nearest() {
    let numbers = [0, 1, 2, 1000, u32::MAX];
    let times = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX];
    let clocks = [0, 1, SECOND, LONGEST - 1, LONGEST, u64::MAX];
    for permits in numbers {
        for burst in numbers {
            for per in times {
                let gcra = Gcra::new(permits, per, burst);
                for now in clocks {
                    let now = gcra.ticks(now);
                    let available = gcra.available(0, now);
                    assert!(available <= u64::from(burst.max(1)), "{gcra:?}");
                    // The number of whoever waits as long as can be.
                    let mut number = gcra.after(Later { at: now + gcra.ticks(LONGEST) });
                    for _ in 0..3 {
                        let later = gcra.pass(number, now).unwrap_err();
                        assert!(later.at > now && gcra.nanos(later.at) >= gcra.nanos(now));
                        number = gcra.empty(now);
                    }
                    assert_eq!(gcra.available(gcra.empty(now), now), 0);
                }
            }
        }
    }
}

#[test]
fn a_permit_that_is_not_used_comes_back_while_it_would_not_overflow() {
    let gcra = Gcra::new(1, Duration::from_secs(1), 1);
    let now = gcra.ticks(10 * SECOND);
    let number = gcra.pass(0, now).unwrap();
    let later = gcra.pass(number, now).unwrap_err();
    assert_eq!(later.at, now + SECOND);
    let reserved = gcra.after(later);
    assert_eq!(gcra.undone(reserved, now, later.at), Some(number));
    // Due, and still the only one that there can be.
    assert_eq!(gcra.undone(reserved, later.at + SECOND - 1, later.at), Some(number));
    // The next one has come meanwhile, and the bucket holds no two.
    assert_eq!(gcra.undone(reserved, later.at + SECOND, later.at), None);
    // Set anew since.
    assert_eq!(gcra.undone(0, now, later.at), None);
}
