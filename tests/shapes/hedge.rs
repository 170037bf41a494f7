//! Every shape under a hedge, alone, around others and among them: what its calls share is lent to all of them at once,
//! so that the shapes with `&mut` are left out.
#![allow(clippy::question_mark, reason = "early returns are what is tried")]

macro_rules! functions {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::fmt::Display;
            use std::future::Future;
            use std::pin::Pin;
            use std::sync::Arc;

            use async_trait::async_trait;

            use crate::shapes::probe::{Error, Probe, SEVEN, Stack, check, send};

            struct Point {
                x: u32,
                #[allow(dead_code, reason = "left out of the pattern")]
                y: u32,
            }

            $($policy)*
            async fn question(probe: &Probe) -> Result<u32, Error> {
                let seven = probe.step().await?;
                Ok(seven)
            }

            $($policy)*
            async fn early_return(probe: &Probe) -> Result<u32, Error> {
                let answer = probe.step().await;
                if answer.is_err() {
                    return answer;
                }
                let parse = |text: &str| -> Option<u32> { text.chars().next()?.to_digit(10) };
                assert_eq!(answer.ok(), parse("7"));
                return Ok(SEVEN);
            }

            $($policy)*
            async fn by_value(probe: &Probe, text: String, count: u32) -> Result<u32, Error> {
                assert_eq!(text.len(), 3);
                let mut count = count;
                count += probe.step().await?;
                Ok(count)
            }

            $($policy)*
            #[steadfast::outcome(ignore(Err(_) if text.is_empty()))]
            async fn named_in_a_filter(probe: &Probe, text: String) -> Result<u32, Error> {
                assert_eq!(text.len(), 3);
                probe.step().await
            }

            $($policy)*
            async fn patterns(
                probe: &Probe,
                (a, b): (u32, u32),
                Point { x, .. }: Point,
                [c, d]: [u32; 2],
                _: u32,
                &e: &u32,
                f @ 0..=u32::MAX: u32,
            ) -> Result<u32, Error> {
                let seven = probe.step().await?;
                Ok(seven + a + b + x + c + d + e + f)
            }

            $($policy)*
            async fn generic<T: Display + Sync + ?Sized, F>(probe: &Probe, value: &T, f: F) -> Result<u32, Error>
            where
                F: Fn(u32) -> u32 + Send + Sync,
            {
                assert_eq!(value.to_string(), "value");
                Ok(f(probe.step().await?))
            }

            $($policy)*
            async fn generic_in_return<T: From<u32> + Send>(probe: &Probe) -> Result<T, Error> {
                Ok(probe.step().await?.into())
            }

            $($policy)*
            async fn impl_argument(probe: &Probe, f: impl Fn(u32) -> u32 + Send + Sync) -> Result<u32, Error> {
                Ok(f(probe.step().await?))
            }

            $($policy)*
            async fn impl_return(probe: &Probe) -> Result<impl Iterator<Item = u32>, Error> {
                let seven = probe.step().await?;
                Ok(std::iter::repeat_n(seven, 3))
            }

            $($policy)*
            async fn boxed_return(probe: &Probe) -> Result<Box<dyn Fn() -> u32 + Send>, Error> {
                let seven = probe.step().await?;
                Ok(Box::new(move || seven))
            }

            $($policy)*
            async fn lifetimes<'a, 'b: 'a>(probe: &Probe, one: &'a str, other: &'b str) -> Result<&'a str, Error> {
                let seven = probe.step().await?;
                Ok(if seven == SEVEN { one } else { other })
            }

            $($policy)*
            async fn recursive(probe: &Probe, depth: u32) -> Result<u32, Error> {
                if depth == 0 {
                    return probe.step().await;
                }
                Box::pin(recursive(probe, depth - 1)).await
            }

            $($policy)*
            async fn unit(probe: &Probe) -> Result<(), Error> {
                probe.step().await?;
                Ok(())
            }

            $($policy)*
            fn imp<'a>(probe: &'a Probe, text: &'a str) -> impl Future<Output = Result<&'a str, Error>> + Send + 'a {
                let length = text.len();
                async move {
                    assert_eq!(length, text.len());
                    probe.step().await?;
                    Ok(text)
                }
            }

            $($policy)*
            fn boxed(probe: &Probe) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + '_>> {
                Box::pin(async move {
                    let seven = probe.step().await?;
                    Ok(seven)
                })
            }

            struct Service<'p> {
                probe: &'p Probe,
                text: String,
            }

            impl<'p> Service<'p> {
                fn new(probe: &'p Probe) -> Self {
                    Self { probe, text: "7".to_owned() }
                }

                $($policy)*
                async fn lends(&self) -> Result<&str, Error> {
                    self.probe.step().await?;
                    Ok(&self.text)
                }

                $($policy)*
                async fn by_arc(self: Arc<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn by_self(self) -> Result<u32, Error> {
                    self.probe.step().await
                }
            }

            trait Ask: Sync {
                fn probe(&self) -> &Probe;

                $($policy)*
                async fn by_default(&self) -> Result<u32, Error> {
                    self.probe().step().await
                }

                fn future(&self) -> impl Future<Output = Result<u32, Error>> + Send;
            }

            impl Ask for Service<'_> {
                fn probe(&self) -> &Probe {
                    self.probe
                }

                $($policy)*
                fn future(&self) -> impl Future<Output = Result<u32, Error>> + Send {
                    async move { self.probe.step().await }
                }
            }

            #[async_trait]
            trait Above: Sync {
                fn probe(&self) -> &Probe;

                $($policy)*
                async fn above(&self, text: &str, (a, b): (u32, u32)) -> Result<u32, Error> {
                    let answer = self.probe().step().await;
                    if answer.is_err() {
                        return answer;
                    }
                    Ok(a + b + u32::try_from(text.len()).unwrap())
                }

                async fn below<'a>(&'a self, text: &'a str) -> Result<&'a str, Error>;
            }

            #[async_trait]
            impl Above for Service<'_> {
                fn probe(&self) -> &Probe {
                    self.probe
                }

                $($policy)*
                async fn below<'a>(&'a self, text: &'a str) -> Result<&'a str, Error> {
                    self.probe.step().await?;
                    Ok(text)
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("question", stack, async |p| send(question(p)).await).await;
                check("early_return", stack, async |p| send(early_return(p)).await).await;
                check("by_value", stack, async |p| send(by_value(p, "abc".to_owned(), 0)).await).await;
                check("named_in_a_filter", stack, async |p| send(named_in_a_filter(p, "abc".to_owned())).await).await;
                check("patterns", stack, async |p| {
                    send(patterns(p, (0, 0), Point { x: 0, y: 1 }, [0; 2], 5, &0, 0)).await
                })
                .await;
                check("generic", stack, async |p| send(generic(p, "value", |n| n)).await).await;
                check("generic_in_return", stack, async |p| {
                    let long: u64 = send(generic_in_return(p)).await?;
                    Ok(u32::try_from(long).unwrap())
                })
                .await;
                check("impl_argument", stack, async |p| send(impl_argument(p, |n| n)).await).await;
                check("impl_return", stack, async |p| Ok(send(impl_return(p)).await?.last().unwrap())).await;
                check("boxed_return", stack, async |p| Ok(send(boxed_return(p)).await?())).await;
                check("lifetimes", stack, async |p| Ok(send(lifetimes(p, "7", "?")).await?.parse().unwrap())).await;
                check("recursive", stack, async |p| send(recursive(p, 0)).await).await;
                let probe = Probe::well();
                assert_eq!((recursive(&probe, 5).await, probe.runs()), (Ok(SEVEN), 1));
                check("unit", stack, async |p| Ok(send(unit(p)).await.map(|()| SEVEN)?)).await;
                check("imp", stack, async |p| Ok(send(imp(p, "7")).await?.parse().unwrap())).await;
                check("boxed", stack, async |p| send(boxed(p)).await).await;
                check("lends", stack, async |p| Ok(send(Service::new(p).lends()).await?.parse().unwrap())).await;
                check("by_arc", stack, async |p| send(Arc::new(Service::new(p)).by_arc()).await).await;
                check("by_self", stack, async |p| send(Service::new(p).by_self()).await).await;
                check("by_default", stack, async |p| Service::new(p).by_default().await).await;
                check("future", stack, async |p| send(Service::new(p).future()).await).await;
                check("above", stack, async |p| send(Service::new(p).above("text", (1, 2))).await).await;
                check("below", stack, async |p| Ok(send(Service::new(p).below("7")).await?.parse().unwrap())).await;
            }
        }
    };
}

