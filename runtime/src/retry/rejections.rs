//! Which rejections a retry takes for its business.

use crate::RejectionKind;

/// The kinds of rejections that are retried.
///
/// ```
/// use steadfast::{Rejections, Retry};
///
/// static PATIENT: Retry = Retry::new().rejections(Rejections::DEFAULT.circuit_open());
/// static ONLY_TIMEOUTS: Retry = Retry::new().rejections(Rejections::NONE.timeout());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejections(u8);

impl Rejections {
    /// None: every rejection goes outwards at once.
    pub const NONE: Self = Self(0);

    /// Timeouts, spent rates and full bulkheads. An open circuit goes outwards: failing fast is its purpose.
    pub const DEFAULT: Self = Self::NONE.timeout().rate_limited().bulkhead_full();

    /// Timeouts too.
    pub const fn timeout(self) -> Self {
        self.with(RejectionKind::Timeout)
    }

    /// Spent rates too.
    pub const fn rate_limited(self) -> Self {
        self.with(RejectionKind::RateLimited)
    }

    /// Full bulkheads too.
    pub const fn bulkhead_full(self) -> Self {
        self.with(RejectionKind::BulkheadFull)
    }

    /// Open circuits too.
    pub const fn circuit_open(self) -> Self {
        self.with(RejectionKind::CircuitOpen)
    }

    /// Whether rejections of this kind are retried.
    pub const fn contains(self, kind: RejectionKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    const fn with(self, kind: RejectionKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }
}

/// By name, in the order of the docs.
#[cfg(feature = "registry")]
const NAMES: [(&str, RejectionKind); 4] = [
    ("timeout", RejectionKind::Timeout),
    ("rate_limited", RejectionKind::RateLimited),
    ("bulkhead_full", RejectionKind::BulkheadFull),
    ("circuit_open", RejectionKind::CircuitOpen),
];

#[cfg(feature = "registry")]
impl Rejections {
    /// Those that a list names, `timeout, rate_limited`; no name, or `none`, is none. The message follows the name of a
    /// setting.
    pub(super) fn parse(list: &str) -> Result<Self, String> {
        let mut rejections = Self::NONE;
        let list = list.trim();
        if list.is_empty() || list == "none" {
            return Ok(rejections);
        }
        for given in list.split(',').map(str::trim) {
            let Some((name, kind)) = NAMES.into_iter().find(|(name, _)| *name == given) else {
                let known = NAMES.map(|(name, _)| format!("`{name}`")).join(", ");
                return Err(format!("takes a list of rejections, and not {given:?}; expected one of: {known}"));
            };
            if rejections.contains(kind) {
                return Err(format!("names `{name}` twice"));
            }
            rejections = rejections.with(kind);
        }
        Ok(rejections)
    }

    /// As it would be written.
    pub(super) fn text(self) -> String {
        let names: Vec<_> = NAMES.into_iter().filter(|(_, kind)| self.contains(*kind)).map(|(name, _)| name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

impl Default for Rejections {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RejectionKind::{BulkheadFull, CircuitOpen, RateLimited, Timeout};

    #[test]
    fn those_named_and_no_others() {
        for (rejections, named) in [
            (Rejections::NONE, &[][..]),
            (Rejections::NONE.timeout(), &[Timeout]),
            (Rejections::NONE.circuit_open().rate_limited(), &[CircuitOpen, RateLimited]),
            (Rejections::NONE.bulkhead_full().bulkhead_full(), &[BulkheadFull]),
            (Rejections::default(), &[Timeout, RateLimited, BulkheadFull]),
            (Rejections::DEFAULT.timeout().circuit_open(), &[Timeout, RateLimited, BulkheadFull, CircuitOpen]),
        ] {
            for kind in [Timeout, CircuitOpen, BulkheadFull, RateLimited] {
                assert_eq!(rejections.contains(kind), named.contains(&kind), "{kind:?} of {named:?}");
            }
        }
    }
}
