//! `#[circuit_breaker]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Ident, Lit};

use super::Args;
use super::setting::{Setting, is_negative, literal};
use super::stateful::{Stateful, Type};
use crate::ctxt::Ctxt;
use crate::emit::Root;
use crate::kind::Facts;
use crate::policy::{Around, Layer, Policy};
use crate::shape::Shape;
use crate::stack::Stack;

pub(crate) const FACTS: Facts = Facts {
    name: "circuit_breaker",
    arguments: &[
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
    ],
    settings: &[
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
    ],
    judges: true,
    rejects: true,
    read: Some(|args| Policy::Around(Box::new(CircuitBreaker::read(args)))),
};

const DEFAULT_WINDOW: u32 = 100;
const DEFAULT_RESET: Duration = Duration::from_secs(30);

/// As many outcomes as a count window can hold.
const LARGEST_WINDOW: u32 = 65_536;

const POLICY: Type = Type {
    name: "CircuitBreaker",
    noun: "a breaker",
    example: "#[circuit_breaker(failure_threshold = 5)]",
    constructor: "new",
    new: &[],
};

struct CircuitBreaker {
    shared: Stateful,
    watches_slow_calls: bool,
    abandoned: Option<Ident>,
}

impl CircuitBreaker {
    fn read(args: &mut Args<'_>) -> Self {
        let shared = Stateful::read(args, &POLICY);
        let mut breaker = Self { shared, watches_slow_calls: false, abandoned: None };
        if breaker.shared.handle().is_none() {
            breaker.read_settings(args);
        }
        breaker.abandoned = args.take_word("abandoned", &["neutral", "failure"]);
        if breaker.abandoned.is_none()
            && let Some((_, other)) = args.expr("abandoned")
        {
            args.ctxt.error_spanned_by(other, "`abandoned` takes `neutral` or `failure`");
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
        self.shared.words = words(threshold.as_ref(), rate.as_ref(), reset.as_ref());
        let shared = &mut self.shared;
        shared.set("failure_threshold", threshold);
        shared.set("failure_rate", rate);
        match window {
            Some(Window::Calls(calls)) => shared.set("window_calls", Some(calls)),
            Some(Window::Duration(duration)) => shared.set("window_duration", Some(duration)),
            Some(Window::Expr(expr)) => shared.set_expr("window", expr),
            None => {}
        }
        shared.set("min_calls", min_calls);
        shared.set("slow_call", slow_call);
        shared.set("slow_call_rate", slow_call_rate);
        shared.set("reset_timeout", reset);
        shared.set("max_reset_timeout", max_reset);
        shared.set("success_threshold", args.integer("success_threshold", 1, u32::MAX));
        shared.set("max_probes", args.integer("max_probes", 1, u32::MAX));
        shared.set("probe_timeout", args.duration("probe_timeout"));
        if let Some((_, hook)) = args.expr("on_state_change") {
            shared.set_expr("on_state_change", hook);
        }
    }

    fn abandoned(&self, root: &Root) -> Option<TokenStream> {
        let variant = match self.abandoned.as_ref()? {
            word if word == "failure" => quote_spanned!(Span::mixed_site()=> Failure),
            _ => quote_spanned!(Span::mixed_site()=> Neutral),
        };
        Some(quote_spanned!(Span::mixed_site()=> .abandoned(#root::Abandoned::#variant)))
    }
}

impl Around for CircuitBreaker {
    fn words(&self) -> String {
        self.shared.words()
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        self.shared.taken(layer, stack, self.abandoned(&stack.root).as_ref())
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let root = &stack.root;
        let abandoned = self.abandoned(root);
        let breaker = self.shared.policy(layer, stack, abandoned.as_ref());
        let tag = layer.tag(stack);
        let abandoned = self.shared.handle().and(abandoned);
        quote_spanned!(Span::mixed_site()=> #root::__private::circuit_breaker(#breaker)#tag #abandoned)
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, above: &[Layer], stack: &Stack, shape: &Shape) {
        self.shared.check(ctxt, layer, above, stack, shape);
    }

    fn shared(&self, layer: &Layer, stack: &Stack) -> Option<(TokenStream, TokenStream)> {
        self.shared.shared(layer, stack)
    }

    fn acts_on_successes(&self) -> bool {
        self.watches_slow_calls || self.shared.handle().is_some()
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

fn words(threshold: Option<&Setting<u32>>, rate: Option<&Setting<f64>>, reset: Option<&Setting<Duration>>) -> String {
    let opens = match (threshold, rate) {
        (_, Some(rate)) => format!("a failure rate of {}", crate::docs::setting(rate)),
        (Some(threshold), None) => format!("{} consecutive failures", crate::docs::setting(threshold)),
        (None, None) => "5 consecutive failures".to_owned(),
    };
    let reset = reset.map_or_else(|| "30s".to_owned(), crate::docs::duration);
    format!("opens at {opens} for {reset}")
}
