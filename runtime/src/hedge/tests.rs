mod budget;
mod losers;
mod measured;
mod surroundings;

use core::cell::RefCell;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;
use crate::name::Name;
use crate::{Class, Classify, Flow, Rejection, RejectionKind};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a call ends with.
#[derive(Debug, Clone, Copy)]
enum Says {
    Good,
    Failed(Class),
    Rejected(RejectionKind, Option<u64>),
}

use Says::{Failed, Good, Rejected};

const TRANSIENT: Says = Failed(Class::TRANSIENT);
const THROTTLED: Says = Failed(Class::THROTTLED);
const NEUTRAL: Says = Failed(Class::Neutral);
const OPEN: Says = Rejected(RejectionKind::CircuitOpen, Some(1));
const FULL: Says = Rejected(RejectionKind::BulkheadFull, None);
const LATE: Says = Rejected(RejectionKind::Timeout, None);

const fn transient_for(hint: u64) -> Says {
    Failed(Class::TRANSIENT.with_retry_after(ms(hint)))
}

const fn throttled_for(hint: u64) -> Says {
    Failed(Class::THROTTLED.with_retry_after(ms(hint)))
}

/// An error of the call with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failure(usize, Class);

impl Classify for Failure {
    fn class(&self) -> Class {
        self.1
    }
}

/// How calls went.
#[derive(Debug, PartialEq, Eq)]
struct Went {
    /// The call whose outcome it was.
    outcome: usize,
    at: u64,
    started: Vec<u64>,
}

/// Makes calls that each take a time and then say something. The last of them stands for all that follow.
async fn race(hedge: Hedge, calls: &[(u64, Says)]) -> Went {
    let start = Instant::now();
    let since = || u64::try_from(start.elapsed().as_millis()).unwrap();
    let started = RefCell::new(Vec::new());
    let flow = hedge
        .try_call(|| async {
            let number = started.borrow().len();
            started.borrow_mut().push(since());
            let (takes, says) = calls[number.min(calls.len() - 1)];
            if takes > 0 {
                sleep(ms(takes)).await;
            }
            match says {
                Good => Flow::Returned(Ok(number)),
                Failed(class) => Flow::Returned(Err(Failure(number, class))),
                Rejected(kind, hint) => {
                    let rejection = Rejection::new(kind, Name::UNNAMED).with_tag(u8::try_from(number).unwrap());
                    Flow::Rejected(hint.map_or(rejection, |hint| rejection.with_retry_after(ms(hint))))
                }
            }
        })
        .await;
    let outcome = match flow {
        Flow::Returned(Ok(number) | Err(Failure(number, _))) => number,
        Flow::Rejected(rejection) => usize::try_from(rejection.tag()).unwrap(),
    };
    Went { outcome, at: since(), started: started.take() }
}

