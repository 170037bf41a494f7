//! Which calls share a breaker: functions, instances, keys, handles. And a breaker in somebody's hand.

use std::sync::Arc;
use std::time::Duration;

use steadfast::{CircuitBreaker, Keyed, State, circuit_breaker};
use steadfast_tests::{Answer, Error, Script, letter, pass};

#[tokio::test(start_paused = true)]
async fn c17_two_functions_are_two_breakers() {
    #[circuit_breaker(failure_threshold = 1)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(failure_threshold = 1)]
    async fn other(script: &Script) -> Answer {
        script.run().await
    }
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&one(&fails).await), 'F');
    assert_eq!(letter(&one(&succeeds).await), 'R');
    assert_eq!(letter(&other(&succeeds).await), 'S');
}

#[tokio::test(start_paused = true)]
async fn c17b_a_name_shares_nothing() {
    #[circuit_breaker(failure_threshold = 1, name = "same")]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(failure_threshold = 1, name = "same")]
    fn other(script: &Script) -> Answer {
        script.run_blocking()
    }
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&one(&fails).await), 'F');
    assert_eq!(letter(&one(&succeeds).await), 'R');
    assert_eq!(letter(&other(&succeeds)), 'S');
}

#[tokio::test(start_paused = true)]
async fn c17c_one_static_for_two_functions() {
    static SHARED: CircuitBreaker = CircuitBreaker::new().failure_threshold(2).name("shared");

    #[circuit_breaker(SHARED)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(SHARED)]
    fn other(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("F");
    assert_eq!(letter(&one(&script).await), 'F');
    assert_eq!(letter(&other(&script)), 'F');
    assert_eq!(SHARED.state(), State::Open);
    assert_eq!(one(&script).await.unwrap_err().rejection().policy(), "shared");
    assert_eq!(other(&script).unwrap_err().rejection().policy(), "shared");
}

#[tokio::test(start_paused = true)]
async fn c17d_one_for_each_key() {
    #[circuit_breaker(failure_threshold = 2, key = host)]
    async fn call(host: &str, script: &Script) -> Answer {
        let _ = host;
        script.run().await
    }
    #[circuit_breaker(failure_threshold = 2, key = (host, port))]
    fn call_blocking(host: String, port: u16, script: &Script) -> Answer {
        drop((host, port));
        script.run_blocking()
    }
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    for expected in ['F', 'F', 'R'] {
        assert_eq!(letter(&call("a", &fails).await), expected);
        assert_eq!(letter(&call("b", &succeeds).await), 'S');
        assert_eq!(letter(&call_blocking("a".to_owned(), 80, &fails)), expected);
        assert_eq!(letter(&call_blocking("a".to_owned(), 81, &succeeds)), 'S');
    }
}

#[tokio::test(start_paused = true)]
async fn c17e_no_more_keys_than_allowed() {
    #[circuit_breaker(failure_threshold = 1, key = host, max_keys = 2)]
    fn call(host: u32, script: &Script) -> Answer {
        script.run_blocking()
    }
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&call(1, &fails)), 'F');
    // Clean ones go before the open one, though it was used least recently.
    for host in 2..20 {
        assert_eq!(letter(&call(host, &succeeds)), 'S');
    }
    assert_eq!(letter(&call(1, &succeeds)), 'R');
    // Where all are open, the one that was used least recently goes.
    assert_eq!(letter(&call(2, &fails)), 'F');
    assert_eq!(letter(&call(1, &succeeds)), 'R');
    assert_eq!(letter(&call(3, &fails)), 'F');
    assert_eq!(letter(&call(2, &succeeds)), 'S');
}

#[tokio::test(start_paused = true)]
async fn c17f_a_key_with_calls_under_way_is_kept() {
    #[circuit_breaker(failure_threshold = 1, key = host, max_keys = 1)]
    async fn call(host: u32, script: &Script) -> Answer {
        script.run().await
    }
    let (slow, others) = (Script::new("f"), Script::new("S"));
    let fails = async {
        assert_eq!(letter(&call(1, &slow).await), 'F');
        assert_eq!(letter(&call(1, &others).await), 'R');
    };
    let meanwhile = async {
        for host in 2..20 {
            assert_eq!(letter(&call(host, &others).await), 'S');
        }
    };
    tokio::join!(fails, meanwhile);
}

