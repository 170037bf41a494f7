//! Every shape of function under every policy, alone and in the full stack.
//!
//! The functions of a file stand in one macro, which is expanded once without a policy and once for each stack: so the
//! plain function shows that a shape is right by itself, and the same checks show what a stack adds to it.
//!
//! Whatever is `Send` without a policy is checked to be `Send` with it: each call goes through [`send`].

/// Expands `$functions` for each stack of an async function.
macro_rules! each_async_stack {
    ($functions:ident) => {
        $functions!(plain, Stack::PLAIN, []);
        $functions!(retry, Stack::RETRY, [#[steadfast::retry(backoff = none)]]);
        $functions!(circuit_breaker, Stack::CIRCUIT_BREAKER, [#[steadfast::circuit_breaker]]);
        $functions!(timeout, Stack::TIMEOUT, [#[steadfast::timeout("1s")]]);
        $functions!(fallback, Stack::FALLBACK, [#[steadfast::fallback(Err(Error::Handled))]]);
        $functions!(full, Stack::FULL, [
            #[steadfast::fallback(Err(Error::Handled))]
            #[steadfast::timeout("10s")]
            #[steadfast::retry(backoff = none)]
            #[steadfast::circuit_breaker]
            #[steadfast::timeout("1s")]
        ]);
    };
}

/// Expands `$functions` for each stack of a function that blocks.
macro_rules! each_blocking_stack {
    ($functions:ident) => {
        $functions!(plain, Stack::PLAIN, []);
        $functions!(retry, Stack::RETRY, [#[steadfast::retry(backoff = none)]]);
        $functions!(circuit_breaker, Stack::CIRCUIT_BREAKER, [#[steadfast::circuit_breaker]]);
        $functions!(fallback, Stack::FALLBACK, [#[steadfast::fallback(Err(Error::Handled))]]);
        $functions!(full, Stack::BLOCKING, [
            #[steadfast::fallback(Err(Error::Handled))]
            #[steadfast::retry(backoff = none)]
            #[steadfast::circuit_breaker]
        ]);
    };
}

mod shapes {
    mod arguments;
    mod async_trait;
    mod blocking;
    mod functions;
    mod futures;
    mod hedge;
    mod methods;
    mod modifiers;
    mod probe;
    mod send;
    mod traits;
    mod values;
}
