//! `#[circuit_breaker]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit};

use super::Args;
use super::setting::{Setting, Value, is_negative, literal};
use crate::emit::{Root, at, borrowed};
use crate::policy::{Layer, Stack};

pub(super) const ARGUMENTS: [&str; 16] = [
    "failure_threshold",
    "failure_rate",
    "window",
    "min_calls",
    "slow_call",
    "slow_call_rate",
    "reset_timeout",
    "max_reset_timeout",
    "success_threshold",
    "max_probes",
    "probe_timeout",
    "abandoned",
    "key",
    "max_keys",
    "on_state_change",
    "clone",
];

/// Those that a shared breaker has of its own.
const SETTINGS: [&str; 13] = [
    "failure_threshold",
    "failure_rate",
    "window",
    "min_calls",
    "slow_call",
    "slow_call_rate",
    "reset_timeout",
    "max_reset_timeout",
    "success_threshold",
    "max_probes",
    "probe_timeout",
    "max_keys",
    "on_state_change",
];

const DEFAULT_WINDOW: u32 = 100;
const DEFAULT_RESET: Duration = Duration::from_secs(30);

/// As many outcomes as a count window can hold.
const LARGEST_WINDOW: u32 = 65_536;

#[derive(Default)]
pub(crate) struct CircuitBreaker {
    /// A shared breaker in place of settings.
    handle: Option<Expr>,
    /// `.method(value)`, in the order of the docs.
    settings: Vec<(&'static str, Span, TokenStream)>,
    /// The settings that are no literals; they must be constant.
    pub(crate) constants: Vec<Expr>,
    pub(crate) watches_slow_calls: bool,
    abandoned: Option<Ident>,
    key: Option<Expr>,
    max_keys: Option<Expr>,
    words: String,
}

impl CircuitBreaker {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let handle = args.handle("#[circuit_breaker(failure_threshold = 5)]");
        let mut breaker = Self { handle, ..Self::default() };
        if let Some(handle) = &breaker.handle {
            args.refuse_beside_handle(&SETTINGS);
            breaker.words = format!("`{}`, shared", crate::docs::source(handle));
        } else {
            breaker.read_settings(args);
        }
        breaker.abandoned = args.take_word("abandoned", &["neutral", "failure"]);
        if breaker.abandoned.is_none()
            && let Some((_, other)) = args.expr("abandoned")
        {
            args.ctxt.error_spanned_by(other, "`abandoned` takes `neutral` or `failure`");
        }
        breaker.key = args.expr("key").map(|(_, expr)| expr);
        if breaker.handle.is_none() {
            breaker.max_keys = max_keys(args, breaker.key.is_some());
            breaker.constants.extend(breaker.max_keys.clone());
        }
        breaker
    }

