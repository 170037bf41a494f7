//! The page itself: `index.html` with its style and its script in it.

use core::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::LazyLock;

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::answer;

const INDEX: &str = include_str!("index.html");
const STYLE: &str = include_str!("page.css");
/// One script, in the files of what it is about.
const SCRIPT: &str = concat!(include_str!("counts.js"), "\n", include_str!("cards.js"), "\n", include_str!("page.js"));

/// All but the nonce, which is another one in each answer.
static PAGE: LazyLock<String> =
    LazyLock::new(|| INDEX.replacen("/* page.css */", STYLE, 1).replacen("/* page.js */", SCRIPT, 1));

const NONCE: &str = "{nonce}";

/// Its own style and script, which carry the nonce, data from where it came from, and an icon that is empty. Nobody frames
/// it, so that nobody is led to press its buttons; and text cannot become code.
const SECURITY: &str = "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";

pub(super) fn answer() -> Response {
    let nonce = nonce();
    let mut response = answer::fresh(StatusCode::OK, "text/html; charset=utf-8", PAGE.replace(NONCE, &nonce));
    let headers = response.headers_mut();
    if let Ok(security) = HeaderValue::from_str(&SECURITY.replace(NONCE, &nonce)) {
        headers.insert(CONTENT_SECURITY_POLICY, security);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}

/// Not to be guessed from outside: the keys of a `RandomState` come from the system. Nothing that is not ours stands in the
/// document, so there is nobody inside who could.
fn nonce() -> String {
    let half = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", half(), half())
}
