//! Functions that return a future of which they show the body.

macro_rules! futures {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::future::Future;
            use std::pin::Pin;

            use crate::shapes::probe::{Error, Probe, Stack, check, send};

            type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
            type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

            $($policy)*
            fn imp(probe: &Probe) -> impl Future<Output = Result<u32, Error>> + Send {
                async move {
                    let seven = probe.step().await?;
                    Ok(seven)
                }
            }

            $($policy)*
            fn imp_of<'a>(probe: &'a Probe, text: &'a str) -> impl Future<Output = Result<&'a str, Error>> + Send + 'a {
                // Before the first poll, and outside of every policy.
                let length = text.len();
                async move {
                    assert_eq!(length, text.len());
                    let answer = probe.step().await;
                    if answer.is_err() {
                        return Err(Error::Body);
                    }
                    Ok(text)
                }
            }

            $($policy)*
            fn imp_full_path<T: From<u32> + Send>(
                probe: &Probe,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<T, Error>> + Send + use<'_, T> {
                async move { Ok(probe.step().await?.into()) }
            }

            $($policy)*
            fn boxed(probe: &Probe) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + '_>> {
                Box::pin(async move {
                    let seven = probe.step().await?;
                    Ok(seven)
                })
            }

            $($policy)*
            fn boxed_full_path<'a>(
                probe: &'a Probe,
                text: &'a str,
            ) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = Result<u32, Error>> + Send + 'a>> {
                let length = text.len();
                ::std::boxed::Box::pin(async move {
                    assert_eq!(length, text.len());
                    probe.step().await
                })
            }

            $($policy)*
            fn alias(probe: &Probe) -> BoxFuture<'_, Result<u32, Error>> {
                Box::pin(async move { probe.step().await })
            }

            $($policy)*
            fn local_alias(probe: &Probe) -> LocalBoxFuture<'_, Result<u32, Error>> {
                Box::pin(async move { probe.step().await })
            }

            $($policy)*
            fn recursive(probe: &Probe, depth: u32) -> BoxFuture<'_, Result<u32, Error>> {
                Box::pin(async move {
                    if depth == 0 {
                        return probe.step().await;
                    }
                    recursive(probe, depth - 1).await
                })
            }

            $($policy)*
            fn dynamic(probe: &Probe) -> BoxFuture<'_, Result<Box<dyn Fn() -> u32 + Send>, Error>> {
                Box::pin(async move {
                    let seven = probe.step().await?;
                    let answer: Box<dyn Fn() -> u32 + Send> = Box::new(move || seven);
                    Ok(answer)
                })
            }

            struct Service<'p> {
                probe: &'p Probe,
                calls: u32,
            }

            impl<'p> Service<'p> {
                fn new(probe: &'p Probe) -> Self {
                    Self { probe, calls: 0 }
                }

                $($policy)*
                fn imp(&mut self) -> impl Future<Output = Result<u32, Error>> + Send {
                    async move {
                        self.calls += 1;
                        self.probe.step().await
                    }
                }

                $($policy)*
                fn boxed<'s>(&'s mut self, log: &'s mut Vec<u32>) -> BoxFuture<'s, Result<u32, Error>> {
                    Box::pin(async move {
                        self.calls += 1;
                        log.push(self.calls);
                        self.probe.step().await
                    })
                }
            }

            trait Ask {
                fn probe(&self) -> &Probe;

                $($policy)*
                fn by_default(&self) -> BoxFuture<'_, Result<u32, Error>>
                where
                    Self: Sync,
                {
                    Box::pin(async move { self.probe().step().await })
                }

                fn required(&self) -> BoxFuture<'_, Result<u32, Error>>;
            }

            impl Ask for Service<'_> {
                fn probe(&self) -> &Probe {
                    self.probe
                }

                $($policy)*
                fn required(&self) -> BoxFuture<'_, Result<u32, Error>> {
                    Box::pin(async move { self.probe.step().await })
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("imp", stack, async |p| send(imp(p)).await).await;
                check("imp_of", stack, async |p| Ok(send(imp_of(p, "7")).await?.parse().unwrap())).await;
                check("imp_full_path", stack, async |p| {
                    let long: u64 = send(imp_full_path(p)).await?;
                    Ok(u32::try_from(long).unwrap())
                })
                .await;
                check("boxed", stack, async |p| send(boxed(p)).await).await;
                check("boxed_full_path", stack, async |p| send(boxed_full_path(p, "7")).await).await;
                check("alias", stack, async |p| send(alias(p)).await).await;
                check("local_alias", stack, async |p| local_alias(p).await).await;
                check("recursive", stack, async |p| send(recursive(p, 0)).await).await;
                check("dynamic", stack, async |p| Ok(send(dynamic(p)).await?())).await;
                check("method, impl", stack, async |p| send(Service::new(p).imp()).await).await;
                check("method, boxed", stack, async |p| send(Service::new(p).boxed(&mut Vec::new())).await).await;
                check("by_default", stack, async |p| send(Service::new(p).by_default()).await).await;
                check("required", stack, async |p| send((&Service::new(p) as &dyn Ask).required()).await).await;
            }
        }
    };
}

each_async_stack!(futures);
