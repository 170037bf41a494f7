//! Functions that are right, made up at random: of any shape, under any policies. The compiler takes them too
//! (`.ci/fuzz`), since they are of one [`PRELUDE`].

use super::Random;

/// What they name.
pub(crate) const PRELUDE: &str = r#"
#![allow(warnings)]
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{
    Bulkhead, CircuitBreaker, Classify, Failure, Keyed, RateLimit, Rejection, Retry, RetryBudget, StaleFallback,
    bulkhead, circuit_breaker, fallback, hedge, outcome, rate_limit, retry, timeout,
};

#[derive(Debug, Classify, thiserror::Error)]
enum Error {
    #[error("away")] #[transient] Away,
    #[error("missing")] #[permanent] Missing,
    #[error(transparent)] Io(#[from] io::Error),
    #[error(transparent)] Rejected(#[from] Rejection),
}
type Answer<T = u32> = Result<T, Error>;

const ATTEMPTS: u32 = 4;
const SHORT: Duration = Duration::from_millis(20);
static POLICY: Retry = Retry::new().attempts(2);
static BUDGET: RetryBudget = RetryBudget::new();
static BREAKER: CircuitBreaker = CircuitBreaker::new();
static BREAKERS: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed();
static PLACES: Bulkhead = Bulkhead::new(3);
static LIMIT: RateLimit = RateLimit::new(3);
static ANSWERS: StaleFallback = StaleFallback::new(Duration::from_secs(60));

struct Point { x: u32, y: u32 }
struct Client { breaker: CircuitBreaker, places: Arc<Bulkhead>, host: String }
fn step() -> io::Result<()> { Ok(()) }
async fn wait() -> io::Result<()> { Ok(()) }
fn any<T>() -> T { loop {} }
"#;

/// Where a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    Method,
    TraitDefault,
    TraitImpl,
}

pub(crate) struct Valid {
    pub(crate) place: Place,
    pub(crate) text: String,
    signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Async,
    Blocking,
    Future,
    Boxed,
}

struct Output {
    ty: &'static str,
    /// A value of it.
    good: &'static str,
    error: Option<&'static str>,
    /// Whether the success can be kept for later.
    kept: bool,
    patterns: &'static [&'static str],
}

const OF_ERROR: &[&str] = &["Err(Error::Away)", "Err(e) if matches!(e, Error::Io(_))", "Err(Error::Missing | Error::Io(_))", "Err(_)"];
const OF_IO: &[&str] = &["Err(e) if e.kind() == io::ErrorKind::NotFound", "| Err(_)"];

const OUTPUTS: [Output; 12] = [
    Output { ty: "Result<u32, Error>", good: "Ok(7)", error: Some("Error"), kept: true, patterns: OF_ERROR },
    Output { ty: "Result<String, Error>", good: "Ok(String::new())", error: Some("Error"), kept: true, patterns: OF_ERROR },
    Output { ty: "Result<(), Error>", good: "Ok(())", error: Some("Error"), kept: true, patterns: OF_ERROR },
    Output { ty: "Answer", good: "Ok(7)", error: Some("Error"), kept: true, patterns: OF_ERROR },
    Output { ty: "Answer<Vec<u8>>", good: "Ok(vec![1])", error: Some("Error"), kept: true, patterns: OF_ERROR },
    Output { ty: "io::Result<u32>", good: "Ok(7)", error: Some("io::Error"), kept: true, patterns: OF_IO },
    Output { ty: "Result<impl Debug + use<>, Error>", good: "Ok(7_u8)", error: Some("Error"), kept: false, patterns: OF_ERROR },
    Output { ty: "Result<Box<dyn Debug>, Error>", good: "Ok(Box::new(7_u8))", error: Some("Error"), kept: false, patterns: OF_ERROR },
    Output { ty: "Result<fn(&str) -> &str, Error>", good: "Ok(|text| text)", error: Some("Error"), kept: false, patterns: OF_ERROR },
    Output { ty: "Option<u32>", good: "Some(7)", error: None, kept: false, patterns: &["None", "Some(5..=9)", "Some(n) if *n > 3"] },
    Output { ty: "u32", good: "7", error: None, kept: false, patterns: &["0", "1..=5", "n if *n > 9"] },
    Output { ty: "", good: "()", error: None, kept: false, patterns: &["()"] },
];

