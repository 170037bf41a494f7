//! What the examples share: a server that fails as it is told to, a way to ask it, and a printed timeline.

pub mod http;
pub mod metered;
pub mod timeline;
pub mod upstream;

pub use http::{Error, ask, client, get, send};
pub use metered::Metered;
pub use upstream::{Reply, Request, Upstream};
