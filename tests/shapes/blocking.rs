//! `fn`: free, and with every receiver.
#![allow(clippy::boxed_local, reason = "every receiver is tried")]
#![allow(clippy::question_mark, reason = "early returns are what is tried")]

macro_rules! functions {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::fmt::Display;
            use std::pin::Pin;
            use std::rc::Rc;
            use std::sync::Arc;

            use crate::shapes::probe::{Error, Probe, SEVEN, Stack, check_blocking};

            struct Point {
                x: u32,
                #[allow(dead_code, reason = "left out of the pattern")]
                y: u32,
            }

            $($policy)*
            fn tail(probe: &Probe) -> Result<u32, Error> {
                probe.step_now()
            }

            $($policy)*
            fn question(probe: &Probe) -> Result<u32, Error> {
                let seven = probe.step_now()?;
                Ok(seven)
            }

            $($policy)*
            fn early_return(probe: &Probe) -> Result<u32, Error> {
                let answer = probe.step_now();
                if answer.is_err() {
                    return answer;
                }
                return answer;
            }

            $($policy)*
            fn by_value(probe: &Probe, text: String, mut count: u32) -> Result<u32, Error> {
                assert_eq!(text.len(), 3);
                count += 1;
                probe.step_now().map(|seven| seven + count - count)
            }

            $($policy)*
            fn by_ref(probe: &Probe, text: &str, bytes: &[u8]) -> Result<u32, Error> {
                assert_eq!(text.as_bytes(), bytes);
                probe.step_now()
            }

            $($policy)*
            fn by_mut(probe: &Probe, log: &mut Vec<u32>) -> Result<u32, Error> {
                log.push(1);
                let seven = probe.step_now()?;
                log.push(seven);
                Ok(seven)
            }

            $($policy)*
            fn patterns(
                probe: &Probe,
                (a, b): (u32, u32),
                Point { x, .. }: Point,
                [c, d]: [u32; 2],
                _: u32,
                &e: &u32,
            ) -> Result<u32, Error> {
                Ok(probe.step_now()? + a + b + x + c + d + e)
            }

            $($policy)*
            fn generic<T: Display + ?Sized, F>(probe: &Probe, value: &T, f: F) -> Result<u32, Error>
            where
                F: Fn(u32) -> u32,
            {
                assert_eq!(value.to_string(), "value");
                Ok(f(probe.step_now()?))
            }

            $($policy)*
            fn const_generic<const N: usize>(probe: &Probe, items: [u32; N]) -> Result<[u32; N], Error> {
                probe.step_now()?;
                Ok(items)
            }

            $($policy)*
            fn impl_argument(probe: &Probe, mut f: impl FnMut(u32) -> u32) -> Result<u32, Error> {
                Ok(f(probe.step_now()?))
            }

            $($policy)*
            fn impl_return(probe: &Probe) -> Result<impl Iterator<Item = u32> + use<>, Error> {
                let seven = probe.step_now()?;
                Ok(std::iter::repeat_n(seven, 3))
            }

            $($policy)*
            fn boxed_return(probe: &Probe) -> Result<Box<dyn Fn() -> u32>, Error> {
                let seven = probe.step_now()?;
                Ok(Box::new(move || seven))
            }

            $($policy)*
            fn lifetimes<'a>(probe: &Probe, text: &'a str) -> Result<&'a str, Error> {
                probe.step_now()?;
                Ok(text)
            }

            $($policy)*
            fn recursive(probe: &Probe, depth: u32) -> Result<u32, Error> {
                if depth == 0 { probe.step_now() } else { recursive(probe, depth - 1) }
            }

            $($policy)*
            fn nested(probe: &Probe) -> Result<u32, Error> {
                let parse = |text: &str| -> Option<u32> {
                    let digit = text.chars().next()?.to_digit(10)?;
                    if digit == 9 {
                        return None;
                    }
                    Some(digit)
                };
                let seven = probe.step_now()?;
                assert_eq!((parse("7"), parse("9"), parse("")), (Some(seven), None, None));
                Ok(seven)
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
                fn associated(probe: &'p Probe) -> Result<u32, Error> {
                    Self::new(probe).probe.step_now()
                }

                $($policy)*
                fn by_ref(&self) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn lends(&self) -> Result<&u32, Error> {
                    self.probe.step_now()?;
                    Ok(&self.calls)
                }

                $($policy)*
                fn by_mut(&mut self, log: &mut Vec<u32>) -> Result<u32, Error> {
                    self.calls += 1;
                    log.push(self.calls);
                    self.probe.step_now()
                }

                $($policy)*
                fn by_value(self) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn mut_by_value(mut self) -> Result<u32, Error> {
                    self.calls += 1;
                    let seven = self.probe.step_now()?;
                    Ok(seven - self.calls + self.calls)
                }

                $($policy)*
                fn boxed(self: Box<Self>) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn rc(self: Rc<Self>) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn arc(self: Arc<Self>) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn arc_ref(self: &Arc<Self>) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn pinned(self: Pin<&mut Self>) -> Result<u32, Error> {
                    self.probe.step_now()
                }

                $($policy)*
                fn mut_pinned(mut self: Pin<&mut Self>) -> Result<u32, Error> {
                    self.as_mut().calls += 1;
                    self.probe.step_now()
                }
            }

            trait Ask {
                fn probe(&self) -> &Probe;

                $($policy)*
                fn by_default(&self) -> Result<u32, Error> {
                    self.probe().step_now()
                }

                fn required(&mut self) -> Result<u32, Error>;
            }

            impl Ask for Service<'_> {
                fn probe(&self) -> &Probe {
                    self.probe
                }

                $($policy)*
                fn required(&mut self) -> Result<u32, Error> {
                    self.calls += 1;
                    let seven = self.probe.step_now()?;
                    Ok(seven)
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each_function() {
                let stack = $stack;
                check_blocking("tail", stack, tail).await;
                check_blocking("question", stack, question).await;
                check_blocking("early_return", stack, early_return).await;
                check_blocking("by_value", stack, |p| by_value(p, "abc".to_owned(), 0)).await;
                check_blocking("by_ref", stack, |p| by_ref(p, "ab", b"ab")).await;
                check_blocking("by_mut", stack, |p| by_mut(p, &mut Vec::new())).await;
                check_blocking("patterns", stack, |p| patterns(p, (0, 0), Point { x: 0, y: 1 }, [0; 2], 5, &0)).await;
                check_blocking("generic", stack, |p| generic(p, "value", |n| n)).await;
                check_blocking("const_generic", stack, |p| const_generic(p, [SEVEN]).map(|[n]| n)).await;
                check_blocking("impl_argument", stack, |p| impl_argument(p, |n| n)).await;
                check_blocking("impl_return", stack, |p| Ok(impl_return(p)?.last().unwrap())).await;
                check_blocking("boxed_return", stack, |p| Ok(boxed_return(p)?())).await;
                check_blocking("lifetimes", stack, |p| Ok(lifetimes(p, "7")?.parse().unwrap())).await;
                check_blocking("recursive", stack, |p| recursive(p, 0)).await;
                let probe = Probe::well();
                assert_eq!((recursive(&probe, 5), probe.runs()), (Ok(SEVEN), 1));
                check_blocking("nested", stack, nested).await;
            }

            #[tokio::test(start_paused = true)]
            async fn each_method() {
                let stack = $stack;
                check_blocking("associated", stack, |p| Service::associated(p)).await;
                check_blocking("by_ref", stack, |p| Service::new(p).by_ref()).await;
                check_blocking("lends", stack, |p| Ok(Service::new(p).lends()? + SEVEN)).await;
                check_blocking("by_mut", stack, |p| Service::new(p).by_mut(&mut Vec::new())).await;
                check_blocking("by_value", stack, |p| Service::new(p).by_value()).await;
                check_blocking("mut_by_value", stack, |p| Service::new(p).mut_by_value()).await;
                check_blocking("boxed", stack, |p| Box::new(Service::new(p)).boxed()).await;
                check_blocking("rc", stack, |p| Rc::new(Service::new(p)).rc()).await;
                check_blocking("arc", stack, |p| Arc::new(Service::new(p)).arc()).await;
                check_blocking("arc_ref", stack, |p| Arc::new(Service::new(p)).arc_ref()).await;
                check_blocking("pinned", stack, |p| Pin::new(&mut Service::new(p)).pinned()).await;
                check_blocking("mut_pinned", stack, |p| Pin::new(&mut Service::new(p)).mut_pinned()).await;
                check_blocking("by_default", stack, |p| Service::new(p).by_default()).await;
                check_blocking("required", stack, |p| Service::new(p).required()).await;
            }
        }
    };
}

each_blocking_stack!(functions);
