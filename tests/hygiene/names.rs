//! Each function has a state and a name of its own.

use steadfast::{Rejection, circuit_breaker, timeout};

type Answer = Result<u32, Rejection>;

#[circuit_breaker(failure_threshold = 1)]
fn free(fails: bool) -> Result<u32, Failed> {
    if fails { Err(Failed::Body) } else { Ok(1) }
}

#[derive(Debug, PartialEq)]
enum Failed {
    Body,
    Rejected(Rejection),
}

impl From<Rejection> for Failed {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

struct A;
struct B;
struct Of<T>(T);

macro_rules! method {
    ($($ty:ty),*) => {$(
        impl $ty {
            #[circuit_breaker(failure_threshold = 1)]
            fn get(fails: bool) -> Result<u32, Failed> {
                if fails { Err(Failed::Body) } else { Ok(1) }
            }

            #[timeout("0s")]
            async fn wait(&self) -> Answer {
                std::future::pending().await
            }
        }
    )*};
}

method!(A, B, Of<u32>, Of<u8>);

trait Get {
    #[circuit_breaker(failure_threshold = 1)]
    fn by_default(&self, fails: bool) -> Result<u32, Failed> {
        if fails { Err(Failed::Body) } else { Ok(1) }
    }

    fn required(&self, fails: bool) -> Result<u32, Failed>;
}

macro_rules! implement {
    ($($ty:ty),*) => {$(
        impl Get for $ty {
            #[circuit_breaker(failure_threshold = 1)]
            fn required(&self, fails: bool) -> Result<u32, Failed> {
                if fails { Err(Failed::Body) } else { Ok(1) }
            }
        }
    )*};
}

implement!(A, B);

#[circuit_breaker(failure_threshold = 1)]
fn generic<T>(fails: bool, value: T) -> Result<T, Failed> {
    if fails { Err(Failed::Body) } else { Ok(value) }
}

/// Two in one function, and one in a function within.
#[circuit_breaker(failure_threshold = 1)]
#[circuit_breaker(failure_threshold = 2, name = "given")]
fn nested(fails: bool) -> Result<u32, Failed> {
    #[circuit_breaker(failure_threshold = 3)]
    fn nested(fails: bool) -> Result<u32, Failed> {
        if fails { Err(Failed::Body) } else { Ok(1) }
    }
    nested(fails)
}

fn opened<T>(outcome: &Result<T, Failed>) -> Option<&'static str> {
    match outcome {
        Err(Failed::Rejected(rejection)) if rejection.is_circuit_open() => Some(rejection.policy()),
        _ => None,
    }
}

#[tokio::test]
async fn statics_do_not_clash() {
    assert!(free(true).is_err());
    assert_eq!(opened(&free(false)), Some("hygiene::hygiene::names::free"));

    assert!(A::get(true).is_err());
    assert_eq!(opened(&A::get(false)), Some("hygiene::hygiene::names::A::get"));
    assert_eq!(B::get(false), Ok(1));
    assert!(B::get(true).is_err());
    assert_eq!(opened(&B::get(false)), Some("hygiene::hygiene::names::B::get"));
    assert!(<Of<u32>>::get(true).is_err());
    assert_eq!(<Of<u8>>::get(false), Ok(1));

    assert!(A.required(true).is_err());
    assert_eq!(B.required(false), Ok(1));
    let name = opened(&A.required(false)).unwrap();
    assert!(name.contains("names::A") && name.ends_with("required"), "{name}");
}

/// What cannot be told apart by the compiler is one: all instantiations of a generic function, all types of a default
/// method.
#[test]
fn p10_a_generic_function_has_one_state() {
    assert!(generic(true, 1).is_err());
    assert!(opened(&generic(false, "text")).is_some());
    assert!(A.by_default(true).is_err());
    assert!(opened(&B.by_default(false)).is_some());
}

#[test]
fn several_in_one_function() {
    assert_eq!(nested(true), Err(Failed::Body));
    assert_eq!(opened(&nested(true)), Some("hygiene::hygiene::names::nested"));
}

#[tokio::test(start_paused = true)]
async fn names_tell_types_apart() {
    let policy = |answer: Answer| answer.unwrap_err().policy();
    assert_eq!(policy(A.wait().await), "hygiene::hygiene::names::A::wait");
    assert_eq!(policy(B.wait().await), "hygiene::hygiene::names::B::wait");
    assert_eq!(policy(Of(1_u32).wait().await), "hygiene::hygiene::names::Of<u32>::wait");
    assert_eq!(policy(Of(1_u8).wait().await), "hygiene::hygiene::names::Of<u8>::wait");
}
