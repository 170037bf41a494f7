use std::time::Duration;
use steadfast::*;
use steadfast_tests::{Answer, Error, Script};
#[fallback(stale = "10m", key = id)]
async fn a(id: u32, script: &Script) -> Answer { let _ = id; script.run().await }
#[fallback(stale = "10m", key = (id, &name), max_keys = 3)]
#[timeout("1s")]
async fn b(id: u32, name: String, script: &Script) -> Answer { drop(name); let _ = id; script.run().await }
static S: StaleFallback = StaleFallback::new(Duration::from_secs(3));
struct C { age: Duration, s: std::sync::Arc<StaleFallback> }
impl C {
    #[fallback(stale = self.age, on_stale = |event| told.set(event.age))]
    fn c(&mut self, told: &std::cell::Cell<Duration>, script: &Script) -> Answer { self.age += Duration::ZERO; let _ = &told; script.run_blocking() }
    #[fallback(stale(self.s), key = "x")]
    #[fallback(Err(Error::Io))]
    async fn d(&mut self, script: &Script) -> Answer { self.age += Duration::ZERO; script.run().await }
    #[retry]
    #[fallback(stale(S))]
    async fn e(&self, script: &Script) -> Answer { script.run().await }
}
#[fallback(stale = "1s")]
#[retry]
async fn g<T: Clone + Send + Sync + 'static>(t: T) -> Result<T, Error> { Ok(t.clone()) }
#[fallback(stale = "1s", on(None))]
fn h(t: u32) -> Option<u32> { Some(t) }
#[tokio::test(start_paused = true)]
async fn t() {
    let s = Script::new("SF");
    assert_eq!(a(1, &s).await, Ok(1));
    assert_eq!(a(1, &s).await, Ok(1));
    let s = Script::new("SF");
    assert_eq!(b(1, "".into(), &s).await, Ok(1));
    assert_eq!(b(1, "".into(), &s).await, Ok(1));
    let mut c = C { age: Duration::from_secs(1), s: StaleFallback::new(Duration::MAX).into() };
    let d = std::cell::Cell::new(Duration::MAX);
    let s = Script::new("SF");
    c.c(&d, &s).unwrap();
    c.c(&d, &s).unwrap();
    c.d(&Script::new("S")).await.unwrap();
    c.e(&Script::new("S")).await.unwrap();
    assert_eq!(g(1).await, Ok(1));
    assert_eq!(h(1), Some(1));
    fn send<T: Send>(_: T) {}
    send(a(1, &s)); send(c.d(&s));
}
