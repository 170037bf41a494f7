//! What the page shows.

use core::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::LazyLock;
use std::time::SystemTime;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::{Page, answer, recent};
use crate::health::Health;
use crate::registry::{Count, Policy, Setting, Trouble, Value, policies};

/// Of this process, so that the page knows when another one answers.
static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

pub(super) fn answer(page: &Page) -> Response {
    let policies = policies();
    let data = json!({
        "title": page.title,
        "controls": page.controls,
        "process": hex(PROCESS.hash_one(())),
        "now": now(),
        "health": health(&Health::of(&policies)),
        "policies": policies.iter().map(policy).collect::<Vec<_>>(),
        "events": recent::events(),
    });
    answer::json(StatusCode::OK, &data)
}

/// Tells policies of one name and kind apart, and nobody where they are.
pub(super) fn id(policy: &Policy) -> String {
    hex(PROCESS.hash_one((policy, policy.name())))
}

fn hex(number: u64) -> String {
    format!("{number:016x}")
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn health(health: &Health) -> Json {
    let reasons: Vec<_> = health
        .reasons
        .iter()
        .map(|reason| {
            json!({
                "policy": reason.policy,
                "kind": reason.kind.as_str(),
                "status": reason.status.as_str(),
                "why": reason.why,
            })
        })
        .collect();
    json!({ "status": health.status.as_str(), "reasons": reasons })
}

fn policy(policy: &Policy) -> Json {
    let state = policy.state();
    json!({
        "id": id(policy),
        "name": policy.name(),
        "named": policy.is_named(),
        "kind": policy.kind().as_str(),
        "state": state,
        "trouble": policy.trouble().map(trouble),
        // What has a state can be put into another.
        "steered": state.is_some(),
        "settings": policy.settings().iter().map(setting).collect::<Vec<_>>(),
        "counts": policy.counts().iter().map(count).collect::<Vec<_>>(),
    })
}

fn trouble(trouble: Trouble) -> Json {
    let (level, why) = match trouble {
        Trouble::Rejects(why) => ("rejects", why),
        Trouble::Spent(why) => ("spent", why),
        Trouble::Recovers(why) => ("recovers", why),
    };
    json!({ "level": level, "why": why })
}

/// In the order of the docs, so not as a map.
fn setting(setting: &Setting) -> Json {
    let value = match &setting.value {
        Value::Flag(flag) => json!(flag),
        Value::Integer(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(text),
    };
    json!({ "key": setting.key, "value": value })
}

fn count(count: &Count) -> Json {
    json!({ "name": count.name, "value": count.value })
}
