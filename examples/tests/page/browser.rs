//! A Chromium without a screen, driven by its developer protocol: JSON through two pipes, so that nothing else is needed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde_json::{Value, json};

/// Longer than any browser takes, however busy the machine is.
const BOUND: Duration = Duration::from_secs(30);
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

pub(crate) struct Browser {
    process: Child,
    profile: PathBuf,
    to: ChildStdin,
    from: Receiver<Value>,
    /// How many questions were asked.
    asked: u64,
    session: String,
    /// What the page complained about.
    complaints: Vec<String>,
    /// Whether its script has failed, so that nothing is worth waiting for.
    is_broken: bool,
}

/// By `CHROMIUM`, or by the usual names.
fn find() -> PathBuf {
    if let Some(path) = env::var_os("CHROMIUM") {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "CHROMIUM says {}, and no browser is there", path.display());
        return path;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("the page is tested in a browser, and there is none of {NAMES:?} in PATH: install `chromium`, or say where one is in CHROMIUM")
    })
}

impl Browser {
    pub(crate) fn start() -> Self {
        let chromium = find();
        let unique = format!("steadfast-page-{}-{:?}", std::process::id(), thread::current().id());
        let profile = env::temp_dir().join(unique.replace(['(', ')'], ""));
        // It listens at descriptor 3 and answers at 4.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(&chromium)
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--no-default-browser-check", "--disable-extensions", "--hide-scrollbars"])
            .args(["--force-color-profile=srgb", "--font-render-hinting=none"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", chromium.display()));
        let to = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, from) = channel();
        thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("it speaks JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let session = String::new();
        let mut browser =
            Self { process, profile, to, from, asked: 0, session, complaints: Vec::new(), is_broken: false };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", &attach);
        browser.session = String::from(attached["sessionId"].as_str().expect("a session"));
        for domain in ["Page", "Runtime", "Log"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Asks the browser, or its page once there is one.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut message = message.to_string().into_bytes();
        message.push(0);
        self.to.write_all(&message).expect("the browser listens");
        loop {
            let answer = self.from.recv_timeout(BOUND).unwrap_or_else(|error| panic!("{method}: no answer: {error}"));
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.hear(&answer);
        }
    }

    fn hear(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
                self.is_broken = true;
            }
            Some("Runtime.consoleAPICalled") => self.complaints.push(params["args"].to_string()),
            Some("Log.entryAdded") => self.complaints.push(params["entry"]["text"].to_string()),
            _ => {}
        }
    }

    /// What the page has said on its console, policies of security that it broke included; forgotten thereafter.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // All that was said before this is answered has been heard.
        self.eval("0");
        std::mem::take(&mut self.complaints)
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.ask("Page.navigate", &json!({ "url": url }));
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Until an expression is true; with what the page says where it never is.
    pub(crate) fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.eval(&format!("Boolean({expression})")) != json!(true) {
            if begun.elapsed() > BOUND || self.is_broken {
                let text = self.eval("document.body.innerText");
                panic!("never: {expression}\n{}\n{:?}", text.as_str().unwrap_or(""), self.complaints);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses the mouse where the element of an expression is.
    pub(crate) fn click(&mut self, element: &str) {
        let place = self.eval(&format!(
            "(() => {{ const it = {element}; it.scrollIntoView({{ block: 'center' }}); const r = it.getBoundingClientRect(); \
             return {{ x: r.x + r.width / 2, y: r.y + r.height / 2 }}; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({ "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", &params);
        }
    }

    /// Presses a key: `Tab`, `Enter`, `Escape`.
    pub(crate) fn key(&mut self, key: &str) {
        let codes = HashMap::from([("Tab", 9), ("Enter", 13), ("Escape", 27)]);
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key], "text": text });
            self.ask("Input.dispatchKeyEvent", &params);
        }
    }

    /// Types where the focus is.
    pub(crate) fn write(&mut self, text: &str) {
        self.ask("Input.insertText", &json!({ "text": text }));
    }

    /// A window of this size, light or dark.
    pub(crate) fn window(&mut self, (width, height): (u32, u32), scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    pub(crate) fn picture(&mut self, file: &Path, whole: bool) {
        let params = json!({ "format": "png", "captureBeyondViewport": whole });
        let answer = self.ask("Page.captureScreenshot", &params);
        fs::write(file, base64(answer["data"].as_str().expect("a picture"))).expect("the folder is there");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter_map(|byte| DIGITS.iter().position(|&digit| digit == byte)) {
        bits = bits << 6 | u32::try_from(digit).expect("it is below 64");
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}