struct Argument {
    text: &'static str,
    /// A name that it binds by value.
    owned: Option<&'static str>,
    key: Option<&'static str>,
    is_mut: bool,
    /// Whether it borrows.
    borrows: bool,
    used: &'static str,
}

const fn owned(text: &'static str, name: &'static str, used: &'static str) -> Argument {
    Argument { text, owned: Some(name), key: None, is_mut: false, borrows: false, used }
}

const ARGUMENTS: [Argument; 19] = [
    Argument { key: Some("a"), ..owned("a: u32", "a", "let _ = a + 1;") },
    Argument { key: Some("&b"), is_mut: true, ..owned("mut b: String", "b", "b.push('x');") },
    Argument { key: Some("(c, d.clone())"), ..owned("(c, d): (u8, String)", "d", "let _ = (&c, d.len());") },
    owned("Point { x, y: _ }: Point", "x", "let _ = x;"),
    Argument { owned: None, ..owned("_: u8", "_", "") },
    Argument { owned: None, key: Some("e"), borrows: true, ..owned("e: &str", "e", "let _ = e.len();") },
    Argument { owned: None, is_mut: true, borrows: true, ..owned("f: &mut Vec<u8>", "f", "f.push(1);") },
    owned("g: impl Into<String> + Clone", "g", "let _: String = g.clone().into();"),
    owned("#[allow(unused)] h: u8", "h", ""),
    Argument { key: Some("r#type"), ..owned("r#type: u8", "r#type", "let _ = r#type;") },
    owned("[i, ..]: [u8; 3]", "i", "let _ = i;"),
    Argument { owned: None, borrows: true, ..owned("&j: &u8", "j", "let _ = j;") },
    owned("ref k: String", "k", "let _ = k.len();"),
    Argument { key: Some("&*l"), ..owned("l: Arc<str>", "l", "let _ = l.len();") },
    owned("m: fn(&u32) -> &u32", "m", "let _ = m(&1);"),
    Argument { owned: None, key: Some("n.len()"), borrows: true, ..owned("n: &[u8]", "n", "let _ = n.first();") },
    owned("p @ (q, _): (u32, u8)", "p", "let _ = (p, q);"),
    owned("outcome: Vec<[u8; { 1 + 1 }]>", "outcome", "let _ = outcome.first();"),
    owned("#[cfg(any())] gone: Nowhere", "gone", ""),
];

struct Function<'r> {
    random: &'r mut Random,
    form: Form,
    output: &'static Output,
    arguments: Vec<&'static Argument>,
    receiver: Option<&'static str>,
    /// The arguments that are cloned.
    clones: Vec<&'static str>,
    /// Whether a fallback above takes all rejections.
    is_covered: bool,
    timeouts: usize,
}

/// Literals of nested timeouts, each shorter than the one around.
const TIMEOUTS: [&str; 5] = ["\"1h\"", "\"1m30s\"", "\"10s\"", "\"1.5s\"", "\"250ms\""];

pub(crate) fn valid(random: &mut Random) -> Valid {
    let place = random.pick(&[Place::Free, Place::Free, Place::Method, Place::Method, Place::TraitDefault, Place::TraitImpl]);
    let form = random.pick(&[Form::Async, Form::Async, Form::Async, Form::Blocking, Form::Blocking, Form::Future, Form::Boxed]);
    let output = &OUTPUTS[random.below(OUTPUTS.len())];
    let is_trait = matches!(place, Place::TraitDefault | Place::TraitImpl);
    // A trait is no place for an opaque type in a blocking function that captures nothing.
    let output = if output.ty.contains("impl") && (is_trait || form == Form::Boxed || form == Form::Future) { &OUTPUTS[0] } else { output };
    let mut arguments: Vec<&'static Argument> = Vec::new();
    for argument in &ARGUMENTS {
        let fits = !(form == Form::Boxed && (argument.borrows || argument.text.contains("impl")))
            && !(place == Place::TraitDefault && argument.text.contains("impl"))
            && !(output.ty.contains("use<>") && (argument.borrows || argument.text.contains("impl")));
        if fits && random.one_in(6) {
            arguments.push(argument);
        }
    }
    let receivers: &[&str] = match (place, form) {
        (Place::Free, _) => &[],
        (_, Form::Boxed) => &["self: Arc<Self>", "self: Box<Self>"],
        (Place::TraitDefault, _) => &["&self", "&mut self", "self: Arc<Self>", "&'_ self"],
        _ if output.ty.contains("use<>") => &["self", "self: Arc<Self>"],
        _ => &["&self", "&self", "&mut self", "self", "mut self", "self: Arc<Self>", "self: &Self", "self: Pin<&mut Self>"],
    };
    let receiver = if receivers.is_empty() || random.one_in(9) { None } else { Some(random.pick(receivers)) };
    let mut function =
        Function { random, form, output, arguments, receiver, clones: Vec::new(), is_covered: false, timeouts: 0 };
    let stack = function.stack();
    function.written(place, &stack)
}

