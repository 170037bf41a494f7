//! `macro_rules!` that write annotated functions.

use steadfast::Rejection;

#[derive(Debug, PartialEq)]
pub(crate) enum Error {
    Body,
    Handled,
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// As another crate's macro reaches what is its own.
macro_rules! by_crate_path {
    ($name:ident) => {
        #[$crate::hygiene::macros::policies::fallback(Err($crate::hygiene::macros::Error::Handled))]
        #[$crate::hygiene::macros::policies::timeout("10s")]
        #[$crate::hygiene::macros::policies::retry(
                                                                    crate = $crate::hygiene::macros::policies,
                                                                    backoff = none,
                                                                    on(Err($crate::hygiene::macros::Error::Body)),
                                                                    when = $crate::hygiene::macros::is_body
                                                                )]
        #[$crate::hygiene::macros::policies::circuit_breaker]
        async fn $name(fails: bool) -> Result<u32, $crate::hygiene::macros::Error> {
            if fails { Err($crate::hygiene::macros::Error::Body) } else { Ok($crate::hygiene::macros::SEVEN) }
        }
    };
}

pub(crate) const SEVEN: u32 = 7;

pub(crate) fn is_body(error: &Error) -> bool {
    *error == Error::Body
}

/// A re-export, as of a crate that stands between.
pub(crate) mod policies {
    pub(crate) use steadfast::*;
}

by_crate_path!(through_the_crate);

/// Every kind of fragment, each in a place of its own.
macro_rules! by_fragments {
    (
        $(#[$meta:meta])*
        $vis:vis $name:ident($argument:ident: $argument_ty:ty) -> $output:ty $body:block
        attempts: $attempts:expr, limit: $limit:literal, path: $path:path, pattern: $pattern:pat, guard: $guard:expr,
        answer: $answer:expr, label: $label:literal, factor: $factor:literal, backoff: $backoff:expr, key: $key:tt
    ) => {
        $(#[$meta])*
        #[steadfast::fallback($answer)]
        #[steadfast::timeout(percentile(0.99, min = $limit, max = $limit), error = $path)]
        #[steadfast::retry(
            attempts = $attempts,
            backoff = exponential($limit, factor = $factor),
            jitter = none,
            on($pattern if $guard),
            name = $label
        )]
        #[steadfast::circuit_breaker(key = $key, reset_timeout = $limit)]
        $vis async fn $name($argument: $argument_ty) -> $output $body

        mod $name {
            use super::Error;

            $(#[$meta])*
            #[steadfast::fallback($answer)]
            #[steadfast::retry(attempts = $attempts, backoff = $backoff, on($pattern if $guard))]
            pub(super) fn blocking($argument: $argument_ty) -> $output $body
        }
    };
}

by_fragments! {
    /// Docs.
    #[inline]
    pub(super) fragments(text: &str) -> Result<usize, Error> {
        let length = text.len();
        if length < 3 || steadfast::attempt() < 4 {
            return Err(Error::Body);
        }
        Ok(length)
    }
    attempts: 2 + 2, limit: "7s", path: Error::Rejected, pattern: Err(Error::Body), guard: true,
    answer: { let _ = 0; Err(Error::Handled) }, label: "fragments", factor: 1.0,
    backoff: |_| std::time::Duration::ZERO, key: 1
}

/// The body as one fragment, which stands in a group without delimiters.
macro_rules! by_block {
    ($name:ident, $body:block) => {
        #[steadfast::retry(backoff = none)]
        #[steadfast::circuit_breaker]
        async fn $name() -> Result<u32, Error> $body

        #[allow(dead_code, reason = "for its expansion")]
        mod $name {
            use super::Error;

            #[steadfast::retry(backoff = none)]
            #[steadfast::circuit_breaker]
            pub(super) fn blocking() -> Result<u32, Error> $body
        }
    };
}

by_block!(block, {
    if steadfast::attempt() < 3 {
        return Err(Error::Body);
    }
    Ok(7)
});

/// Arguments and statements of the caller's, in an annotated function of the macro's.
macro_rules! by_statements {
    ($name:ident, [$($arguments:tt)*], [$($policy:tt)*], $($statement:stmt;)*) => {
        $($policy)*
        async fn $name($($arguments)*) -> Result<u32, Error> {
            // Of another hygiene than the `length` of the caller's statements.
            let length = 100;
            $($statement;)*
            assert_eq!(length, 100);
            Ok(length)
        }
    };
}

by_statements!(statements, [text: String], [#[steadfast::retry(backoff = none, clone(text))]],
    let length = text.len();
    if length < 3 || steadfast::attempt() < 3 { return Err(Error::Body) };
);

/// A whole stack in one fragment.
macro_rules! resilient {
    ($item:item) => {
        #[steadfast::fallback(Err(Error::Handled))]
        #[steadfast::retry(backoff = none)]
        $item
    };
}

resilient! {
    #[steadfast::circuit_breaker]
    async fn item(fails: bool) -> Result<u32, Error> {
        if fails { Err(Error::Body) } else { Ok(7) }
    }
}

struct Service {
    calls: u32,
}

/// Methods, whose `self` comes from the macro, and then from the caller.
macro_rules! methods {
    ($name:ident, $other:ident($this:ident) $body:block) => {
        impl Service {
            #[steadfast::retry(attempts = self.calls + 3, backoff = none)]
            async fn $name(&mut self) -> Result<u32, Error> {
                self.calls += 1;
                if self.calls < 3 { Err(Error::Body) } else { Ok(self.calls) }
            }

            #[steadfast::retry(attempts = $this.calls + 3, backoff = none)]
            async fn $other(&mut $this) -> Result<u32, Error> $body
        }
    };
}

methods!(of_the_macro, of_the_caller(self) {
    self.calls += 1;
    if self.calls < 3 { Err(Error::Body) } else { Ok(self.calls) }
});

/// Two functions from one macro, each with a state of its own.
macro_rules! twins {
    ($($name:ident),*) => {$(
        #[steadfast::circuit_breaker(failure_threshold = 1)]
        async fn $name(fails: bool) -> Result<u32, Error> {
            if fails { Err(Error::Body) } else { Ok(1) }
        }
    )*};
}

twins!(one, other);

#[tokio::test(start_paused = true)]
async fn written_by_macros() {
    assert_eq!(through_the_crate(false).await, Ok(7));
    assert_eq!(through_the_crate(true).await, Err(Error::Handled));
    assert_eq!(fragments("seven").await, Err(Error::Handled));
    assert_eq!(fragments::blocking("seven"), Ok(5));
    assert_eq!(fragments::blocking(""), Err(Error::Handled));
    assert_eq!(block().await, Ok(7));
    assert_eq!(block::blocking(), Ok(7));
    assert_eq!(statements("text".to_owned()).await, Ok(100));
    assert_eq!(statements(String::new()).await, Err(Error::Body));
    assert_eq!(item(false).await, Ok(7));
    assert_eq!(item(true).await, Err(Error::Handled));
    assert_eq!(Service { calls: 0 }.of_the_macro().await, Ok(3));
    assert_eq!(Service { calls: 0 }.of_the_caller().await, Ok(3));
    assert_eq!(one(true).await, Err(Error::Body));
    assert!(matches!(one(false).await, Err(Error::Rejected(_))));
    assert_eq!(other(false).await, Ok(1));
}
