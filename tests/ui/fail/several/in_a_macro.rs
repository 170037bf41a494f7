use std::io;
use steadfast::retry;

macro_rules! fetches {
    ($($name:ident: $attempts:expr, $delay:literal;)*) => {$(
        #[retry(attempts = $attempts, backoff = fixed($delay))]
        fn $name() -> io::Result<u32> {
            Ok(1)
        }
    )*};
}

fetches! {
    fine: 3, "1s";
    zero: 0, "1s";
    no_unit: 2, "1";
}

fn main() {
    let _ = (fine(), zero(), no_unit());
}