functions!(alone, Stack::HEDGE, [#[steadfast::hedge(after = "1s")]]);
functions!(around_others, Stack::HEDGE_AROUND, [
    #[steadfast::hedge(after = "10s")]
    #[steadfast::circuit_breaker]
    #[steadfast::timeout("1s")]
]);
functions!(around_a_loop, Stack::HEDGE_AROUND_RETRY, [
    #[steadfast::hedge(after = "10s")]
    #[steadfast::retry(attempts = 2, backoff = none)]
    #[steadfast::timeout("1s")]
]);
functions!(among_others, Stack::HEDGE_AMONG, [
    #[steadfast::fallback(Err(Error::Handled))]
    #[steadfast::timeout("10s")]
    #[steadfast::retry(attempts = 2, backoff = none)]
    #[steadfast::hedge(after = "5s")]
    #[steadfast::circuit_breaker]
    #[steadfast::timeout("1s")]
]);

/// With a mark for each call: in a method that borrows, of a generic type, and `Send`.
#[tokio::test(start_paused = true)]
async fn marked() {
    use crate::shapes::probe::{Error, Probe, SEVEN, send};

    struct Service<'p, K> {
        probe: &'p Probe,
        key: K,
    }
    impl<K: steadfast::Key + Sync> Service<'_, K> {
        #[steadfast::fallback(stale = "1m", key = self.key)]
        #[steadfast::hedge(after = "10s")]
        #[steadfast::retry(attempts = 2, backoff = none, clone(text))]
        #[steadfast::fallback(self.other(&text).await)]
        #[steadfast::timeout("1s")]
        async fn call(&self, text: String) -> Result<u32, Error> {
            drop(text);
            let seven = self.probe.step().await?;
            Ok(seven)
        }

        async fn other(&self, text: &str) -> Result<u32, Error> {
            tokio::task::yield_now().await;
            Ok(u32::try_from(text.len()).unwrap())
        }
    }
    let probe = Probe::well();
    let service = Service { probe: &probe, key: "k" };
    assert_eq!(send(service.call("text".to_owned())).await, Ok(SEVEN));
}
