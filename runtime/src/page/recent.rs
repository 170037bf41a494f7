//! The latest events, kept for the page.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::{Decision, Event, clock, observe};

/// How many are kept.
pub(super) const KEPT: usize = 200;
/// How long the same decision of a policy is the same event.
const TOGETHER: Duration = Duration::from_secs(10);

static RECENT: Mutex<Recent> = Mutex::new(Recent::new());

/// Keeps events from now on, if they are not kept already.
pub(super) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| observe(|event| lock().add(*event, clock::now())).forever());
}

/// The latest first.
pub(super) fn events() -> Vec<Json> {
    let now = clock::now();
    // Texts are made when somebody reads them, and not under the lock.
    let kept = lock().kept.clone();
    Recent::latest_first(kept).iter().map(|kept| kept.json(now)).collect()
}

/// No code of the user runs under it.
fn lock() -> MutexGuard<'static, Recent> {
    RECENT.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Recent {
    next: u64,
    /// In the order in which they began.
    kept: VecDeque<Kept>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    /// From 0, for as long as the program runs.
    number: u64,
    /// The latest of those that are one.
    event: Event,
    times: u64,
    first: Instant,
    last: Instant,
}

impl Recent {
    const fn new() -> Self {
        Self { next: 0, kept: VecDeque::new() }
    }

    fn add(&mut self, event: Event, now: Instant) {
        let young = |kept: &&mut Kept| now.saturating_duration_since(kept.first) < TOGETHER;
        // What began ten seconds ago is followed by nothing that is younger.
        if let Some(kept) = self.kept.iter_mut().rev().take_while(young).find(|kept| is_same(&kept.event, &event)) {
            kept.times = kept.times.saturating_add(1);
            kept.event = event;
            kept.last = now;
            return;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { number: self.next, event, times: 1, first: now, last: now });
        self.next = self.next.saturating_add(1);
    }

    fn latest_first(kept: VecDeque<Kept>) -> Vec<Kept> {
        let mut kept: Vec<_> = kept.into_iter().rev().collect();
        // Stable: of the same moment, the one that began later comes first.
        kept.sort_by_key(|kept| core::cmp::Reverse(kept.last));
        kept
    }
}

impl Kept {
    fn json(&self, now: Instant) -> Json {
        json!({
            "number": self.number,
            "policy": self.event.policy,
            "kind": self.event.kind.as_str(),
            "decision": self.event.decision.as_str(),
            "text": self.event.to_string(),
            "times": self.times,
            "age": now.saturating_duration_since(self.last).as_secs_f64(),
        })
    }
}

/// Whether one says no more than the other. Each change of a state is a story of its own.
fn is_same(a: &Event, b: &Event) -> bool {
    (a.policy, a.kind) == (b.policy, b.kind)
        && a.decision.as_str() == b.decision.as_str()
        && !matches!(a.decision, Decision::StateChanged { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyKind::{Bulkhead, Retry};
    use crate::{Counts, PolicyKind, Reason, State};

    const EXHAUSTED: Decision = Decision::BudgetExhausted;

    fn event(policy: &'static str, kind: PolicyKind, decision: Decision) -> Event {
        Event { policy, kind, decision }
    }

    #[test]
    fn the_same_decision_of_a_policy_within_ten_seconds_is_one_event() {
        let (mut recent, begin) = (Recent::new(), clock::now());
        for (after, policy, kind, decision) in [
            (0, "a", Retry, EXHAUSTED),
            (1, "a", Retry, EXHAUSTED),
            (2, "b", Retry, EXHAUSTED),
            (3, "a", Bulkhead, EXHAUSTED),
            (4, "a", Retry, Decision::Hedged { call: 2 }),
            (9, "a", Retry, Decision::Hedged { call: 3 }),
            (9, "b", Retry, EXHAUSTED),
            (10, "a", Retry, EXHAUSTED),
        ] {
            recent.add(event(policy, kind, decision), begin + Duration::from_secs(after));
        }
        let kept: Vec<_> = recent.kept.iter().map(|kept| (kept.event.policy, kept.event.kind, kept.times)).collect();
        assert_eq!(kept, [("a", Retry, 2), ("b", Retry, 2), ("a", Bulkhead, 1), ("a", Retry, 2), ("a", Retry, 1)]);
        assert_eq!(recent.kept[3].event.decision, Decision::Hedged { call: 3 }, "the latest of them is told");
        assert_eq!(recent.kept[0].json(begin + Duration::from_secs(10))["age"], 9.0, "since the latest of them");
        let latest: Vec<_> = Recent::latest_first(recent.kept).iter().map(|kept| kept.number).collect();
        assert_eq!(latest, [4, 3, 1, 2, 0]);
    }

    #[test]
    fn each_change_of_a_state_is_kept() {
        let (mut recent, now) = (Recent::new(), clock::now());
        let (from, to, reason, counts) = (State::Closed, State::Open, Reason::Manual, Counts::default());
        let change = event("a", PolicyKind::CircuitBreaker, Decision::StateChanged { from, to, reason, counts });
        recent.add(change, now);
        recent.add(change, now);
        assert_eq!(recent.kept.len(), 2);
    }

    #[test]
    fn the_oldest_makes_room() {
        let (mut recent, now) = (Recent::new(), clock::now());
        for call in 0..300 {
            recent.add(event("a", Retry, EXHAUSTED), now + TOGETHER * call);
        }
        assert_eq!((recent.kept.len(), recent.kept[0].number), (KEPT, 100));
    }
}
