//! Sets on functions that `macro_rules!` write: an argument is known by its name, wherever the macro has that, the
//! function's own name, or `self` from.

use std::io;

use steadfast::resilient;

steadfast::policies! {
    by_key: [own circuit_breaker(key = key)];
    by_field: [own circuit_breaker(key = self.0)];
    all: [
        fallback(|error| if error.kind() == io::ErrorKind::NotFound { Ok(format!("{key}{}", self.0) + &other) } else { Err(error) }),
        retry(attempts = 2, backoff = none, clone(other)),
    ];
}

macro_rules! name_is_given {
    ($name:ident) => {
        #[resilient(by_key)]
        fn $name(key: u32) -> io::Result<u32> {
            Ok(key)
        }
    };
}

macro_rules! argument_is_given {
    ($key:ident) => {
        #[resilient(by_key)]
        fn argument_is_given($key: u32) -> io::Result<u32> {
            Ok($key)
        }
    };
}

struct Service(&'static str);

macro_rules! methods {
    ($field:ident, $all:ident($key:ident), $other_way:ident($self:ident, $other:ident)) => {
        impl Service {
            #[resilient(by_field)]
            fn $field(&self) -> io::Result<u32> {
                Ok(1)
            }

            #[resilient(all)]
            async fn $all(&self, $key: u8, other: String) -> io::Result<String> {
                drop(other);
                Err(io::ErrorKind::NotFound.into())
            }

            #[resilient(all)]
            fn $other_way(&$self, key: u8, $other: String) -> io::Result<String> {
                drop($other);
                Err(io::ErrorKind::NotFound.into())
            }
        }
    };
}

name_is_given!(name);
argument_is_given!(key);
methods!(field, all(key), other_way(self, other));

#[tokio::test]
async fn names_are_those_of_the_arguments() {
    let service = Service("a");
    assert_eq!((name(1).unwrap(), argument_is_given(2).unwrap(), service.field().unwrap()), (1, 2, 1));
    assert_eq!(service.all(1, "b".to_owned()).await.unwrap(), "1ab");
    assert_eq!(service.other_way(2, "c".to_owned()).unwrap(), "2ac");
}