    fn read_settings(&mut self, args: &mut Args<'_>) {
        let threshold = args.integer("failure_threshold", 1, u32::MAX);
        let rate = args.rate("failure_rate");
        let has_window = args.has("window");
        let window = window(args);
        let min_calls = args.integer("min_calls", 1, u32::MAX);
        let slow_call = args.duration("slow_call");
        let slow_call_rate = args.rate("slow_call_rate");
        let has_reset = args.has("reset_timeout");
        let reset = args.duration("reset_timeout");
        let max_reset = args.duration("max_reset_timeout");

        if let (Some(threshold), Some(_)) = (&threshold, &rate) {
            let message = "`failure_threshold` counts consecutive failures, `failure_rate` their share in a window; \
                           give one of them";
            args.ctxt.error(threshold.span(), message);
        }
        if rate.is_none() && slow_call.is_none() {
            for (name, span) in
                [("window", window.as_ref().map(Window::span)), ("min_calls", min_calls.as_ref().map(Setting::span))]
            {
                if let Some(span) = span {
                    args.ctxt.error(span, format!("`{name}` needs `failure_rate` or `slow_call`"));
                }
            }
        }
        if let (Some(rate), None) = (&slow_call_rate, &slow_call) {
            args.ctxt.error(rate.span(), "`slow_call_rate` needs `slow_call`: from when on a call is slow");
        }
        let calls = match &window {
            None => Some(DEFAULT_WINDOW),
            Some(Window::Calls(calls)) => calls.literal().copied(),
            Some(Window::Duration(_) | Window::Expr(_)) => None,
        };
        if let (Some(calls), Some(Setting::Literal(min, span))) = (calls, &min_calls)
            && *min > calls
            && (window.is_some() || !has_window)
        {
            let message = format!("`min_calls` is above the window of {calls} calls, so it is never reached");
            args.ctxt.error(*span, message);
        }
        let first = reset.as_ref().map_or(Some(DEFAULT_RESET), |reset| reset.literal().copied());
        if let (Some(first), Some(Setting::Literal(max, span))) = (first, &max_reset)
            && first > *max
            && (reset.is_some() || !has_reset)
        {
            let message = format!("`max_reset_timeout` is shorter than `reset_timeout`, which is {first:?}");
            args.ctxt.error(*span, message);
        }

        self.watches_slow_calls = slow_call.is_some();
        self.words = words(threshold.as_ref(), rate.as_ref(), reset.as_ref());
        self.set("failure_threshold", threshold);
        self.set("failure_rate", rate);
        match window {
            Some(Window::Calls(calls)) => self.set("window_calls", Some(calls)),
            Some(Window::Duration(duration)) => self.set("window_duration", Some(duration)),
            Some(Window::Expr(expr)) => self.set_expr("window", expr),
            None => {}
        }
        self.set("min_calls", min_calls);
        self.set("slow_call", slow_call);
        self.set("slow_call_rate", slow_call_rate);
        self.set("reset_timeout", reset);
        self.set("max_reset_timeout", max_reset);
        self.set("success_threshold", args.integer("success_threshold", 1, u32::MAX));
        self.set("max_probes", args.integer("max_probes", 1, u32::MAX));
        self.set("probe_timeout", args.duration("probe_timeout"));
        if let Some((_, hook)) = args.expr("on_state_change") {
            self.set_expr("on_state_change", hook);
        }
    }

    fn set<T: Value>(&mut self, name: &'static str, value: Option<Setting<T>>) {
        match value {
            Some(Setting::Expr(expr)) => self.set_expr(name, *expr),
            Some(literal) => self.settings.push((name, literal.span(), literal.into_token_stream())),
            None => {}
        }
    }

    fn set_expr(&mut self, name: &'static str, expr: Expr) {
        self.settings.push((name, expr.span(), expr.to_token_stream()));
        self.constants.push(expr);
    }

    pub(crate) fn handle(&self) -> Option<&Expr> {
        self.handle.as_ref()
    }

