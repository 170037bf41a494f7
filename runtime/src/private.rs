//! What expansions call. Not for others: it changes without notice.

pub use crate::__steadfast_site as site;
pub use crate::absorb::{ErrorFromRejection, FromError, FromRejection, absorb, absorb_with, error};
pub use crate::body::{Returns, Seen, answer, answered};
pub use crate::bulkhead::layer::{
    Around as BulkheadAround, By as BulkheadBy, Layer as BulkheadLayer, Unwatched, Watch, Watching, bulkhead,
};
pub use crate::cause::{Cause, pass};
pub use crate::circuit_breaker::layer::{Around, Layer, circuit_breaker};
pub use crate::declare::*;
pub use crate::fallback::stale::age::{MaxAge, max_age};
pub use crate::fallback::stale::layer::{Around as StaleAround, Layer as StaleLayer, key, stale};
pub use crate::fallback::stale::{Keeper, Keeps, Kept, Mark, Marked, Success, Whole, keeper, told};
pub use crate::fallback::{Fails, Fallback, fallback, fallback_error, fallback_error_with, fallback_returned_error};
pub use crate::filter::{convert, hint, hint_of, hinted, holds, tag, when};
pub use crate::flow::{Call, call, returned};
pub use crate::handle::{CalledHandle, CalledStatefulHandle, DetachedHandle, Handle, StatefulHandle};
pub use crate::handle::{called_handle, called_stateful_handle, detached_handle, handle, stateful_handle};
pub use crate::hedge::layer::{Around as HedgeAround, Layer as HedgeLayer, hedge};
pub use crate::hedge::marked::Around as MarkedHedgeAround;
pub use crate::judge::{By, ByClass, Judge, When};
pub use crate::key::NO_KEY;
pub use crate::outcome::{IntoHint, Outcome};
pub use crate::rate_limit::layer::{Around as RateLimitAround, Layer as RateLimitLayer, rate_limit};
pub use crate::retry::{Attempt, Curve, Delay, Run, retry, retry_within};
pub use crate::site::Site;
#[cfg(feature = "testing")]
pub use crate::testing::{
    parts::{Makes, makes},
    site::Body,
};
pub use crate::timeout::percentile::{Layer as PercentileTimeoutLayer, Measured, percentile_timeout};
pub use crate::timeout::{Layer as TimeoutLayer, Limit, Timed, limit, timeout};

/// The methods of [`Outcome`] and [`Cause`], without names that could meet the user's.
pub mod by_class {
    pub use crate::body::{IsFuture as _, IsValue as _};
    pub use crate::cause::{ByDefault as _, ByItself as _, ByTarget as _};
    pub use crate::fallback::stale::{IsOther as _, IsResult as _};
    pub use crate::judge::{By, ByClass, Judge, When};
    pub use crate::outcome::{ByDefault as _, ByItself as _, ByTarget as _, ByVariant as _};
}

#[cfg(test)]
mod tests {
    use core::future::pending;
    use core::time::Duration;

    use crate::__private as private;
    use crate::{Bulkhead, CircuitBreaker, Percentile, PercentileTimeout, RateLimit, Timeout};
    use crate::{Class, Failure, Flow, Rejection};

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

    /// So that `error = F` of one of them is told from that of another.
    #[tokio::test(start_paused = true)]
    async fn each_layer_marks_what_it_rejects() {
        let full = Bulkhead::new(1);
        let _place = full.try_acquire().unwrap();
        let spent = RateLimit::new(1);
        spent.try_acquire().unwrap();
        let open = CircuitBreaker::new();
        open.force_open();
        let late = Timeout::new(Duration::ZERO);
        let later = PercentileTimeout::new(Percentile::new(0.5).max(Duration::ZERO));
        let call = pending::<Flow<()>>;
        let blocking = || -> Flow<()> { unreachable!() };
        let class = |(): &()| None;
        for (name, flow) in [
            ("timeout", private::timeout(&late).tag(7).around(call()).await),
            ("percentile", private::percentile_timeout(&later).tag(7).around(call()).await),
            ("bulkhead", private::bulkhead(&full).tag(7).around(call()).await),
            ("bulkhead", private::bulkhead(&full).tag(7).run(blocking)),
            ("rate limit", private::rate_limit(&spent).tag(7).around(call()).await),
            ("rate limit", private::rate_limit(&spent).tag(7).run(blocking)),
            ("breaker", private::circuit_breaker(&open).tag(7).around(call(), class).await),
            ("breaker", private::circuit_breaker(&open).tag(7).run(blocking, class)),
        ] {
            assert_eq!(flow.rejection().map(|rejection| private::tag(&rejection)), Some(7), "{name}");
        }
    }

    #[test]
    fn the_outer_end() {
        let late = Rejection::new(crate::RejectionKind::Timeout, crate::name::Name::UNNAMED);
        let policy = &private::Fallback::new();
        let rejected = || Flow::<Result<u32, Error>>::Rejected(late);

        assert_eq!(private::absorb(rejected()), Err(Error::Late(late)));
        assert_eq!(private::absorb_with(rejected(), |_| Error::Io), Err(Error::Io));
        assert_eq!(private::absorb_with(Flow::<Option<u32>>::Rejected(late), |_| ()), None);
        assert_eq!(private::absorb_with(Flow::<Option<u32>>::Rejected(late), |_| Some(1)), Some(1));

        let handles = |value: &Result<u32, Error>| value.is_err();
        assert_eq!(private::fallback(policy, Flow::Returned(Ok(1)), handles), Ok(Ok(1)));
        assert_eq!(
            private::fallback(policy, Flow::Returned(Err(Error::Io)), handles),
            Err(Failure::Returned(Err(Error::Io)))
        );
        assert_eq!(private::fallback(policy, rejected(), |_| false), Err(rejected()));

        assert_eq!(private::fallback_error(policy, rejected(), handles), Err(Error::Late(late)));
        assert_eq!(private::fallback_error(policy, Flow::Returned(Err(Error::Io)), handles), Err(Error::Io));
        assert_eq!(
            private::fallback_error(policy, Flow::Returned(Err::<(), _>(Error::Io)), |_| false),
            Ok(Err(Error::Io))
        );
        assert_eq!(private::fallback_error_with(policy, rejected(), handles, |_| Error::Io), Err(Error::Io));
        assert_eq!(
            private::fallback_error_with(policy, Flow::Returned(Err(Error::Io)), handles, |_| Error::Io),
            Err(Error::Io)
        );
        for outcome in [Ok(1), Err(Error::Io)] {
            let with = private::fallback_error_with(policy, Flow::Returned(outcome), |_| false, |_| Error::Io);
            assert!(matches!(with, Ok(Ok(1) | Err(Error::Io))));
        }
        assert_eq!(private::fallback_returned_error(policy, Flow::Returned(Err::<(), _>(7)), Result::is_err), Err(7));
        assert_eq!(private::fallback_returned_error(policy, Flow::Returned(Err::<(), _>(7)), |_| false), Ok(Err(7)));
        assert_eq!(private::fallback_returned_error(policy, Flow::Returned(Ok::<_, u8>(1)), |_| true), Ok(Ok(1)));
        assert_eq!(private::hinted(Some(Class::Neutral), || Some(Duration::ZERO)), Some(Class::Neutral));
    }
}