impl Function<'_> {
    fn is_async(&self) -> bool {
        self.form != Form::Blocking
    }

    /// Attributes, the outermost first.
    fn stack(&mut self) -> Vec<String> {
        let count = 1 + self.random.below(4);
        let mut stack = Vec::new();
        if self.random.one_in(4) {
            let answer = self.answer();
            let answer = if self.output.error.is_some() && self.random.one_in(2) { "Err(any())".to_owned() } else { answer };
            self.is_covered = true;
            stack.push(format!("fallback({answer})"));
        }
        while stack.len() < count {
            let layer = match self.random.below(9) {
                0 | 1 => Some(self.retry()),
                2 => self.circuit_breaker(),
                3 | 4 => self.timeout(),
                5 => self.bulkhead(),
                6 => self.rate_limit(),
                7 => self.hedge(),
                _ => self.fallback(),
            };
            stack.extend(layer);
        }
        if self.random.one_in(4) {
            let at = self.random.below(stack.len() + 1);
            let filters = self.filters(true);
            let error = match self.output.error {
                Some(error) if self.random.one_in(2) => format!(", error = {error}::from"),
                _ => String::new(),
            };
            stack.insert(at, format!("outcome(ignore({}){filters}{error})", self.pattern()));
        }
        stack
    }

    fn pattern(&mut self) -> &'static str {
        self.random.pick(self.output.patterns)
    }

    /// Some of what may follow other arguments.
    fn some(&mut self, of: &[String]) -> String {
        of.iter().filter(|_| self.random.one_in(3)).map(|argument| format!(", {argument}")).collect()
    }

    fn filters(&mut self, ignored: bool) -> String {
        let mut filters = vec![format!("on({}, {})", self.pattern(), self.pattern())];
        if !ignored {
            filters.push(format!("ignore({},)", self.pattern()));
        }
        if self.output.error.is_some() {
            filters.push("when = |e| !format!(\"{e:?}\").is_empty()".to_owned());
        }
        self.some(&filters)
    }

    /// Of the arguments; what is cloned the body may consume.
    fn clone(&mut self) -> String {
        let owned: Vec<_> = self.arguments.iter().filter(|a| a.text != "#[cfg(any())] gone: Nowhere").filter_map(|a| a.owned).collect();
        if owned.is_empty() || !self.random.one_in(2) {
            return String::new();
        }
        let name = self.random.pick(&owned);
        self.clones.push(name);
        format!(", clone({name})")
    }

    fn common(&mut self, rejects: bool) -> String {
        let mut common = vec!["name = \"a name\"".to_owned(), "docs = false".to_owned(), "crate = ::steadfast".to_owned()];
        if let (true, Some(error)) = (rejects, self.output.error) {
            common.push(format!("error = {error}::from"));
            common.push("error = |rejection| rejection.into()".to_owned());
        }
        if common.len() > 3 {
            let dropped = 3 + self.random.below(2);
            common.remove(dropped);
        }
        self.some(&common)
    }

    fn retry(&mut self) -> String {
        let backoff = self.random.pick(&[
            "exponential(\"100ms\", factor = 2.0)",
            "exponential",
            "fixed(SHORT)",
            "linear(\"1s\")",
            "fibonacci",
            "none",
            "|attempt| SHORT * attempt",
            "steadfast::Backoff::fixed(SHORT)",
        ]);
        let first = self.random.pick(&["attempts = 3", "attempts = ATTEMPTS", "attempts = unlimited, max_duration = \"1m\"", "jitter = 0.25", "POLICY"]);
        let mut more = vec![
            "rejections(timeout, circuit_open)".to_owned(),
            "budget = BUDGET".to_owned(),
            "nested = once".to_owned(),
            "on_retry = |_| ()".to_owned(),
            "on_give_up = |event| drop(event.attempts)".to_owned(),
            format!("retry_after({} => SHORT, _ => \"5s\")", self.pattern()),
        ];
        if first != "POLICY" {
            more.push(format!("backoff = {backoff}"));
            more.push("max_delay = \"1m\"".to_owned());
        }
        let (more, filters, clone) = (self.some(&more), self.filters(false), self.clone());
        let common = if first == "POLICY" { String::new() } else { self.common(false) };
        format!("retry({first}{more}{filters}{clone}{common})")
    }

    /// Whether what it rejects has a way out.
    fn may_reject(&self) -> bool {
        self.output.error.is_some() || self.is_covered
    }

    fn key(&mut self) -> Option<&'static str> {
        let keys: Vec<_> = self.arguments.iter().filter_map(|argument| argument.key).collect();
        if keys.is_empty() || self.random.one_in(2) { None } else { Some(self.random.pick(&keys)) }
    }

    fn circuit_breaker(&mut self) -> Option<String> {
        if !self.may_reject() {
            return None;
        }
        let key = self.key();
        let is_shared = self.receiver == Some("&self");
        let handle = match key {
            _ if !self.random.one_in(4) => None,
            Some(_) => Some("BREAKERS"),
            None => Some(if is_shared { "self.breaker" } else { "BREAKER" }),
        };
        let mut text = handle.unwrap_or("").to_owned();
        if handle.is_none() {
            text = self.random.pick(&["failure_threshold = 3", "failure_rate = 0.5, window = \"30s\", min_calls = 10", "failure_rate = 1, window = 50", "slow_call = \"2s\", slow_call_rate = 0.5", "max_probes = 2, probe_timeout = SHORT"]).to_owned();
            text += &self.some(&["reset_timeout = \"5s\"".to_owned(), "success_threshold = ATTEMPTS".to_owned(), "on_state_change = |_| ()".to_owned()]);
        }
        if let Some(key) = key {
            text += &format!(", key = {key}");
        }
        text += &self.some(&["abandoned = failure".to_owned()]);
        text += &self.filters(false);
        if handle.is_none() {
            text += &self.common(true);
        }
        Some(format!("circuit_breaker({text})"))
    }

    fn timeout(&mut self) -> Option<String> {
        if !self.may_reject() || !self.is_async() || self.timeouts == TIMEOUTS.len() {
            return None;
        }
        let literal = TIMEOUTS[self.timeouts];
        self.timeouts += 1;
        let limit = self.random.pick(&[literal, literal, "SHORT", "Some(SHORT * 2)", "Duration::from_secs({ 1 + 2 })"]);
        Some(format!("timeout({limit}{})", self.common(true)))
    }

    fn bulkhead(&mut self) -> Option<String> {
        if !self.may_reject() {
            return None;
        }
        let mut text = self.random.pick(&["max_concurrent = 3", "max_concurrent = ATTEMPTS, max_wait = \"1s\", max_queue = 9", "adaptive(min = 2, max = 50)", "adaptive", "PLACES"]).to_owned();
        if text == "PLACES" && self.receiver == Some("&mut self") {
            text = "self.places".to_owned();
        } else if text != "PLACES" {
            if let Some(key) = self.key() {
                text += &format!(", key = {key}, max_keys = 9");
            }
            text += &self.common(true);
        }
        Some(format!("bulkhead({text}{})", self.clone()))
    }

    fn rate_limit(&mut self) -> Option<String> {
        if !self.may_reject() {
            return None;
        }
        let mut text = self.random.pick(&["permits = 3", "permits = ATTEMPTS, per = \"2s\", burst = 9, max_wait = SHORT", "LIMIT"]).to_owned();
        if text != "LIMIT" {
            text += &self.common(true);
        }
        Some(format!("rate_limit({text})"))
    }

    fn hedge(&mut self) -> Option<String> {
        let is_mut = self.receiver.is_some_and(|receiver| receiver.contains("mut")) || self.arguments.iter().any(|a| a.is_mut);
        if !self.is_async() || is_mut {
            return None;
        }
        let after = self.random.pick(&["\"50ms\"", "SHORT", "percentile(0.95)", "percentile(0.9, factor = 2.0, max = \"1s\")"]);
        let more = self.some(&["attempts = 3".to_owned(), "budget = BUDGET".to_owned()]);
        let (filters, clone, common) = (self.filters(false), self.clone(), self.common(false));
        Some(format!("hedge(after = {after}{more}{filters}{clone}{common})"))
    }

    fn fallback(&mut self) -> Option<String> {
        let output = self.output;
        output.error?;
        if output.kept && self.random.one_in(3) {
            let stale = self.random.pick(&["stale = \"10m\"", "stale = SHORT", "stale(ANSWERS)"]);
            let key = self.key().map(|key| format!(", key = {key}")).unwrap_or_default();
            let hook = self.some(&["on_stale = |_| ()".to_owned()]);
            return Some(format!("fallback({stale}{key}{hook})"));
        }
        let named = if output.ty.contains("impl") { 3 } else { 4 };
        Some(match self.random.below(named) {
            0 => "fallback(|error| Err(error))".to_owned(),
            1 => format!("fallback(Err(any()), on({}))", self.pattern()),
            2 => "fallback({ let error: Result<(), _> = Err(any()); error?; Err(any()) })".to_owned(),
            _ => format!("fallback(|failure: Failure<{}>| match failure {{ Failure::Returned(r) => r, _ => Err(any()) }})", output.ty),
        })
    }

    /// A fallback's.
    fn answer(&self) -> String {
        self.output.good.to_owned()
    }

    fn body(&mut self) -> String {
        let good = self.output.good;
        let step = if self.is_async() { "wait().await" } else { "step()" };
        let mut statements: Vec<String> = [
            "let n = 3_u8; let _ = n;",
            "assert!(true, \"{}\", 1);",
            "const LOCAL: u32 = 3; let _ = LOCAL;",
            "fn helper<T>(t: T) -> T { t } let _ = helper(5);",
            "struct Local; impl Drop for Local { fn drop(&mut self) {} } let local = Local;",
            "use std::fmt::Write as _; let mut text = String::new(); let _ = write!(text, \"{}\", 1);",
            "'outer: loop { break 'outer; }",
            "let r#match = 1; let _ = r#match;",
            "let f = |x: u32| -> u32 { return x + 1 }; let _ = f(1);",
            "match 3 { 0..=2 => {} n if n > 5 => {} _ => {} }",
            "#[allow(unused)] let z = 1;",
            "macro_rules! one { () => { 1 }; } let _ = one!();",
            "let (retry, call, attempt, outcome, body) = (1, 2, 3, 4, 5); let _ = (retry, call, attempt, outcome, body);",
            ";;",
            "{ let _scope = (); }",
        ]
        .into_iter()
        .filter(|_| self.random.one_in(6))
        .map(str::to_owned)
        .collect();
        if self.random.one_in(3) {
            statements.push(format!("if 1 > 2 {{ return {good}; }}"));
        }
        if self.random.one_in(4) {
            statements.push(format!("let Some(_) = Some(1) else {{ return {good} }};"));
        }
        if self.output.error.is_some() && !self.random.one_in(3) {
            statements.push(format!("{step}?;"));
        }
        for argument in &self.arguments {
            if !self.random.one_in(3) {
                statements.push(argument.used.to_owned());
            }
        }
        for clone in &self.clones {
            if self.random.one_in(2) {
                // The last thing that is done with it.
                statements.push(format!("let _consumed = {clone};"));
            }
        }
        let tail = match self.random.below(6) {
            0 if self.output.ty.contains("impl") => good.to_owned(),
            0 => format!("return {good};"),
            1 => format!("{{ {good} }}"),
            2 => format!("if 1 < 2 {{ {good} }} else {{ {good} }}"),
            3 => format!("match 1 {{ 1 => {good}, _ => {good} }}"),
            _ => good.to_owned(),
        };
        let inner = if self.random.one_in(8) && !matches!(self.form, Form::Future | Form::Boxed) { "#![allow(unused)] " } else { "" };
        format!("{inner}{} {tail}", statements.join(" "))
    }

    fn written(mut self, place: Place, stack: &[String]) -> Valid {
        let body = self.body();
        let generics = match self.random.below(5) {
            _ if self.output.ty.contains("use<>") => "",
            0 => "<T: Clone + Default>",
            1 => "<'x, T, const N: usize>",
            _ => "",
        };
        let bounds = match generics {
            "" => "",
            _ if self.form == Form::Boxed => " where T: 'static",
            _ => self.random.pick(&["", " where T: Debug,", " where for<'y> &'y T: Debug"]),
        };
        let receiver = self.receiver.map(str::to_owned);
        let arguments: Vec<String> = receiver.into_iter().chain(self.arguments.iter().map(|a| a.text.to_owned())).collect();
        let arguments = arguments.join(", ");
        let ty = if self.output.ty.is_empty() { "()" } else { self.output.ty };
        let (output, body) = match self.form {
            Form::Async | Form::Blocking if self.output.ty.is_empty() => (String::new(), body),
            Form::Async | Form::Blocking => (format!(" -> {ty}"), body),
            Form::Future => (format!(" -> impl Future<Output = {ty}>"), format!("async move {{ {body} }}")),
            Form::Boxed => (
                format!(" -> Pin<Box<dyn Future<Output = {ty}>>>"),
                format!("let _before = 1; Box::pin(async move {{ {body} }})"),
            ),
        };
        let is_trait = matches!(place, Place::TraitDefault | Place::TraitImpl);
        let visibility = if is_trait { "" } else { self.random.pick(&["", "pub ", "pub(crate) "]) };
        let asyncness = if self.form == Form::Async { "async " } else { "" };
        let unsafety = if self.random.one_in(12) { "unsafe " } else { "" };
        let signature = format!("{asyncness}{unsafety}fn NAME{generics}({arguments}){output}{bounds}");
        let mut attributes = String::new();
        for policy in stack {
            let extra = self.random.pick(&["", "", "", "/// Words.\n", "#[inline] ", "#[cfg(all())] ", "#[cfg_attr(all(), inline)] ", "#[allow(unused)] ", "/** More. */ "]);
            let path = self.random.pick(&["", "", "", "steadfast::", "::steadfast::"]);
            attributes += &format!("{extra}#[{path}{policy}]\n");
        }
        let text = format!("{attributes}{visibility}{signature} {{ {body} }}");
        Valid { place, text, signature }
    }
}

