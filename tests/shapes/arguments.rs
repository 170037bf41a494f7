//! Arguments that the body consumes, and attribute expressions that name arguments.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use steadfast::{CircuitBreaker, circuit_breaker, fallback, outcome, retry, timeout};

use super::probe::{Error, Probe, SEVEN, Stack, check, check_blocking, send};

fn length(text: String) -> u32 {
    let length = text.len();
    drop(text);
    u32::try_from(length).unwrap()
}

/// The compiler takes off `cfg` of arguments after us.
#[retry(backoff = none, clone)]
async fn conditional(probe: &Probe, #[cfg(test)] text: String, #[cfg(not(test))] gone: Gone) -> Result<u32, Error> {
    probe.step().await?;
    Ok(length(text))
}

#[retry(backoff = none, clone)]
fn conditional_blocking(#[cfg(test)] text: String, #[cfg_attr(test, cfg(not(test)))] gone: Gone) -> Result<u32, Error> {
    Ok(length(text))
}

#[circuit_breaker]
async fn consumed_under_a_breaker(probe: &Probe, text: String) -> Result<u32, Error> {
    probe.step().await?;
    Ok(length(text))
}

#[timeout("1s")]
async fn consumed_under_a_timeout(probe: &Probe, (text, _): (String, u32)) -> Result<u32, Error> {
    probe.step().await?;
    Ok(length(text))
}

#[fallback(Err(Error::Handled))]
async fn consumed_under_a_fallback(probe: &Probe, text: String) -> Result<u32, Error> {
    probe.step().await?;
    Ok(length(text))
}

#[fallback(if text.is_empty() { Ok(0) } else { Err(Error::Handled) }, clone(text))]
async fn named_by_the_fallback(probe: &Probe, text: String) -> Result<u32, Error> {
    let length = length(text);
    probe.step().await?;
    Ok(length)
}

#[fallback(Err(format!("{text:>width$}")))]
async fn named_by_a_format_string(text: String, width: usize) -> Result<usize, String> {
    if text.len() > width { Ok(width) } else { Err("none".to_owned()) }
}

#[fallback(Err(format!("{text}!")))]
#[expect(clippy::needless_pass_by_value, reason = "what is owned is what could be moved away")]
fn named_by_a_format_string_blocking(text: String) -> Result<usize, String> {
    if text.is_empty() { Ok(0) } else { Err("none".to_owned()) }
}

#[timeout("1s", error = |_| text.clone())]
async fn named_by_an_error(text: String) -> Result<usize, String> {
    std::future::pending::<()>().await;
    Ok(text.len())
}

#[outcome(error = |_| text.clone())]
#[timeout("1s")]
async fn named_by_the_outcome(text: String) -> Result<usize, String> {
    std::future::pending::<()>().await;
    Ok(text.len())
}

#[retry(backoff = none, clone(text))]
async fn cloned(probe: &Probe, mut text: String, other: &str) -> Result<u32, Error> {
    // Each attempt has its own.
    assert_eq!(text, "abcdef");
    text.push_str(other);
    let length = length(text);
    probe.step().await?;
    Ok(length)
}

#[retry(backoff = none, clone)]
async fn all_cloned(probe: &Probe, text: String, [mut more, _]: [String; 2], count: u32) -> Result<u32, Error> {
    assert_eq!(more, "defg");
    more.clear();
    let length = length(text) + length(more) + count;
    probe.step().await?;
    Ok(length)
}

#[retry(backoff = none, clone(text))]
fn cloned_blocking(probe: &Probe, mut text: String, log: &mut Vec<u32>) -> Result<u32, Error> {
    assert_eq!(text, "abcdef");
    text.push('g');
    log.push(length(text));
    probe.step_now()
}

#[fallback(Err(Error::Handled))]
#[retry(backoff = none, clone(text))]
#[circuit_breaker]
fn full_cloned_blocking(probe: &Probe, text: String) -> Result<u32, Error> {
    let length = length(text);
    probe.step_now().map(|_| length)
}

#[circuit_breaker]
fn consumed_blocking(probe: &Probe, text: String) -> Result<u32, Error> {
    probe.step_now()?;
    Ok(length(text))
}

#[fallback(if text.is_empty() { Ok(0) } else { Err(Error::Handled) })]
#[timeout(limit * 10)]
#[retry(attempts = count, backoff = none, on(Err(_) if !text.is_empty()), rejections(timeout))]
#[circuit_breaker(key = text)]
#[timeout(limit)]
async fn named_by_all(probe: &Probe, text: &str, count: u32, limit: Duration) -> Result<u32, Error> {
    assert_eq!(text, "text");
    probe.step().await
}

struct Service<'p> {
    probe: &'p Probe,
    count: u32,
    limit: Duration,
    breaker: Arc<CircuitBreaker>,
}

/// One service for each function, or else all calls of a function would count for a breaker of their own.
fn service<'p>(probe: &'p Probe, breaker: &Arc<CircuitBreaker>) -> Service<'p> {
    Service { probe, count: 3, limit: Duration::from_secs(1), breaker: Arc::clone(breaker) }
}

