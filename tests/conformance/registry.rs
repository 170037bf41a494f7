//! The registry: every policy of the program is listed, before its first call, and can be found and steered.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use steadfast::registry::{self, Policy, Value};
use steadfast::{
    Bulkhead, CircuitBreaker, Keyed, PolicyKind, RateLimit, Retry, RetryBudget, bulkhead, circuit_breaker, fallback,
    hedge, policies, rate_limit, resilient, retry, timeout,
};

type Outcome = io::Result<u32>;

/// The only policy of that name and kind.
#[track_caller]
fn the(name: &str, kind: PolicyKind) -> Policy {
    let mut found = registry::find_kind(name, kind);
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.remove(0)
}

fn kinds(name: &str) -> Vec<&'static str> {
    registry::find(name).iter().map(|policy| policy.kind().as_str()).collect()
}

/// R1: policies of all kinds, of a function that nobody calls.
#[test]
fn r01_all_kinds_are_listed_before_the_first_call() {
    #[fallback(Ok(7), name = "r01")]
    #[fallback(stale = "10m", name = "r01 stale")]
    #[timeout("10s", name = "r01")]
    #[retry(name = "r01")]
    #[hedge(after = "50ms", name = "r01")]
    #[circuit_breaker(name = "r01")]
    #[rate_limit(permits = 10, name = "r01")]
    #[bulkhead(max_concurrent = 10, name = "r01")]
    #[timeout(percentile(0.99, max = "1s"), name = "r01 percentile")]
    #[expect(dead_code, reason = "nobody calls it")]
    async fn call() -> Outcome {
        Ok(1)
    }

    let all = ["bulkhead", "circuit_breaker", "fallback", "hedge", "rate_limit", "retry", "timeout"];
    assert_eq!(kinds("r01"), all);
    assert_eq!(kinds("r01 stale"), ["fallback"]);
    assert_eq!(kinds("r01 percentile"), ["timeout"]);
}

/// R2: by the path of the function, with its type.
#[test]
fn r02_without_a_name_it_is_the_path() {
    struct Cart;
    trait Shop {
        #[timeout("2s")]
        async fn order(&self) -> Outcome {
            Ok(1)
        }
    }
    impl Shop for Cart {}
    struct Generic<T>(PhantomData<T>);
    impl<T> Generic<T> {
        #[retry]
        fn pay(&self) -> Outcome {
            let _ = self.0;
            Ok(1)
        }
    }
    impl Cart {
        #[circuit_breaker]
        fn pay(&self) -> Outcome {
            let _ = self;
            Ok(1)
        }
    }
    let _ = (|| Cart.order(), Generic(PhantomData::<u8>).pay(), Cart.pay());

    let paths: Vec<_> =
        registry::policies().iter().map(Policy::name).filter(|name| name.contains("r02_without")).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    let cart = paths.iter().find(|path| path.ends_with("Cart::pay")).expect("it is listed");
    assert!(!the(cart, PolicyKind::CircuitBreaker).is_named());
}

/// R3: settings in force, those that each call computes left out.
#[test]
fn r03_settings() {
    #[retry(attempts = 4, backoff = fixed("250ms"), name = "r03 constant")]
    fn constant() -> Outcome {
        Ok(1)
    }
    #[retry(attempts = limit, max_delay = "5s", name = "r03 of the call")]
    fn of_the_call(limit: u32) -> Outcome {
        Ok(limit)
    }
    #[timeout(limit, name = "r03 of the call", enabled = limit > Duration::ZERO)]
    async fn timed(limit: Duration) -> Outcome {
        Ok(u32::from(limit.is_zero()))
    }
    let _ = (constant(), of_the_call(1), timed(Duration::ZERO));

    let constant = the("r03 constant", PolicyKind::Retry);
    assert_eq!(constant.setting("attempts"), Some(Value::Integer(4)));
    assert_eq!(constant.setting("backoff"), Some(Value::Text("fixed(250ms)".to_owned())));
    let of_the_call = the("r03 of the call", PolicyKind::Retry);
    assert_eq!(of_the_call.setting("attempts"), None);
    assert_eq!(of_the_call.setting("max_delay"), Some(Value::Text("5s".to_owned())));
    let timed = the("r03 of the call", PolicyKind::Timeout);
    assert_eq!((timed.setting("limit"), timed.setting("enabled")), (None, None));
    assert_eq!(timed.setting("critical"), Some(Value::Flag(false)));
}