    pub(crate) fn words(&self) -> String {
        match &self.key {
            Some(key) => format!("{}, one per `{}`", self.words, crate::docs::source(key)),
            None => self.words.clone(),
        }
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let variable = layer.variable("circuit_breaker", stack);
        let breaker = quote_spanned!(span=> #root::CircuitBreaker);
        let keyed = quote_spanned!(span=> #root::Keyed<#breaker>);
        match (&self.handle, &self.key) {
            (Some(handle), None) => {
                let handle = stack.handle(handle, &breaker);
                quote_spanned!(span=> let #variable = #handle;)
            }
            (Some(handle), Some(key)) => {
                let handle = stack.handle(handle, &keyed);
                let get = get(key);
                quote_spanned!(span=> let #variable = #handle #get;)
            }
            (None, Some(key)) => {
                let value = self.value(layer, root);
                let max_keys = self.max_keys.as_ref().map(|max| quote_spanned!(span=> .max_keys(#max)));
                let get = get(key);
                quote_spanned!(span=>
                    let #variable = {
                        static CIRCUIT_BREAKER: #keyed = #value.keyed()#max_keys;
                        &CIRCUIT_BREAKER
                    } #get;
                )
            }
            (None, None) => TokenStream::new(),
        }
    }

    /// The layer, which is put around a call.
    pub(crate) fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let breaker = if let Some(expr) = self.handle.as_ref().or(self.key.as_ref()) {
            // Where it was made, so that what is wrong with it is reported there alone.
            let mut variable = layer.variable("circuit_breaker", stack);
            variable.set_span(at(expr));
            quote_spanned!(at(expr)=> &#variable)
        } else {
            let value = self.value(layer, root);
            quote_spanned!(span=> { static CIRCUIT_BREAKER: #root::CircuitBreaker = #value; &CIRCUIT_BREAKER })
        };
        let tag = layer.tag(stack);
        let abandoned = self.handle.as_ref().and_then(|_| self.abandoned(root));
        quote_spanned!(span=> #root::__private::circuit_breaker(#breaker)#tag #abandoned)
    }

    fn value(&self, layer: &Layer, root: &Root) -> TokenStream {
        let span = Span::mixed_site();
        let settings = self.settings.iter().map(|(name, at, value)| {
            let span = span.located_at(*at);
            let name = Ident::new(name, span);
            quote_spanned!(span=> .#name(#value))
        });
        let abandoned = self.abandoned(root);
        let named = layer.named();
        quote_spanned!(span=> #root::CircuitBreaker::new()#(#settings)* #abandoned #named)
    }

    fn abandoned(&self, root: &Root) -> Option<TokenStream> {
        let variant = match self.abandoned.as_ref()? {
            word if word == "failure" => quote_spanned!(Span::mixed_site()=> Failure),
            _ => quote_spanned!(Span::mixed_site()=> Neutral),
        };
        Some(quote_spanned!(Span::mixed_site()=> .abandoned(#root::Abandoned::#variant)))
    }
}

/// `.get(&KEY)`
fn get(key: &Expr) -> TokenStream {
    let borrowed = borrowed_parts(key);
    quote_spanned!(at(key)=> .get(#borrowed))
}

/// The key by reference. Of a tuple it is each part, so that none is moved away from the body.
fn borrowed_parts(key: &Expr) -> TokenStream {
    match key {
        Expr::Tuple(tuple) => {
            let parts = tuple.elems.iter().map(borrowed_parts);
            quote_spanned!(at(key)=> &(#(#parts,)*))
        }
        Expr::Paren(paren) => borrowed_parts(&paren.expr),
        key => borrowed(key),
    }
}

enum Window {
    Calls(Setting<u32>),
    Duration(Setting<Duration>),
    Expr(Expr),
}

impl Window {
    fn span(&self) -> Span {
        match self {
            Self::Calls(calls) => calls.span(),
            Self::Duration(duration) => duration.span(),
            Self::Expr(expr) => syn::spanned::Spanned::span(expr),
        }
    }
}

/// `window = 100` or `window = "30s"`
fn window(args: &mut Args<'_>) -> Option<Window> {
    match args.peek("window").map(literal) {
        Some(Some(Lit::Str(_))) => {
            let window = args.duration("window")?;
            if window.literal().is_some_and(Duration::is_zero) {
                args.ctxt.error(window.span(), "a window of no length holds nothing, e.g. `window = \"30s\"`");
            }
            Some(Window::Duration(window))
        }
        None | Some(Some(Lit::Int(_))) => args.integer("window", 1, LARGEST_WINDOW).map(Window::Calls),
        Some(Some(_)) => {
            let (_, other) = args.expr("window")?;
            args.ctxt
                .error_spanned_by(other, "`window` takes a number of calls or a duration, e.g. `100` or `\"30s\"`");
            None
        }
        Some(None) if args.peek("window").is_some_and(is_negative) => {
            args.integer("window", 1, LARGEST_WINDOW).map(Window::Calls)
        }
        Some(None) => args.expr("window").map(|(_, expr)| Window::Expr(expr)),
    }
}

fn max_keys(args: &mut Args<'_>, keyed: bool) -> Option<Expr> {
    let is_literal = args.peek("max_keys").is_some_and(|expr| literal(expr).is_some());
    let (span, value) = if is_literal {
        let keys = args.integer("max_keys", 1, u32::MAX)?;
        (keys.span(), syn::parse_quote!(#keys))
    } else {
        let (name, expr) = args.expr("max_keys")?;
        (name.span(), expr)
    };
    if !keyed {
        args.ctxt.error(span, "`max_keys` needs `key = ..`");
    }
    Some(value)
}

fn words(threshold: Option<&Setting<u32>>, rate: Option<&Setting<f64>>, reset: Option<&Setting<Duration>>) -> String {
    let opens = match (threshold, rate) {
        (_, Some(rate)) => format!("a failure rate of {}", crate::docs::setting(rate)),
        (Some(threshold), None) => format!("{} consecutive failures", crate::docs::setting(threshold)),
        (None, None) => "5 consecutive failures".to_owned(),
    };
    let reset = reset.map_or_else(|| "30s".to_owned(), crate::docs::duration);
    format!("opens at {opens} for {reset}")
}
