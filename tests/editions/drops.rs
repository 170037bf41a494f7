// When what a body holds is dropped: the edition has a say in it, and the attributes have none.

use std::cell::RefCell;
use std::future::Future;

/// What was dropped, in order.
#[derive(Debug, Default)]
struct Log(RefCell<Vec<&'static str>>);

impl Log {
    fn drops(&self, name: &'static str) -> Noted<'_> {
        Noted(self, name)
    }
}

struct Noted<'a>(&'a Log, &'static str);

impl Noted<'_> {
    fn answer(&self) -> Result<u32, ()> {
        Ok(7)
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        (self.0).0.borrow_mut().push(self.1);
    }
}

/// The same functions with and without policies.
macro_rules! functions {
    ($module:ident, $(#[$policy:meta])*) => {
        mod $module {
            use super::*;

            $(#[$policy])*
            pub(super) fn blocking(log: &Log) -> Result<u32, ()> {
                let _local = log.drops("local");
                log.drops("temporary").answer()
            }

            $(#[$policy])*
            pub(super) async fn asynchronous(log: &Log) -> Result<u32, ()> {
                let _local = log.drops("local");
                log.drops("temporary").answer()
            }

            $(#[$policy])*
            pub(super) fn future(log: &Log) -> impl Future<Output = Result<u32, ()>> + '_ {
                async move {
                    let _local = log.drops("local");
                    log.drops("temporary").answer()
                }
            }
        }
    };
}

functions!(plain,);
functions!(moved, #[steadfast::fallback(Err(()))]);
functions!(repeated, #[steadfast::retry]);
functions!(inner, #[steadfast::retry] #[steadfast::fallback(Err(()))]);

macro_rules! assert_order {
    ($module:ident) => {{
        let (plain, log) = (Log::default(), Log::default());
        assert_eq!((plain::blocking(&plain), $module::blocking(&log)), (Ok(7), Ok(7)));
        assert_eq!(log.0.take(), plain.0.take());
        assert_eq!((plain::asynchronous(&plain).await, $module::asynchronous(&log).await), (Ok(7), Ok(7)));
        assert_eq!(log.0.take(), plain.0.take());
        assert_eq!((plain::future(&plain).await, $module::future(&log).await), (Ok(7), Ok(7)));
        assert_eq!(log.0.take(), plain.0.take());
    }};
}

#[tokio::test]
async fn the_temporaries_of_the_last_expression() {
    assert_order!(moved);
    assert_order!(repeated);
    assert_order!(inner);
}