/// R4: what is put over the settings counts for the next call, also where each call has settings of its own.
#[test]
fn r04_settings_change() {
    #[retry(attempts = limit, backoff = none, name = "r04")]
    fn tried(limit: u32) -> Result<u32, u32> {
        Err(steadfast::attempt())
    }
    assert_eq!(tried(2), Err(2));
    let policy = the("r04", PolicyKind::Retry);
    policy.change(&[("attempts", Value::Integer(5))]).expect("it is in range");
    assert_eq!(tried(2), Err(5));
    let refused = policy.change(&[("attempts", Value::Integer(0)), ("attemps", Value::Integer(1))]).unwrap_err();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert_eq!(tried(2), Err(5));
    policy.change(&[]).expect("there is nothing to refuse");
    assert_eq!(tried(2), Err(2));
}

/// R5: a policy that several functions name is one.
#[test]
fn r05_shared_policies_are_listed_once() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().name("r05");
    static BY_REFERENCE: &CircuitBreaker = &BREAKER;
    static ALONE: CircuitBreaker = CircuitBreaker::new().name("r05 alone");
    static ALONE_BY_REFERENCE: &CircuitBreaker = &ALONE;
    static HOSTS: Keyed<RateLimit> = RateLimit::new(5).name("r05 hosts").keyed();
    const RETRY: Retry = Retry::new().name("r05 const");
    static BUDGET: RetryBudget = RetryBudget::new().name("r05 budget");
    static LAZY: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::new(5).name("r05 lazy"));

    #[circuit_breaker(BREAKER)]
    fn first() -> Outcome {
        Ok(1)
    }
    #[retry(RETRY, budget = BUDGET)]
    #[circuit_breaker(&BREAKER)]
    #[circuit_breaker(BY_REFERENCE)]
    #[circuit_breaker(ALONE_BY_REFERENCE)]
    #[rate_limit(HOSTS, key = host)]
    #[bulkhead(LAZY)]
    fn second(host: &str) -> Outcome {
        Ok(u32::from(host.is_empty()))
    }
    let _ = (first(), second("a"));

    let breaker = the("r05", PolicyKind::CircuitBreaker);
    assert!(breaker.force_open());
    assert!(BREAKER.is_open());
    the("r05 alone", PolicyKind::CircuitBreaker);
    the("r05 hosts", PolicyKind::RateLimit);
    the("r05 const", PolicyKind::Retry);
    the("r05 budget", PolicyKind::RetryBudget);
    assert_eq!(kinds("r05 lazy").len(), 0, "only some code at run time can tell");
}

/// R6: what no attribute names.
mod of_the_user {
    use super::*;

    pub(super) static POLICY: CircuitBreaker = CircuitBreaker::new().name("r06");
    static LAZY: LazyLock<CircuitBreaker> = LazyLock::new(|| CircuitBreaker::new().name("r06 lazy"));
    steadfast::register!(POLICY);
    steadfast::register!(*LAZY);
    steadfast::register!(POLICY);
}

#[test]
fn r06_registered_by_the_user() {
    assert!(the("r06", PolicyKind::CircuitBreaker).force_closed());
    assert_eq!(of_the_user::POLICY.state(), steadfast::State::ForcedClosed);
    the("r06 lazy", PolicyKind::CircuitBreaker);
}

/// R7: policies that are made while the program runs.
#[test]
fn r07_made_at_run_time() {
    let policy = Arc::new(CircuitBreaker::new().name("r07"));
    let first = registry::register(Arc::clone(&policy));
    let second = registry::register(Arc::clone(&policy));
    let held = the("r07", PolicyKind::CircuitBreaker);
    drop(first);
    the("r07", PolicyKind::CircuitBreaker);
    drop(second);
    assert_eq!(kinds("r07").len(), 0);

    // A handle outlives the listing.
    assert!(held.force_open());
    assert!(policy.is_open());
    drop(held);
    // Other tests ask for the list meanwhile, and hold what is in it for a moment.
    for _ in 0..100_000 {
        if Arc::strong_count(&policy) > 1 {
            std::thread::yield_now();
        }
    }
    assert_eq!(Arc::strong_count(&policy), 1);
}

