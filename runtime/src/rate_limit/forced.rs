//! Whether calls pass, or none, whatever the bucket: numbers that no bucket has, beyond the longest of times.

use super::RateLimit;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forced {
    /// Nobody passes.
    Open,
    /// Everybody passes.
    Closed,
    /// It is switched off: everybody passes.
    Off,
    /// Other settings are in force, and another bucket with them.
    Replaced,
}

/// More than any time with what is added to it, and so little below the end that an interval may still be added: for who
/// does not ask, the bucket is empty for ever, and so the fast way leads to the slow one, which asks.
const OPEN: u64 = 0b11 << 62;
const CLOSED: u64 = OPEN + 1;
const OFF: u64 = OPEN + 2;
const REPLACED: u64 = OPEN + 3;

impl Forced {
    pub(super) const fn of(number: u64) -> Option<Self> {
        match number {
            OPEN => Some(Self::Open),
            CLOSED => Some(Self::Closed),
            OFF => Some(Self::Off),
            REPLACED => Some(Self::Replaced),
            _ => None,
        }
    }

    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Open => OPEN,
            Self::Closed => CLOSED,
            Self::Off => OFF,
            Self::Replaced => REPLACED,
        }
    }
}

/// Manual control.
///
/// ```
/// use steadfast::RateLimit;
///
/// static MAPS: RateLimit = RateLimit::new(1).name("maps");
///
/// // For maintenance: nobody passes.
/// MAPS.force_open();
/// assert!(MAPS.try_acquire().is_err());
/// // For an emergency: everybody does.
/// MAPS.force_closed();
/// assert!((0..100).all(|_| MAPS.try_acquire().is_ok()));
/// MAPS.reset();
/// assert!(MAPS.try_acquire().is_ok());
/// assert!(MAPS.try_acquire().is_err());
/// ```
impl RateLimit {
    /// Rejects every call from now on, those that wait included, until [`reset`](Self::reset) or
    /// [`force_closed`](Self::force_closed). When there will be a permit is then not known. A thread that waits learns of
    /// it when its turn comes.
    pub fn force_open(&self) {
        self.queue.force(self, Forced::Open);
    }

    /// Lets every call pass from now on, those that wait included and whatever the limit, until [`reset`](Self::reset)
    /// or [`force_open`](Self::force_open). A thread that waits does so until its turn comes.
    pub fn force_closed(&self) {
        self.queue.force(self, Forced::Closed);
    }

    /// Goes by its limit again, with a full bucket, or is switched off again where it was. Calls that wait have their permits first, as though they all asked
    /// now. What it has [rejected](Self::rejected) stays counted.
    pub fn reset(&self) {
        self.queue.renew(self);
    }
}
