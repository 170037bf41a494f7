//! How long a client waits goes along with its request, from server to server, and becomes less on the way: nobody
//! works for an answer that would come too late.
//!
//! ```sh
//! cargo run --example deadline
//! ```

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use reqwest::{Client, RequestBuilder};
use steadfast::{Deadline, GiveUpEvent, retry, timeout};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, client, send};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// How many milliseconds whoever asks still waits. Between servers of gRPC it is `grpc-timeout`, which
/// `Deadline::from_grpc_timeout` reads and `to_grpc_timeout` writes.
const TIMEOUT_MS: &str = "x-timeout-ms";

/// How long the client waits.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> io::Result<()> {
    heading("1. All is well. What the client has left goes along, and is less at each hop.");
    code(include_str!("deadline.rs"), "ask_service");
    day(Mood::Well).await?;

    heading("2. The service fails, slowly. There is time for two attempts, and the gateway begins no third.");
    day(Mood::Failing).await?;

    heading("3. The service hangs. Its timeout of 5 s ends at the deadline: nobody waits any longer.");
    day(Mood::Hanging).await
}

#[timeout(PATIENCE)]
async fn ask_gateway(client: &Client, url: &str) -> Result<String, Error> {
    send(with_deadline(client.get(url))).await
}

/// The server in between.
struct Gateway {
    client: Client,
    service: String,
}

impl Gateway {
    /// What it keeps of the time that it is given, for the way of its answer.
    const KEEPS: Duration = Duration::from_millis(300);

    // The timeout ends an attempt at the client's deadline, if that is sooner, and the retry begins no delay beyond it.
    #[retry(attempts = 10, backoff = fixed("300ms"), jitter = none, on_give_up = no_more)]
    #[timeout("5s")]
    async fn ask_service(&self) -> Result<String, Error> {
        let left = Deadline::current().to_timeout_ms().unwrap_or_default();
        say(Tone::Plain, "gateway", format_args!("attempt {}, passes on {left} ms", steadfast::attempt()));
        send(with_deadline(self.client.get(&self.service))).await
    }
}

fn no_more<R>(event: &GiveUpEvent<'_, R>) {
    say(Tone::Held, "gateway", format_args!("no attempt {}: {:?}", event.attempts + 1, event.reason));
}

/// How the service does today.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Well,
    Failing,
    Hanging,
}

impl Mood {
    const KEEPS: Duration = Duration::from_millis(100);

    #[timeout("5s")]
    async fn stock(self) -> Result<String, Error> {
        match self {
            Self::Well => Ok("12 pounds of tea".to_owned()),
            Self::Failing => {
                sleep(Duration::from_millis(600)).await;
                Err(Error::Status { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: None })
            }
            Self::Hanging => std::future::pending().await,
        }
    }
}

/// What any client does: the deadline that it is beneath goes along.
fn with_deadline(request: RequestBuilder) -> RequestBuilder {
    match Deadline::current().to_timeout_ms() {
        Some(left) => request.header(TIMEOUT_MS, left),
        None => request,
    }
}

/// What any server does: the deadline that comes with the request is in force for all its work.
async fn within<F>(who: &str, headers: &HeaderMap, keeps: Duration, work: F) -> (StatusCode, String)
where
    F: Future<Output = Result<String, Error>>,
{
    let given = match Deadline::from_timeout_ms(headers.get(TIMEOUT_MS)) {
        Ok(given) => given,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()),
    };
    if let Some(left) = given.to_timeout_ms() {
        say(Tone::Plain, who, format_args!("was given {left} ms"));
    }
    let error = match given.sooner_by(keeps).scope(work).await {
        Ok(answer) => return (StatusCode::OK, answer),
        Err(error) => error,
    };
    say(Tone::Bad, who, &error);
    let status = match &error {
        Error::Status { status, .. } => *status,
        Error::Rejected(rejection) => StatusCode::from_u16(rejection.http_status()).expect("it is one"),
        Error::Http(_) => StatusCode::BAD_GATEWAY,
    };
    (status, error.to_string())
}

/// One request of a client, through the gateway to the service.
async fn day(mood: Mood) -> io::Result<()> {
    let mut servers = JoinSet::new();
    let stock = async |State(mood): State<Mood>, headers: HeaderMap| {
        within("service", &headers, Mood::KEEPS, mood.stock()).await
    };
    let service = serve(&mut servers, Router::new().route("/", get(stock)).with_state(mood)).await?;

    let gateway = Arc::new(Gateway { client: client(), service });
    let page = async |State(gateway): State<Arc<Gateway>>, headers: HeaderMap| {
        within("gateway", &headers, Gateway::KEEPS, gateway.ask_service()).await
    };
    let url = serve(&mut servers, Router::new().route("/", get(page)).with_state(gateway)).await?;

    let start = Instant::now();
    say(Tone::Plain, "client", format_args!("asks, and waits {} ms", PATIENCE.as_millis()));
    let answer = ask_gateway(&client(), &url).await;
    let when = if start.elapsed() < PATIENCE { "in time" } else { "too late" };
    match answer {
        Ok(text) => say(Tone::Good, "client", format_args!("200 OK, {when}: {text}")),
        Err(error) => say(Tone::Bad, "client", format_args!("{error}, {when}")),
    }
    Ok(())
}

/// A server on a free port; it is gone with `servers`.
async fn serve(servers: &mut JoinSet<()>, router: Router) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    servers.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            say(Tone::Bad, "server", error);
        }
    });
    Ok(url)
}