/// A value that calls back when it is dropped.
#[test]
fn r07_the_list_may_be_asked_while_a_policy_is_dropped() {
    struct Nosy(CircuitBreaker);
    impl Drop for Nosy {
        fn drop(&mut self) {
            assert!(!registry::policies().is_empty() || self.0.is_open());
        }
    }
    impl registry::Managed for Nosy {
        fn name(&self) -> &'static str {
            // Under a lock this would never end.
            drop(registry::register(Arc::new(CircuitBreaker::new())));
            "r07 nosy"
        }
        fn is_named(&self) -> bool {
            true
        }
        fn kind(&self) -> PolicyKind {
            PolicyKind::CircuitBreaker
        }
        fn settings(&self) -> Vec<registry::Setting> {
            Vec::new()
        }
        fn state(&self) -> Option<&'static str> {
            None
        }
        fn counts(&self) -> Vec<registry::Count> {
            Vec::new()
        }
        fn steer(&self, _: registry::Steer) -> bool {
            false
        }
        fn change(&self, _: &[(&str, Value)]) -> Result<registry::Change<'_>, Vec<registry::Refusal>> {
            Ok(Box::new(|| ()))
        }
    }
    let registered = registry::register(Arc::new(Nosy(CircuitBreaker::new())));
    the("r07 nosy", PolicyKind::CircuitBreaker);
    drop(registered);
}

policies! {
    /// A set.
    r08: [
        retry(attempts = 2, name = "r08"),
        circuit_breaker(name = "r08", critical = true),
    ]
}

/// R8: the shared policies of a set, and those of each of its functions.
#[test]
fn r08_sets() {
    #[resilient(r08)]
    fn first() -> Outcome {
        Ok(1)
    }
    #[resilient(r08)]
    fn second() -> Outcome {
        Ok(1)
    }
    let _ = (first(), second());
    assert_eq!(kinds("r08"), ["circuit_breaker", "retry", "retry"]);
    assert_eq!(the("r08", PolicyKind::CircuitBreaker).setting("critical"), Some(Value::Flag(true)));
}

/// R9: names that two policies share are told of.
#[test]
fn r09_shared_names() {
    #[circuit_breaker(name = "r09 shared")]
    #[retry(name = "r09 shared")]
    fn first() -> Outcome {
        Ok(1)
    }
    #[circuit_breaker(name = "r09 shared")]
    fn second() -> Outcome {
        Ok(1)
    }
    #[timeout("1m")]
    #[timeout("1s")]
    async fn twice() -> Outcome {
        Ok(1)
    }
    let _ = (first(), second(), || twice());
    let shared = registry::shared_names();
    let shared: Vec<_> = shared.iter().filter(|shared| shared.name.contains("r09")).collect();
    assert_eq!(shared.len(), 1, "{shared:?}");
    assert_eq!((shared[0].kind, shared[0].policies.len()), (PolicyKind::CircuitBreaker, 2));
}

/// R10: in order, and nothing twice.
#[test]
fn r10_order() {
    let all = registry::policies();
    let order: Vec<_> = all.iter().map(|policy| (policy.name(), policy.kind().as_str())).collect();
    assert!(order.is_sorted());
    for (index, policy) in all.iter().enumerate() {
        assert!(!all[..index].contains(policy), "{policy:?}");
    }
}

/// R11: each caller of a generic function has the same policy.
#[test]
fn r11_a_generic_function_has_one() {
    #[circuit_breaker(name = "r11")]
    fn call<T: Default>() -> io::Result<T> {
        Ok(T::default())
    }
    let _ = (call::<u8>(), call::<String>(), call::<Option<u32>>());
    the("r11", PolicyKind::CircuitBreaker);
}

/// R12: in functions that return a future.
#[test]
fn r12_shapes() {
    #[circuit_breaker(name = "r12")]
    #[expect(clippy::manual_async_fn, reason = "the shape is what is tried")]
    fn returned() -> impl Future<Output = Outcome> {
        async { Ok(1) }
    }
    drop(returned());
    the("r12", PolicyKind::CircuitBreaker);
}

/// R13: the data of the list, as the docs show it.
#[test]
fn r13_json() {
    #[retry(attempts = 4, backoff = exponential("250ms"), name = "r13")]
    #[circuit_breaker(name = "r13 breaker")]
    fn call() -> Outcome {
        Ok(1)
    }
    let _ = call();
    let docs = include_str!("../../runtime/src/registry/snapshot.rs");
    let shown = docs.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("it is there");
    let shown: String = shown.lines().map(|line| line.trim_start_matches("///")).collect();
    let mut shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    let shown = &mut shown["policies"][0];
    shown["name"] = "r13".into();

    let all = serde_json::to_value(registry::snapshot()).expect("it can be serialised");
    let found = all["policies"].as_array().expect("a list").iter().find(|policy| policy["name"] == "r13");
    let mut found = found.expect("it is listed").clone();
    let breaker = all["policies"].as_array().expect("a list").iter().find(|policy| policy["name"] == "r13 breaker");
    assert_eq!(breaker.expect("it is listed")["state"], "closed");
    // With the feature `metrics` there are more.
    let counts = found["counts"].as_object_mut().expect("a map");
    counts.retain(|name, _| shown["counts"].get(name).is_some());
    assert_eq!(&found, shown);
}
