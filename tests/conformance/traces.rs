//! O2: decisions and attempts in a trace.

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::sync::Once;
use std::time::Duration;

use serde_json::Value;
use steadfast::{CircuitBreaker, RetryBudget, bulkhead, circuit_breaker, fallback, hedge, retry, timeout};
use steadfast_tests::{Answer, Error, Script};
use tracing::Level;

thread_local! {
    /// What is traced in this thread, a line of JSON each, while somebody looks.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// One subscriber for all tests, which run beside each other: what a subscriber of one thread is interested in, `tracing`
/// keeps for all.
static SUBSCRIBER: Once = Once::new();

struct Trace;

struct Here;

impl io::Write for Here {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Trace {
    fn begin() -> Self {
        SUBSCRIBER.call_once(|| {
            let subscriber =
                tracing_subscriber::fmt().json().without_time().with_max_level(Level::TRACE).with_writer(|| Here);
            tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
        });
        LINES.set(Some(Vec::new()));
        Self
    }

    /// `LEVEL span{..} field=value ..`, without the message; those since the last look.
    fn lines(&self) -> Vec<String> {
        let spans = |line: &Value| line["spans"].as_array().into_iter().flatten().map(span).collect::<String>();
        self.take().iter().map(|line| format!("{} {}{}", level(line), spans(line), fields(&line["fields"]))).collect()
    }

    /// The same without the spans.
    fn events(&self) -> Vec<String> {
        self.take().iter().map(|line| format!("{} {}", level(line), fields(&line["fields"]))).collect()
    }

    #[expect(clippy::unused_self, reason = "nothing is kept without it")]
    fn take(&self) -> Vec<Value> {
        let text = String::from_utf8(LINES.replace(Some(Vec::new())).unwrap()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What bodies traced, without the decisions.
fn bodies(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.contains("decision")).collect()
}

fn level(line: &Value) -> &str {
    line["level"].as_str().unwrap()
}

fn span(span: &Value) -> String {
    format!("{}{{{}}} ", span["name"].as_str().unwrap(), fields(span))
}

fn fields(fields: &Value) -> String {
    let fields = fields.as_object().unwrap().iter().filter(|(name, _)| *name != "message" && *name != "name");
    fields.map(|(name, value)| format!("{name}={value}").replace('"', "")).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn o20_decisions_have_levels_and_fields() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.0).min_per_second(0).name("budget");

    #[retry(attempts = 2, backoff = fixed("2s"), jitter = none, name = "r")]
    #[circuit_breaker(failure_threshold = 2, reset_timeout = "5s", name = "c")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(Ok(7), name = "f")]
    #[timeout("1500ms", name = "t")]
    async fn late() -> Answer {
        pending().await
    }
    #[retry(budget = BUDGET, name = "broke")]
    async fn broke(script: &Script) -> Answer {
        script.run().await
    }
    #[bulkhead(max_concurrent = 1, name = "b")]
    async fn alone() -> Answer {
        inner().await
    }
    async fn inner() -> Answer {
        Box::pin(alone()).await
    }
    #[hedge(after = "1s", name = "h")]
    async fn twice(script: &Script) -> Answer {
        script.run().await
    }

    #[fallback(stale = "10m", name = "s")]
    async fn known(script: &Script) -> Answer {
        script.run().await
    }

    let trace = Trace::begin();
    assert!(call(&Script::new("FF")).await.is_err());
    let lines = [
        "INFO attempt=1 decision=retrying delay=2.0 failure=transient kind=retry policy=r",
        "WARN calls=0 consecutive_failures=2 decision=state_changed failures=0 from=closed kind=circuit_breaker policy=c \
         reason=consecutive_failures slow=0 to=open",
        "WARN attempts=2 decision=gave_up failure=transient kind=retry policy=r reason=attempts",
    ];
    assert_eq!(trace.events(), lines);

    assert!(call(&Script::new("S")).await.is_err());
    let lines = [
        "DEBUG decision=rejected kind=circuit_breaker policy=c retry_after=5.0",
        "DEBUG attempts=1 decision=gave_up failure=circuit_open kind=retry policy=r reason=not_retryable",
    ];
    assert_eq!(trace.events(), lines);

    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(call(&Script::new("S")).await, Ok(1));
    let lines = [
        "INFO decision=state_changed from=open kind=circuit_breaker policy=c reason=reset_timeout to=half_open",
        "INFO decision=state_changed from=half_open kind=circuit_breaker policy=c reason=probes_succeeded to=closed",
    ];
    assert_eq!(trace.events(), lines);

    assert_eq!(late().await, Ok(7));
    let lines = [
        "WARN decision=timed_out kind=timeout limit=1.5 policy=t",
        "INFO decision=fell_back kind=fallback policy=f rejection=timeout",
    ];
    assert_eq!(trace.events(), lines);

    assert!(broke(&Script::new("F")).await.is_err());
    let lines = [
        "WARN decision=budget_exhausted kind=retry_budget policy=budget",
        "WARN attempts=1 decision=gave_up failure=transient kind=retry policy=broke reason=budget",
    ];
    assert_eq!(trace.events(), lines);

    assert!(matches!(alone().await, Err(Error::Rejected(_))));
    assert_eq!(trace.events(), ["DEBUG decision=rejected kind=bulkhead policy=b running=1 waiting=0"]);

    assert_eq!(twice(&Script::new("TS")).await, Ok(2));
    let lines =
        ["DEBUG call=2 decision=hedged kind=hedge policy=h", "DEBUG calls=2 decision=hedge_won kind=hedge policy=h"];
    assert_eq!(trace.events(), lines);

    let script = Script::new("SF");
    assert_eq!(known(&script).await, Ok(1));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(known(&script).await, Ok(1));
    assert_eq!(trace.events(), ["INFO age=5.0 decision=fell_back kind=fallback policy=s"]);
}

#[tokio::test(start_paused = true)]
async fn o21_an_attempt_is_told_from_the_call() {
    #[retry(attempts = 2, backoff = none, name = "r")]
    async fn call() -> Result<(), io::Error> {
        tracing::info!("in the body");
        tokio::time::sleep(Duration::from_secs(1)).await;
        tracing::info!("and after a while");
        Err(io::ErrorKind::TimedOut.into())
    }
    #[retry(attempts = 2, backoff = none, name = "sync")]
    fn blocking() -> Result<(), io::Error> {
        tracing::info!("in the body");
        Err(io::ErrorKind::TimedOut.into())
    }
    #[hedge(after = "1s", name = "h")]
    async fn hedged(script: &Script) -> Answer {
        tracing::info!("in the body");
        script.run().await
    }
    let trace = Trace::begin();
    assert!(call().await.is_err());
    let lines = [
        "INFO attempt{attempt=1 policy=r} ",
        "INFO attempt{attempt=1 policy=r} ",
        "INFO attempt=1 decision=retrying delay=0.0 failure=transient kind=retry policy=r",
        "INFO attempt{attempt=2 policy=r} ",
        "INFO attempt{attempt=2 policy=r} ",
        "WARN attempts=2 decision=gave_up failure=transient kind=retry policy=r reason=attempts",
    ];
    assert_eq!(trace.lines(), lines);

    assert!(blocking().is_err());
    let lines = ["INFO attempt{attempt=1 policy=sync} ", "INFO attempt{attempt=2 policy=sync} "];
    assert_eq!(bodies(trace.lines()), lines);

    assert_eq!(hedged(&Script::new("TS")).await, Ok(2));
    assert_eq!(bodies(trace.lines()), ["INFO call{call=1 policy=h} ", "INFO call{call=2 policy=h} "]);
}

#[tokio::test(start_paused = true)]
async fn o22_a_success_at_once_tells_nothing() {
    static CALM: CircuitBreaker = CircuitBreaker::new();

    #[fallback(Ok(0))]
    #[retry]
    #[circuit_breaker(CALM)]
    #[timeout("1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let trace = Trace::begin();
    assert_eq!(call(&Script::new("S")).await, Ok(1));
    assert_eq!(trace.lines(), [""; 0]);
}

#[tokio::test]
async fn o23_a_span_of_another_attribute_is_around_the_stack_where_ours_stands_above() {
    /// The spans around the body, one line for each attempt.
    macro_rules! spans {
        ($trace:ident: $(#[$attribute:meta])* async) => {{
            $(#[$attribute])*
            async fn call() -> Result<(), io::Error> {
                tracing::info!("in the body");
                Err(io::ErrorKind::TimedOut.into())
            }
            assert!(call().await.is_err());
            bodies($trace.lines())
        }};
        ($trace:ident: $(#[$attribute:meta])* sync) => {{
            $(#[$attribute])*
            fn call() -> Result<(), io::Error> {
                tracing::info!("in the body");
                Err(io::ErrorKind::TimedOut.into())
            }
            assert!(call().is_err());
            bodies($trace.lines())
        }};
    }
    let around = ["INFO call{} attempt{attempt=1 policy=r} ", "INFO call{} attempt{attempt=2 policy=r} "];
    let within = ["INFO attempt{attempt=1 policy=r} call{} ", "INFO attempt{attempt=2 policy=r} call{} "];

    let trace = Trace::begin();
    assert_eq!(spans!(trace: #[retry(attempts = 2, backoff = none, name = "r")] #[tracing::instrument] async), around);
    assert_eq!(spans!(trace: #[tracing::instrument] #[retry(attempts = 2, backoff = none, name = "r")] async), within);
    assert_eq!(spans!(trace: #[retry(attempts = 2, backoff = none, name = "r")] #[tracing::instrument] sync), around);
    assert_eq!(spans!(trace: #[tracing::instrument] #[retry(attempts = 2, backoff = none, name = "r")] sync), within);
    // Between ours it is around the whole stack.
    let between = spans!(
        trace: #[retry(attempts = 2, backoff = none, name = "r")] #[tracing::instrument] #[timeout("1s")] async
    );
    assert_eq!(between, around);
}
