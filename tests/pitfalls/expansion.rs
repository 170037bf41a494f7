//! P1 to P7: what attributes do to functions.

use std::cell::Cell;
use std::io;

use async_trait::async_trait;
use steadfast::{circuit_breaker, fallback, retry, timeout};

use super::common::{Answer, Error, is_open};

#[retry(backoff = none)]
async fn question(text: &str, runs: &Cell<u32>) -> Result<u32, std::num::ParseIntError> {
    runs.set(runs.get() + 1);
    let number: u32 = text.parse()?;
    Ok(number)
}

#[retry(backoff = none)]
fn question_blocking(text: &str, runs: &Cell<u32>) -> Result<u32, std::num::ParseIntError> {
    runs.set(runs.get() + 1);
    let number: u32 = text.parse()?;
    Ok(number)
}

#[retry(backoff = none)]
async fn returns(runs: &Cell<u32>) -> Answer {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        return Err(Error::Body);
    }
    return Ok(runs.get());
}

#[retry(backoff = none)]
#[expect(clippy::needless_return, reason = "both ways to end a body")]
fn returns_blocking(runs: &Cell<u32>) -> Answer {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        return Err(Error::Body);
    }
    return Ok(runs.get());
}

#[fallback(Ok(7))]
async fn leaves_to_fallback(early: bool) -> Answer {
    if early {
        return Err(Error::Body);
    }
    Err(Error::Body)?
}

#[circuit_breaker(failure_threshold = 1)]
async fn leaves_to_breaker() -> Answer {
    Err(Error::Body)?;
    Ok(0)
}

/// `?` and `return` in the body end an attempt, and not the function.
#[tokio::test]
async fn p01_question_mark_and_return_are_retried() {
    let runs = Cell::new(0);
    assert!(question("x", &runs).await.is_err());
    assert_eq!(runs.take(), 3);
    assert!(question_blocking("x", &runs).is_err());
    assert_eq!(runs.take(), 3);
    assert_eq!(returns(&runs).await, Ok(3));
    assert_eq!(runs.take(), 3);
    assert_eq!(returns_blocking(&runs), Ok(3));
    assert_eq!(leaves_to_fallback(true).await, Ok(7));
    assert_eq!(leaves_to_fallback(false).await, Ok(7));
    assert_eq!(leaves_to_breaker().await, Err(Error::Body));
    assert!(is_open(&leaves_to_breaker().await));
}

#[retry(backoff = none)]
async fn nested(runs: &Cell<u32>) -> Result<String, Error> {
    fn inner() -> Option<u32> {
        None?;
        Some(1)
    }
    runs.set(runs.get() + 1);
    let closure = |leave: bool| -> Result<u32, &'static str> {
        if leave {
            return Err("closure");
        }
        Err("question")?
    };
    let block = async {
        if runs.get() > 0 {
            return Err::<u32, _>("block");
        }
        Ok(1)
    };
    let local: Result<u32, &str> = async {
        Err("local")?;
        Ok(0)
    }
    .await;
    Ok(format!("{:?} {:?} {:?} {:?} {local:?}", inner(), closure(true), closure(false), block.await))
}

