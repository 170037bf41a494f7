//! Settings from TOML and from variables, over those of attributes. In a program of its own, since there is one
//! configuration in force in each; here the tests take turns.

#![allow(clippy::items_after_statements, reason = "an annotated function stands beside what is asked of it")]

use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::Duration;
use std::{env, fs, thread};

use steadfast::config::{Applied, Config, ConfigError};
use steadfast::registry::{self, Change, Count, Managed, Refusal, Registered, Setting, Value};
use steadfast::{
    CircuitBreaker, PolicyKind, bulkhead, circuit_breaker, fallback, rate_limit, resilient, retry, timeout,
};
use steadfast_tests::{Answer, Script, letter};
use tokio::time::Instant;

/// The right to load; at its end everything is again as the attributes say.
struct Turn {
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    #[expect(clippy::unused_self, reason = "only who has the turn loads")]
    fn load(&self, text: &str) -> Result<Applied, ConfigError> {
        Config::new().toml(text.to_owned()).load()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        Config::new().load().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_call_has_the_new_settings() {
    #[retry(name = "next", attempts = 2, backoff = none)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(name = "next_blocking", attempts = 2, backoff = none)]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    async fn runs() -> (usize, usize) {
        let (script, blocking) = (Script::new("F"), Script::new("F"));
        call(&script).await.unwrap_err();
        call_blocking(&blocking).unwrap_err();
        (script.runs(), blocking.runs())
    }

    let turn = Turn::take();
    assert_eq!(runs().await, (2, 2));
    let applied = turn.load("next.retry.attempts = 5\nnext_blocking.retry.attempts = 4").unwrap();
    assert_eq!(applied.to_string(), "retry `next`: attempts is 5, was 2\nretry `next_blocking`: attempts is 4, was 2");
    assert_eq!(runs().await, (5, 4));
    turn.load("next.retry.attempts = 3").unwrap();
    assert_eq!(runs().await, (3, 2));
    turn.load("next.retry.attempts = 0").unwrap_err();
    assert_eq!(runs().await, (3, 2));
    turn.load("retry.attempts = 4").unwrap();
    assert_eq!(runs().await, (4, 4));
    turn.load("").unwrap();
    assert_eq!(runs().await, (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_kill_switch_leaves_fallbacks() {
    static LIMIT: Duration = Duration::from_secs(1);
    #[fallback(Ok(99))]
    #[retry(name = "guarded", attempts = 3, backoff = none)]
    #[circuit_breaker(name = "guarded", failure_threshold = 1)]
    #[circuit_breaker(failure_threshold = 1, key = 7)]
    #[rate_limit(permits = 1, per = "1h")]
    #[bulkhead(max_concurrent = 1, key = 7)]
    #[timeout(LIMIT)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }

    let turn = Turn::take();
    for text in ["enabled = false", "enabled = false\n[guarded]\nenabled = true\n[guarded.retry]\nenabled = true"] {
        let applied = turn.load(text).unwrap();
        assert!(applied.left_out.is_empty(), "{applied}");
        let begin = Instant::now();
        // `s` takes as long as the timeout, `f` too: nothing of it is cut, repeated, counted or kept out.
        let script = Script::new("ffs");
        let answers = [call(&script).await, call(&script).await, call(&script).await];
        assert_eq!((answers, script.runs()), ([Ok(99), Ok(99), Ok(3)], 3));
        assert_eq!(begin.elapsed(), Duration::from_secs(3));
    }
    turn.load("fallback.enabled = false\nguarded.enabled = false\nrate_limit.enabled = false").unwrap();
    assert_eq!(letter(&call(&Script::new("F")).await), 'F');
}

#[test]
fn calls_go_on_while_it_is_loaded_and_nobody_sees_half_of_it() {
    #[retry(name = "pair", attempts = 2, max_delay = "2s", backoff = none)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let retry = &registry::find_kind("pair", PolicyKind::Retry)[0];
    let is_whole = |settings: &[Setting]| {
        let has = |key, value: &Value| settings.iter().any(|setting| setting.key == key && setting.value == *value);
        [2_u32, 5].iter().any(|n| has("attempts", &(*n).into()) && has("max_delay", &format!("{n}s").as_str().into()))
    };

    let turn = Turn::take();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let script = Script::new("F");
                    call(&script).unwrap_err();
                    assert!((2..=5).contains(&script.runs()), "{}", script.runs());
                }
            });
        }
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let settings = retry.settings();
                assert!(is_whole(&settings), "{settings:?}");
            }
        });
        for round in 0..200 {
            turn.load(if round % 2 == 0 { "pair.retry = { attempts = 5, max_delay = \"5s\" }" } else { "" }).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_file_is_watched() {
    #[retry(name = "watched", attempts = 2, backoff = none)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }

    let turn = Turn::take();
    let file = env::temp_dir().join(format!("steadfast-watched-{}.toml", process::id()));
    fs::write(&file, "watched.retry.attempts = 3").unwrap();
    let (sender, loads) = mpsc::channel();
    let watch = Config::new().file(&file).watch(move |loaded| drop(sender.send(loaded))).unwrap();
    let attempts = || {
        let script = Script::new("F");
        call(&script).unwrap_err();
        script.runs()
    };
    assert_eq!(attempts(), 3);
    fs::write(&file, "watched.retry.attempts = 5").unwrap();
    while attempts() != 5 {
        // An empty file may be seen in between.
        loads.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
    }
    drop(watch);
    while loads.recv_timeout(Duration::from_secs(60)).is_ok() {}
    fs::remove_file(file).unwrap();
    drop(turn);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_keeps_its_state() {
    #[circuit_breaker(name = "stateful", failure_threshold = 2)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let breaker = &registry::find("stateful")[0];

    let turn = Turn::take();
    let script = Script::new("FS");
    call(&script).await.unwrap_err();
    // One failure is outstanding, and one is enough now.
    turn.load("stateful.circuit_breaker = { failure_threshold = 1, reset_timeout = \"1s\" }").unwrap();
    let failing = Script::new("F");
    call(&failing).await.unwrap_err();
    assert_eq!(breaker.state(), Some("open"));
    turn.load("stateful.circuit_breaker.failure_threshold = 7").unwrap();
    assert_eq!((breaker.state(), letter(&call(&script).await)), (Some("open"), 'R'));
    // In shadow it is open all the same, and calls pass.
    turn.load("stateful.circuit_breaker.shadow = true").unwrap();
    assert_eq!((breaker.state(), letter(&call(&script).await)), (Some("open"), 'S'));
    turn.load("").unwrap();
    assert_eq!(letter(&call(&script).await), 'R');
}

#[test]
fn mistakes_are_told_with_their_place_and_change_nothing() {
    #[timeout("2s", name = "payments")]
    #[retry(name = "payments", backoff = exponential("200ms"))]
    #[timeout("1s", name = "payments")]
    #[circuit_breaker(name = "payments", failure_threshold = 3)]
    #[expect(dead_code, reason = "it stands in the list without a call")]
    async fn pay(script: &Script) -> Answer {
        script.run().await
    }

    let turn = Turn::take();
    turn.load("payments.retry.attempts = 9").unwrap();
    for (text, expected) in [
        ("[payment]", "text:1: unknown policy `payment`; did you mean `payments`?"),
        (
            "[payments.timeout]\nlimit = \"1s\"",
            "text:1: more than one timeout is named `payments`: give each a name of its own",
        ),
        (
            "[payments.retry]\nmax_delay = \"100ms\"",
            "text:2: `payments.retry.max_delay` is shorter than the first delay, which is 200ms",
        ),
        (
            "[payments.bulkhead]\nmax_concurrent = 1",
            "text:1: no bulkhead is named `payments`; there is `[payments.circuit_breaker]`, `[payments.retry]`, \
             `[payments.timeout]`",
        ),
        (
            "\npayments.circuit_breaker.failure_treshold = 3",
            "text:2: `payments.circuit_breaker.failure_treshold`: unknown setting `failure_treshold`; expected one of: ",
        ),
        (
            "payments.circuit_breaker.failure_threshold = 0",
            "text:1: `payments.circuit_breaker.failure_threshold` takes ",
        ),
        (
            "payments.circuit_breaker.reset_timeout = 30",
            "text:1: `payments.circuit_breaker.reset_timeout` takes a duration",
        ),
    ] {
        let error = turn.load(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}\n{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let retry = &registry::find_kind("payments", PolicyKind::Retry)[0];
    assert_eq!(retry.setting("attempts"), Some(Value::Integer(9)));
    // What is for all of a name is for both timeouts.
    assert_eq!(turn.load("payments.critical = true").unwrap().changes.len(), 5);
}

/// Run by itself once more, in an environment with these variables.
#[test]
fn variables_go_over_a_file() {
    #[retry(name = "from-env", attempts = 2, backoff = none)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }

    let turn = Turn::take();
    if env::var_os("CONFIG_TEST_CHILD").is_some() {
        let config = Config::new().toml("from-env.retry = { attempts = 3, max_duration = \"1s\" }").env();
        let applied = config.load().unwrap().to_string();
        assert!(applied.contains("attempts is 5, was 2") && applied.contains("max_duration is \"1s\""), "{applied}");
        let script = Script::new("F");
        call(&script).unwrap_err();
        assert_eq!(script.runs(), 5);
        return;
    }
    drop(turn);
    let run = |variable: &str, value: &str| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "variables_go_over_a_file"]).env("CONFIG_TEST_CHILD", "1").env(variable, value);
        command.output().unwrap()
    };
    let output = run("STEADFAST__FROM_ENV__RETRY__ATTEMPTS", "5");
    assert!(output.status.success(), "{output:?}");
    let output = run("STEADFAST__FROM_EVN__RETRY__ATTEMPTS", "5");
    assert!(!output.status.success());
    assert!(format!("{output:?}").contains("unknown policy `from_evn`; did you mean `from-env`?"), "{output:?}");
}

#[test]
fn a_policy_that_is_made_at_run_time_takes_part() {
    let turn = Turn::take();
    let config = Config::new().toml("[eu-west.circuit_breaker]\nfailure_threshold = 9").later(["eu-west"]);
    config.load().unwrap();
    let breaker = Arc::new(CircuitBreaker::new().name("eu-west"));
    let registered = registry::register(Arc::clone(&breaker));
    assert!(registered.refused().is_none());
    assert_eq!(registry::find("eu-west")[0].setting("failure_threshold"), Some(Value::Integer(9)));
    assert_eq!(config.load().unwrap(), Applied::default());
    drop(registered);
    assert_eq!(config.load().unwrap(), Applied::default());

    Config::new().toml("[eu-west.circuit_breaker]\nfailure_threshold = 0").later(["eu-west"]).load().unwrap();
    let breaker = Arc::new(CircuitBreaker::new().name("eu-west").failure_threshold(4));
    let registered = registry::register(breaker);
    let refused = registered.refused().unwrap().to_string();
    assert!(refused.starts_with("text:2: `eu-west.circuit_breaker.failure_threshold` takes"), "{refused}");
    assert_eq!(registry::find("eu-west")[0].setting("failure_threshold"), Some(Value::Integer(4)));
    drop(turn);
}

/// What a set declares once, each of its functions has a copy of.
#[test]
fn a_name_in_a_set_means_the_copies_of_all_functions() {
    steadfast::policies! {
        stack: [
            fallback(Ok(9), name = "set"),
            retry(name = "set", attempts = 2, backoff = none),
            timeout("1s", name = "set"),
        ],
        other: [retry(name = "other set", attempts = 2)],
        same: [retry(name = "other set", attempts = 2)]
    }
    #[resilient(stack)]
    async fn one() -> Answer {
        Ok(1)
    }
    #[resilient(stack)]
    async fn two() -> Answer {
        Ok(2)
    }
    #[resilient(other)]
    async fn three() -> Answer {
        Ok(3)
    }
    #[resilient(same)]
    async fn four() -> Answer {
        Ok(4)
    }
    let _ = (one(), two(), three(), four());

    let turn = Turn::take();
    let applied = turn.load("[set]\nretry.attempts = 5\ntimeout.limit = \"2s\"\nfallback.enabled = false").unwrap();
    assert_eq!(applied.changes.len(), 6, "{applied}");
    let error = turn.load("[\"other set\".retry]\nattempts = 5").unwrap_err();
    assert!(error.to_string().contains("more than one retry is named `other set`"), "{error}");
}

#[test]
fn several_of_one_name_that_are_made_at_run_time_come_and_go() {
    let turn = Turn::take();
    let tenant = || Arc::new(CircuitBreaker::new().name("tenant"));
    let (one, other) = (tenant(), tenant());
    let of = |breaker: &Arc<CircuitBreaker>| {
        let settings = Managed::settings(&**breaker);
        settings.into_iter().find(|setting| setting.key == "failure_threshold").map(|setting| setting.value)
    };
    let registered = [&one, &other].map(|breaker| registry::register(Arc::clone(breaker)));
    turn.load("tenant.circuit_breaker.failure_threshold = 9\n").unwrap();
    assert_eq!([of(&one), of(&other)], [Some(9_u32.into()), Some(9_u32.into())]);
    turn.load("enabled = false\ntenant.circuit_breaker.failure_threshold = 9").unwrap();

    // Who is no longer listed is as it was made, and who is registered once more is not.
    let again = registry::register(Arc::clone(&one));
    drop(registered);
    assert_eq!([of(&one), of(&other)], [Some(9_u32.into()), Some(5_u32.into())]);
    drop(again);
    assert_eq!(of(&one), Some(5_u32.into()));
    // What was changed by hand alone stays.
    turn.load("").unwrap();
    let registered = registry::register(Arc::clone(&one));
    registry::find("tenant")[0].change(&[("failure_threshold", 7_u32.into())]).unwrap();
    drop(registered);
    assert_eq!(of(&one), Some(7_u32.into()));
}

/// One that stands in a `static` and one that is made while the program runs have one name.
#[test]
fn a_name_of_one_that_is_made_at_run_time_means_the_others_as_well() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().name("mixed");
    steadfast::register!(BREAKER);
    let turn = Turn::take();
    let _registered = registry::register(Arc::new(CircuitBreaker::new().name("mixed")));
    assert_eq!(turn.load("mixed.circuit_breaker.failure_threshold = 9").unwrap().changes.len(), 2);
}