#[tokio::test(start_paused = true)]
async fn c17g_one_for_all_instantiations_of_a_generic_function() {
    #[circuit_breaker(failure_threshold = 1)]
    async fn call<T: Send>(with: T, script: &Script) -> Answer {
        drop(with);
        script.run().await
    }
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&call(1_u8, &fails).await), 'F');
    assert_eq!(letter(&call("text", &succeeds).await), 'R');
}

#[tokio::test(start_paused = true)]
async fn c18_an_annotated_method_has_one_for_all_instances() {
    struct Client;
    impl Client {
        #[circuit_breaker(failure_threshold = 1)]
        async fn call(&self, script: &Script) -> Answer {
            script.run().await
        }
    }
    assert_eq!(letter(&Client.call(&Script::new("F")).await), 'F');
    let rejected = Client.call(&Script::new("S")).await.unwrap_err().rejection();
    assert!(rejected.policy().ends_with("Client::call"), "{}", rejected.policy());
}

struct Client {
    plain: CircuitBreaker,
    shared: Arc<CircuitBreaker>,
    hosts: Arc<Keyed<CircuitBreaker>>,
}

impl Client {
    fn new() -> Self {
        let breaker = || CircuitBreaker::new().failure_threshold(1);
        Self { plain: breaker(), shared: Arc::new(breaker()), hosts: Arc::new(breaker().keyed()) }
    }

    #[circuit_breaker(self.plain)]
    async fn plain(&self, script: &Script) -> Answer {
        script.run().await
    }

    #[circuit_breaker(self.plain)]
    fn plain_blocking(&self, script: &Script) -> Answer {
        script.run_blocking()
    }

    #[circuit_breaker(self.shared)]
    async fn shared(&mut self, script: &Script) -> Answer {
        script.run().await
    }

    #[circuit_breaker(self.shared)]
    async fn consumed(self, script: &Script) -> Answer {
        script.run().await
    }

    #[circuit_breaker(self.hosts, key = host)]
    async fn get(&self, host: &str, script: &Script) -> Answer {
        let _ = host;
        script.run().await
    }

    #[circuit_breaker(self.hosts, key = host)]
    fn put(&mut self, host: String, script: &Script) -> Answer {
        drop(host);
        script.run_blocking()
    }
}

#[tokio::test(start_paused = true)]
async fn c18b_a_field_is_one_for_each_instance() {
    let (one, other) = (Client::new(), Client::new());
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&one.plain(&fails).await), 'F');
    assert_eq!(letter(&one.plain_blocking(&succeeds)), 'R');
    assert_eq!(letter(&other.plain(&succeeds).await), 'S');
    assert_eq!(letter(&other.plain_blocking(&fails)), 'F');
    assert_eq!(letter(&other.plain(&succeeds).await), 'R');
}

#[tokio::test(start_paused = true)]
async fn c18c_an_arc_is_shared_by_those_who_hold_it() {
    let mut one = Client::new();
    let other = Client { shared: Arc::clone(&one.shared), ..Client::new() };
    let mut third = Client::new();
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&one.shared(&fails).await), 'F');
    assert_eq!(letter(&other.consumed(&succeeds).await), 'R');
    assert_eq!(letter(&third.shared(&succeeds).await), 'S');
}

