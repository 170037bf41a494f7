//! The attributes of a function that is made up.

use super::Function;

/// Literals of nested timeouts, each shorter than the one around.
const TIMEOUTS: [&str; 5] = ["\"1h\"", "\"1m30s\"", "\"10s\"", "\"1.5s\"", "\"250ms\""];

impl Function<'_> {
    /// Attributes, the outermost first.
    pub(super) fn stack(&mut self) -> Vec<String> {
        let count = 1 + self.random.below(4);
        let mut stack = Vec::new();
        if self.random.one_in(4) {
            let answer = self.answer();
            let answer =
                if self.output.error.is_some() && self.random.one_in(2) { "Err(any())".to_owned() } else { answer };
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
        of.iter().filter(|_| self.random.one_in(3)).map(|argument| [", ", argument.as_str()].concat()).collect()
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
        let owned: Vec<_> =
            self.arguments.iter().filter(|a| a.text != "#[cfg(any())] gone: Nowhere").filter_map(|a| a.owned).collect();
        if owned.is_empty() || !self.random.one_in(2) {
            return String::new();
        }
        let is_bare = self.random.one_in(3);
        let cloned = if is_bare { owned } else { vec![self.random.pick(&owned)] };
        let list = cloned.join(", ");
        for name in cloned {
            if !self.clones.contains(&name) {
                self.clones.push(name);
            }
        }
        if is_bare { ", clone".to_owned() } else { format!(", clone({list})") }
    }

    fn common(&mut self, rejects: bool) -> String {
        let mut common =
            vec!["name = \"a name\"".to_owned(), "docs = false".to_owned(), "crate = ::steadfast".to_owned()];
        if let (true, Some(error)) = (rejects, self.output.error) {
            common.push(format!("error = {error}::from"));
            common.push("error = |rejection| rejection.into()".to_owned());
        }
        if common.len() > 3 {
            let dropped = 3 + self.random.below(2);
            common.remove(dropped);
        }
        common.push("enabled = false".to_owned());
        common.push("critical = 1 + 1 == 2".to_owned());
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
        let first = self.random.pick(&[
            "attempts = 3",
            "attempts = ATTEMPTS",
            "attempts = unlimited, max_duration = \"1m\"",
            "jitter = 0.25",
            "POLICY",
        ]);
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
            text = self
                .random
                .pick(&[
                    "failure_threshold = 3",
                    "failure_rate = 0.5, window = \"30s\", min_calls = 10",
                    "failure_rate = 1, window = 50",
                    "slow_call = \"2s\", slow_call_rate = 0.5",
                    "max_probes = 2, probe_timeout = SHORT",
                ])
                .to_owned();
            text += &self.some(&[
                "reset_timeout = \"5s\"".to_owned(),
                "success_threshold = ATTEMPTS".to_owned(),
                "on_state_change = |_| ()".to_owned(),
            ]);
        }
        if let Some(key) = key {
            text += &[", key = ", key].concat();
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
        let mut text = self
            .random
            .pick(&[
                "max_concurrent = 3",
                "max_concurrent = ATTEMPTS, max_wait = \"1s\", max_queue = 9",
                "adaptive(min = 2, max = 50)",
                "adaptive",
                "PLACES",
            ])
            .to_owned();
        if text == "PLACES" && self.receiver == Some("&mut self") {
            text = "self.places".to_owned();
        } else if text != "PLACES" {
            if let Some(key) = self.key() {
                text += &[", key = ", key, ", max_keys = 9"].concat();
            }
            text += &self.common(true);
        }
        Some(format!("bulkhead({text}{})", self.clone()))
    }

    fn rate_limit(&mut self) -> Option<String> {
        if !self.may_reject() {
            return None;
        }
        let mut text = self
            .random
            .pick(&["permits = 3", "permits = ATTEMPTS, per = \"2s\", burst = 9, max_wait = SHORT", "LIMIT"])
            .to_owned();
        if text != "LIMIT" {
            text += &self.common(true);
        }
        Some(format!("rate_limit({text})"))
    }

    fn hedge(&mut self) -> Option<String> {
        let is_mut =
            self.receiver.is_some_and(|receiver| receiver.contains("mut")) || self.arguments.iter().any(|a| a.is_mut);
        if !self.is_async() || is_mut {
            return None;
        }
        let after =
            self.random.pick(&["\"50ms\"", "SHORT", "percentile(0.95)", "percentile(0.9, factor = 2.0, max = \"1s\")"]);
        let more = self.some(&["attempts = 3".to_owned(), "budget = BUDGET".to_owned()]);
        let (filters, clone, common) = (self.filters(false), self.clone(), self.common(false));
        Some(format!("hedge(after = {after}{more}{filters}{clone}{common})"))
    }

    fn fallback(&mut self) -> Option<String> {
        let output = self.output;
        let error = output.error?;
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
            2 => format!("fallback({{ Err(any::<{error}>())?; Err(any()) }})"),
            _ => format!(
                "fallback(|failure: Failure<{}>| match failure {{ Failure::Returned(r) => r, _ => Err(any()) }})",
                output.ty
            ),
        })
    }

    /// A fallback's.
    fn answer(&self) -> String {
        self.output.good.to_owned()
    }
}