#[test]
fn one_that_goes_while_it_is_loaded_is_as_it_was_made() {
    static GOES: Mutex<Option<registry::Registered>> = Mutex::new(None);
    let turn = Turn::take();
    let (first, last) = (CircuitBreaker::new().name("goes a"), CircuitBreaker::new().name("goes b"));
    let (first, last) = (Arc::new(first.failure_threshold(1)), Arc::new(last));
    let _first = registry::register(Arc::clone(&first));
    *GOES.lock().unwrap() = Some(registry::register(Arc::clone(&last)));
    // When the first is switched off it closes, and tells so before the other has changed.
    let _: Result<(), _> = first.call_blocking(|| Err(std::io::Error::other("down")));
    let observer = steadfast::observe(|event| {
        if event.policy == "goes a" {
            drop(GOES.lock().unwrap().take());
        }
    });
    turn.load("circuit_breaker.enabled = false").unwrap();
    drop(observer);
    assert!(GOES.lock().unwrap().is_none());
    let of = |breaker: &CircuitBreaker| {
        let settings = Managed::settings(breaker);
        settings.into_iter().find(|setting| setting.key == "enabled").map(|setting| setting.value)
    };
    assert_eq!((of(&first), of(&last)), (Some(false.into()), Some(true.into())));
}

