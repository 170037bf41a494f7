//! X3d: functions that give a future.

use super::testing::failed;
use steadfast::retry;
use steadfast::testing::{self};
use steadfast_tests::{Answer, Error};

/// Methods that give a boxed future, or one without a name: by hand, or by `#[async_trait]` above the trait.
mod futures {
    use std::pin::Pin;

    use super::{Answer, retry};

    #[async_trait::async_trait]
    pub(super) trait Boxed {
        async fn boxed(&self) -> Answer;

        #[retry(attempts = 1)]
        async fn by_default(&self) -> Answer {
            Ok(1)
        }
    }

    #[async_trait::async_trait(?Send)]
    pub(super) trait Local {
        async fn local(&self) -> Answer;

        #[retry(attempts = 1)]
        async fn local_by_default(&self) -> Answer {
            Ok(1)
        }
    }

    pub(super) trait Plain {
        fn pinned(&self) -> Pin<Box<dyn Future<Output = Answer> + '_>>;

        #[retry(attempts = 1)]
        fn opaque(&self) -> impl Future<Output = Answer> {
            async { Ok(1) }
        }

        #[retry(attempts = 1)]
        async fn plain(&self) -> Answer {
            Ok(1)
        }

        #[retry(attempts = 1)]
        fn blocking(&self) -> Answer {
            Ok(1)
        }
    }

    pub(super) struct Service<T>(pub(super) T);

    /// Not where the type is.
    pub(super) mod elsewhere {
        use super::{Answer, Boxed, Local, Pin, Plain, Service, retry};

        #[async_trait::async_trait]
        impl<T: Send + Sync> Boxed for Service<T> {
            #[retry(attempts = 1)]
            async fn boxed(&self) -> Answer {
                Ok(1)
            }
        }

        #[async_trait::async_trait(?Send)]
        impl<T> Local for Service<T> {
            #[retry(attempts = 1)]
            async fn local(&self) -> Answer {
                Ok(1)
            }
        }

        impl<T> Plain for Service<T> {
            #[retry(attempts = 1)]
            fn pinned(&self) -> Pin<Box<dyn Future<Output = Answer> + '_>> {
                Box::pin(async { Ok(1) })
            }
        }

        impl<T> Service<T> {
            #[retry(attempts = 1)]
            pub(in super::super) async fn own(&self) -> Answer {
                Ok(1)
            }
        }
    }

    #[retry(attempts = 1)]
    #[expect(clippy::manual_async_fn, reason = "the shape is what is tried")]
    pub(super) fn free() -> impl Future<Output = Answer> {
        async { Ok(1) }
    }
}

/// The path of what stands in a boxed future has more parts.
#[tokio::test]
async fn x03d_whatever_gives_the_future() {
    use futures::{Boxed as _, Local as _, Plain as _, Service, free};

    /// With an arrow in its name.
    type Arrow = fn(u8) -> Option<u8>;

    async fn all<T: Send + Sync>(of: &Service<T>, method: &str) -> Answer {
        match method {
            "boxed" => of.boxed().await,
            "by_default" => of.by_default().await,
            "local" => of.local().await,
            "local_by_default" => of.local_by_default().await,
            "pinned" => of.pinned().await,
            "opaque" => of.opaque().await,
            "plain" => of.plain().await,
            "blocking" => of.blocking(),
            "own" => of.own().await,
            _ => free().await,
        }
    }
    for (method, owners) in [
        ("boxed", &["Service", "Boxed", "futures::Service"][..]),
        ("by_default", &["Service", "Boxed", "futures::Boxed"]),
        ("local", &["Service", "Local"]),
        ("local_by_default", &["Service", "Local"]),
        ("pinned", &["Service", "Plain"]),
        ("opaque", &["Service", "Plain"]),
        ("plain", &["Service", "Plain"]),
        ("blocking", &["Service", "Plain"]),
        ("own", &["Service", "futures::Service"]),
        ("free", &["futures"]),
    ] {
        let names = owners.iter().map(|owner| format!("{owner}::{method}")).chain([method.to_owned()]);
        for name in names {
            let faults = testing::inject(&*name, failed());
            assert_eq!(all(&Service(1_u8), method).await, Err(Error::Failed), "{name}");
            let arrow: Arrow = |of| Some(of);
            assert_eq!(all(&Service(arrow), method).await, Err(Error::Failed), "{name}");
            assert_eq!(faults.injected(), 2, "{name}");
        }
    }
}
