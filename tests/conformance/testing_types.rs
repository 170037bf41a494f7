//! X10 to X12: what cannot be injected, and that functions are what they were.

use super::testing::{Client, failed};
use std::sync::Arc;
use steadfast::testing::{self, Fault};
use steadfast::{circuit_breaker, retry};
use steadfast_tests::{Answer, Error};

type Call = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A fault that cannot be made is no silence: the call panics, and says why.
#[tokio::test]
async fn x10_what_does_not_fit_is_told() {
    #[retry(attempts = 1)]
    async fn borrows(of: &str) -> Result<&str, Error> {
        Ok(of)
    }
    #[retry(attempts = 1)]
    async fn generic<T: Clone, E>(of: &T) -> Result<T, E> {
        Ok(of.clone())
    }
    #[retry(attempts = 1)]
    async fn generic_success<T: Clone>(of: &T) -> Result<Vec<T>, Error> {
        Ok(vec![of.clone()])
    }
    #[retry(attempts = 1)]
    async fn opaque() -> Result<impl Iterator<Item = u32>, Error> {
        Ok(1..3)
    }
    #[retry(attempts = 1)]
    async fn maybe() -> Option<u32> {
        Some(1)
    }
    {
        let _faults = testing::inject("*", failed());
        assert_eq!(borrows("x").await, Err(Error::Failed));
        assert_eq!(generic_success(&1).await, Err(Error::Failed));
        assert_eq!(opaque().await.err(), Some(Error::Failed));
    }
    {
        let _faults = testing::inject("*", Fault::value(|| None::<u32>));
        assert_eq!(maybe().await, None);
    }
    let said = async |call: Call, fault: Fault| {
        let _faults = testing::inject("*", fault);
        tokio::spawn(call).await.unwrap_err().into_panic().downcast_ref::<String>().unwrap().clone()
    };
    let wrong = said(
        Box::pin(async {
            let _ = maybe().await;
        }),
        Fault::value(|| 1_u8),
    )
    .await;
    assert!(wrong.contains("an injected value of type `u8` does not fit `"), "{wrong}");
    assert!(wrong.ends_with("maybe`, which returns `core::option::Option<u32>`"), "{wrong}");
    let wrong = said(
        Box::pin(async {
            let _ = Client::new().pay().await;
        }),
        Fault::error(|| "lost"),
    )
    .await;
    assert!(wrong.contains("an injected error of type `&str` does not fit `"), "{wrong}");
    for (call, fault) in [
        (
            Box::pin(async {
                let _ = borrows("x").await;
            }) as Call,
            Fault::value(|| "x"),
        ),
        (
            Box::pin(async {
                let _ = generic::<u32, Error>(&1).await;
            }),
            failed(),
        ),
        (
            Box::pin(async {
                let _ = generic_success(&1).await;
            }),
            Fault::value(|| vec![1]),
        ),
        (
            Box::pin(async {
                let _ = opaque().await;
            }),
            Fault::value(|| 1..3),
        ),
    ] {
        let wrong = said(call, fault).await;
        assert!(wrong.contains(" cannot be put into `"), "{wrong}");
        assert!(
            wrong.contains("is a type parameter of the function or its `impl`, borrows, or has no name"),
            "{wrong}"
        );
        assert!(!wrong.contains("does not fit"), "the types may even be the same: {wrong}");
    }
}

/// Whatever a fault may hold.
#[test]
fn x11_a_future_is_what_it_was() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    #[retry]
    async fn call(of: String) -> Answer {
        Ok(u32::try_from(of.len()).unwrap_or(0))
    }
    is_send_and_sync(&call(String::new()));
}