/// As it may be with threads: it goes while a load changes it, and comes again while that load takes back what it has said.
#[test]
fn one_that_goes_and_comes_during_a_load_has_its_settings() {
    #[derive(Default)]
    struct Coming {
        breaker: CircuitBreaker,
        registered: Mutex<Option<Registered>>,
        taken_back: AtomicU32,
        again: Mutex<Weak<Self>>,
    }
    impl Coming {
        fn register(self: &Arc<Self>) {
            let registered = registry::register(Arc::clone(self));
            *self.registered.lock().unwrap() = Some(registered);
        }
    }
    impl Managed for Coming {
        fn name(&self) -> &'static str {
            "coming"
        }
        fn is_named(&self) -> bool {
            true
        }
        fn kind(&self) -> PolicyKind {
            self.breaker.kind()
        }
        fn settings(&self) -> Vec<Setting> {
            self.breaker.settings()
        }
        fn counts(&self) -> Vec<Count> {
            Vec::new()
        }
        fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
            let (change, is_taken_back) = (self.breaker.change(over)?, over.is_empty());
            Ok(Box::new(move || {
                // The second is that of the load: the first was that of the registration that ended.
                if is_taken_back && self.taken_back.fetch_add(1, Ordering::Relaxed) == 1 {
                    self.again.lock().unwrap().upgrade().unwrap().register();
                }
                change();
                if !is_taken_back && self.taken_back.load(Ordering::Relaxed) == 0 {
                    let registered = self.registered.lock().unwrap().take();
                    drop(registered);
                }
            }))
        }
    }

    let turn = Turn::take();
    let coming = Arc::new(Coming::default());
    *coming.again.lock().unwrap() = Arc::downgrade(&coming);
    coming.register();
    coming.taken_back.store(0, Ordering::Relaxed);
    turn.load("coming.circuit_breaker.failure_threshold = 9").unwrap();
    assert_eq!(coming.taken_back.load(Ordering::Relaxed), 2);
    assert_eq!(registry::find("coming")[0].setting("failure_threshold"), Some(Value::Integer(9)));
    let registered = coming.registered.lock().unwrap().take();
    drop(registered);
    assert_eq!(registry::find("coming"), []);
}

