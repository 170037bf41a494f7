// When what the body of a blocking function holds is dropped: the edition has a say in it, the attributes have none.

use std::cell::RefCell;

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

/// The same function with and without policies.
macro_rules! function {
    ($module:ident, $(#[$policy:meta])*) => {
        mod $module {
            use super::*;

            $(#[$policy])*
            pub(super) fn call(log: &Log) -> Result<u32, ()> {
                let _local = log.drops("local");
                log.drops("temporary").answer()
            }
        }
    };
}

function!(plain,);
function!(moved, #[steadfast::fallback(Err(()))]);
function!(repeated, #[steadfast::retry]);
function!(inner, #[steadfast::retry] #[steadfast::fallback(Err(()))]);

macro_rules! assert_order {
    ($module:ident) => {{
        let (plain, log) = (Log::default(), Log::default());
        assert_eq!((plain::call(&plain), $module::call(&log)), (Ok(7), Ok(7)));
        assert_eq!(log.0.take(), plain.0.take());
    }};
}

#[test]
fn the_temporaries_of_the_last_expression() {
    assert_order!(moved);
    assert_order!(repeated);
    assert_order!(inner);
}
