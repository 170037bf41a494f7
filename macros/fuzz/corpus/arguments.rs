// Arguments in all their forms, on functions of many shapes: what the tests damage beside the rest.

#[retry(attempts = 3, backoff = exponential("100ms", factor = 2.0), jitter = 0.5, max_delay = "1h30m")]
async fn f(&mut self, mut order: String, b: &mut Vec<u8>) -> Result<u32, Error> { order.push('x'); g(order)?.await }

#[retry(attempts = unlimited, max_duration = "1m", rejections(timeout, circuit_open), clone(order, b))]
pub(crate) fn f<'a, T: Ord>((a, b): (u8, &'a T), order: T) -> Result<impl Sized + 'a, E> where T: Copy { h(a) }

#[retry(POLICY, on(Err(Error::Io(_)), Ok(v) if *v > 5), when = |e| e.is_timeout(), clone, on_retry = f)]
#[timeout("2s")] #[inline] #[retry(attempts = 2)] /// Docs.
async fn f(self: Arc<Self>) -> io::Result<()> { Ok(()) }

#[retry(retry_after(Err(E { wait, .. }) => *wait, _ => "5s"), ignore(Err(_) | Ok(0)), on_give_up = |_| ())]
#[fallback(Ok(1))] #[outcome(on(Err(_)))] #[a::circuit_breaker]
unsafe extern "C" fn f() -> Option<u8> { None }

#[circuit_breaker(failure_rate = 0.5, window = "30s", min_calls = 20, slow_call = "2s", slow_call_rate = 1)]
fn f(x: &str) -> impl Future<Output = Result<u8, E>> + Send + '_ { let y = x; async move { g(y).await } }

#[circuit_breaker(key = (host, self.port), max_keys = 10, abandoned = failure, on_state_change = |c| log(c))]
fn f(&self) -> Pin<Box<dyn Future<Output = R> + Send + '_>> {
    Box::pin(async move {
        let __self = self;
        let __ret: R = { __self.g().await };
        #[allow(unreachable_code)]
        __ret
    })
}

#[circuit_breaker(self.breaker, key = host, error = Error::from, name = "x", docs = false)]
default async fn f(&self) -> R { x }

#[timeout(percentile(0.99, factor = 2.0, min = "50ms", max = "5s", window = W, min_calls = 9), name = "t")]
#[hedge(after = percentile(0.95, factor = 1.5, max = "1s", window = W), attempts = 2, clone)]
async fn f(order: String) -> R { x }

#[timeout("1.5s", name = "t", error = |r| E(r), crate = ::a::b)]
#[fallback(|failure: Failure<R>| match failure { Failure::Returned(r) => r, _ => Ok(1) }, on(None))]
async fn f() -> R { x }

#[fallback(cached(&order).await?, when = |e| true, clone(order))]
#[outcome(on(Err(_)), ignore(Ok(1..=5)), when = f, retry_after = |e| e.after(), error = Error::from)]
async fn f(order: String) -> R { x }

// Types of one letter and of two, and of none that is known.
#[retry(on(0))] fn f() -> u8 { 1 }
#[retry(on(F))] fn f() -> F { F }
#[retry(on(_))] fn f() -> f { f }
#[retry(on(_))] fn f() -> größe { größe }

// A `macro_rules!` leaves groups around what it was given.
#[retry(attempts = __none!(3), backoff = __none!(exponential("1s")), __none!(jitter) = __none!(none))]
__none!(pub) async fn f(__none!(a): __none!(String)) -> __none!(Result<u8, __none!(E)>) __none!({ Ok(__none!(a)) })

#[timeout(__none!("1s"))]
async fn f(a: __none!(&mut u8)) -> R { __none!(a + 1) * 2 }

// No functions.
#[retry] impl<T> Client<T> { fn f(&self) -> u8 { 1 } }
#[hedge(after = "1s")] #[derive(Debug)] struct S { a: u8 }
#[bulkhead] trait T { #[retry] async fn f(&self) -> Result<(), E>; }
#[rate_limit(permits = 1)] move |x| { x };
#[retry] #[circuit_breaker] safe fn f() -> u8;

policies! {
    crate = a::b;
    /// Docs.
    pub(crate) set: [
        retry(attempts = 2, clone(a)), own bulkhead(max_concurrent = 1),
        circuit_breaker(key = $crate::host(x), on(Err(_)), name = "x"), outcome(on(Ok(1))), timeout("1s"),
    ];
    #[cfg_attr(all(), cfg(unix))]
    pub other: [fallback(|e| Err(e)), rate_limit(permits = 1)]
}

#[derive(Debug, Classify)]
#[classify(crate = a::b)]
enum Error<'a, T: ?Sized, const N: usize> where T: 'a {
    #[throttled(retry_after = 0)] Throttled(Duration, &'a T),
    #[classify(with = <T>::f::<{ N }>)] Status { r#type: u16 },
    #[error(transparent)] Other(#[from] Box<dyn std::error::Error>),
}
