//! `#[bulkhead]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::adaptive::Adaptive;
use super::setting::Setting;
use super::stateful::{Stateful, Type};
use crate::ctxt::Ctxt;
use crate::docs;
use crate::emit::Root;
use crate::kind::Facts;
use crate::policy::{Around, Layer, Policy};
use crate::shape::Shape;
use crate::stack::Stack;

pub(crate) const FACTS: Facts = Facts {
    name: "bulkhead",
    arguments: &["max_concurrent", "adaptive", "max_wait", "max_queue", "key", "max_keys", "clone"],
    settings: &["max_concurrent", "adaptive", "max_wait", "max_queue", "max_keys"],
    judges: false,
    rejects: true,
    read: Some(|args| Policy::Around(Box::new(Bulkhead::read(args)))),
};

/// As many as can wait.
const LONGEST_QUEUE: u32 = (1 << 30) - 1;

const POLICY: Type = Type {
    name: "Bulkhead",
    noun: "a bulkhead",
    example: "#[bulkhead(max_concurrent = 10)]",
    constructor: "new",
    new: &["max_concurrent"],
};

const ADAPTIVE: Type = Type { constructor: "adaptive", new: &["min", "max"], ..POLICY };

struct Bulkhead {
    shared: Stateful,
    /// Whether it may be adaptive, and learn from what calls return.
    learns: bool,
}

impl Bulkhead {
    fn read(args: &mut Args<'_>) -> Self {
        let mistaken = args.is_positional();
        let shared = Stateful::read(args, &POLICY);
        let learns = shared.handle().is_some();
        let mut bulkhead = Self { shared, learns };
        if bulkhead.shared.handle().is_none() {
            bulkhead.read_settings(args, mistaken);
        }
        bulkhead
    }

    /// `mistaken`: something was given in place of the settings, and reported.
    fn read_settings(&mut self, args: &mut Args<'_>, mistaken: bool) {
        let is_adaptive = args.has("adaptive");
        if !mistaken && args.lacks("max_concurrent") && !is_adaptive {
            args.ctxt.error(
                args.span,
                "`#[bulkhead]` needs `max_concurrent`: how many calls run at once, e.g. \
                 `#[bulkhead(max_concurrent = 10)]`; or `adaptive`, which finds that out from how long they take",
            );
        }
        let max_concurrent = args.integer("max_concurrent", 1, u32::MAX);
        let adaptive = args.adaptive();
        if let (Some(max_concurrent), true) = (&max_concurrent, is_adaptive) {
            let message = "`max_concurrent` sets the limit, `adaptive` finds it; give one of them, and the most that it \
                           may find as `adaptive(max = ..)`";
            args.ctxt.error(max_concurrent.span(), message);
        }
        let waits = args.has("max_wait");
        let max_wait = args.duration("max_wait");
        let max_queue = args.integer("max_queue", 1, LONGEST_QUEUE);
        if let (Some(queue), false) = (&max_queue, waits) {
            let message = "`max_queue` needs `max_wait`: how long a call waits, e.g. `max_wait = \"1s\"`";
            args.ctxt.error(queue.span(), message);
        }
        self.shared.words = words(max_concurrent.as_ref(), adaptive.as_ref(), max_wait.as_ref(), max_queue.as_ref());
        self.shared.set("max_concurrent", max_concurrent);
        if let Some(Adaptive { min, max, initial }) = adaptive {
            self.learns = true;
            self.shared.ty = &ADAPTIVE;
            self.shared.set("min", Some(min));
            self.shared.set("max", Some(max));
            self.shared.set("initial", initial);
        }
        self.shared.set("max_wait", max_wait);
        self.shared.set("max_queue", max_queue);
    }
}

impl Around for Bulkhead {
    fn words(&self) -> String {
        self.shared.words()
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        self.shared.prelude(layer, stack)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let bulkhead = self.shared.layer(layer, stack);
        let watching = self.learns.then(|| quote_spanned!(Span::mixed_site()=> .watching()));
        quote_spanned!(Span::mixed_site()=> #bulkhead #watching)
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, above: &[Layer], stack: &Stack, shape: &Shape) {
        self.shared.check(ctxt, layer, above, stack, shape);
    }

    fn shared(&self, layer: &Layer, stack: &Stack) -> Option<(TokenStream, TokenStream)> {
        self.shared.shared(layer, stack)
    }

    fn judges(&self, layer: &Layer, root: &Root, output: &syn::Type) -> Option<TokenStream> {
        self.learns.then(|| layer.filter.class(root, output))
    }
}

fn words(
    max_concurrent: Option<&Setting<u32>>,
    adaptive: Option<&Adaptive>,
    max_wait: Option<&Setting<Duration>>,
    max_queue: Option<&Setting<u32>>,
) -> String {
    let (runs, as_many) = match (max_concurrent, adaptive) {
        (Some(max), _) => (format!("at most {} at once", docs::setting(max)), docs::setting(max)),
        (None, Some(Adaptive { min, max, .. })) => {
            let (min, max) = (docs::setting(min), docs::setting(max));
            (format!("{min} to {max} at once, as many as latency allows"), "as many".to_owned())
        }
        (None, None) => return String::new(),
    };
    match max_wait {
        None | Some(Setting::Literal(Duration::ZERO, _)) => runs,
        Some(wait) => {
            let queue = max_queue.map_or(as_many, docs::setting);
            format!("{runs}, {queue} wait up to {}", docs::duration(wait))
        }
    }
}
