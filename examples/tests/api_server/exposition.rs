//! The text that Prometheus reads, as strictly as its documentation has it.

use std::collections::{BTreeMap, BTreeSet};

/// The metrics by name.
#[derive(Debug)]
pub(crate) struct Exposition(pub(crate) BTreeMap<String, Metric>);

/// What stands under a name.
#[derive(Debug)]
pub(crate) struct Metric {
    /// `counter` and so on.
    pub(crate) kind: String,
    /// Its lines.
    pub(crate) samples: Vec<Sample>,
}

/// A line.
#[derive(Debug, PartialEq)]
pub(crate) struct Sample {
    /// The name of the metric, of a histogram with a suffix.
    pub(crate) name: String,
    /// By name.
    pub(crate) labels: BTreeMap<String, String>,
    /// What it is now.
    pub(crate) value: f64,
}

impl Exposition {
    /// Panics where the text is not valid.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut metrics = BTreeMap::<String, Metric>::new();
        let mut help = None;
        let mut current = None::<String>;
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(line) = line.strip_prefix("# HELP ") {
                let (name, text) = line.split_once(' ').expect("help says something");
                assert!(!text.is_empty() && help.replace(name).is_none(), "{line}");
            } else if let Some(line) = line.strip_prefix("# TYPE ") {
                let (name, kind) = line.split_once(' ').unwrap();
                assert_eq!(help.take(), Some(name), "help and type belong together");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                let metric = Metric { kind: kind.to_owned(), samples: Vec::new() };
                assert!(metrics.insert(name.to_owned(), metric).is_none(), "twice: {line}");
                current = Some(name.to_owned());
            } else {
                let name = current.as_ref().expect("a type comes first");
                let sample = Sample::parse(line);
                let metric = metrics.get_mut(name).unwrap();
                let suffix = sample.name.strip_prefix(name).unwrap_or_else(|| panic!("not of {name}: {line}"));
                let suffixes: &[_] = if metric.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line}");
                metric.samples.push(sample);
            }
        }
        let exposition = Self(metrics);
        exposition.check();
        exposition
    }

    fn check(&self) {
        for (name, metric) in &self.0 {
            assert!(!metric.samples.is_empty(), "{name} has no series");
            assert_eq!(metric.kind == "counter", name.ends_with("_total"), "{name} is a {}", metric.kind);
            let series: BTreeSet<_> = metric.samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
            assert_eq!(series.len(), metric.samples.len(), "twice the same series: {metric:#?}");
            for count in metric.samples.iter().filter(|sample| sample.name == format!("{name}_count")) {
                let is_bucket = |sample: &&Sample| {
                    let mut labels = sample.labels.clone();
                    labels.remove("le").is_some() && labels == count.labels
                };
                let buckets: Vec<_> = metric.samples.iter().filter(is_bucket).collect();
                assert!(buckets.len() > 1 && buckets.is_sorted_by_key(|bucket| bucket.value), "{buckets:#?}");
                let last = buckets.last().unwrap();
                assert!(last.labels["le"] == "+Inf" && same(last.value, count.value), "{last:?} {count:?}");
            }
        }
    }

    /// The value of a series, which is written as in the text: `steadfast_retry_attempts_total{policy="upstream"}`.
    pub(crate) fn value(&self, series: &str) -> f64 {
        let wanted = Sample::parse(&format!("{series} 0"));
        let mut samples = self.0.values().flat_map(|metric| &metric.samples);
        let found = samples.find(|sample| sample.name == wanted.name && sample.labels == wanted.labels);
        found.unwrap_or_else(|| panic!("no {series} in {self:#?}")).value
    }

    /// Series of the policies named "upstream" have these values. Each is given by its further labels, as in
    /// `,outcome="success"`.
    pub(crate) fn assert(&self, metric: &str, expected: &[(&str, f64)]) {
        for (labels, value) in expected {
            let series = format!("{metric}{{policy=\"upstream\"{labels}}}");
            assert!(same(self.value(&series), *value), "{series} is {}, not {value}", self.value(&series));
        }
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a value stands after a space");
        let (name, labels) = series.split_once('{').expect("every series of ours has a label");
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_name(name), "{line}");
        let mut rest = labels.strip_suffix('}').expect("labels end before the value");
        let mut labels = BTreeMap::new();
        while !rest.is_empty() {
            let (label, after) = rest.split_once("=\"").unwrap();
            // None of ours has a quote in it.
            let (value, after) = after.split_once('"').unwrap();
            assert!(is_name(label) && labels.insert(label.to_owned(), value.to_owned()).is_none(), "{line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        Self { name: name.to_owned(), labels, value: value.parse().unwrap() }
    }
}

/// Counts come as they went.
pub(crate) fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}
