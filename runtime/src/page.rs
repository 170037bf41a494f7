//! A page to look at: every policy of the program, live, in a browser. With the feature `page`.
//!
//! One HTML page that needs nothing from anywhere else, as a router of [axum](https://docs.rs/axum) 0.8:
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the shop" }))
//!     .nest("/steadfast", steadfast::page::router());
//! # drop(app);
//! ```
//!
//! At `/steadfast` it shows of each policy how it stands, what passes through it in a second, the shares of the outcomes,
//! what it rejects, how many calls run, the durations it knows, its settings in force and its latest events. What needs
//! attention comes first. It asks once a second, and not at all while nobody looks at it.
//!
//! # What is shown
//!
//! The policies of [`registry::policies`](crate::registry::policies), and what each of them [counts](crate::registry::Count).
//! Rates are of the last ten seconds, and made in the browser, from the difference of two counts: nothing is measured for
//! the page, and the program does not know that it is looked at. A restart of the program, and an answer of another process
//! behind the same address, begin the rates anew.
//!
//! Events are the exception. From when the first router is made until the program ends, the latest 200 are kept, for all
//! routers together; what one policy decides in the same way within ten seconds is one of them, with a number, so that a
//! flood of rejections does not wash away the change of state that began it. Each event takes a mutex for that, and copies
//! itself; there are none while calls succeed.
//!
//! | | here | Hystrix's dashboard |
//! | --- | --- | --- |
//! | state of the circuit | in words and as a shape; since when, by its events | in words, by colour |
//! | calls per second, errors, rejections | of the last ten seconds | of the last ten seconds |
//! | outcomes | shares of each kind | numbers of each kind |
//! | traffic over time | two minutes, as a line | two minutes, as a line |
//! | latencies | limits in force and percentiles that policies keep; histograms in the [metrics](crate::telemetry#metrics) | median, mean, 90, 99 and 99.5 % |
//! | threads | calls that run and wait, and the limit | pool size, active, queued |
//! | retries, hedges, rate limits, fallbacks, budgets | each a card of its own | |
//! | settings in force | yes | |
//! | events | the latest 200 | |
//! | forces and resets | behind an opt-in | |
//! | several processes | one page each; together in Grafana | Turbine |
//!
//! # By hand
//!
//! The page is for reading. [`Page::controls`] adds buttons that force policies open or closed and reset them; each asks
//! before it does. Without it there is no way to change anything, and not only no button:
//!
//! ```
//! use axum::Router;
//! use steadfast::page::Page;
//!
//! let operators: Router = Router::new().nest("/steadfast", Page::new().title("checkout").controls(true).router());
//! # drop(operators);
//! ```
//!
//! **Whoever reaches the router may use it**: it knows no users. Put it behind what authenticates your operators, or on an
//! address of its own that only they reach; of a page that is only read, names of functions and their settings are what
//! strangers would learn. What it does guard against is another site in the browser of somebody who may: a change is
//! asked for with a header and a type of content that no form can send, and refused where the browser says that it comes
//! from elsewhere, or its `Origin` is another than the `Host`; and the page lets itself be framed by nobody. A site whose
//! name is made to point to this address is no other site for the browser, and may do all that the page may: against that
//! only authentication helps, and a proxy that answers to the page's own host name alone. An address like `127.0.0.1` is
//! no guard.
//!
//! # Routes
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /` | the page |
//! | `GET /data.json` | what it shows, for the page; the [snapshot](crate::registry::snapshot) is for other programs |
//! | `POST /steer` | with `controls(true)`: does what the page was told to |
//!
//! All of them stand beneath where the router is nested, and the page finds them there, behind proxies as well; as axum has
//! it, what is nested at `/steadfast` is there without a slash at its end, and what is nested at `/steadfast/` with one. It brings a
//! `Content-Security-Policy` that allows its own style and script and nothing else; `Cache-Control` is `no-store`.

mod answer;
mod data;
mod document;
mod recent;
mod steer;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The page for reading, to be nested: `.nest("/steadfast", steadfast::page::router())`.
///
/// For a router of any state. Policies are listed from the start; events are kept from now on.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Page::new().router()
}

/// What the page shows and allows.
#[derive(Debug, Clone, Default)]
#[must_use = "a page is there once its `router` is nested"]
pub struct Page {
    title: String,
    controls: bool,
}

impl Page {
    /// For reading, without a title of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the page is of, for those who have many of them open: the name of the service. Plain text; none by default.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Whether policies can be forced open, forced closed and reset from the page, by
    /// [whoever reaches it](crate::page#by-hand). Not by default.
    pub fn controls(self, allowed: bool) -> Self {
        Self { controls: allowed, ..self }
    }

    /// The routes, to be nested in a router of any state. Events are kept from now on.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        recent::keep();
        let page = Arc::new(self);
        let controls = page.controls;
        let document = get(async || document::answer());
        let mut router = Router::new().route("/", document).route("/data.json", get(async move || data::answer(&page)));
        if controls {
            router = router.route("/steer", post(steer::answer).layer(DefaultBodyLimit::max(steer::LONGEST)));
        }
        router
    }
}
