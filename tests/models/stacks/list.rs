//! The stacks: every policy alone and above every other, and a good number of longer ones in any order.

use std::future::Future;
use std::pin::Pin;

use steadfast_tests::{Answer, Error};

use super::world::{World, is_worth_it};

/// An attribute of the stack. There are two of most kinds, which differ in what stands in the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    R0,
    R1,
    B0,
    B1,
    T0,
    T1,
    F0,
    F1,
    K0,
    K1,
    L0,
    L1,
    H0,
}

/// A function with these attributes, the outermost first.
pub(crate) struct Stack {
    pub(crate) layers: &'static [Layer],
    pub(crate) call: Function,
}

pub(crate) enum Function {
    Async(for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = Answer> + 'w>>),
    Blocking(fn(&World) -> Answer),
}

/// `annotated!(async world [] R0 B0)` is the function with these attributes, `annotated!(fn world ..)` the blocking one.
macro_rules! annotated {
    ($colour:tt $w:ident [$($done:tt)*] R0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::retry($w.retries[0])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] R1 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::retry($w.retries[1], when = is_worth_it)]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] B0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::circuit_breaker($w.breakers[0])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] B1 $($rest:ident)*) => {
        annotated!($colour $w [$($done)*
            #[steadfast::circuit_breaker(
                $w.breakers[1],
                ignore(Err(Error::Io)),
                on(Ok(answer) if *answer == 13),
                abandoned = failure
            )]
        ] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] T0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::timeout($w.timeouts[0], name = "T0")]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] T1 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::timeout(Some($w.timeouts[1]), name = "T1")]] $($rest)*);
    };
    (async $w:ident [$($done:tt)*] F0 $($rest:ident)*) => {
        annotated!(async $w [$($done)* #[steadfast::fallback($w.substitute(0).await)]] $($rest)*);
    };
    (async $w:ident [$($done:tt)*] F1 $($rest:ident)*) => {
        annotated!(async $w [$($done)*
            #[steadfast::fallback($w.substitute(1).await, ignore(Err(Error::Io)), on(Ok(answer) if *answer == 13))]
        ] $($rest)*);
    };
    (fn $w:ident [$($done:tt)*] F0 $($rest:ident)*) => {
        annotated!(fn $w [$($done)* #[steadfast::fallback($w.substitute_blocking(0))]] $($rest)*);
    };
    (fn $w:ident [$($done:tt)*] F1 $($rest:ident)*) => {
        annotated!(fn $w [$($done)*
            #[steadfast::fallback($w.substitute_blocking(1), ignore(Err(Error::Io)), on(Ok(answer) if *answer == 13))]
        ] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] K0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::bulkhead($w.bulkheads[0])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] K1 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::bulkhead($w.bulkheads[1])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] L0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::rate_limit($w.limits[0])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] L1 $($rest:ident)*) => {
        annotated!($colour $w [$($done)* #[steadfast::rate_limit($w.limits[1])]] $($rest)*);
    };
    ($colour:tt $w:ident [$($done:tt)*] H0 $($rest:ident)*) => {
        annotated!($colour $w [$($done)*
            #[steadfast::hedge(after = $w.hedge.after, attempts = $w.hedge.attempts)]
        ] $($rest)*);
    };
    (async $w:ident [$($done:tt)*]) => {
        $($done)*
        async fn stack($w: &World) -> Answer {
            $w.body().await
        }
    };
    (fn $w:ident [$($done:tt)*]) => {
        $($done)*
        fn stack($w: &World) -> Answer {
            $w.body_blocking()
        }
    };
}

macro_rules! stacks {
    (async $($($layer:ident)+;)+) => {
        vec![$({
            annotated!(async world [] $($layer)+);
            Stack { layers: &[$(Layer::$layer),+], call: Function::Async(|world| Box::pin(stack(world))) }
        }),+]
    };
    (fn $($($layer:ident)+;)+) => {
        vec![$({
            annotated!(fn world [] $($layer)+);
            Stack { layers: &[$(Layer::$layer),+], call: Function::Blocking(stack) }
        }),+]
    };
}

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a list")]
pub(crate) fn stacks() -> Vec<Stack> {
    stacks! { async
        R0;
        B0;
        T0;
        F0;
        K0;
        L0;
        H0;
        R1;
        B1;
        T1;
        F1;
        R1 B0;
        R1 T0;
        R0 F0;
        R1 K0;
        R0 L0;
        R0 H0;
        B1 R1;
        B0 T0;
        B0 F1;
        B0 K0;
        B0 L0;
        B1 H0;
        T0 R0;
        T0 B0;
        T1 F1;
        T0 K0;
        T1 L0;
        T0 H0;
        F0 R1;
        F0 B0;
        F0 T0;
        F1 K1;
        F1 L1;
        F1 H0;
        K1 R1;
        K0 B0;
        K0 T0;
        K1 F1;
        K1 L1;
        K1 H0;
        L0 R0;
        L1 B0;
        L1 T0;
        L1 F1;
        L0 K0;
        L1 H0;
        H0 R1;
        H0 B1;
        H0 T1;
        H0 F1;
        H0 K0;
        H0 L0;
        R0 R1;
        B0 B1;
        T0 T1;
        F0 F1;
        K0 K1;
        L0 L1;
        F0 T0 R0 B0 L0 K0 T1;
        F0 T0 R1 H0 B1 L0 K0 T1;
        F1 L1 L0 R1 R0;
        L0 K1 H0 F1 T0;
        L0 T1 R0 F1 L1 B0;
        F1 R0 B1;
        B0 L1 B1 F0 K1;
        R1 B0 F1 F0 K0 T0 H0;
        K0 T0 F0 T1 L0 B1;
        R1 B0 L1 B1;
        R0 F1 K1 B0;
        T0 R0 B0 F0 K0;
        K1 H0 T1 B0 K0;
        F1 L0 K0;
        L1 F0 H0 L0 F1 R1;
        B1 R1 H0;
        B0 R1 T1 K1 R0 L1 K0;
        K0 R1 T1 K1;
        R1 B1 K1;
        B0 L0 T0 T1 K1 F1;
        R1 F1 L1;
        F1 T0 R1 B0 L0 T1 H0;
        F1 L1 B0 K0 R0;
        K0 T1 B0 H0;
        H0 K0 T0;
        L1 T0 K0;
        B0 T1 B1 K0 K1;
        L0 B1 K1 L1 H0;
        L1 B1 H0 K0 F1 T1;
        R0 T0 F1;
        B1 L1 K1 T1 F1;
        T1 R1 B1 L1 L0;
        H0 K1 B1 L1 F1 R0 T1;
        L1 F0 H0 L0 R1;
        F1 B0 F0 T1;
        H0 L1 F0;
        F0 L1 R1 B0 K1 K0 R0;
        K1 F1 L0 B0;
        L0 T1 B0 K0 K1 H0 R0;
        H0 L1 L0;
        K0 L1 B0;
        B1 R0 K1 L1 H0 T0;
        H0 K1 T1 T0;
        B0 R0 T1 F1 K0 F0;
        K0 B0 H0 L0;
        F1 B0 K1;
        H0 B0 L1;
        F1 K1 R1 K0;
        T1 L0 K0;
        R0 K0 L0 H0 B1 B0 R1;
        H0 R1 K0;
        K0 R0 R1 F1 T1 B1 H0;
    }
}

/// Of functions that block.
#[rustfmt::skip]
pub(crate) fn blocking() -> Vec<Stack> {
    stacks! { fn
        R1;
        B1;
        F0;
        K1;
        L0;
        R0 B0;
        R0 F1;
        R1 K0;
        R1 L0;
        B0 R0;
        B0 F1;
        B1 K0;
        B1 L0;
        F0 R0;
        F1 B0;
        F0 K0;
        F0 L0;
        K0 R0;
        K0 B1;
        K1 F0;
        K0 L0;
        L0 R1;
        L1 B0;
        L1 F1;
        L0 K0;
        R1 F1 F0 K0;
        L1 R0 F1 L0 B0 K1;
        K1 F1 B0 B1;
        B0 R0 F0 L0 F1;
        K0 R0 L1 B0;
        L1 R0 K1 L0 F1;
        L1 B1 R1;
        K1 F1 L0;
        F0 K1 R1 L1 F1 B0;
        R0 K0 R1 K1;
        L0 F1 B0 K1;
        L0 R1 F0 F1;
        F0 B0 R1 F1;
        F0 K1 B0;
        R1 L0 K0;
    }
}
