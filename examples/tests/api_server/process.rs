//! The example as a process of its own, as an operator runs it, in front of an upstream of ours.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use std::{env, fs, process};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use steadfast_examples::{Reply, Upstream, client};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::exposition::Exposition;

/// One.
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// For what must come, on a machine however slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Delays that nobody has to wait for.
pub(crate) const QUICK: &str = "[upstream.retry]\nbackoff = \"exponential(1ms)\"\n";

/// The process, and what it talks to.
#[derive(Debug)]
pub(crate) struct Api {
    /// What it asks, in this process.
    pub(crate) upstream: Upstream,
    /// Its file of settings.
    pub(crate) config: PathBuf,
    client: Client,
    here: String,
    log: Arc<Mutex<String>>,
    /// Killed when it is dropped.
    _process: Child,
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Api {
    /// With these settings in its file.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>, settings: &str) -> Self {
        Self::start_with(replies, settings, &[]).await
    }

    /// And with these variables.
    pub(crate) async fn start_with(
        replies: impl IntoIterator<Item = Reply>,
        settings: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let upstream = Upstream::start(replies).await.unwrap();
        let config = config(settings);
        let mut command = command(&config);
        command.envs(variables.iter().copied()).env("UPSTREAM", upstream.url(""));
        let mut process = command.spawn().unwrap();

        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(process.stderr.take().unwrap()).lines();
        let written = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                *written.lock().unwrap() += &(line + "\n");
            }
        });
        // Kept open: printing to a pipe that is closed is an error.
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, stdout.next_line()).await.expect("it says where it is").unwrap();
        let line = line.unwrap_or_else(|| panic!("it has ended:\n{}", log.lock().unwrap()));
        let here = line.split_once("/api/data").expect("it says where it is").0.to_owned();
        Self { upstream, config, client: client(), here, log, _process: process, _stdout: stdout }
    }

    /// Writes the file of settings, whole at once.
    pub(crate) fn write(&self, settings: &str) {
        write(&self.config, settings);
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The answer to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(self.client.get(format!("{}{path}", self.here))).await
    }

    /// Its status.
    pub(crate) async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }

    /// Its status, and its body as JSON.
    pub(crate) async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path).await;
        (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    /// What Prometheus would read.
    pub(crate) async fn metrics(&self) -> Exposition {
        let response = self.get("/metrics").await;
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        Exposition::parse(&response.text().await.unwrap())
    }

    /// Asks for the settings to be loaded again, and is told an object a line.
    pub(crate) async fn reload(&self) -> (u16, Vec<Value>) {
        let response = self.send(self.client.post(format!("{}/config/reload", self.here))).await;
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        (status, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// A policy named "upstream", or another, as `/policies` has it.
    pub(crate) async fn policy(&self, name: &str, kind: &str) -> Value {
        let (status, snapshot) = self.json("/policies").await;
        assert_eq!(status, 200);
        let policies = snapshot["policies"].as_array().unwrap();
        let found = policies.iter().find(|policy| policy["name"] == name && policy["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} `{name}` in {snapshot}")).clone()
    }

    /// The settings in force, of all policies.
    pub(crate) async fn settings(&self) -> Vec<Value> {
        let (_, snapshot) = self.json("/policies").await;
        let policies = snapshot["policies"].as_array().unwrap().iter();
        policies.map(|policy| json!([policy["name"], policy["kind"], policy["settings"]])).collect()
    }

    /// How many attempts the retry makes.
    pub(crate) async fn attempts(&self) -> Value {
        self.policy("upstream", "retry").await["settings"]["attempts"].clone()
    }

    /// Forces a policy open, by the page.
    pub(crate) async fn force_open(&self, id: &Value) -> u16 {
        let request = self.client.post(format!("{}/steadfast/steer", self.here)).header("x-steadfast", "steer");
        let body = json!({ "policy": id, "steer": "force_open" }).to_string();
        self.send(request.header("content-type", "application/json").body(body)).await.status().as_u16()
    }

    /// How often the upstream was asked.
    pub(crate) fn asked(&self) -> usize {
        self.upstream.requests().len()
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        timeout(PATIENCE, request.send()).await.expect("every request is answered").unwrap()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.config.parent().unwrap());
    }
}

/// Asks again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

/// The example, not started yet.
pub(crate) fn command(config: &Path) -> Command {
    let mut command = Command::new(executable());
    command.env("LISTEN", "127.0.0.1:0").env("STEADFAST_CONFIG", config);
    command.env_remove("RUST_LOG").env_remove("UPSTREAM").env_remove("PAGE_CONTROLS");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A file with these settings, in a folder of its own.
pub(crate) fn config(settings: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = format!("api_server-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&folder).unwrap();
    let config = folder.join("steadfast.toml");
    write(&config, settings);
    config
}

fn write(config: &Path, settings: &str) {
    // In place of the other one, so that nobody reads half of it.
    let new = config.with_extension("new");
    fs::write(&new, settings).unwrap();
    fs::rename(new, config).unwrap();
}

/// Cargo builds it, and says where it is. From the root, as for the other examples.
fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| {
        let cargo = env::var_os("CARGO").expect("cargo runs the tests");
        let mut build = process::Command::new(cargo);
        build.args(["build", "--quiet", "--example", "api_server", "--message-format=json"]);
        let output = build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let example =
            messages.find(|message| message["target"]["name"] == "api_server" && message["executable"].is_string());
        PathBuf::from(example.expect("cargo names what it has built")["executable"].as_str().unwrap())
    })
}