/// `LazyLock`s are made by whoever first asks for the list, here a load.
mod lazy {
    use super::*;

    static BROKEN: LazyLock<CircuitBreaker> = LazyLock::new(|| panic!("it can't be made"));
    steadfast::register!(*BROKEN);

    static MADE: LazyLock<CircuitBreaker> = LazyLock::new(|| {
        let tenant = Arc::new(CircuitBreaker::new().name("made by lazy"));
        // By another thread as well, which must not wait for the load.
        let other = Arc::clone(&tenant);
        thread::spawn(move || Box::leak(Box::new(registry::register(other)))).join().unwrap();
        let registered = Box::leak(Box::new(registry::register(tenant)));
        assert!(registered.refused().is_none());
        CircuitBreaker::new().name("lazy")
    });
    steadfast::register!(*MADE);

    #[test]
    fn one_that_cannot_be_made_is_left_out() {
        let turn = Turn::take();
        for _ in 0..2 {
            assert!(!registry::policies().is_empty());
            drop(steadfast::health());
            turn.load("enabled = false").unwrap();
        }
    }

    /// In a process of its own, where nothing has asked for the list before.
    #[test]
    fn who_is_registered_while_one_is_made_has_its_settings() {
        let turn = Turn::take();
        if env::var_os("CONFIG_TEST_CHILD").is_some() {
            turn.load("enabled = false").unwrap();
            for name in ["lazy", "made by lazy"] {
                assert_eq!(registry::find(name)[0].setting("enabled"), Some(Value::Flag(false)), "{name}");
            }
            return;
        }
        drop(turn);
        let mut command = Command::new(env::current_exe().unwrap());
        let test = "lazy::who_is_registered_while_one_is_made_has_its_settings";
        let output = command.args(["--exact", test]).env("CONFIG_TEST_CHILD", "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
