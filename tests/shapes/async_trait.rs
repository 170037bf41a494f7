//! Methods under `#[async_trait]`, which has rewritten them before an attribute of ours sees them.
#![allow(clippy::question_mark, reason = "early returns are what is tried")]

macro_rules! methods {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::sync::Arc;

            use async_trait::async_trait;

            use crate::shapes::probe::{Error, NotSend, Probe, SEVEN, Stack, check, send};

            #[async_trait]
            trait Ask: Send + Sync {
                fn probe(&self) -> &Probe;

                $($policy)*
                async fn by_default(&self) -> Result<u32, Error> {
                    let seven = self.probe().step().await?;
                    Ok(seven)
                }

                $($policy)*
                async fn arguments(
                    &self,
                    text: &str,
                    mut count: u32,
                    (a, b): (u32, u32),
                    log: &mut Vec<u32>,
                    _: u32,
                ) -> Result<u32, Error> {
                    let answer = self.probe().step().await;
                    if answer.is_err() {
                        return answer;
                    }
                    log.push(SEVEN);
                    count += u32::try_from(text.len()).unwrap() + a + b;
                    Ok(count)
                }

                $($policy)*
                async fn lends<'a>(&'a self, text: &'a str) -> Result<&'a str, Error> {
                    self.probe().step().await?;
                    Ok(text)
                }

                $($policy)*
                async fn dynamic(&self) -> Result<Box<dyn Fn() -> u32 + Send>, Error> {
                    let seven = self.probe().step().await?;
                    Ok(Box::new(move || seven))
                }

                $($policy)*
                async fn recursive(&self, depth: u32) -> Result<u32, Error> {
                    if depth == 0 {
                        return self.probe().step().await;
                    }
                    self.recursive(depth - 1).await
                }

                async fn required(&mut self) -> Result<u32, Error>;

                async fn boxed(self: Box<Self>) -> Result<u32, Error>;

                async fn arc(self: Arc<Self>) -> Result<u32, Error>;
            }

            struct Service<'p> {
                probe: &'p Probe,
                calls: u32,
            }

            impl<'p> Service<'p> {
                fn new(probe: &'p Probe) -> Self {
                    Self { probe, calls: 0 }
                }

                fn dynamic(probe: &'p Probe) -> Box<dyn Ask + 'p> {
                    Box::new(Self::new(probe))
                }
            }

            #[async_trait]
            impl Ask for Service<'_> {
                fn probe(&self) -> &Probe {
                    self.probe
                }

                $($policy)*
                async fn required(&mut self) -> Result<u32, Error> {
                    self.calls += 1;
                    let seven = self.probe.step().await?;
                    Ok(seven)
                }

                $($policy)*
                async fn boxed(self: Box<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn arc(self: Arc<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }
            }

            #[async_trait]
            trait Convert<T: Send + Sync + 'static> {
                async fn convert<U>(&self, from: T, with: U) -> Result<u32, Error>
                where
                    U: Fn(&T) -> u32 + Send + Sync;
            }

            #[async_trait]
            impl<T: Send + Sync + 'static> Convert<T> for Service<'_> {
                $($policy)*
                async fn convert<U>(&self, from: T, with: U) -> Result<u32, Error>
                where
                    U: Fn(&T) -> u32 + Send + Sync,
                {
                    self.probe.step().await?;
                    Ok(with(&from))
                }
            }

            #[async_trait(?Send)]
            trait Local {
                $($policy)*
                async fn local(&self, probe: &Probe) -> Result<u32, Error> {
                    let not_send = NotSend::default();
                    let seven = probe.step().await?;
                    assert_eq!(not_send, NotSend::default());
                    Ok(seven)
                }
            }

            impl Local for NotSend {}

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("by_default", stack, async |p| send(Service::dynamic(p).by_default()).await).await;
                check("arguments", stack, async |p| {
                    send(Service::dynamic(p).arguments("abc", 2, (1, 1), &mut Vec::new(), 1)).await
                })
                .await;
                check("lends", stack, async |p| {
                    Ok(send(Service::dynamic(p).lends("7")).await?.parse().unwrap())
                })
                .await;
                check("dynamic", stack, async |p| {
                    let seven = send(Service::dynamic(p).dynamic()).await?;
                    Ok(seven())
                })
                .await;
                check("recursive", stack, async |p| send(Service::dynamic(p).recursive(0)).await).await;
                check("required", stack, async |p| send(Service::dynamic(p).required()).await).await;
                check("boxed", stack, async |p| send(Service::dynamic(p).boxed()).await).await;
                check("arc", stack, async |p| send(Arc::new(Service::new(p)).arc()).await).await;
                check("convert", stack, async |p| {
                    send(Service::new(p).convert("seven!!", |text| u32::try_from(text.len()).unwrap())).await
                })
                .await;
                check("local", stack, async |p| NotSend::default().local(p).await).await;
            }
        }
    };
}

each_async_stack!(methods);
