//! The settings of a bulkhead, as numbers that are always in range.

use core::time::Duration;

use super::word::MOST_WAITING;
use crate::control::Common;

/// Between what the limit of an adaptive bulkhead moves, and where it begins; 1 or more each. Of a fixed one they are
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) initial: u32,
}

impl Range {
    pub(super) const fn new(min: u32, max: u32, initial: u32) -> Self {
        let initial = if initial > max { max } else { initial };
        Self { min, max, initial: if initial < min { min } else { initial } }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) common: Common,
    pub(super) range: Range,
    pub(super) is_adaptive: bool,
    /// Whether the first limit of an adaptive one was set.
    pub(super) has_initial: bool,
    /// As long as the limit in force where it was not set.
    pub(super) max_queue: Option<u32>,
    pub(super) max_wait: Duration,
}

impl Settings {
    /// How long the queue may be where so many may run.
    pub(super) const fn queue_limit_at(&self, limit: u32) -> u32 {
        let limit = match self.max_queue {
            Some(limit) => limit,
            None => limit,
        };
        if limit < MOST_WAITING { limit } else { MOST_WAITING }
    }
}
