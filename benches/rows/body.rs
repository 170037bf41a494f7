//! The function that all contestants call. It is not inlined, so that what is measured is what stands around it.

use steadfast::{Class, Classify, Rejection};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Rejected(#[from] Rejection),
    #[error("failed")]
    Failed,
}

impl Classify for Error {
    fn class(&self) -> Class {
        Class::TRANSIENT
    }
}

pub(crate) type Answer = Result<u32, Error>;

/// The first of the arguments with which a call fails.
pub(crate) const FAILS_FROM: u32 = 1 << 31;

#[inline(never)]
pub(crate) fn answer(n: u32) -> Answer {
    if n >= FAILS_FROM { Err(Error::Failed) } else { Ok(n + 1) }
}

#[inline(never)]
pub(crate) async fn at_once(n: u32) -> Answer {
    if n >= FAILS_FROM { Err(Error::Failed) } else { Ok(n + 1) }
}

#[inline(never)]
pub(crate) async fn after_one_wait(n: u32) -> Answer {
    tokio::task::yield_now().await;
    if n >= FAILS_FROM { Err(Error::Failed) } else { Ok(n + 1) }
}

/// The plain functions, to which all else is compared.
pub(crate) async fn plain(n: u32) -> Answer {
    at_once(n).await
}

pub(crate) async fn plain_waits(n: u32) -> Answer {
    after_one_wait(n).await
}

pub(crate) fn plain_sync(n: u32) -> Answer {
    answer(n)
}
