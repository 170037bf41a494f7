//! What the examples share: a server that fails as it is told to, and a printed timeline.

pub mod timeline;
pub mod upstream;

pub use upstream::{Reply, Request, Upstream};

/// A client for servers on loopback: a proxy in the environment does not concern them.
///
/// # Panics
/// Where the system has no sockets to give.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client without TLS needs nothing")
}
