//! Forces and resets, asked for by the page.

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::{answer, data};
use crate::registry::{Steer, policies};

/// In bytes, of what is asked for.
pub(super) const LONGEST: usize = 1024;

/// No form can send it, and a script of another site only where this one has told the browser that it may.
const ASKS: &str = "x-steadfast";

type Refused = (StatusCode, &'static str);

/// `{"policy": "<id>", "steer": "force_open"}`
pub(super) async fn answer(uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match is_ours(&uri, &headers).and_then(|()| steer(&body)) {
        Ok(state) => answer::json(StatusCode::OK, &json!({ "state": state })),
        Err((status, error)) => answer::json(status, &json!({ "error": error })),
    }
}

/// Whether the page itself asks, and not another site in the browser of somebody who may.
fn is_ours(uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is = |name, expected: &[&str]| text(name).is_some_and(|value| expected.contains(&value));
    if !is(ASKS, &["steer"]) {
        return Err((StatusCode::FORBIDDEN, "the header `x-steadfast: steer` is missing"));
    }
    // Where the browser says it; that another site may send headers must not be enough.
    if headers.contains_key("sec-fetch-site") && !is("sec-fetch-site", &["same-origin", "none"]) {
        return Err((StatusCode::FORBIDDEN, "asked by another site"));
    }
    // Where it says only who asks. A proxy may have put another `Host`, so its own word above is better.
    if headers.contains_key(ORIGIN) && !is("sec-fetch-site", &["same-origin"]) {
        let host = text(HOST.as_str()).or_else(|| uri.authority().map(Authority::as_str));
        let origin = text(ORIGIN.as_str()).and_then(|origin| Some(origin.split_once("://")?.1));
        if !origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host)) {
            return Err((StatusCode::FORBIDDEN, "the `Origin` is another than the `Host`"));
        }
    }
    if !is(CONTENT_TYPE.as_str(), &["application/json"]) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected `application/json`"));
    }
    Ok(())
}

fn steer(body: &[u8]) -> Result<Option<&'static str>, Refused> {
    let asked: Json = serde_json::from_slice(body).map_err(|_| (StatusCode::BAD_REQUEST, "not JSON"))?;
    let steer = match asked["steer"].as_str() {
        Some("force_open") => Steer::ForceOpen,
        Some("force_closed") => Steer::ForceClosed,
        Some("reset") => Steer::Reset,
        _ => return Err((StatusCode::BAD_REQUEST, "`steer` is `force_open`, `force_closed` or `reset`")),
    };
    let id = asked["policy"].as_str().ok_or((StatusCode::BAD_REQUEST, "`policy` is the id of a policy"))?;
    let policy = policies().into_iter().find(|policy| data::id(policy) == id);
    let policy = policy.ok_or((StatusCode::NOT_FOUND, "there is no such policy, or not any more"))?;
    if !policy.managed().steer(steer) {
        return Err((StatusCode::CONFLICT, "a policy of this kind cannot be steered"));
    }
    Ok(policy.state())
}
