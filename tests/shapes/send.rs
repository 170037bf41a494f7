//! Futures are `Send` wherever that of the plain function is.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use steadfast::{Class, Classify, Rejection, circuit_breaker, fallback, outcome, retry, timeout};

use super::probe::{Error, NotSend, Probe, SEVEN, send};

macro_rules! functions {
    ($module:ident, [$($policy:tt)*]) => {
        mod $module {
            use std::rc::Rc;
            use std::sync::Arc;

            use super::{LocalError, Owner};
            use crate::shapes::probe::{NotSend, Probe, SEVEN, send};

            /// An error that is not `Send` goes no further than it must: it is gone before any wait.
            $($policy)*
            async fn local_error(probe: &Probe) -> Result<u32, LocalError> {
                probe.step().await.map_err(|_| LocalError::Body(NotSend::default()))
            }

            $($policy)*
            async fn local_value(probe: &Probe) -> Result<Rc<u32>, LocalError> {
                Ok(Rc::new(probe.step().await?))
            }

            $($policy)*
            async fn local_for_a_moment(probe: &Probe) -> Result<u32, LocalError> {
                {
                    let not_send = NotSend::default();
                    assert_eq!(not_send, NotSend::default());
                }
                Ok(probe.step().await?)
            }

            $($policy)*
            async fn owned(probe: Arc<Probe>, text: String) -> Result<usize, LocalError> {
                probe.step().await?;
                Ok(text.len())
            }

            impl Owner {
                $($policy)*
                async fn $module(self: Arc<Self>, log: &mut Vec<u32>) -> Result<u32, LocalError> {
                    log.push(0);
                    Ok(self.probe.step().await?)
                }
            }

            #[tokio::test(start_paused = true)]
            async fn each() {
                let probe = Probe::well();
                assert_eq!(send(local_error(&probe)).await, Ok(SEVEN));
                assert_eq!(send(local_value(&probe)).await, Ok(Rc::new(SEVEN)));
                assert_eq!(send(local_for_a_moment(&probe)).await, Ok(SEVEN));
                let failed = tokio::spawn(async {
                    let probe = Arc::new(Probe::failing());
                    let one = owned(Arc::clone(&probe), String::new()).await.is_err();
                    let two = local_error(&probe).await.is_err();
                    let three = Arc::new(Owner { probe }).$module(&mut Vec::new()).await.is_err();
                    (one, two, three)
                });
                assert_eq!(failed.await.unwrap(), (true, true, true));
            }
        }
    };
}

functions!(plain, []);
functions!(retry_alone, [#[steadfast::retry(backoff = fixed("1s"))]]);
functions!(retry_with_hooks, [
    #[steadfast::retry(backoff = |n| std::time::Duration::from_secs(n.into()), on_retry = |_| (), on_give_up = |_| ())]
]);
functions!(circuit_breaker_alone, [#[steadfast::circuit_breaker]]);
functions!(timeout_alone, [#[steadfast::timeout("1s")]]);
functions!(fallback_alone, [#[steadfast::fallback(Err(LocalError::Handled))]]);
functions!(fallback_that_waits, [#[steadfast::fallback({ tokio::task::yield_now().await; Err(LocalError::Handled) })]]);
functions!(fallback_within, [
    #[steadfast::retry(backoff = none)]
    #[steadfast::fallback({ tokio::task::yield_now().await; Err(LocalError::Handled) })]
]);
functions!(full, [
    #[steadfast::fallback(Err(LocalError::Handled))]
    #[steadfast::timeout("10s")]
    #[steadfast::retry(backoff = fixed("1s"), on(Err(LocalError::Body(_))))]
    #[steadfast::circuit_breaker]
    #[steadfast::timeout("1s")]
]);

#[derive(Debug, PartialEq)]
enum LocalError {
    Body(NotSend),
    Handled,
    Other,
}

impl From<Error> for LocalError {
    fn from(_: Error) -> Self {
        Self::Other
    }
}

impl From<Rejection> for LocalError {
    fn from(_: Rejection) -> Self {
        Self::Other
    }
}

struct Owner {
    probe: Arc<Probe>,
}

/// The fallback that waits with the error in its hand would keep it across the wait; one that lets go of it does not.
#[fallback(|error| { drop(error); tokio::task::yield_now().await; Ok(1) })]
#[retry(backoff = none)]
async fn names_the_error(probe: &Probe) -> Result<u32, LocalError> {
    probe.step().await.map_err(|_| LocalError::Body(NotSend::default()))
}

/// `Send`, but not `Sync`: a body that runs once has it for itself.
#[timeout("10s")]
#[circuit_breaker]
#[timeout("1s")]
async fn not_sync(probe: &Probe, cell: Cell<u32>, receiver: Receiver<u32>) -> Result<u32, Error> {
    cell.set(receiver.recv().unwrap());
    let seven = probe.step().await?;
    cell.set(cell.get() + receiver.recv().unwrap());
    Ok(seven + cell.get())
}

#[fallback(Ok(0))]
async fn not_sync_with_fallback(probe: &Probe, cell: Cell<u32>) -> Result<u32, Error> {
    let seven = probe.step().await?;
    Ok(seven + cell.take())
}

#[retry(backoff = none, clone(cell))]
async fn not_sync_but_cloned(cell: Cell<u32>) -> Result<u32, Error> {
    if steadfast::attempt() < 3 { Err(Error::Body) } else { Ok(cell.take()) }
}

/// `#[outcome]` and every filter.
#[outcome(on(Err(LocalError::Body(_)), Ok(n) if *n > 100), ignore(Err(LocalError::Other)))]
#[fallback(Ok(3))]
#[retry(attempts = 2, retry_after(Err(LocalError::Body(_)) => std::time::Duration::from_secs(1)))]
#[circuit_breaker(when = |error| matches!(error, LocalError::Body(_)))]
async fn filtered(probe: &Probe) -> Result<u32, LocalError> {
    probe.step().await.map_err(|_| LocalError::Body(NotSend::default()))
}

/// Classified, and neither `Send` nor `Sync`.
struct Classified(#[allow(dead_code, reason = "only for its auto traits")] NotSend);

impl Classify for Classified {
    fn class(&self) -> Class {
        Class::Permanent
    }
}

#[retry]
async fn classified(runs: &Cell<u32>) -> Result<u32, Classified> {
    runs.set(runs.get() + 1);
    Err(Classified(NotSend::default()))
}

#[tokio::test(start_paused = true)]
async fn by_hand() {
    let failing = Probe::failing();
    assert_eq!(send(names_the_error(&failing)).await, Ok(1));
    assert_eq!(send(filtered(&failing)).await, Ok(3));
    let runs = Cell::new(0);
    assert!(classified(&runs).await.is_err());
    assert_eq!(runs.get(), 1);

    let (sender, receiver) = channel();
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    let probe = Probe::well();
    assert_eq!(send(not_sync(&probe, Cell::new(0), receiver)).await, Ok(SEVEN + 3));
    assert_eq!(send(not_sync_with_fallback(&probe, Cell::new(1))).await, Ok(SEVEN + 1));
    assert_eq!(not_sync_but_cloned(Cell::new(4)).await, Ok(4));
    assert_eq!(
        tokio::spawn(async { not_sync_with_fallback(&Probe::failing(), Cell::new(1)).await }).await.unwrap(),
        Ok(0)
    );
}