/// Functions in one file, for the compiler.
pub(crate) fn file(functions: &[Valid]) -> String {
    let mut file = PRELUDE.to_owned();
    for (number, Valid { place, text, signature }) in functions.iter().enumerate() {
        let name = |text: &str| text.replacen("NAME", &format!("f{number}"), 1);
        let (text, signature) = (name(text), name(signature));
        // Patterns are for functions with a body.
        file += &match place {
            Place::Free => format!("{text}\n"),
            Place::Method => format!("impl Client {{ {text} }}\n"),
            Place::TraitDefault => format!("trait Trait{number} {{ {} }}\n", text.replace("self.breaker", "BREAKER").replace("self.places", "PLACES")),
            Place::TraitImpl => format!("trait Trait{number} {{ {}; }}\nimpl Trait{number} for Client {{ {text} }}\n", declared(&signature)),
        };
    }
    file + "fn main() {}\n"
}

fn declared(signature: &str) -> String {
    let patterns = [
        ("mut self", "self"), ("mut b:", "b:"), ("(c, d):", "_:"), ("Point { x, y: _ }:", "_:"), ("[i, ..]:", "_:"), ("&j:", "_:"),
        ("ref k:", "_:"), ("p @ (q, _):", "_:"),
    ];
    let keep = signature.replace("&mut self", "&MUT");
    patterns.iter().fold(keep, |text, (from, to)| text.replace(from, to)).replace("&MUT", "&mut self")
}
