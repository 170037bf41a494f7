//! Inherent `async fn` with every receiver.
#![allow(clippy::question_mark, reason = "early returns are what is tried")]

macro_rules! methods {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::marker::PhantomData;
            use std::pin::Pin;
            use std::rc::Rc;
            use std::sync::Arc;

            use crate::shapes::probe::{Error, Probe, SEVEN, Stack, check, send};

            struct Service<'p> {
                probe: &'p Probe,
                calls: u32,
            }

            impl<'p> Service<'p> {
                fn new(probe: &'p Probe) -> Self {
                    Self { probe, calls: 0 }
                }

                $($policy)*
                async fn associated(probe: &'p Probe) -> Result<u32, Error> {
                    Self::new(probe).probe.step().await
                }

                $($policy)*
                async fn by_ref(&self) -> Result<u32, Error> {
                    let seven = self.probe.step().await?;
                    Ok(seven)
                }

                $($policy)*
                async fn by_ref_of<'s>(&'s self, text: &'s str) -> Result<&'s str, Error> {
                    self.probe.step().await?;
                    Ok(text)
                }

                $($policy)*
                async fn lends(&self) -> Result<&u32, Error> {
                    self.probe.step().await?;
                    Ok(&self.calls)
                }

                $($policy)*
                async fn by_mut(&mut self, log: &mut Vec<u32>) -> Result<u32, Error> {
                    self.calls += 1;
                    log.push(self.calls);
                    let answer = self.probe.step().await;
                    if answer.is_err() {
                        return answer;
                    }
                    self.calls -= 1;
                    answer
                }

                $($policy)*
                async fn by_value(self) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn mut_by_value(mut self) -> Result<u32, Error> {
                    self.calls += 1;
                    let seven = self.probe.step().await?;
                    Ok(seven - self.calls + self.calls)
                }

                $($policy)*
                async fn boxed(self: Box<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn mut_boxed(mut self: Box<Self>) -> Result<u32, Error> {
                    self.calls += 1;
                    self.probe.step().await
                }

                $($policy)*
                async fn rc(self: Rc<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn arc(self: Arc<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn arc_ref(self: &Arc<Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn pinned(self: Pin<&mut Self>) -> Result<u32, Error> {
                    self.probe.step().await
                }

                $($policy)*
                async fn mut_pinned(mut self: Pin<&mut Self>) -> Result<u32, Error> {
                    self.as_mut().calls += 1;
                    self.probe.step().await
                }

                $($policy)*
                async fn recursive(&mut self, depth: u32) -> Result<u32, Error> {
                    self.calls += 1;
                    if depth == 0 {
                        return self.probe.step().await;
                    }
                    Box::pin(self.recursive(depth - 1)).await
                }
            }

            struct Store<'p, T, const N: usize> {
                probe: &'p Probe,
                items: PhantomData<[T; N]>,
            }

            impl<T: Sync, const N: usize> Store<'_, T, N>
            where
                T: From<u32>,
            {
                $($policy)*
                async fn get<U>(&self, convert: impl Fn(T) -> U) -> Result<(U, usize), Error>
                where
                    U: Send,
                {
                    let seven = self.probe.step().await?;
                    Ok((convert(T::from(seven)), N))
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("associated", stack, async |p| send(Service::associated(p)).await).await;
                check("by_ref", stack, async |p| send(Service::new(p).by_ref()).await).await;
                check("by_ref_of", stack, async |p| {
                    Ok(send(Service::new(p).by_ref_of("7")).await?.parse().unwrap())
                })
                .await;
                check("lends", stack, async |p| Ok(*send(Service::new(p).lends()).await? + SEVEN)).await;
                check("by_mut", stack, async |p| send(Service::new(p).by_mut(&mut Vec::new())).await).await;
                check("by_value", stack, async |p| send(Service::new(p).by_value()).await).await;
                check("mut_by_value", stack, async |p| send(Service::new(p).mut_by_value()).await).await;
                check("boxed", stack, async |p| send(Box::new(Service::new(p)).boxed()).await).await;
                check("mut_boxed", stack, async |p| send(Box::new(Service::new(p)).mut_boxed()).await).await;
                check("rc", stack, async |p| Rc::new(Service::new(p)).rc().await).await;
                check("arc", stack, async |p| send(Arc::new(Service::new(p)).arc()).await).await;
                check("arc_ref", stack, async |p| send(Arc::new(Service::new(p)).arc_ref()).await).await;
                check("pinned", stack, async |p| send(Pin::new(&mut Service::new(p)).pinned()).await).await;
                check("mut_pinned", stack, async |p| send(Pin::new(&mut Service::new(p)).mut_pinned()).await).await;
                check("recursive", stack, async |p| send(Service::new(p).recursive(0)).await).await;
                let probe = Probe::well();
                let mut service = Service::new(&probe);
                assert_eq!((service.recursive(5).await, service.calls, probe.runs()), (Ok(SEVEN), 6, 1));
                check("generic", stack, async |p| {
                    let store = Store::<u64, 3> { probe: p, items: PhantomData };
                    let (seven, three) = send(store.get(|n| u32::try_from(n).unwrap())).await?;
                    assert_eq!(three, 3);
                    Ok(seven)
                })
                .await;
            }
        }
    };
}

each_async_stack!(methods);
