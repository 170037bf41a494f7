//! Free `async fn`.
#![allow(clippy::too_many_arguments, reason = "one function for many patterns")]
#![allow(clippy::question_mark, reason = "early returns are what is tried")]

macro_rules! functions {
    ($module:ident, $stack:expr, [$($policy:tt)*]) => {
        mod $module {
            use std::fmt::Display;

            use crate::shapes::probe::{Error, Probe, SEVEN, Stack, check, send};

            struct Point {
                x: u32,
                #[allow(dead_code, reason = "left out of the pattern")]
                y: u32,
            }

            type Alias<T> = Result<T, Error>;

            $($policy)*
            async fn tail(probe: &Probe) -> Result<u32, Error> {
                probe.step().await
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
                let seven = answer?;
                assert_eq!(seven, SEVEN);
                return Ok(seven);
            }

            $($policy)*
            async fn returns_from_a_loop(probe: &Probe) -> Result<u32, Error> {
                loop {
                    let seven = probe.step().await?;
                    'inner: for n in 0.. {
                        if n == seven {
                            break 'inner;
                        }
                    }
                    return Ok(seven);
                }
            }

            $($policy)*
            async fn by_value(probe: &Probe, text: String, count: u32) -> Result<u32, Error> {
                assert_eq!(text.len(), 3);
                probe.step().await.map(|seven| seven + count)
            }

            $($policy)*
            async fn mut_by_value(probe: &Probe, mut count: u32) -> Result<u32, Error> {
                let seven = probe.step().await?;
                count += seven;
                Ok(count)
            }

            $($policy)*
            async fn by_ref(probe: &Probe, text: &str, bytes: &[u8]) -> Result<u32, Error> {
                assert_eq!(text.as_bytes(), bytes);
                probe.step().await
            }

            $($policy)*
            async fn by_mut(probe: &Probe, log: &mut Vec<u32>) -> Result<u32, Error> {
                log.push(1);
                let seven = probe.step().await?;
                log.push(seven);
                Ok(seven)
            }

            $($policy)*
            #[allow(clippy::toplevel_ref_arg, clippy::used_underscore_binding, reason = "shapes to be tried")]
            async fn patterns(
                probe: &Probe,
                (a, b): (u32, u32),
                Point { x, .. }: Point,
                [c, d]: [u32; 2],
                _: u32,
                mut e: u32,
                &f: &u32,
                g @ 0..=u32::MAX: u32,
                ref h: u32,
                _unused: u32,
            ) -> Result<u32, Error> {
                let seven = probe.step().await?;
                e += seven;
                Ok(e + a + b + x + c + d + f + g + *h)
            }

            $($policy)*
            async fn generic<T: Display + ?Sized, F>(probe: &Probe, value: &T, f: F) -> Result<u32, Error>
            where
                F: Fn(u32) -> u32,
            {
                assert_eq!(value.to_string(), "value");
                Ok(f(probe.step().await?))
            }

            $($policy)*
            async fn generic_in_return<T: From<u32>>(probe: &Probe) -> Result<T, Error> {
                Ok(probe.step().await?.into())
            }

            $($policy)*
            async fn const_generic<const N: usize>(probe: &Probe, items: [u32; N]) -> Result<[u32; N], Error> {
                probe.step().await?;
                Ok(items)
            }

            $($policy)*
            async fn impl_argument(probe: &Probe, f: impl Fn(u32) -> u32, text: impl AsRef<str>) -> Result<u32, Error> {
                assert_eq!(text.as_ref(), "text");
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
            async fn alias(probe: &Probe) -> Alias<u32> {
                probe.step().await
            }

            $($policy)*
            async fn unit(probe: &Probe) -> Result<(), Error> {
                probe.step().await?;
                Ok(())
            }

            $($policy)*
            async fn nested(probe: &Probe) -> Result<u32, Error> {
                const NINE: u32 = 9;
                fn parse(text: &str) -> Option<u32> {
                    let digit = text.chars().next()?.to_digit(10)?;
                    if digit == NINE {
                        return None;
                    }
                    Some(digit)
                }
                let answer = || -> Option<u32> {
                    if parse("9").is_some() {
                        return None;
                    }
                    parse("7")
                };
                let block = async {
                    let seven = probe.step().await?;
                    if seven == NINE {
                        return Err(Error::Body);
                    }
                    Ok(seven)
                };
                let Ok(seven) = block.await else { return Err(Error::Body) };
                assert_eq!(answer(), Some(seven));
                Ok(seven)
            }

            $($policy)*
            async fn inner_attribute(probe: &Probe) -> Result<u32, Error> {
                #![allow(unused_variables, reason = "what is tried")]
                let unused = 1;
                probe.step().await
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let stack = $stack;
                check("tail", stack, async |p| send(tail(p)).await).await;
                check("question", stack, async |p| send(question(p)).await).await;
                check("early_return", stack, async |p| send(early_return(p)).await).await;
                check("returns_from_a_loop", stack, async |p| send(returns_from_a_loop(p)).await).await;
                check("by_value", stack, async |p| send(by_value(p, "abc".to_owned(), 0)).await).await;
                check("mut_by_value", stack, async |p| send(mut_by_value(p, 0)).await).await;
                check("by_ref", stack, async |p| send(by_ref(p, "ab", b"ab")).await).await;
                check("by_mut", stack, async |p| {
                    let mut log = Vec::new();
                    let outcome = send(by_mut(p, &mut log)).await;
                    outcome
                })
                .await;
                check("patterns", stack, async |p| {
                    send(patterns(p, (0, 0), Point { x: 0, y: 1 }, [0; 2], 5, 0, &0, 0, 0, 5)).await
                })
                .await;
                check("generic", stack, async |p| send(generic(p, "value", |n| n)).await).await;
                check("generic_in_return", stack, async |p| {
                    let long: u64 = send(generic_in_return(p)).await?;
                    Ok(u32::try_from(long).unwrap())
                })
                .await;
                check("const_generic", stack, async |p| send(const_generic(p, [SEVEN])).await.map(|[n]| n)).await;
                check("impl_argument", stack, async |p| send(impl_argument(p, |n| n, "text")).await).await;
                check("impl_return", stack, async |p| Ok(send(impl_return(p)).await?.last().unwrap())).await;
                check("boxed_return", stack, async |p| Ok(send(boxed_return(p)).await?())).await;
                check("lifetimes", stack, async |p| Ok(send(lifetimes(p, "7", "?")).await?.parse().unwrap())).await;
                check("recursive", stack, async |p| send(recursive(p, 0)).await).await;
                let probe = Probe::well();
                assert_eq!((recursive(&probe, 5).await, probe.runs()), (Ok(SEVEN), 1));
                check("alias", stack, async |p| send(alias(p)).await).await;
                check("unit", stack, async |p| Ok(send(unit(p)).await.map(|()| SEVEN)?)).await;
                check("nested", stack, async |p| send(nested(p)).await).await;
                check("inner_attribute", stack, async |p| send(inner_attribute(p)).await).await;
            }
        }
    };
}

each_async_stack!(functions);
