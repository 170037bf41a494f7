//! Native async traits: default methods and implementations.

macro_rules! traits {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::fmt::Debug;
            use std::future::Future;
            use std::sync::Arc;

            use crate::shapes::probe::{Error, Probe, Stack, check, send};

            trait Ask: Sync {
                const NAME: &'static str;
                type Item: Debug;

                fn probe(&self) -> &Probe;

                fn item(&self, seven: u32) -> Self::Item;

                $($policy)*
                async fn by_default(&self) -> Result<u32, Error> {
                    assert_eq!(Self::NAME, "service");
                    let seven = self.probe().step().await?;
                    Ok(seven)
                }

                $($policy)*
                async fn generic_by_default<T: From<u32>>(&self, text: &str) -> Result<(T, Self::Item), Error> {
                    assert_eq!(text, "text");
                    let seven = self.probe().step().await?;
                    Ok((seven.into(), self.item(seven)))
                }

                $($policy)*
                fn future_by_default(&self) -> impl Future<Output = Result<u32, Error>> + Send {
                    async move { self.probe().step().await }
                }

                $($policy)*
                async fn arc_by_default(self: Arc<Self>) -> Result<u32, Error> {
                    self.probe().step().await
                }

                async fn required(&mut self, log: &mut Vec<u32>) -> Result<u32, Error>;

                fn future(&self) -> impl Future<Output = Result<u32, Error>> + Send;

                async fn by_value(self) -> Result<u32, Error>;
            }

            struct Service<'p> {
                probe: &'p Probe,
                calls: u32,
            }

            impl<'p> Service<'p> {
                fn new(probe: &'p Probe) -> Self {
                    Self { probe, calls: 0 }
                }
            }

            impl Ask for Service<'_> {
                const NAME: &'static str = "service";
                type Item = u32;

                fn probe(&self) -> &Probe {
                    self.probe
                }

                fn item(&self, seven: u32) -> u32 {
                    seven
                }

                $($policy)*
                async fn required(&mut self, log: &mut Vec<u32>) -> Result<u32, Error> {
                    self.calls += 1;
                    log.push(self.calls);
                    let seven = self.probe.step().await?;
                    Ok(seven)
                }

                $($policy)*
                fn future(&self) -> impl Future<Output = Result<u32, Error>> + Send {
                    async move { self.probe.step().await }
                }

                $($policy)*
                async fn by_value(self) -> Result<u32, Error> {
                    self.probe.step().await
                }
            }

            trait Convert<T> {
                async fn convert(&self, from: T) -> Result<u32, Error>;
            }

            impl<T> Convert<T> for Service<'_>
            where
                T: Into<u32> + Copy,
            {
                $($policy)*
                async fn convert(&self, from: T) -> Result<u32, Error> {
                    let seven = self.probe.step().await?;
                    let from: u32 = from.into();
                    Ok(seven + from)
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("by_default", stack, async |p| send(Service::new(p).by_default()).await).await;
                check("generic_by_default", stack, async |p| {
                    let (long, seven) = send(Service::new(p).generic_by_default::<u64>("text")).await?;
                    assert_eq!(long, u64::from(seven));
                    Ok(seven)
                })
                .await;
                check("future_by_default", stack, async |p| send(Service::new(p).future_by_default()).await).await;
                check("arc_by_default", stack, async |p| {
                    send(Arc::new(Service::new(p)).arc_by_default()).await
                })
                .await;
                check("required", stack, async |p| send(Service::new(p).required(&mut Vec::new())).await).await;
                check("future", stack, async |p| send(Service::new(p).future()).await).await;
                check("by_value", stack, async |p| send(Service::new(p).by_value()).await).await;
                check("convert", stack, async |p| send(Service::new(p).convert(0_u8)).await).await;
            }
        }
    };
}

each_async_stack!(traits);
