//! What expansions call. Not for others: it changes without notice.

pub use crate::absorb::{FromError, FromRejection, absorb, absorb_with};
pub use crate::body::{answered, once, repeatable};
pub use crate::cause::{Cause, pass};
pub use crate::circuit_breaker::layer::{Around, By, ByClass, Judge, Layer, When, circuit_breaker};
pub use crate::fallback::{Fails, fallback, fallback_error, fallback_error_with, fallback_returned_error};
pub use crate::filter::{convert, hint, hint_of, hinted, holds, tag, when};
pub use crate::flow::{Call, call, returned};
pub use crate::handle::{DetachedHandle, Handle, Policy, detached_handle, handle};
pub use crate::outcome::{IntoHint, Outcome};
pub use crate::retry::{Attempt, Curve, Delay, Next, Run, retry};
pub use crate::timeout::{Layer as TimeoutLayer, Timed, timeout};

/// The methods of [`Outcome`] and [`Cause`], without names that could meet the user's.
pub mod by_class {
    pub use crate::cause::{ByDefault as _, ByItself as _, ByTarget as _};
    pub use crate::outcome::{ByDefault as _, ByItself as _, ByTarget as _, ByVariant as _};
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "an expansion does not know the bounds")]
mod tests {
    use core::time::Duration;

    use crate as steadfast;
    use crate::__private as private;
    use crate::{Backoff, Class, Failure, Flow, Rejection, Retry, Timeout};

    #[derive(Debug, PartialEq)]
    enum Error {
        Io,
        Late(Rejection),
    }

    impl From<Rejection> for Error {
        fn from(rejection: Rejection) -> Self {
            Self::Late(rejection)
        }
    }

    #[derive(Default)]
    struct Client {
        calls: u32,
        attempt: u32,
    }

    impl Client {
        /// As the attributes write it, by hand.
        async fn fetch(&mut self, fail: u32) -> Result<u32, Error> {
            #[allow(unused_imports)]
            use private::by_class::*;
            let call = async {
                let mut retry = private::retry({
                    static RETRY: Retry = Retry::new().attempts(3).backoff(Backoff::NONE).inside(&|| {});
                    &RETRY
                });
                loop {
                    let call = private::call(async {
                        if let Some(ret) = None::<Result<u32, Error>> {
                            return ret;
                        }
                        self.calls += 1;
                        self.attempt = steadfast::attempt();
                        tokio::time::sleep(Duration::from_millis(u64::from(self.calls))).await;
                        if self.calls <= fail { Err(Error::Io) } else { Ok(self.calls) }
                    });
                    let call = private::timeout({
                        static TIMEOUT: Timeout = Timeout::new(Duration::from_millis(3)).inside(&|| {});
                        &TIMEOUT
                    })
                    .tag(1)
                    .around(call);
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next(outcome, |outcome: &Result<u32, Error>| (&&&private::Outcome(outcome)).class())
                    {
                        private::Next::Done(outcome) => break outcome,
                        private::Next::Again(delay) => delay,
                    };
                    delay.await;
                }
            };
            let outcome = call.await;
            private::absorb::<Result<u32, Error>>(outcome)
        }

        /// Nothing in it can reject, so nothing is asked of the error.
        fn parse(&mut self, fail: u32) -> Result<u32, String> {
            #[allow(unused_imports)]
            use private::by_class::*;
            let mut call = || -> Result<u32, String> {
                self.calls += 1;
                if self.calls <= fail { Err("not yet".to_owned()) } else { Ok(self.calls) }
            };
            let mut retry = private::retry({
                static RETRY: Retry = Retry::new().attempts(3).backoff(Backoff::NONE).inside(&|| {});
                &RETRY
            });
            let outcome = loop {
                let outcome = retry.run(|| private::call_blocking(&mut call));
                let delay =
                    match retry.next(outcome, |outcome: &Result<u32, String>| (&&&private::Outcome(outcome)).class()) {
                        private::Next::Done(outcome) => break outcome,
                        private::Next::Again(delay) => delay,
                    };
                delay.block();
            };
            private::returned(outcome)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_expansion_by_hand() {
        fn is_send<F: Future + Send>(call: F) -> F {
            call
        }
        assert_eq!(is_send(Client::default().fetch(1)).await, Ok(2));
        assert_eq!(is_send(Client::default().fetch(2)).await, Ok(3));

        let mut client = Client { calls: 5, ..Client::default() };
        let Err(Error::Late(rejection)) = client.fetch(0).await else { panic!("it takes 6 ms") };
        assert_eq!((client.calls, client.attempt, rejection.__tag()), (8, 3, 1));
        assert!(rejection.policy().ends_with("Client::fetch"), "{rejection}");

        assert_eq!(Client::default().parse(2), Ok(3));
        assert_eq!(Client::default().parse(3), Err("not yet".to_owned()));
    }

    #[test]
    fn the_outer_end() {
        let late = Rejection::new(crate::RejectionKind::Timeout, crate::name::Name::UNNAMED);
        let rejected = || Flow::<Result<u32, Error>>::Rejected(late);

        assert_eq!(private::absorb(rejected()), Err(Error::Late(late)));
        assert_eq!(private::absorb_with(rejected(), |_| Error::Io), Err(Error::Io));
        assert_eq!(private::absorb_with(Flow::<Option<u32>>::Rejected(late), |_| ()), None);
        assert_eq!(private::absorb_with(Flow::<Option<u32>>::Rejected(late), |_| Some(1)), Some(1));

        let handles = |value: &Result<u32, Error>| value.is_err();
        assert_eq!(private::fallback(Flow::Returned(Ok(1)), handles), Ok(Ok(1)));
        assert_eq!(private::fallback(Flow::Returned(Err(Error::Io)), handles), Err(Failure::Returned(Err(Error::Io))));
        assert_eq!(private::fallback(rejected(), |_| false), Err(rejected()));

        assert_eq!(private::fallback_error(rejected(), handles), Err(Error::Late(late)));
        assert_eq!(private::fallback_error(Flow::Returned(Err(Error::Io)), handles), Err(Error::Io));
        assert_eq!(private::fallback_error(Flow::Returned(Err::<(), _>(Error::Io)), |_| false), Ok(Err(Error::Io)));
        assert_eq!(private::fallback_error_with(rejected(), handles, |_| Error::Io), Err(Error::Io));
        assert_eq!(private::fallback_returned_error(Flow::Returned(Err::<(), _>(7)), Result::is_err), Err(7));
        assert_eq!(private::fallback_returned_error(Flow::Returned(Ok::<_, u8>(1)), |_| true), Ok(Ok(1)));
        assert_eq!(private::hinted(Some(Class::Neutral), Duration::ZERO), Some(Class::Neutral));
    }
}
