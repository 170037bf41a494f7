//! `adaptive(min = 2, max = 200)` of a bulkhead.

use super::Args;
use super::setting::Setting;

/// In the order of the docs.
const ARGUMENTS: [&str; 3] = ["min", "max", "initial"];

const DEFAULT_MIN: u32 = 1;
const DEFAULT_MAX: u32 = 200;

/// Between what the limit moves, and where it begins.
pub(super) struct Adaptive {
    pub(super) min: Setting<u32>,
    pub(super) max: Setting<u32>,
    pub(super) initial: Option<Setting<u32>>,
}

impl Args<'_> {
    /// `None` also where it was mistaken, and reported.
    pub(super) fn adaptive(&mut self) -> Option<Adaptive> {
        let mut inner = self.inner("adaptive", &ARGUMENTS)?;
        let ctxt = inner.ctxt;
        let min = inner.integer("min", 1, u32::MAX);
        let max = inner.integer("max", 1, u32::MAX);
        let initial = inner.integer("initial", 1, u32::MAX);
        // What was given and is no number is not compared as its default.
        let least = min.as_ref().map_or(Some(DEFAULT_MIN), |min| min.literal().copied());
        let most = max.as_ref().map_or(Some(DEFAULT_MAX), |max| max.literal().copied());
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            let (setting, message) = match &max {
                Some(max) => (max, format!("`max` is below `min`, which is {least}")),
                None => (min.as_ref()?, format!("`min` is above `max`, which is {most} by default; give `max` too")),
            };
            ctxt.error(setting.span(), message);
        } else if let Some(Setting::Literal(initial, span)) = initial {
            if let Some(least) = least.filter(|least| initial < *least) {
                ctxt.error(span, format!("`initial` is below `min`, which is {least}"));
            }
            if let Some(most) = most.filter(|most| initial > *most) {
                ctxt.error(span, format!("`initial` is above `max`, which is {most}"));
            }
        }
        let span = inner.span;
        inner.finish();
        let or = |setting: Option<_>, default| setting.unwrap_or(Setting::Literal(default, span));
        Some(Adaptive { min: or(min, DEFAULT_MIN), max: or(max, DEFAULT_MAX), initial })
    }
}
