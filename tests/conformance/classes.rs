//! What counts as a failure: the first of `ignore`, `on`, `when`, narrowing and the error's own class that matches.

use std::io;

use steadfast::{CircuitBreaker, State, circuit_breaker, fallback, outcome, retry};
use steadfast_tests::{Answer, Error};

/// How retry, breaker and fallback take a value under the same arguments, a letter each: `r` retried; `f` a failure,
/// `s` a success, `n` neutral; `h` handled. `$answer` is the fallback's, another value than any that is asked about.
macro_rules! taken {
    ($result:ty, $answer:expr, $(#[$($outcome:tt)*])? [$($filter:tt)*] $value:expr) => {{
        $(#[$($outcome)*])?
        #[retry(attempts = 2, backoff = none, $($filter)*)]
        fn retried(runs: &mut u32) -> $result {
            *runs += 1;
            $value
        }
        let mut runs = 0;
        let _value: $result = retried(&mut runs);
        let retried = if runs == 2 { "r" } else { "-" };

        static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
        // The fallback takes the rejections, which not every type can.
        #[fallback($answer)]
        $(#[$($outcome)*])?
        #[circuit_breaker(BREAKER, $($filter)*)]
        fn guarded() -> $result {
            $value
        }
        BREAKER.try_acquire().expect("closed").failure();
        let _value: $result = guarded();
        let counted = match (BREAKER.state(), BREAKER.counts().consecutive_failures) {
            (State::Open, _) => "f",
            (_, 0) => "s",
            _ => "n",
        };

        #[fallback($answer, $($filter)*)]
        $(#[$($outcome)*])?
        fn handled() -> $result {
            $value
        }
        let handled = if format!("{:?}", handled()) == format!("{:?}", $answer) { "h" } else { "-" };
        [retried, counted, handled].concat()
    }};
}

/// The same for a scripted answer.
macro_rules! answer {
    ($(#[$($outcome:tt)*])? [$($filter:tt)*] $value:expr) => {
        taken!(Answer, Ok::<u32, Error>(99), $(#[$($outcome)*])? [$($filter)*] $value)
    };
}

/// The same for each of some values.
macro_rules! table {
    (@@ [$($outcome:tt)*] $filter:tt $value:expr => $expected:literal) => {
        assert_eq!(answer!($($outcome)* $filter $value), $expected, "{}", stringify!($filter $value));
    };
    ($(#[$($outcome:tt)*])? [$($filter:tt)*] $($value:expr => $expected:literal),+ $(,)?) => {
        table!(@ [$(#[$($outcome)*])?] [$($filter)*] $($value => $expected),+)
    };
    (@ $outcome:tt $filter:tt $($value:expr => $expected:literal),+) => {
        $(table!(@@ $outcome $filter $value => $expected);)+
    };
}

const F: Answer = Err(Error::Failed);
const I: Answer = Err(Error::Io);
const L: Answer = Err(Error::Throttled(None));
const N: Answer = Err(Error::Neutral);
const P: Answer = Err(Error::Permanent);

#[test]
fn r03b_the_errors_own_class() {
    // Without filters a fallback handles every error.
    table!([] F => "rfh", L => "rnh", P => "-sh", N => "-nh", Ok(1) => "-s-");
}

#[test]
fn r04_ignore_comes_first() {
    table!([ignore(Err(Error::Io)), on(Err(_))] I => "-n-", F => "rfh", P => "rfh", Ok(1) => "-s-");
    table!([on(Err(_)), ignore(Err(Error::Io))] I => "-n-");
    table!([ignore(Err(Error::Io)), when = |_| true] I => "-n-", F => "rfh", P => "rfh");
    table!([ignore(_ if true), on(_), when = |_| true] I => "-n-", Ok(1) => "-n-");
    table!([ignore(Ok(1), Err(Error::Io))] Ok(1) => "-n-", Ok(2) => "-s-", I => "-n-", F => "rfh", P => "-s-");
    table!([ignore(Ok(n) if *n > 5, Err(_) if cfg!(unix))] Ok(6) => "-n-", Ok(5) => "-s-", F => "-n-");
}

#[test]
fn r05_unwanted_values() {
    table!([on(Ok(0))] Ok(0) => "rfh", Ok(1) => "-s-", F => "rfh", L => "rnh", P => "-s-");
    table!([on(Ok(0)), ignore(Err(_))] Ok(0) => "rfh", Ok(1) => "-s-", F => "-n-", P => "-n-");
    table!([on(Err(Error::Io))] I => "rfh", F => "-s-", L => "-s-", N => "-s-", P => "-s-", Ok(1) => "-s-");
    table!([on(Ok(500..=599))] Ok(499) => "-s-", Ok(500) => "rfh", Ok(599) => "rfh", Ok(600) => "-s-");
    table!([on(Ok(0), Ok(2), Ok(n) if *n % 2 == 1)] Ok(0) => "rfh", Ok(1) => "rfh", Ok(2) => "rfh", Ok(4) => "-s-");
}

#[test]
fn r05b_then_when() {
    table!([when = |error| *error == Error::Io] I => "rfh", F => "-s-", L => "-s-", N => "-s-", Ok(1) => "-s-");
    table!([when = |error: &Error| matches!(error, Error::Permanent)] P => "rfh", F => "-s-");
    // `on` takes what it matches, `when` all other errors.
    table!([on(Ok(0)), when = |error| *error == Error::Io] Ok(0) => "rfh", Ok(1) => "-s-", I => "rfh", F => "-s-");
    table!([on(Err(Error::Failed)), when = |error| *error == Error::Io] F => "rfh", I => "rfh", P => "-s-", L => "-s-");
    table!([on(Err(Error::Failed)), when = |_| false] F => "rfh", I => "-s-");

    fn is_io(error: &Error) -> bool {
        *error == Error::Io
    }
    table!([when = is_io] I => "rfh", F => "-s-");
}

#[test]
fn r05c_any_arm_for_errors_narrows_them() {
    table!([on(_)] F => "rfh", P => "rfh", N => "rfh", Ok(1) => "rfh");
    table!([on(_ if false)] F => "-s-", Ok(1) => "-s-");
    table!([on(answer if answer.is_ok())] Ok(1) => "rfh", F => "-s-", L => "-s-");
    table!([on(answer if *answer == Ok(1))] Ok(1) => "rfh", Ok(2) => "-s-", F => "-s-");
    table!([on(Err(Error::Io) | Ok(0))] I => "rfh", Ok(0) => "rfh", F => "-s-", Ok(1) => "-s-");
    table!([on(Ok(0) | Err(Error::Io))] I => "rfh", Ok(0) => "rfh", F => "-s-", Ok(1) => "-s-");
    table!([on(Ok(0), Err(Error::Io))] I => "rfh", Ok(0) => "rfh", F => "-s-");
    table!([on(Err(Error::Io | Error::Permanent))] I => "rfh", P => "rfh", F => "-s-");
    table!([on(Err(error) if *error == Error::Io)] I => "rfh", F => "-s-");
    table!([on(failed @ Err(_) if failed.is_err())] F => "rfh", P => "rfh", Ok(1) => "-s-");
    table!([on(core::result::Result::Err(Error::Io))] I => "rfh", F => "-s-");
    table!([on(&Err(Error::Io))] I => "rfh", F => "-s-");
    table!([on(Err(Error::Throttled(Some(wait))) if wait.as_secs() > 1)] L => "-s-",
        Err(Error::Throttled(Some(std::time::Duration::from_secs(2)))) => "rfh");
}

#[test]
#[allow(clippy::unnested_or_patterns, reason = "both forms are to be read")]
fn r05d_arms_for_values_alone_do_not() {
    table!([on(Ok(0) | Ok(1))] Ok(1) => "rfh", F => "rfh", P => "-s-");
    table!([on(value @ Ok(_) if value == &Ok(3))] Ok(3) => "rfh", Ok(4) => "-s-", F => "rfh", P => "-s-");
    table!([on(Ok(_))] Ok(3) => "rfh", F => "rfh", P => "-s-", L => "rnh");
}

#[test]
fn r05e_options() {
    macro_rules! option {
        ([$($filter:tt)*] $value:expr) => {
            taken!(Option<u32>, Some(99_u32), [$($filter)*] $value)
        };
    }
    assert_eq!(option!([] None), "-s-", "nothing is wrong with a `None`");
    assert_eq!(option!([] Some(1)), "-s-");
    assert_eq!(option!([on(None)] None), "rfh");
    assert_eq!(option!([on(None)] Some(1)), "-s-");
    assert_eq!(option!([on(Option::None)] None), "rfh");
    assert_eq!(option!([on(Some(n) if *n > 1, None)] Some(2)), "rfh");
    assert_eq!(option!([on(Some(n) if *n > 1, None)] Some(1)), "-s-");
    assert_eq!(option!([on(Some(n) if *n > 1, None)] None), "rfh");
    assert_eq!(option!([ignore(None)] None), "-n-");
    assert_eq!(option!([ignore(None), on(_)] None), "-n-");
    assert_eq!(option!([ignore(None), on(_)] Some(1)), "rfh");
    assert_eq!(option!([on(value if value.is_none())] None), "rfh");
}

#[test]
fn r05f_plain_values() {
    macro_rules! plain {
        ([$($filter:tt)*] $value:expr) => {
            taken!(u16, 999_u16, [$($filter)*] $value)
        };
    }
    assert_eq!(plain!([] 500), "-s-");
    assert_eq!(plain!([on(500..=599)] 503), "rfh");
    assert_eq!(plain!([on(500..=599)] 200), "-s-");
    assert_eq!(plain!([on(404 | 429)] 429), "rfh");
    assert_eq!(plain!([on(status if *status >= 500)] 503), "rfh");
    assert_eq!(plain!([on(status if *status >= 500)] 404), "-s-");
    assert_eq!(plain!([ignore(501), on(500..)] 501), "-n-");
    assert_eq!(plain!([ignore(501), on(500..)] 500), "rfh");
    assert_eq!(taken!(String, "other".to_owned(), [on(text if text.is_empty())] String::new()), "rfh");
    assert_eq!(taken!(Vec<u8>, vec![9], [on(items if items.is_empty())] vec![1]), "-s-");
    assert_eq!(taken!((), (), []()), "-sh", "there is but one `()`");
}

#[test]
fn r05g_errors_that_say_nothing_are_transient() {
    #[derive(Debug)]
    struct Silent;
    assert_eq!(taken!(Result<u32, Silent>, Ok::<_, Silent>(99), [] Err(Silent)), "rfh");
    assert_eq!(taken!(Result<u32, String>, Ok::<_, String>(99), [] Err("no".to_owned())), "rfh");
    assert_eq!(taken!(Result<u32, ()>, Ok::<_, ()>(99), [on(Ok(1))] Err(())), "rfh");
}

#[test]
fn r05h_errors_of_the_standard_library() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    macro_rules! io {
        ($kind:ident) => {
            taken!(io::Result<u32>, Ok::<u32, io::Error>(99), [] Err(io::ErrorKind::$kind.into()))
        };
    }
    assert_eq!(io!(ConnectionReset), "rfh");
    assert_eq!(io!(NotFound), "-sh");
    assert_eq!(
        taken!(Result<u32, Boxed>, Ok::<u32, Boxed>(99), [] Err(io::Error::from(io::ErrorKind::NotFound).into())),
        "-sh"
    );
    assert_eq!(taken!(Result<u32, Boxed>, Ok::<u32, Boxed>(99), [] Err("what".into())), "rfh");
    assert_eq!(taken!(Result<u32, Box<Error>>, Ok::<u32, Box<Error>>(99), [] Err(Error::Permanent.into())), "-sh");
}

#[test]
fn r05i_generic_functions_see_a_class_that_is_in_their_bounds() {
    #[retry(attempts = 2, backoff = none)]
    fn bound<E: steadfast::Classify + Clone>(error: &E, runs: &mut u32) -> Result<(), E> {
        *runs += 1;
        Err(error.clone())
    }
    #[retry(attempts = 2, backoff = none)]
    fn unbound<E: Clone>(error: &E, runs: &mut u32) -> Result<(), E> {
        *runs += 1;
        Err(error.clone())
    }
    let (mut bound_runs, mut unbound_runs) = (0, 0);
    assert!(bound(&Error::Permanent, &mut bound_runs).is_err());
    assert!(unbound(&Error::Permanent, &mut unbound_runs).is_err());
    assert_eq!((bound_runs, unbound_runs), (1, 2));
}

#[test]
fn f07b_outcome_says_it_for_the_whole_stack() {
    table!(#[outcome(on(Err(Error::Io)))] [] I => "rfh", F => "-s-", Ok(1) => "-s-");
    table!(#[outcome(on(Ok(0)))] [] Ok(0) => "rfh", Ok(1) => "-s-", F => "rfh", P => "-s-");
    table!(#[outcome(ignore(Err(Error::Io)))] [] I => "-n-", F => "rfh", P => "-s-");
    table!(#[outcome(when = |error| *error == Error::Io)] [] I => "rfh", F => "-s-");
    table!(#[outcome(ignore(Err(Error::Io)), on(Ok(0)), when = |_| true)] [] I => "-n-", Ok(0) => "rfh", P => "rfh");
}

#[test]
fn f07c_a_policys_own_argument_wins() {
    table!(#[outcome(on(Err(Error::Io)))] [on(Err(Error::Failed))] F => "rfh", I => "-s-");
    table!(#[outcome(on(Err(Error::Io)))] [on(Ok(0))] Ok(0) => "rfh", F => "rfh", I => "rfh", P => "-s-");
    table!(#[outcome(ignore(Err(Error::Io)))] [ignore(Err(Error::Failed))] F => "-n-", I => "rfh");
    table!(#[outcome(when = |_| true)] [when = |error| *error == Error::Io] I => "rfh", F => "-s-", P => "-s-");
}

#[test]
fn f07d_and_the_others_stay() {
    table!(#[outcome(ignore(Err(Error::Io)))] [on(Err(_))] I => "-n-", F => "rfh", P => "rfh");
    table!(#[outcome(on(Ok(0)))] [ignore(Err(Error::Io))] Ok(0) => "rfh", I => "-n-", F => "rfh");
    table!(#[outcome(on(Ok(0)))] [when = |error| *error == Error::Io] Ok(0) => "rfh", I => "rfh", F => "-s-");
    table!(#[outcome(when = |error| *error == Error::Io)] [on(Ok(0))] Ok(0) => "rfh", I => "rfh", F => "-s-");
    table!(#[outcome(when = |error| *error == Error::Io)] [ignore(Ok(0))] Ok(0) => "-n-", I => "rfh", F => "-s-");
}
