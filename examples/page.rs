//! A shop with some dependencies that do badly, and the page that shows it.
//!
//! ```sh
//! cargo run --example page
//! LISTEN=0.0.0.0:3000 cargo run --example page
//! ```

#[path = "page/shop.rs"]
mod shop;

use std::{env, io};

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use steadfast::page::Page;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&listen).await?;
    println!("http://{}/steadfast", listener.local_addr()?);

    // For a service: behind its authentication. This one listens to its own machine.
    let page = Page::new().title("the shop").controls(true).router();
    let app = Router::new().route("/", get(async || Redirect::to("/steadfast"))).nest("/steadfast", page);
    tokio::spawn(shop::open());
    axum::serve(listener, app).await
}