#[tokio::test(start_paused = true)]
async fn calls_start_and_win_in_their_time() {
    const HOUR: u64 = 3_600_000;
    type Case = (&'static str, u64, u32, &'static [(u64, Says)], usize, u64, &'static [u64]);
    #[rustfmt::skip]
    const CASES: &[Case] = &[
        // what                                   after n  calls                                              wins at   started
        ("h1 the second is better",                50, 2, &[(1000, Good), (10, Good)],                         1, 60,   &[0, 50]),
        ("h2 no second call",                      50, 2, &[(10, Good)],                                       0, 10,   &[0]),
        ("the first is better after all",          50, 2, &[(70, Good), (1000, Good)],                         0, 70,   &[0, 50]),
        ("at once",                                50, 2, &[(0, Good)],                                        0, 0,    &[0]),
        ("ready when the next would start",        50, 2, &[(50, Good)],                                       0, 50,   &[0]),
        ("both in the same poll",                  50, 2, &[(60, Good), (10, Good)],                           0, 60,   &[0, 50]),
        ("one call is no hedge",                   50, 1, &[(1000, Good)],                                     0, 1000, &[0]),
        ("no calls are one",                       50, 0, &[(1000, Good)],                                     0, 1000, &[0]),
        ("each `after`",                           50, 4, &[(1000, Good)],                                     0, 1000, &[0, 50, 100, 150]),
        ("the third wins",                         50, 4, &[(1000, Good), (1000, Good), (30, Good)],           2, 130,  &[0, 50, 100]),
        ("no delay",                                0, 3, &[(100, Good), (30, Good), (20, Good)],              2, 20,   &[0, 0, 0]),
        ("no delay, and ready",                     0, 3, &[(0, Good)],                                        0, 0,    &[0]),
        ("never by time",                    u64::MAX, 3, &[(1000, Good)],                                     0, 1000, &[0]),
        // Failures.
        ("the next at once",                       50, 2, &[(20, TRANSIENT), (10, Good)],                      1, 30,   &[0, 20]),
        ("the next at once, by a failure at once", 50, 2, &[(0, TRANSIENT), (10, Good)],                       1, 10,   &[0, 0]),
        ("`after` counts from there",              50, 3, &[(20, TRANSIENT), (90, Good), (10, Good)],          2, 80,   &[0, 20, 70]),
        ("a failure waits",                        50, 2, &[(100, Good), (20, TRANSIENT)],                     0, 100,  &[0, 50]),
        ("a failure of the first waits",           50, 2, &[(60, TRANSIENT), (20, Good)],                      1, 70,   &[0, 50]),
        ("the first's failure starts no third",    50, 3, &[(60, TRANSIENT), (20, Good)],                      1, 70,   &[0, 50]),
        ("the newest's failure starts the third",  50, 3, &[(200, Good), (20, TRANSIENT), (10, Good)],         2, 80,   &[0, 50, 70]),
        ("all fail: the first",                    50, 3, &[(120, TRANSIENT), (20, TRANSIENT)],                0, 120,  &[0, 50, 70]),
        ("all fail at once",                       50, 3, &[(0, TRANSIENT)],                                   0, 0,    &[0, 0, 0]),
        ("all fail, the first before the last",    50, 2, &[(60, TRANSIENT), (20, TRANSIENT)],                 0, 70,   &[0, 50]),
        ("without other calls",                    50, 1, &[(20, TRANSIENT)],                                  0, 20,   &[0]),
        ("never by time, but by a failure",  u64::MAX, 2, &[(20, TRANSIENT), (10, Good)],                      1, 30,   &[0, 20]),
        ("a timeout is a failure",                 50, 2, &[(20, LATE), (10, Good)],                           1, 30,   &[0, 20]),
        ("many",                                   50, 9, &[(0, TRANSIENT), (5, TRANSIENT)],                   0, 40,   &[0, 0, 5, 10, 15, 20, 25, 30, 35]),
        ("two fail in the same poll",              10, 4, &[(90, Good), (25, TRANSIENT), (15, TRANSIENT), (500, Good)], 0, 90, &[0, 10, 20, 30]),
        ("two fail, and none is left",             10, 3, &[(90, Good), (25, TRANSIENT), (15, TRANSIENT)],     0, 90,   &[0, 10, 20]),
        ("all fail in the same poll",              10, 3, &[(35, TRANSIENT), (25, TRANSIENT), (15, TRANSIENT)], 0, 35,  &[0, 10, 20]),
        // Answers.
        ("a permanent error wins",                 50, 2, &[(20, Failed(Class::Permanent)), (10, Good)],       0, 20,   &[0]),
        ("the second's permanent error wins",      50, 2, &[(1000, Good), (10, Failed(Class::Permanent))],     1, 60,   &[0, 50]),
        // Servers that ask for less.
        ("throttled: not before its time",         50, 2, &[(20, THROTTLED), (10, Good)],                      1, 60,   &[0, 50]),
        ("throttled at once",                      50, 2, &[(0, THROTTLED), (10, Good)],                       1, 60,   &[0, 50]),
        ("throttled with a hint",                  50, 2, &[(20, throttled_for(200)), (10, Good)],             1, 230,  &[0, 220]),
        ("throttled with a short hint",            50, 2, &[(20, throttled_for(10)), (10, Good)],              1, 40,   &[0, 30]),
        ("throttled without time",                 50, 2, &[(20, throttled_for(0)), (10, Good)],               1, 30,   &[0, 20]),
        ("transient with a hint",                  50, 2, &[(20, transient_for(200)), (10, Good)],             1, 230,  &[0, 220]),
        ("a hint of an earlier call",              50, 3, &[(60, throttled_for(200)), (500, Good), (10, Good)], 2, 270, &[0, 50, 260]),
        ("a short hint of an earlier call",        50, 3, &[(60, throttled_for(10)), (500, Good), (10, Good)],  2, 110,  &[0, 50, 100]),
        ("an earlier hint holds",                  50, 3, &[(20, throttled_for(200)), (10, TRANSIENT), (10, Good)], 2, 240, &[0, 220, 230]),
        ("an earlier hint holds back a failure",   50, 3, &[(60, throttled_for(300)), (40, TRANSIENT), (10, Good)], 2, 370, &[0, 50, 360]),
        ("the longer of two hints",                50, 3, &[(80, throttled_for(200)), (20, throttled_for(300)), (10, Good)], 2, 380, &[0, 50, 370]),
        ("a shorter one after it",                 50, 3, &[(60, throttled_for(300)), (40, throttled_for(50)), (10, Good)], 2, 370, &[0, 50, 360]),
        ("a hint and others under way",            50, 3, &[(90, Good), (20, throttled_for(200))],             0, 90,   &[0, 50]),
        ("a hint of ten seconds",                  50, 2, &[(20, throttled_for(10_000)), (10, Good)],          1, 10_030, &[0, 10_020]),
        ("a hint that is too long",                50, 2, &[(20, throttled_for(10_001)), (10, Good)],          0, 20,   &[0]),
        ("a transient hint that is too long",      50, 2, &[(20, transient_for(HOUR)), (10, Good)],            0, 20,   &[0]),
        ("it ends the starting for good",          50, 3, &[(200, Good), (10, throttled_for(HOUR))],           0, 200,  &[0, 50]),
        ("not longer than `after`",            20_000, 2, &[(20, throttled_for(15_000)), (10, Good)],          1, 15_030, &[0, 15_020]),
        ("a rate limit: no sooner",                50, 2, &[(20, Rejected(RejectionKind::RateLimited, Some(90))), (10, Good)], 1, 120, &[0, 110]),
        ("a full bulkhead: not before its time",   50, 2, &[(20, FULL), (10, Good)],                           1, 60,   &[0, 50]),
        ("a failure of the first cuts it not short", 50, 3, &[(70, TRANSIENT), (10, THROTTLED), (10, Good)],   2, 110,  &[0, 50, 100]),
        ("a full bulkhead, at once",               50, 2, &[(0, FULL), (10, Good)],                            1, 60,   &[0, 50]),
        ("a hint in the same poll",                50, 3, &[(90, throttled_for(500)), (40, TRANSIENT), (10, Good)], 2, 600, &[0, 50, 590]),
        ("the same, and the newest is polled first", 50, 4, &[(110, throttled_for(500)), (20, TRANSIENT), (40, TRANSIENT), (10, Good)], 3, 620, &[0, 50, 70, 610]),
        // An open circuit, of its own or further down.
        ("nobody is asked",                        50, 2, &[(20, OPEN), (10, Good)],                           0, 20,   &[0]),
        ("it waits for those under way",           50, 3, &[(200, Good), (0, OPEN)],                           0, 200,  &[0, 50]),
        ("no other even then",                     50, 3, &[(60, TRANSIENT), (0, OPEN)],                       0, 60,   &[0, 50]),
        ("a neutral error: nobody is asked",       50, 2, &[(20, NEUTRAL), (10, Good)],                        0, 20,   &[0]),
        ("a neutral error waits",                  50, 3, &[(200, Good), (10, NEUTRAL)],                       0, 200,  &[0, 50]),
        ("a neutral error of the first waits",     50, 2, &[(60, NEUTRAL), (20, Good)],                        1, 70,   &[0, 50]),
        ("a neutral error waits for a failure",    50, 2, &[(60, NEUTRAL), (20, TRANSIENT)],                   0, 70,   &[0, 50]),
        ("an answer is better than it",            50, 2, &[(60, NEUTRAL), (20, Failed(Class::Permanent))],    1, 70,   &[0, 50]),
    ];
    for &(what, after, attempts, calls, outcome, at, started) in CASES {
        let expected = Went { outcome, at, started: started.to_vec() };
        assert_eq!(race(Hedge::new(ms(after)).attempts(attempts), calls).await, expected, "{what}");
    }
}
