//! Sets of policies: as the attributes written out, but for the state, which is shared.

use std::sync::Arc;
use std::time::Duration;

use steadfast::{State, circuit_breaker, policies, resilient, timeout};
use steadfast_tests::{Answer, Error, Script, across, letter};
use tokio::time::Instant;

policies! {
    fragile: [circuit_breaker(failure_threshold = 2, name = "fragile")]
}

#[tokio::test(start_paused = true)]
async fn s1_functions_share_what_keeps_state() {
    #[resilient(fragile)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[resilient(fragile)]
    fn other(script: &Script) -> Answer {
        script.run_blocking()
    }
    #[circuit_breaker(fragile::circuit_breaker())]
    async fn third(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert_eq!(letter(&one(&script).await), 'F');
    assert_eq!(letter(&other(&script)), 'F');
    assert_eq!(fragile::circuit_breaker().state(), State::Open);
    for rejection in [one(&script).await, other(&script), third(&script).await] {
        assert_eq!(rejection.unwrap_err().rejection().policy(), "fragile");
    }
    assert_eq!(script.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn s2_own_is_one_for_each_function() {
    policies! { each: [own circuit_breaker(failure_threshold = 1)] }

    #[resilient(each)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[resilient(each)]
    async fn other(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert_eq!(letter(&one(&script).await), 'F');
    assert_eq!(letter(&one(&script).await), 'R');
    assert_eq!(letter(&other(&script).await), 'F');
}

#[tokio::test(start_paused = true)]
async fn s3_policies_stand_in_written_order() {
    policies! {
        inside: [retry(attempts = 2, backoff = none, rejections()), timeout("1s")];
        outside: [timeout("1s"), retry(attempts = 2, backoff = none)];
    }

    // The retry sees no timeout where it may retry none, and is ended by one around it.
    #[resilient(inside)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[resilient(outside)]
    async fn other(script: &Script) -> Answer {
        script.run().await
    }
    for (script, runs) in [(Script::new("T"), 1), (Script::new("F T"), 2)] {
        assert_eq!(letter(&one(&script).await), 'T');
        assert_eq!(script.runs(), runs);
    }
    let script = Script::new("F T");
    assert_eq!(letter(&other(&script).await), 'T');
    assert_eq!((script.runs(), script.elapsed()), (2, Duration::from_secs(1)));
}

/// Attributes above and below a set, of ours and of others, and two sets on one function.
#[tokio::test(start_paused = true)]
async fn s4_a_set_has_its_place_among_attributes() {
    policies! {
        attempts: [retry(attempts = 3, backoff = none)];
        guard: [circuit_breaker(failure_threshold = 4)];
    }
    #[timeout("10s")]
    #[tracing::instrument(skip(script))]
    #[resilient(attempts)]
    #[inline(never)]
    #[resilient(guard)]
    #[timeout("1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F F T T");
    let begun = Instant::now();
    assert_eq!(letter(&call(&script).await), 'T');
    // Three attempts, of which the timeout beneath the breaker ended the last.
    assert_eq!((script.runs(), begun.elapsed()), (3, Duration::from_secs(1)));
    // One more failure opens the breaker, and the retry passes its rejection on.
    assert_eq!(letter(&call(&script).await), 'R');
    assert_eq!((script.runs(), begun.elapsed()), (4, Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn s5_arguments_of_the_function_may_be_named() {
    struct Service {
        host: &'static str,
    }
    policies! {
        per_host: [
            fallback(|error| if error == Error::Permanent { Err(error) } else { Ok(length(&format!("{}", self.host))) }),
            retry(attempts = 2, backoff = none, clone(script)),
            circuit_breaker(key = (self.host, shard), failure_threshold = 2),
        ]
    }
    fn length(host: &str) -> u32 {
        host.len().try_into().unwrap_or_default()
    }
    impl Service {
        #[resilient(per_host)]
        async fn call(&self, shard: u8, script: Arc<Script>) -> Answer {
            let taken = script;
            taken.run().await
        }
    }
    let [one, other] = ["one", "other"].map(|host| Service { host });
    let script = Arc::new(Script::new("F"));
    assert_eq!(one.call(1, Arc::clone(&script)).await, Ok(3));
    assert_eq!(other.call(1, Arc::clone(&script)).await, Ok(5));
    assert_eq!(script.runs(), 4);
    assert_eq!(one.call(2, Arc::clone(&script)).await, Ok(3));
    assert_eq!(script.runs(), 6);
    // The breaker of the first pair is open: nothing runs.
    assert_eq!(one.call(1, Arc::clone(&script)).await, Ok(3));
    assert_eq!(script.runs(), 6);
    assert_eq!(per_host::circuit_breaker().len(), 3);
    assert_eq!(one.call(3, Arc::new(Script::new("P"))).await, Err(Error::Permanent));
}

#[tokio::test(start_paused = true)]
async fn s6_outcome_and_two_of_a_kind() {
    policies! {
        twice: [
            outcome(on(Ok(0)), error = |_| Error::Mapped("rejected")),
            circuit_breaker(failure_threshold = 2, name = "outer"),
            circuit_breaker(failure_threshold = 1),
        ]
    }
    #[resilient(twice)]
    fn call(value: u32) -> Answer {
        Ok(value)
    }
    assert_eq!(call(0), Ok(0));
    assert_eq!(call(1), Err(Error::Mapped("rejected")));
    assert_eq!(twice::circuit_breaker_1().state(), State::Closed);
    assert_eq!(twice::circuit_breaker_2().state(), State::Open);
    assert_eq!(twice::circuit_breaker_1().policy(), "outer");
    assert!(twice::circuit_breaker_2().policy().ends_with("twice::circuit_breaker_2"));
}

mod elsewhere {
    use std::time::Duration;

    // Found where the set is declared, and not where it is used.
    const LONG: Duration = Duration::from_secs(60);

    steadfast::policies! {
        /// With settings of this module.
        pub(super) guarded: [
            bulkhead(max_concurrent = 1),
            rate_limit(permits = 2, per = LONG),
        ]
    }
}

#[tokio::test(start_paused = true)]
async fn s7_a_set_is_used_by_its_path() {
    mod inner {
        #[steadfast::resilient(super::elsewhere::guarded)]
        pub(super) async fn call() -> super::Answer {
            Ok(1)
        }
    }
    #[resilient(elsewhere::guarded)]
    async fn call() -> Answer {
        Ok(2)
    }
    assert_eq!((inner::call().await, call().await), (Ok(1), Ok(2)));
    assert!(call().await.unwrap_err().rejection().is_rate_limited());
    assert_eq!(elsewhere::guarded::rate_limit().rejected(), 1);
    assert_eq!(elsewhere::guarded::bulkhead().running(), 0);
}

#[tokio::test(start_paused = true)]
async fn s8_a_set_of_another_crate() {
    #[resilient(across)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[resilient(steadfast_tests::across)]
    fn other(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("I F I");
    assert_eq!((letter(&one(&script).await), script.runs()), ('F', 2));
    assert_eq!((letter(&other(&script)), script.runs()), ('I', 4));
    assert_eq!((letter(&one(&script).await), script.runs()), ('R', 5));
    assert_eq!(across::circuit_breaker().state(), State::Open);
}

#[test]
fn s9_a_set_may_have_the_name_of_a_keyword() {
    policies! { r#type: [circuit_breaker(failure_threshold = 1), own circuit_breaker] }
    mod exported {
        steadfast::policies! { pub r#struct: [retry(attempts = 2, backoff = none)] }
    }

    #[resilient(r#type)]
    #[resilient(exported::r#struct)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("F S");
    assert_eq!(letter(&call(&script)), 'S');
    assert_eq!(r#type::circuit_breaker_1().state(), State::Closed);
}

/// All that a set is made of is there or not; of two with one name only one.
#[test]
fn s10_a_set_may_be_configured() {
    policies! {
        #[cfg(any())]
        never: [retry, circuit_breaker(failure_threshold = of_no_such_name)];
        #[cfg(any())]
        either: [circuit_breaker(failure_threshold = 1)];
        #[cfg_attr(all(), doc = "The one that is.", derive(Debug), cfg_attr(all(), cfg(all())), allow(dead_code))]
        either: [circuit_breaker(failure_threshold = 2)];
        #[cfg_attr(any(), derive(NoSuchDerive), cfg(any()))]
        also: [retry];
    }
    mod exported {
        steadfast::policies! {
            #[cfg(any())]
            pub configured: [retry];
            #[cfg(all())]
            pub configured: [retry(attempts = 2, backoff = none)];
        }
    }

    #[resilient(either)]
    #[resilient(exported::configured)]
    #[resilient(also)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    fn is_debug<T: std::fmt::Debug>() {}
    is_debug::<either>();
    let script = Script::new("F S");
    assert_eq!(letter(&call(&script)), 'S');
    assert_eq!(either::circuit_breaker().state(), State::Closed);
}

/// A macro may declare a `pub` set each time it is called.
#[test]
fn s11_a_macro_may_declare_a_set_more_than_once() {
    macro_rules! module {
        ($name:ident, $attempts:expr) => {
            #[allow(unreachable_pub)]
            mod $name {
                steadfast::policies! { pub upstream: [retry(attempts = $attempts, backoff = none)] }
            }
        };
    }
    macro_rules! two {
        ($set:ident) => {
            #[allow(unreachable_pub)]
            mod third {
                steadfast::policies! { pub $set: [retry(attempts = 4, backoff = none)] }
            }
            #[allow(unreachable_pub)]
            mod fourth {
                steadfast::policies! { pub $set: [retry(attempts = 5, backoff = none)] }
            }
        };
    }
    module!(first, 2);
    module!(second, 3);
    two!(upstream);

    macro_rules! runs {
        ($($set:path),*) => {
            [$({
                #[resilient($set)]
                fn call(script: &Script) -> Answer {
                    script.run_blocking()
                }
                let script = Script::new("F");
                assert_eq!(letter(&call(&script)), 'F');
                script.runs()
            }),*]
        };
    }
    assert_eq!(runs!(first::upstream, second::upstream, third::upstream, fourth::upstream), [2, 3, 4, 5]);
}

#[test]
#[deny(warnings)]
fn s12_a_pub_set_may_stand_in_a_function() {
    steadfast::policies! { pub within: [retry(attempts = 2, backoff = none)] }

    #[resilient(within)]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    assert_eq!(letter(&call(&Script::new("F S"))), 'S');
}

/// One set for those that consume an argument and those that have none to consume.
#[tokio::test(start_paused = true)]
async fn s13_clone_in_a_set_is_for_those_that_have_what_to_clone() {
    policies! { up: [retry(attempts = 2, clone, backoff = none)] }

    struct Service {
        script: Script,
    }
    impl Service {
        #[resilient(up)]
        async fn borrows(&self) -> Answer {
            self.script.run().await
        }
    }
    #[resilient(up)]
    async fn consumes(script: Arc<Script>) -> Answer {
        let taken = script;
        taken.run().await
    }
    #[resilient(up)]
    fn takes_nothing() -> Answer {
        Ok(1)
    }
    let service = Service { script: Script::new("F S") };
    assert_eq!(letter(&service.borrows().await), 'S');
    assert_eq!(letter(&consumes(Arc::new(Script::new("F S"))).await), 'S');
    assert_eq!(takes_nothing(), Ok(1));
}
