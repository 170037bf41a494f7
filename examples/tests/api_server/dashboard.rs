//! The dashboard: it asks for metrics and labels that exist, and for all of them.

use std::collections::{BTreeMap, BTreeSet};

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use steadfast::{RetryBudget, bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout};

use crate::exposition::Exposition;

static BUDGET: RetryBudget = RetryBudget::new();

/// One policy of each kind, listed though it is never called.
#[fallback(Ok(()))]
#[hedge(after = "1s")]
#[retry(budget = BUDGET)]
#[circuit_breaker]
#[rate_limit(permits = 1, per = "1s")]
#[bulkhead(max_concurrent = 1)]
#[timeout("1s")]
#[expect(dead_code, reason = "its policies are what is looked at")]
async fn all() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(())
}

/// What a program with every kind of policy shows.
fn exposition() -> Exposition {
    let metrics = PrometheusBuilder::new().set_buckets(&[1.0]).unwrap().install_recorder().unwrap();
    steadfast::metrics::collect();
    Exposition::parse(&metrics.render())
}

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../../api_server/grafana.json")).unwrap()
}

/// What is asked of a metric: its name, and of each label the operator and the value.
struct Selector<'q> {
    name: &'q str,
    labels: Vec<(&'q str, &'q str, &'q str)>,
}

/// All of a query. None of our values has a comma or a brace in it.
fn selectors(query: &str) -> Vec<Selector<'_>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let found = query.match_indices("steadfast_").map(|(at, _)| {
        let rest = &query[at..];
        let (name, rest) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
        let labels = rest.strip_prefix('{').map_or("", |labels| labels.split_once('}').unwrap().0);
        let labels = labels.split(',').filter(|text| !text.is_empty()).map(|text| {
            let (operator, value) = (text.find(|c| !is_name(c)).unwrap(), text.find('"').unwrap());
            (&text[..operator], &text[operator..value], text[value..].trim_matches('"'))
        });
        Selector { name, labels: labels.collect() }
    });
    found.collect()
}

/// What stands between these two, every time.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).map(|rest| rest.split_once(end).unwrap().0).collect()
}

/// The labels of a series name, with their values.
fn labels<'e>(exposition: &'e Exposition, name: &str) -> BTreeMap<&'e str, BTreeSet<&'e str>> {
    let mut labels = BTreeMap::<_, BTreeSet<_>>::new();
    for sample in exposition.0.values().flat_map(|metric| &metric.samples).filter(|sample| sample.name == name) {
        for (label, value) in &sample.labels {
            labels.entry(label.as_str()).or_default().insert(value.as_str());
        }
    }
    labels
}

#[test]
fn it_asks_for_every_metric_and_for_no_other() {
    let (dashboard, exposition) = (dashboard(), exposition());
    let names: BTreeSet<_> = steadfast::metrics::names().collect();
    let shown: BTreeSet<_> = exposition.0.keys().map(String::as_str).collect();
    assert_eq!(shown, names, "there is a policy of each kind here");

    let variables: Vec<_> = dashboard["templating"]["list"].as_array().unwrap().iter().collect();
    let is_variable = |name: &str| variables.iter().any(|variable| variable["name"] == name);
    let mut asked = BTreeSet::new();
    let panels = dashboard["panels"].as_array().unwrap();
    for target in panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten() {
        let query = target["expr"].as_str().unwrap();
        let by: Vec<_> = between(query, "by (", ")").into_iter().flat_map(|by| by.split(", ")).collect();
        let legend = between(target["legendFormat"].as_str().unwrap(), "{{", "}}");
        let selectors = selectors(query);
        assert!(!selectors.is_empty(), "{query}");
        for Selector { name, labels: wanted } in selectors {
            let there = labels(&exposition, name);
            assert!(!there.is_empty(), "there is no {name}: {query}");
            asked.insert(
                ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name),
            );
            for (label, operator, value) in wanted {
                let values = there.get(label).unwrap_or_else(|| panic!("{name} has no label {label}: {query}"));
                let is_known = match operator {
                    "=" | "!=" => values.contains(value),
                    _ => value.strip_prefix('$').is_some_and(is_variable),
                };
                assert!(is_known, "{label}{operator}{value}: {query}");
            }
            for label in by.iter().chain(&legend) {
                assert!(there.contains_key(label), "{name} has no label {label}: {query}");
            }
        }
        assert!(by.is_empty() || legend.iter().all(|label| by.contains(label)), "{legend:?}: {query}");
    }
    assert_eq!(asked, names, "every metric is in a panel");

    for variable in variables.iter().filter_map(|variable| variable["definition"].as_str()) {
        let (name, label) = between(variable, "label_values(", ")")[0].split_once(", ").unwrap();
        assert!(labels(&exposition, name).contains_key(label), "{variable}");
    }
}

#[test]
fn its_panels_lie_side_by_side() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for cell in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{cell:?} is taken already: {panel}");
        }
    }
}