impl Service<'_> {
    #[fallback(if self.count == 3 { Err(Error::Handled) } else { Ok(SEVEN) })]
    #[timeout(self.limit * 10)]
    #[retry(attempts = self.count, backoff = none)]
    #[circuit_breaker(self.breaker)]
    #[timeout(self.limit)]
    async fn by_ref(&self) -> Result<u32, Error> {
        self.probe.step().await
    }

    #[fallback(if self.count == 3 { Err(Error::Handled) } else { Ok(SEVEN) })]
    #[timeout(self.limit * 10)]
    #[retry(attempts = self.count, backoff = none)]
    #[circuit_breaker(self.breaker)]
    #[timeout(self.limit)]
    async fn by_mut(&mut self) -> Result<u32, Error> {
        self.limit += self.limit;
        self.probe.step().await
    }

    #[fallback(if self.count == 3 { Err(Error::Handled) } else { Ok(SEVEN) })]
    #[retry(attempts = self.count, backoff = none)]
    #[circuit_breaker(self.breaker)]
    fn by_mut_blocking(&mut self) -> Result<u32, Error> {
        self.limit += self.limit;
        self.probe.step_now()
    }

    #[circuit_breaker(self.breaker)]
    async fn by_value(mut self) -> Result<u32, Error> {
        self.count += 1;
        let seven = self.probe.step().await?;
        Ok(seven + self.count - 4)
    }
}

#[async_trait]
trait Ask: Sync {
    fn service(&self) -> &Service<'_>;

    #[fallback(if self.service().count == 3 { Err(Error::Handled) } else { Ok(SEVEN) })]
    #[timeout(self.service().limit * 10)]
    #[retry(attempts = self.service().count, backoff = none)]
    #[circuit_breaker(self.service().breaker)]
    #[timeout(self.service().limit)]
    async fn by_default(&self) -> Result<u32, Error> {
        self.service().probe.step().await
    }

    async fn required(&mut self, count: u32, text: String) -> Result<u32, Error>;
}

#[async_trait]
impl Ask for Service<'_> {
    fn service(&self) -> &Service<'_> {
        self
    }

    #[fallback(if self.count == count { Err(Error::Handled) } else { Ok(SEVEN) })]
    #[timeout(self.limit * 10)]
    #[retry(attempts = count, backoff = none, clone(text))]
    #[circuit_breaker(self.breaker)]
    #[timeout(self.limit)]
    async fn required(&mut self, count: u32, text: String) -> Result<u32, Error> {
        self.limit += self.limit;
        self.probe.step().await?;
        Ok(length(text))
    }
}

const WORD: &str = "abcdef.";

#[tokio::test(start_paused = true)]
async fn consumed_arguments() {
    let word = || WORD.to_owned();
    let six = || "abcdef".to_owned();
    check("conditional", Stack::RETRY, async |p| send(conditional(p, word())).await).await;
    assert_eq!(conditional_blocking(word()), Ok(SEVEN));
    check("breaker", Stack::CIRCUIT_BREAKER, async |p| send(consumed_under_a_breaker(p, word())).await).await;
    check("timeout", Stack::TIMEOUT, async |p| send(consumed_under_a_timeout(p, (word(), 0))).await).await;
    check("fallback", Stack::FALLBACK, async |p| send(consumed_under_a_fallback(p, word())).await).await;
    check("cloned", Stack::RETRY, async |p| send(cloned(p, six(), "g")).await).await;
    check("all cloned", Stack::RETRY, async |p| send(all_cloned(p, six(), ["defg".to_owned(), word()], 1)).await).await;
    check("named by the fallback", Stack::FALLBACK, async |p| send(named_by_the_fallback(p, word())).await).await;
    assert_eq!(named_by_the_fallback(&Probe::failing(), String::new()).await, Ok(0));
}

/// The body does not take with it what is still to be named afterwards.
#[tokio::test(start_paused = true)]
async fn named_after_the_body() {
    let word = || WORD.to_owned();
    assert_eq!(send(named_by_a_format_string(word(), 9)).await, Err(format!("  {WORD}")));
    assert_eq!(named_by_a_format_string_blocking(word()), Err(format!("{WORD}!")));
    assert_eq!(send(named_by_an_error(word())).await, Err(word()));
    assert_eq!(send(named_by_the_outcome(word())).await, Err(word()));
}

#[tokio::test(start_paused = true)]
async fn consumed_arguments_blocking() {
    check_blocking("breaker", Stack::CIRCUIT_BREAKER, |p| consumed_blocking(p, WORD.to_owned())).await;
    check_blocking("full", Stack::BLOCKING, |p| full_cloned_blocking(p, WORD.to_owned())).await;
    check_blocking("cloned", Stack::RETRY, |p| {
        let before = p.runs();
        let mut log = Vec::new();
        let outcome = cloned_blocking(p, "abcdef".to_owned(), &mut log);
        assert_eq!(log, vec![7; (p.runs() - before) as usize]);
        outcome
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn arguments_in_attributes() {
    let full = Stack::FULL;
    let second = Duration::from_secs(1);
    check("named by all", full, async |p| send(named_by_all(p, "text", 3, second)).await).await;
    let [by_ref, by_mut, blocking, by_value, by_default, required] = [const { CircuitBreaker::new() }; 6].map(Arc::new);
    check("by_ref", full, async |p| send(service(p, &by_ref).by_ref()).await).await;
    check("by_mut", full, async |p| send(service(p, &by_mut).by_mut()).await).await;
    check_blocking("by_mut_blocking", Stack::BLOCKING, |p| service(p, &blocking).by_mut_blocking()).await;
    check("by_value", Stack::CIRCUIT_BREAKER, async |p| send(service(p, &by_value).by_value()).await).await;
    check("by_default", full, async |p| send(service(p, &by_default).by_default()).await).await;
    check("required", full, async |p| send(service(p, &required).required(3, WORD.to_owned())).await).await;
}