#[tokio::test(start_paused = true)]
async fn c18d_methods_share_the_breaker_of_a_key() {
    let mut client = Client::new();
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));
    assert_eq!(letter(&client.get("a", &fails).await), 'F');
    assert_eq!(letter(&client.put("a".to_owned(), &succeeds)), 'R');
    assert_eq!(letter(&client.put("b".to_owned(), &succeeds)), 'S');
    assert_eq!(client.hosts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn c18e_a_breaker_as_an_argument() {
    #[circuit_breaker(breaker)]
    async fn by_reference(breaker: &CircuitBreaker, script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(breaker)]
    async fn by_arc(breaker: Arc<CircuitBreaker>, script: &Script) -> Answer {
        drop(breaker);
        script.run().await
    }
    #[circuit_breaker(breaker)]
    async fn by_reference_to_arc(breaker: &Arc<CircuitBreaker>, script: &Script) -> Answer {
        script.run().await
    }
    let breaker = Arc::new(CircuitBreaker::new().failure_threshold(3));
    let script = Script::new("FFFS");
    assert_eq!(letter(&by_reference(&breaker, &script).await), 'F');
    assert_eq!(letter(&by_arc(Arc::clone(&breaker), &script).await), 'F');
    assert_eq!(letter(&by_reference_to_arc(&breaker, &script).await), 'F');
    assert_eq!(letter(&by_reference(&breaker, &script).await), 'R');
}

#[tokio::test(start_paused = true)]
async fn c18f_filters_beside_a_handle_are_the_functions_own() {
    static SHARED: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);

    #[circuit_breaker(SHARED, ignore(Err(Error::Failed)), on(Ok(1)))]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(SHARED, when = |error| *error == Error::Io)]
    async fn other(script: &Script) -> Answer {
        script.run().await
    }
    assert_eq!(letter(&one(&Script::new("F")).await), 'F');
    assert_eq!(letter(&other(&Script::new("F")).await), 'F');
    assert_eq!(SHARED.state(), State::Closed);
    assert_eq!(letter(&other(&Script::new("I")).await), 'I');
    assert_eq!(SHARED.state(), State::Open);
    SHARED.reset();
    assert_eq!(one(&Script::new("S")).await, Ok(1));
    assert_eq!(SHARED.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn c18g_abandoned_beside_a_handle() {
    static SHARED: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    static STRICT: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).abandoned(steadfast::Abandoned::Failure);

    #[circuit_breaker(SHARED)]
    async fn as_it_says(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(SHARED, abandoned = failure)]
    async fn stricter(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(STRICT, abandoned = neutral)]
    async fn milder(script: &Script) -> Answer {
        script.run().await
    }
    let (hung, second) = (Script::new("T"), Duration::from_secs(1));
    assert!(tokio::time::timeout(second, as_it_says(&hung)).await.is_err());
    assert!(tokio::time::timeout(second, milder(&hung)).await.is_err());
    assert_eq!((SHARED.state(), STRICT.state()), (State::Closed, State::Closed));
    assert!(tokio::time::timeout(second, stricter(&hung)).await.is_err());
    assert_eq!(SHARED.state(), State::Open);
}

static BY_HAND: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(1));

#[circuit_breaker(BY_HAND)]
async fn by_hand(script: &Script) -> Answer {
    script.run().await
}

#[circuit_breaker(BY_HAND)]
fn by_hand_blocking(script: &Script) -> Answer {
    script.run_blocking()
}

#[tokio::test(start_paused = true)]
async fn c19_a_forced_state_does_not_move_by_itself() {
    let (fails, succeeds) = (Script::new("F"), Script::new("S"));

    BY_HAND.force_open();
    for _ in 0..3 {
        let rejection = by_hand(&succeeds).await.unwrap_err().rejection();
        assert_eq!(rejection.retry_after(), None, "nobody knows how long");
        assert_eq!(letter(&by_hand_blocking(&succeeds)), 'R');
        pass(Duration::from_secs(3_600));
    }
    assert_eq!((succeeds.runs(), BY_HAND.state()), (0, State::ForcedOpen));

    BY_HAND.force_closed();
    for _ in 0..10 {
        assert_eq!(letter(&by_hand(&fails).await), 'F');
        assert_eq!(letter(&by_hand_blocking(&fails)), 'F');
    }
    assert_eq!(BY_HAND.state(), State::ForcedClosed);

    BY_HAND.reset();
    assert_eq!((BY_HAND.state(), BY_HAND.counts().consecutive_failures), (State::Closed, 0));
    assert_eq!(letter(&by_hand(&fails).await), 'F');
    assert_eq!(letter(&by_hand(&fails).await), 'R');
    BY_HAND.reset();
    assert_eq!(letter(&by_hand(&succeeds).await), 'S');

    // A probe that was under way when somebody took over says nothing.
    assert_eq!(letter(&by_hand(&fails).await), 'F');
    pass(Duration::from_secs(1));
    let probe = Script::new("f");
    let (probed, ()) = tokio::join!(by_hand(&probe), async { BY_HAND.force_closed() });
    assert_eq!((letter(&probed), BY_HAND.state()), ('F', State::ForcedClosed));
    BY_HAND.reset();
}

#[tokio::test(start_paused = true)]
async fn c19b_a_reset_forgets_what_was_counted() {
    static COUNTING: CircuitBreaker = CircuitBreaker::new().failure_rate(0.5).window(steadfast::Window::Calls(4));

    #[circuit_breaker(COUNTING)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFF SFSF S");
    for _ in 0..3 {
        assert_eq!(letter(&call(&script).await), 'F');
    }
    COUNTING.reset();
    assert_eq!(COUNTING.counts().calls, 0);
    for expected in ['S', 'F', 'S', 'F', 'R'] {
        assert_eq!(letter(&call(&script).await), expected);
    }
}
