use std::error::Error as _;

use tokio::time::timeout;

use super::*;
use crate::client;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(10);

fn cause_of(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

async fn seen(upstream: &Upstream, requests: usize) {
    while upstream.requests().len() < requests {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_script_is_followed_and_its_last_reply_repeated() {
    let wait = Duration::from_millis(1500);
    let replies = [Reply::status(503), Reply::throttled(wait), Reply::ok("well").header("x-from", "cache")];
    let upstream = Upstream::start(replies).await.unwrap();
    let client = client();
    let get = || async { client.get(upstream.url("/data?q=1")).send().await.unwrap() };

    let response = get().await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.text().await.unwrap(), "Service Unavailable");
    let response = get().await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "2");
    for _ in 0..2 {
        let response = get().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-from"], "cache");
        assert_eq!(response.text().await.unwrap(), "well");
    }

    let requests = upstream.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.method == Method::GET && request.path == "/data?q=1"));
    assert!(requests.iter().all(|request| request.headers.contains_key("host")));
    assert!(requests.is_sorted_by_key(|request| request.at));
}

#[tokio::test]
async fn the_script_can_be_changed() {
    let upstream = Upstream::start([]).await.unwrap();
    let client = client();
    let status = || async { client.get(upstream.url("/")).send().await.unwrap().status().as_u16() };
    assert_eq!(status().await, 200);
    upstream.push(Reply::status(500));
    upstream.push(Reply::status(501));
    assert_eq!(status().await, 500);
    upstream.set([Reply::status(404)]);
    assert_eq!([status().await, status().await], [404, 404]);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_seen_once() {
    let upstream = Upstream::start([Reply::ok(""), Reply::Reset, Reply::ok("again")]).await.unwrap();
    let client = client();
    // The second request comes over the connection of the first.
    client.get(upstream.url("/")).send().await.unwrap().text().await.unwrap();
    let error = client.get(upstream.url("/")).send().await.unwrap_err();
    assert_eq!(cause_of(&error), Some(io::ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(client.get(upstream.url("/")).send().await.unwrap().text().await.unwrap(), "again");
    assert_eq!(upstream.requests().len(), 3);

    // And on a new connection, at once.
    upstream.set([Reply::Reset]);
    let error = crate::client().get(upstream.url("/")).send().await.unwrap_err();
    assert_eq!(cause_of(&error), Some(io::ErrorKind::ConnectionReset), "{error:?}");
}

#[tokio::test]
async fn a_hang_is_read_and_never_answered() {
    let upstream = Upstream::start([Reply::Hang, Reply::ok("").after(SHORT)]).await.unwrap();
    let client = client();
    let hanging = tokio::spawn(client.get(upstream.url("/")).send());
    seen(&upstream, 1).await;
    assert!(timeout(SHORT, hanging).await.is_err());

    let start = Instant::now();
    client.get(upstream.url("/")).send().await.unwrap();
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn dropped_it_is_gone_with_its_connections() {
    let upstream = Upstream::start([Reply::ok(""), Reply::Hang]).await.unwrap();
    let (client, url, address) = (client(), upstream.url("/"), upstream.address());
    client.get(&url).send().await.unwrap();
    let hanging = tokio::spawn(client.get(&url).send());
    seen(&upstream, 2).await;

    let shared = Arc::downgrade(&upstream.script);
    drop(upstream);
    assert!(timeout(LONG, hanging).await.expect("its connection is closed").unwrap().is_err());
    // Every task of the server holds the script.
    timeout(LONG, async {
        while shared.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("no task is left");
    assert!(TcpStream::connect(address).await.is_err());
}
