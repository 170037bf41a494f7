//! What the policies have counted, through the facade of the crate `metrics`; the names are in
//! [`telemetry`](crate::telemetry#metrics).
//!
//! ```
//! use metrics_util::debugging::DebuggingRecorder;
//!
//! #[steadfast::retry(name = "payments")]
//! async fn pay() -> std::io::Result<()> {
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let recorder = DebuggingRecorder::new();
//! let snapshotter = recorder.snapshotter();
//! recorder.install().expect("there is no other");
//!
//! pay().await?;
//! steadfast::metrics::collect();
//! let series = snapshotter.snapshot().into_vec();
//! assert!(series.iter().any(|(key, ..)| key.key().name() == "steadfast_retry_calls_total"));
//! # Ok(())
//! # }
//! ```

mod series;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use metrics::{Key, Label, Level, Metadata, with_recorder};

use self::series::{ALL, Form, Metric, SERIES};
use crate::PolicyKind;
use crate::hook;
use crate::registry::{Policy, policies};

/// Hands over all numbers to the recorder of the program, if there is one: before each scrape, or in an interval.
///
/// Every series of every policy is there from the first time, at zero. Policies are asked one after the other, each under
/// its own lock for a moment where it has one, and under none while the recorder is told.
pub fn collect() {
    for metric in ALL {
        describe(metric);
    }
    let mut values: BTreeMap<_, f64> = BTreeMap::new();
    for policy in policies() {
        read(&policy, &mut |metric, label, value| {
            let together = values.entry((metric, policy.name(), label));
            together.and_modify(|sum| *sum = ALL[metric].join(*sum, value)).or_insert(value);
        });
    }
    for ((metric, name, label), value) in values {
        publish(metric, name, label, value);
    }
}

/// The names of all metrics, in the order of the docs.
///
/// ```
/// assert!(steadfast::metrics::names().any(|name| name == "steadfast_circuit_breaker_state"));
/// ```
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|metric| metric.name)
}

type LabelPair = (&'static str, &'static str);

/// All that is known of one policy.
fn read(policy: &Policy, tell: &mut dyn FnMut(usize, Option<LabelPair>, f64)) {
    let kind = policy.kind();
    let counts = policy.counts();
    for series in SERIES.iter().filter(|series| series.kind == kind) {
        if let Some(count) = counts.iter().find(|count| count.name == series.count) {
            tell(series.metric, series.label, series.scaled(count.value));
        }
    }
    let index = |name: &str| ALL.iter().position(|metric| metric.name == name);
    if kind == PolicyKind::CircuitBreaker
        && let Some(metric) = index("steadfast_circuit_breaker_state")
    {
        for state in ["closed", "open", "half_open", "forced_open", "forced_closed"] {
            // Of a policy per key how many are in it.
            let keys = counts.iter().find(|count| count.name == state).map(|count| count.value);
            let is_in = u64::from(policy.state() == Some(state));
            tell(metric, Some(("state", state)), f64::from(u32::try_from(keys.unwrap_or(is_in)).unwrap_or(u32::MAX)));
        }
    }
    let count = |name: &str| counts.iter().find(|count| count.name == name).map_or(0, |count| count.value);
    if kind == PolicyKind::CircuitBreaker
        && let Some(metric) = index("steadfast_circuit_breaker_failure_ratio")
    {
        #[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 calls")]
        let ratio = count("failures") as f64 / count("calls").max(1) as f64;
        tell(metric, None, ratio);
    }
    if let (Some(metric), Some(shadow)) = (index("steadfast_policy_shadow"), policy.setting("shadow")) {
        let in_shadow = shadow == crate::registry::Value::Flag(true);
        tell(metric, Some(("kind", kind.as_str())), if in_shadow { 1.0 } else { 0.0 });
    }
    if let Some(metric) = index("steadfast_policy_enabled") {
        let is_enabled = policy.setting("enabled") != Some(crate::registry::Value::Flag(false));
        tell(metric, Some(("kind", kind.as_str())), if is_enabled { 1.0 } else { 0.0 });
    }
}

const METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some("steadfast"));

fn describe(metric: &Metric) {
    let (name, unit, help) = (metric.name.into(), Some(metric.unit), metric.help.into());
    with_recorder(|recorder| match metric.form {
        Form::Counter => recorder.describe_counter(name, unit, help),
        Form::Gauge => recorder.describe_gauge(name, unit, help),
        Form::Histogram => recorder.describe_histogram(name, unit, help),
    });
}

fn key(name: &'static str, policy: &'static str, label: Option<LabelPair>) -> Key {
    let policy = Label::from_static_parts("policy", policy);
    let label = label.map(|(key, value)| Label::from_static_parts(key, value));
    Key::from_parts(name, [policy].into_iter().chain(label).collect::<Vec<_>>())
}

fn publish(metric: usize, policy: &'static str, label: Option<LabelPair>, value: f64) {
    let metric = &ALL[metric];
    let key = key(metric.name, policy, label);
    with_recorder(|recorder| match metric.form {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count; of seconds the whole ones"
        )]
        Form::Counter => recorder.register_counter(&key, &METADATA).absolute(value as u64),
        Form::Gauge => recorder.register_gauge(&key, &METADATA).set(value),
        // Made, so that it is there.
        Form::Histogram => drop(recorder.register_histogram(&key, &METADATA)),
    });
}

/// The series of one policy, made when it is first written to: its name is not known before.
#[derive(Debug)]
pub(crate) struct Durations(OnceLock<Key>);

impl Durations {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }
}

/// A call under a timeout took so long.
#[cold]
pub(crate) fn timed(durations: &Durations, policy: impl FnOnce() -> &'static str, nanos: u64) {
    let key = durations.0.get_or_init(|| key("steadfast_timeout_duration_seconds", policy(), None));
    let seconds = core::time::Duration::from_nanos(nanos).as_secs_f64();
    // The recorder may be of the user's own: its panic must not take the place of the outcome.
    hook::tell(|key| with_recorder(|recorder| recorder.register_histogram(key, &METADATA).record(seconds)), key);
}
