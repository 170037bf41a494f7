//! The usual tables of HTTP and gRPC.

use super::Class;

impl Class {
    /// The class of an HTTP status that is taken for a failure.
    ///
    /// | status | class |
    /// | --- | --- |
    /// | 429 | throttled |
    /// | 408, 500 and above | transient |
    /// | other | permanent: the server has answered |
    ///
    /// ```
    /// use steadfast::Class;
    ///
    /// assert_eq!(Class::from_http_status(429), Class::Throttled { retry_after: None });
    /// assert_eq!(Class::from_http_status(503), Class::Transient { retry_after: None });
    /// assert_eq!(Class::from_http_status(404), Class::Permanent);
    /// ```
    pub const fn from_http_status(status: u16) -> Self {
        match status {
            429 => Self::THROTTLED,
            408 | 500.. => Self::TRANSIENT,
            _ => Self::Permanent,
        }
    }

    /// The class of a gRPC status code.
    ///
    /// | code | class |
    /// | --- | --- |
    /// | `RESOURCE_EXHAUSTED` (8) | throttled |
    /// | `OK` (0), `INVALID_ARGUMENT` (3), `NOT_FOUND` (5), `ALREADY_EXISTS` (6), `PERMISSION_DENIED` (7), `FAILED_PRECONDITION` (9), `OUT_OF_RANGE` (11), `UNIMPLEMENTED` (12), `UNAUTHENTICATED` (16) | permanent |
    /// | `CANCELLED` (1) | neutral: the caller went away |
    /// | `UNKNOWN` (2), `DEADLINE_EXCEEDED` (4), `ABORTED` (10), `INTERNAL` (13), `UNAVAILABLE` (14), `DATA_LOSS` (15), any other | transient |
    ///
    /// ```
    /// use steadfast::Class;
    ///
    /// assert_eq!(Class::from_grpc_code(14), Class::Transient { retry_after: None });
    /// assert_eq!(Class::from_grpc_code(5), Class::Permanent);
    /// ```
    pub const fn from_grpc_code(code: i32) -> Self {
        match code {
            8 => Self::THROTTLED,
            0 | 3 | 5 | 6 | 7 | 9 | 11 | 12 | 16 => Self::Permanent,
            1 => Self::Neutral,
            _ => Self::TRANSIENT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_http_status_has_a_class() {
        for status in 0..=u16::MAX {
            let expected = match status {
                429 => Class::THROTTLED,
                408 | 500.. => Class::TRANSIENT,
                0..500 => Class::Permanent,
            };
            assert_eq!(Class::from_http_status(status), expected, "{status}");
        }
    }

    #[test]
    fn every_grpc_code_has_a_class() {
        use Class::{Neutral as N, Permanent as P};
        const T: Class = Class::TRANSIENT;
        const L: Class = Class::THROTTLED;
        let table = [P, N, T, P, T, P, P, P, L, P, T, P, P, T, T, T, P, T];
        for (code, expected) in (0..).zip(table) {
            assert_eq!(Class::from_grpc_code(code), expected, "{code}");
        }
        assert_eq!(Class::from_grpc_code(i32::MIN), T);
    }
}
