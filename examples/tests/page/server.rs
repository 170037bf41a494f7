//! A real server with the page, in a thread of its own.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use axum::Router;
use steadfast::page::Page;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;

pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(page: Page) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), page)
    }

    /// At the address of one that has stopped.
    pub(crate) fn at(address: SocketAddr, page: Page) -> Self {
        let (started, starts) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind(address).await.expect("the address is free");
                started.send(listener.local_addr().expect("it is bound")).expect("somebody waits");
                let app = Router::new().nest("/steadfast", page.router());
                tokio::select! {
                    served = axum::serve(listener, app) => served.expect("it serves"),
                    _ = stopped => {}
                }
            });
            // Connections that are open end with the runtime.
        });
        let address = starts.recv().expect("it has started");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Gone, with all its connections; the address is left.
    pub(crate) fn stop(mut self) -> SocketAddr {
        self.end();
        self.address
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
