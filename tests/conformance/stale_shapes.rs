//! F5: last successes that are shared, and functions of every shape that have them.

use super::stale::{MINUTE, TEN_MINUTES};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{StaleFallback, fallback, retry};
use steadfast_tests::{Answer, Error, Script, pass};

struct Client {
    max_age: Duration,
    prices: Arc<StaleFallback>,
    calls: u32,
}

impl Client {
    #[fallback(stale = self.max_age)]
    fn own_age(&mut self, fails: bool) -> Answer {
        self.calls += 1;
        if fails { Err(Error::Failed) } else { Ok(self.calls) }
    }

    #[fallback(stale(self.prices), key = item)]
    async fn price(&mut self, item: &str, fails: bool) -> Answer {
        let _ = item;
        self.own_price(fails)
    }

    fn own_price(&mut self, fails: bool) -> Answer {
        self.calls += 1;
        if fails { Err(Error::Io) } else { Ok(self.calls) }
    }
}

fn client(max_age: Duration) -> Client {
    Client { max_age, prices: Arc::new(StaleFallback::new(MINUTE).max_keys(2)), calls: 0 }
}

#[tokio::test(start_paused = true)]
async fn f05h_an_age_of_each_call() {
    let (mut short, mut long) = (client(MINUTE), client(3 * MINUTE));
    assert_eq!(short.own_age(false), Ok(1));
    pass(2 * MINUTE);
    assert_eq!(short.own_age(true), Err(Error::Failed));
    // All instances share what is kept, and the age is only compared.
    assert_eq!(long.own_age(true), Ok(1));
}

static PRICES: StaleFallback = StaleFallback::new(TEN_MINUTES).max_keys(2).name("prices");

#[fallback(stale(PRICES), key = item)]
async fn price(item: &str, outcome: Answer) -> Answer {
    let _ = item;
    outcome
}

#[fallback(stale(&PRICES), key = item)]
fn price_blocking(item: &str, outcome: Answer) -> Answer {
    let _ = item;
    outcome
}

#[tokio::test(start_paused = true)]
async fn f05p_shared_by_expression() {
    assert_eq!(price("tea", Ok(7)).await, Ok(7));
    assert_eq!(price_blocking("tea", Err(Error::Failed)), Ok(7));
    assert_eq!(price_blocking("salt", Ok(3)), Ok(3));
    assert_eq!((PRICES.len(), PRICES.answered(), PRICES.policy()), (2, 1, "prices"));
    assert!(PRICES.remove("tea"));
    assert_eq!(price("tea", Err(Error::Failed)).await, Err(Error::Failed));
    PRICES.clear();
    assert_eq!(price("salt", Err(Error::Failed)).await, Err(Error::Failed));
    assert_eq!(PRICES.call("salt", async { Ok::<u32, Error>(5) }).await, Ok(5));
    assert_eq!(price("salt", Err(Error::Failed)).await, Ok(5), "by value and by attribute the same");

    let (mut one, mut other) = (client(MINUTE), client(MINUTE));
    assert_eq!(one.price("tea", false).await, Ok(1));
    assert_eq!(one.price("tea", true).await, Ok(1));
    assert_eq!(other.price("tea", true).await, Err(Error::Io));
    assert_eq!(one.calls, 2);
}

type Rows<T> = Result<Vec<T>, Error>;

trait Store {
    fn get(&self, script: &Script) -> impl Future<Output = Answer>;
    async fn list(&self, script: &Script) -> Rows<u32>;
}

struct Remote(Cell<u32>);

#[async_trait::async_trait]
trait Lookup {
    #[fallback(stale = "10m", key = name)]
    async fn lookup(&self, name: &str, outcome: Answer) -> Answer {
        let _ = name;
        outcome
    }
}

impl Lookup for () {}

impl Store for Remote {
    #[fallback(stale = "10m")]
    fn get(&self, script: &Script) -> impl Future<Output = Answer> {
        self.0.set(self.0.get() + 1);
        async move { script.run().await }
    }

    #[fallback(stale = "10m")]
    async fn list(&self, script: &Script) -> Rows<u32> {
        let one = script.run().await?;
        Ok(vec![one, self.0.get()])
    }
}

#[tokio::test(start_paused = true)]
async fn f05q_functions_of_every_shape() {
    #[fallback(stale = "10m")]
    fn boxed<'a>(script: &'a Script) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
        Box::pin(async move { script.run().await })
    }
    #[fallback(stale = "10m")]
    async fn unnamed(script: &Script) -> Result<impl Iterator<Item = u32> + Clone, Error> {
        let end = script.run().await?;
        Ok(0..=end)
    }
    #[fallback(stale = "10m")]
    async fn nothing(script: &Script) -> Result<(), Error> {
        script.run().await.map(drop)
    }
    let (remote, script) = (Remote(Cell::new(0)), || Script::new("SF"));
    let s = script();
    assert_eq!((remote.get(&s).await, remote.get(&s).await, remote.0.get()), (Ok(1), Ok(1), 2));
    let s = script();
    assert_eq!((remote.list(&s).await, remote.list(&s).await), (Ok(vec![1, 2]), Ok(vec![1, 2])));
    let s = script();
    assert_eq!((boxed(&s).await, boxed(&s).await), (Ok(1), Ok(1)));
    let s = script();
    assert_eq!(unnamed(&s).await.unwrap().count(), 2);
    assert_eq!(unnamed(&s).await.unwrap().count(), 2);
    let s = script();
    assert_eq!((nothing(&s).await, nothing(&s).await), (Ok(()), Ok(())));
    assert_eq!(().lookup("a", Ok(1)).await, Ok(1));
    assert_eq!(().lookup("a", Err(Error::Io)).await, Ok(1));
    assert_eq!(().lookup("b", Err(Error::Io)).await, Err(Error::Io));
}

steadfast::policies! {
    remembered: [
        fallback(stale = self.max_age, key = id, max_keys = KEYS, on_stale = |event| assert!(event.age.is_zero())),
        retry(attempts = 2, backoff = none),
    ]
}

const KEYS: usize = 2;

impl Client {
    #[steadfast::resilient(remembered)]
    async fn by_set(&self, id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run().await
    }

    #[steadfast::resilient(remembered)]
    fn by_set_blocking(&self, id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run_blocking()
    }
}

#[tokio::test(start_paused = true)]
async fn f05s_each_function_of_a_set_has_its_own() {
    let (client, script) = (client(MINUTE), Script::new("SF"));
    assert_eq!(client.by_set(1, &script).await, Ok(1));
    assert_eq!(client.by_set(1, &script).await, Ok(1));
    assert_eq!(client.by_set_blocking(1, &script), Err(Error::Failed));
    assert_eq!(client.by_set(2, &script).await, Err(Error::Failed));
    assert_eq!(script.runs(), 7);
}

#[test]
fn f05r_the_future_stays_send() {
    #[fallback(stale = "10m", key = name)]
    #[retry]
    #[fallback(Err(Error::Io))]
    async fn call(name: String, script: Arc<Script>) -> Result<String, Error> {
        script.run().await?;
        Ok(name.clone())
    }
    // Neither errors nor what the body holds need be `Send` for it.
    #[fallback(stale = "10m", on_stale = |event| assert!(event.failure.rejection().is_none()))]
    async fn local(script: &Script) -> Result<u32, Rc<str>> {
        script.run().await.map_err(|error| error.to_string().into())
    }
    fn is_send(_: impl Send) {}
    is_send(local(&Script::new("S")));
    is_send(call(String::new(), Arc::new(Script::new("S"))));
}
