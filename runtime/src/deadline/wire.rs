//! Deadlines in headers: as the time that is left, since no two machines have one clock.

use core::error::Error;
use core::fmt;
use core::time::Duration;

use super::Deadline;
use crate::{Class, Classify};

/// The largest number in a `grpc-timeout`, which has eight digits.
const MOST: u128 = 99_999_999;

/// In nanoseconds, the finest first.
const UNITS: [(u128, char); 6] =
    [(1, 'n'), (1_000, 'u'), (1_000_000, 'm'), (1_000_000_000, 'S'), (60_000_000_000, 'M'), (3_600_000_000_000, 'H')];

impl Deadline {
    /// The deadline of a client that sends `grpc-timeout`, as the [specification][spec] has it: one to eight digits and
    /// a unit, `H`, `M`, `S`, `m` for milliseconds, `u` or `n`. No header is no limit, a zero is over.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// # fn main() -> Result<(), steadfast::ParseDeadlineError> {
    /// let headers = HashMap::from([("grpc-timeout", "250m")]);
    /// let deadline = Deadline::from_grpc_timeout(headers.get("grpc-timeout"))?;
    /// assert!(deadline.remaining() <= Some(Duration::from_millis(250)));
    /// assert!(Deadline::from_grpc_timeout(Some("250ms")).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The header is something else: to be answered with `INVALID_ARGUMENT`, say.
    ///
    /// [spec]: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
    pub fn from_grpc_timeout(header: Option<impl AsRef<[u8]>>) -> Result<Self, ParseDeadlineError> {
        Self::from_header(header, grpc_timeout, ParseDeadlineError::GrpcTimeout)
    }

    /// The deadline of a client that sends how many milliseconds it waits, in a header whose name is agreed upon. No
    /// header is no limit, a zero is over, and a number that is too large to say is no limit.
    ///
    /// Where a number has been read already, [`Deadline::after`] is the way.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// # fn main() -> Result<(), steadfast::ParseDeadlineError> {
    /// let deadline = Deadline::from_timeout_ms(Some("1500"))?;
    /// assert!(deadline.remaining() <= Some(Duration::from_millis(1500)));
    /// assert_eq!(Deadline::from_timeout_ms(None::<&str>)?, Deadline::NONE);
    /// assert!(Deadline::from_timeout_ms(Some("1.5")).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The header is not digits and nothing else: to be answered with 400.
    pub fn from_timeout_ms(header: Option<impl AsRef<[u8]>>) -> Result<Self, ParseDeadlineError> {
        Self::from_header(header, |text| number(text).map(Duration::from_millis), ParseDeadlineError::TimeoutMs)
    }

    /// What is left, to be sent as `grpc-timeout`; `None`, no header, for no limit.
    ///
    /// In the finest unit in which it fits, and never more than is left. What is over is `0n`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let in_a_minute = Deadline::after(Duration::from_secs(60));
    /// assert_eq!(in_a_minute.to_grpc_timeout().as_deref(), Some("60000000u"));
    /// assert_eq!(Deadline::NONE.to_grpc_timeout(), None);
    /// # }
    /// ```
    pub fn to_grpc_timeout(self) -> Option<String> {
        self.remaining().map(|left| {
            let nanos = left.as_nanos();
            let mut finest_first = UNITS.iter().map(|(size, unit)| (nanos / size, *unit));
            let (count, unit) = finest_first.find(|(count, _)| *count <= MOST).unwrap_or((MOST, 'H'));
            format!("{count}{unit}")
        })
    }

    /// What is left in whole milliseconds, never more than is left; `None`, no header, for no limit.
    ///
    /// A zero is over, and better not sent at all: some proxies take it for no limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Deadline;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// assert_eq!(Deadline::after(Duration::from_micros(1_999)).to_timeout_ms(), Some(1));
    /// assert_eq!(Deadline::NONE.to_timeout_ms(), None);
    /// # }
    /// ```
    pub fn to_timeout_ms(self) -> Option<u64> {
        self.remaining().map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    fn from_header(
        header: Option<impl AsRef<[u8]>>,
        parse: impl FnOnce(&[u8]) -> Option<Duration>,
        error: ParseDeadlineError,
    ) -> Result<Self, ParseDeadlineError> {
        match header {
            None => Ok(Self::NONE),
            Some(text) => parse(text.as_ref()).map(Self::after).ok_or(error),
        }
    }
}

/// A header that says no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseDeadlineError {
    /// From [`Deadline::from_grpc_timeout`].
    GrpcTimeout,
    /// From [`Deadline::from_timeout_ms`].
    TimeoutMs,
}

impl fmt::Display for ParseDeadlineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GrpcTimeout => {
                "`grpc-timeout` must be one to eight digits and a unit: `H`, `M`, `S`, `m`, `u` or `n`"
            }
            Self::TimeoutMs => "a timeout in milliseconds must be digits and nothing else",
        })
    }
}

impl Error for ParseDeadlineError {}

/// Neutral: no dependency was asked.
impl Classify for ParseDeadlineError {
    fn class(&self) -> Class {
        Class::Neutral
    }
}

fn grpc_timeout(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.len() > 8 {
        return None;
    }
    let count = number(digits)?;
    match unit {
        b'H' => Some(Duration::from_secs(count * 3600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// At least one digit, and nothing else. What is too large is as large as can be said.
fn number(digits: &[u8]) -> Option<u64> {
    let digit = |digit: &u8| digit.is_ascii_digit().then(|| u64::from(digit - b'0'));
    let more = |number: u64, next| Some(number.saturating_mul(10).saturating_add(digit(next)?));
    if digits.is_empty() { None } else { digits.iter().try_fold(0, more) }
}