/// What a test cannot make must compile as ever: lifetimes that are not written, and such that are, in whatever place.
#[tokio::test]
#[allow(mismatched_lifetime_syntaxes, elided_lifetimes_in_paths, reason = "as people write them")]
#[expect(clippy::too_many_lines, reason = "many types")]
async fn x12_every_return_type_compiles() {
    use std::cell::{Cell, RefCell, RefMut};
    use tokio::sync::{Mutex, MutexGuard};

    struct Row<'a>(&'a str);
    #[derive(Debug)]
    struct Borrowed<'a>(#[allow(dead_code, reason = "held")] &'a Cell<&'a str>);
    struct Pool<'p, T, E> {
        name: &'p str,
        value: Mutex<T>,
        cell: RefCell<T>,
        error: fn() -> E,
    }

    impl<'p, T: Clone, E> Pool<'p, T, E> {
        #[retry(attempts = 1)]
        async fn hidden(&self) -> Result<MutexGuard<T>, Error> {
            Ok(self.value.lock().await)
        }
        #[retry(attempts = 1)]
        async fn row(&self) -> Result<Row, Error> {
            Ok(Row(self.name))
        }
        #[retry(attempts = 1)]
        fn hidden_blocking(&self) -> Result<RefMut<T>, E> {
            self.cell.try_borrow_mut().map_err(|_| (self.error)())
        }
        #[retry(attempts = 1)]
        async fn option(&self) -> Option<Row> {
            Some(Row(self.name))
        }
        #[retry(attempts = 1)]
        async fn of_the_impl(&self) -> Result<T, E> {
            Ok(self.value.lock().await.clone())
        }
        #[retry(attempts = 1)]
        async fn named(&self) -> Result<&'p str, Box<dyn std::error::Error + Send + Sync>> {
            Ok(self.name)
        }
        #[retry(attempts = 1)]
        async fn invariant<'a>(of: &'a Cell<&'a str>) -> Result<&'a Cell<&'a str>, Borrowed<'a>> {
            Ok(of)
        }
        #[circuit_breaker]
        async fn itself(self) -> Result<Self, Error> {
            Ok(self)
        }
        #[circuit_breaker]
        fn boxed(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<&'_ str, Error>> + '_>> {
            let name = self.name;
            Box::pin(async move { Ok(name) })
        }
    }

    struct Named<Item, Problem> {
        item: Item,
        problem: Option<Problem>,
    }

    /// Nothing says that these are parameters, nor that they are `'static`.
    impl<Item: Clone, Problem> Named<Item, Problem> {
        #[retry(attempts = 1)]
        async fn boxes(&self) -> Result<Vec<Box<Item>>, Error> {
            Ok(vec![Box::new(self.item.clone())])
        }
        #[retry(attempts = 1)]
        fn shared(&self) -> Result<std::sync::Arc<Item>, Box<Problem>> {
            let _ = self.problem.is_some();
            Ok(Arc::new(self.item.clone()))
        }
        #[retry(attempts = 1)]
        async fn maybe_boxed(&self) -> Option<Box<Item>> {
            Some(Box::new(self.item.clone()))
        }
        #[retry(attempts = 1)]
        async fn lent<'a>(&'a self) -> Result<&'a Item, std::rc::Rc<Problem>> {
            Ok(&self.item)
        }
        #[retry(attempts = 1)]
        async fn text(&self) -> Result<Arc<str>, Box<Error>> {
            Ok("text".into())
        }
        #[retry(attempts = 1)]
        async fn arc(&self) -> Result<Vec<Arc<String>>, Box<Error>> {
            Ok(Vec::new())
        }
    }

    let named = Named { item: "item", problem: None::<u8> };
    {
        let _faults = testing::inject("boxes", failed());
        assert_eq!(named.boxes().await, Err(Error::Failed));
        let _faults = testing::inject("text", Fault::error(|| Box::new(Error::Failed)));
        assert_eq!(named.text().await, Err(Box::new(Error::Failed)));
        let _faults = testing::inject("arc", Fault::value(|| vec![Arc::new("made".to_owned())]));
        assert_eq!(*named.arc().await.unwrap()[0], "made");
    }
    assert_eq!(named.boxes().await.unwrap(), [Box::new("item")]);
    assert_eq!((named.shared().ok(), named.maybe_boxed().await), (Some(Arc::new("item")), Some(Box::new("item"))));
    assert_eq!(named.lent().await.ok(), Some(&"item"));

    let pool =
        Pool { name: "pool", value: Mutex::new(String::new()), cell: RefCell::new(String::new()), error: || Error::Io };
    {
        let _faults = testing::inject("*", failed());
        assert_eq!(pool.hidden().await.err(), Some(Error::Failed));
        assert_eq!(pool.row().await.map(|row| row.0), Err(Error::Failed));
        assert_eq!(pool.boxed().await, Err(Error::Failed));
    }
    assert!(pool.hidden().await.is_ok() && pool.hidden_blocking().is_ok());
    assert_eq!(pool.option().await.map(|row| row.0), Some("pool"));
    assert_eq!(pool.of_the_impl().await.unwrap(), "");
    assert_eq!(pool.named().await.unwrap(), "pool");
    let cell = Cell::new("x");
    assert_eq!(Pool::<u8, u8>::invariant(&cell).await.unwrap().get(), "x");
    assert_eq!(pool.itself().await.unwrap().name, "pool");
}
