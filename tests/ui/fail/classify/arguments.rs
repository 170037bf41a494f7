//! All mistakes at once, each where it is.

use std::time::Duration;

use steadfast::Classify;

#[derive(Classify)]
enum Error {
    #[throttled(retry_afer = wait)]
    Misspelt { wait: Duration },
    #[throttled(retry_after = wiat)]
    NoSuchField { wait: Duration },
    #[throttled(retry_after = "5s")]
    NoField { wait: Duration },
    #[throttled(retry_after = wait, retry_after = wait)]
    Twice { wait: Duration },
    #[throttled(wait, other)]
    Positional { wait: Duration },
    #[throttled = "wait"]
    Equals { wait: Duration },
    #[permanent(retry_after = wait)]
    NotRetried { wait: Duration },
    #[classify]
    Nothing,
    #[classify(by = by_status)]
    Unknown(u16),
    #[classify(with = "by_status")]
    Text(u16),
    #[classify(with = |status| by_status(status))]
    Closure(u16),
}

fn main() {}