/// Those of closures, blocks and functions within stay theirs.
#[tokio::test]
async fn p02_nested_returns_are_the_users_own() {
    let runs = Cell::new(0);
    let told = nested(&runs).await.unwrap();
    assert_eq!(told, r#"None Err("closure") Err("question") Err("block") Err("local")"#);
    assert_eq!(runs.get(), 1);
}

struct Client {
    calls: u32,
    log: Vec<String>,
}

impl Client {
    #[retry(backoff = none, clone(text))]
    #[timeout("1s")]
    async fn consumes(&mut self, text: String, log: &mut Vec<u32>) -> Answer {
        self.calls += 1;
        log.push(self.calls);
        self.log.push(text);
        if self.calls < 3 { Err(Error::Body) } else { Ok(self.calls) }
    }

    #[retry(backoff = none, clone)]
    fn consumes_blocking(&mut self, mut text: String) -> Answer {
        assert_eq!(text, "a", "what an attempt did to its clone");
        text.push('b');
        self.calls += 1;
        self.log.push(text);
        if self.calls < 3 { Err(Error::Body) } else { Ok(self.calls) }
    }
}

/// By-value arguments, `&mut self` and `&mut` arguments work, and the future can still be spawned.
#[tokio::test(start_paused = true)]
async fn p03_consumed_and_exclusive_arguments() {
    let spawned = tokio::spawn(async {
        let mut client = Client { calls: 0, log: Vec::new() };
        let mut log = Vec::new();
        let answer = client.consumes("text".to_owned(), &mut log).await;
        (answer, log, client.log)
    });
    let (answer, log, texts) = spawned.await.unwrap();
    assert_eq!(answer, Ok(3));
    assert_eq!(log, [1, 2, 3]);
    assert_eq!(texts, ["text"; 3]);
    let mut client = Client { calls: 0, log: Vec::new() };
    assert_eq!(client.consumes_blocking("a".to_owned()), Ok(3));
    assert_eq!(client.log, ["ab"; 3]);
}

#[async_trait]
trait Store {
    #[retry(backoff = none)]
    async fn by_default(&self, runs: &mut u32) -> Answer {
        *runs += 1;
        Err(Error::Body)?;
        Ok(0)
    }

    async fn required(&mut self, text: String) -> Answer;
}

#[async_trait]
impl Store for Client {
    #[retry(backoff = none, clone(text), attempts = self.calls + 3)]
    #[circuit_breaker]
    async fn required(&mut self, text: String) -> Answer {
        self.calls += 1;
        self.log.push(text);
        Err(Error::Body)
    }
}

/// Default method and implementation under `#[async_trait]`; nothing is added to the trait's implementation.
#[tokio::test]
async fn p04_async_trait_in_both_positions() {
    let mut client = Client { calls: 0, log: Vec::new() };
    let mut runs = 0;
    assert_eq!(client.by_default(&mut runs).await, Err(Error::Body));
    assert_eq!(runs, 3);
    assert_eq!(client.required("x".to_owned()).await, Err(Error::Body));
    assert_eq!(client.log, ["x"; 3]);
}

type Io = io::Result<Box<dyn Fn() -> u32>>;

#[retry(backoff = none)]
async fn alias_and_dyn(runs: &Cell<u32>) -> Io {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(Box::new(|| 7))
}

#[retry(backoff = none)]
fn impl_trait(runs: &Cell<u32>) -> Result<impl Iterator<Item = u32> + use<>, io::Error> {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok([1, 2].into_iter())
}

#[retry(backoff = none)]
async fn unit(runs: &Cell<u32>) {
    runs.set(runs.get() + 1);
}

/// `impl Trait`, `Box<dyn ..>`, aliases of `Result`, `()`.
#[tokio::test]
async fn p05_return_types() {
    let runs = Cell::new(0);
    assert_eq!(alias_and_dyn(&runs).await.unwrap()(), 7);
    assert_eq!(runs.take(), 3);
    assert_eq!(impl_trait(&runs).unwrap().sum::<u32>(), 3);
    assert_eq!(runs.take(), 3);
    unit(&runs).await;
    assert_eq!(runs.take(), 1);
}

mod kept {
    use super::{Error, retry};

    #[retry(backoff = none)]
    pub(super) async fn visible<'a, T, const N: usize>(items: &'a [T; N], runs: &mut u32) -> Result<&'a T, Error>
    where
        T: Clone + 'a,
    {
        *runs += 1;
        if *runs < 3 {
            return Err(Error::Body);
        }
        items.first().ok_or(Error::Other)
    }

    #[retry(backoff = none)]
    pub(super) extern "C" fn abi(_: &u32) -> u32 {
        7
    }
}

/// What the signature says is kept (the compiler checks most of it here).
#[tokio::test]
async fn p06_signatures_are_kept() {
    let mut runs = 0;
    assert_eq!(kept::visible(&["a", "b"], &mut runs).await, Ok(&"a"));
    assert_eq!(runs, 3);
    let function: extern "C" fn(&u32) -> u32 = kept::abi;
    assert_eq!(function(&1), 7);
}

/// `tests/hygiene` has the whole; here the names that were reported.
#[tokio::test]
async fn p07_names_of_the_user() {
    mod module {
        #[allow(unused_imports, reason = "`Ok` is shadowed")]
        use std::result::Result::Err as Ok;

        #[steadfast::retry(backoff = none)]
        pub(super) async fn shadowed(e: u32, result: u32, attempt: u32, delay: u32, retry: u32) -> Result<u32, u32> {
            let sum = e + result + attempt + delay + retry;
            if steadfast::attempt() < 3 { Ok(sum) } else { std::result::Result::Ok(sum) }
        }
    }
    assert_eq!(module::shadowed(1, 2, 3, 4, 5).await, Ok(15));
}
