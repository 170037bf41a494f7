//! The policies of one stack, read from their attributes.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Expr, Ident};

use crate::args::bulkhead::Bulkhead;
use crate::args::circuit_breaker::CircuitBreaker;
use crate::args::fallback::Fallback;
use crate::args::filter::Filter;
use crate::args::outcome::Outcome;
use crate::args::rate_limit::RateLimit;
use crate::args::retry::Retry;
use crate::args::timeout::Timeout;
use crate::args::{Args, Common};
use crate::collect::Collected;
use crate::ctxt::Ctxt;
use crate::emit::{Root, at, borrowed};
use crate::function::{Argument, Function, Passed};

/// An attribute of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Retry,
    CircuitBreaker,
    Bulkhead,
    RateLimit,
    Timeout,
    Fallback,
    Outcome,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Retry,
        Self::CircuitBreaker,
        Self::Bulkhead,
        Self::RateLimit,
        Self::Timeout,
        Self::Fallback,
        Self::Outcome,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Bulkhead => "bulkhead",
            Self::RateLimit => "rate_limit",
            Self::Timeout => "timeout",
            Self::Fallback => "fallback",
            Self::Outcome => "outcome",
        }
    }

    pub(crate) fn of(name: &Ident) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| name == kind.name())
    }
}

/// What an attribute asks for.
pub(crate) enum Policy {
    Retry(Retry),
    CircuitBreaker(CircuitBreaker),
    Bulkhead(Bulkhead),
    RateLimit(RateLimit),
    Timeout(Timeout),
    Fallback(Fallback),
}

/// A policy in its place in the stack.
pub(crate) struct Layer {
    pub(crate) policy: Policy,
    pub(crate) common: Common,
    /// Where the attribute stands.
    pub(crate) span: Span,
    /// Its own filters, completed by those of `#[outcome]`.
    pub(crate) filter: Filter,
    /// Tells its variables and its rejections from those of the other layers: 1 is the outermost.
    pub(crate) number: u8,
}

/// All the policies of a function, the outermost first.
pub(crate) struct Stack {
    /// Where the outermost attribute stands.
    pub(crate) span: Span,
    pub(crate) layers: Vec<Layer>,
    pub(crate) root: Root,
    pub(crate) docs: bool,
    /// The arguments that each attempt gets a clone of.
    pub(crate) clones: Vec<Ident>,
    /// `error` of `#[outcome]`.
    pub(crate) error: Option<Expr>,
    /// What the arguments of the function bind.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) receiver: Option<Passed>,
}

impl Stack {
    pub(crate) fn read(ctxt: &Ctxt, span: Span, attributes: Vec<Collected>, function: &Function) -> Self {
        let mut layers = Vec::new();
        let mut outcome: Option<Outcome> = None;
        let mut clones = Vec::new();
        let mut root = None;
        let mut docs = true;
        for Collected { kind, span, args, .. } in attributes.into_iter().filter(|attribute| !attribute.is_mistaken) {
            let says_nothing = kind == Kind::Outcome && args.is_empty();
            let mut args = Args::parse(ctxt, kind, span, args);
            let common = Common::read(&mut args);
            let filter = Filter::read(&mut args);
            clones.extend(args.clones(function));
            root = root.or_else(|| common.root.clone());
            docs &= common.docs;
            let policy = match kind {
                Kind::Retry => Policy::Retry(Retry::read(&mut args)),
                Kind::CircuitBreaker => Policy::CircuitBreaker(CircuitBreaker::read(&mut args)),
                Kind::Bulkhead => Policy::Bulkhead(Bulkhead::read(&mut args)),
                Kind::RateLimit => Policy::RateLimit(RateLimit::read(&mut args)),
                Kind::Timeout => Policy::Timeout(Timeout::read(&mut args)),
                Kind::Fallback => Policy::Fallback(Fallback::read(&mut args)),
                Kind::Outcome => {
                    if outcome.is_some() {
                        ctxt.error(span, "duplicate `#[outcome]`; one says it for the whole stack");
                    } else if says_nothing {
                        ctxt.error(span, "`#[outcome]` says nothing; give it an argument, e.g. `on(Err(_))`");
                    }
                    outcome = Some(Outcome { filter, error: common.error });
                    args.finish();
                    continue;
                }
            };
            args.finish();
            let number = u8::try_from(layers.len() + 1).unwrap_or(u8::MAX);
            layers.push(Layer { policy, common, span, filter, number });
        }
        let outcome = outcome.unwrap_or_default();
        for layer in &mut layers {
            layer.filter.complete(&outcome.filter, matches!(layer.policy, Policy::Retry(_)));
        }
        let root = Root::new(root);
        let mut seen = Vec::new();
        clones.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        let (arguments, receiver) = (function.arguments(), function.receiver());
        Self { span, layers, root, docs, clones, error: outcome.error, arguments, receiver }
    }

    /// Whether the body may run more than once.
    pub(crate) fn repeats(&self) -> bool {
        self.layers.iter().any(Layer::repeats)
    }

    /// Whether several policies reject, and not all of them convert their rejections alike.
    pub(crate) fn tells_rejections_apart(&self) -> bool {
        self.layers.iter().filter(|layer| layer.rejects()).count() > 1
    }

    /// A shared policy of type `policy`, taken before the body without keeping what it was taken from borrowed.
    pub(crate) fn handle(&self, expr: &Expr, policy: &TokenStream) -> TokenStream {
        // `&self.breaker` as `self.breaker`, which is borrowed, or cloned, as its type needs.
        let expr = match expr {
            Expr::Reference(reference) if reference.mutability.is_none() => &*reference.expr,
            expr => expr,
        };
        let root = self.root.at(at(expr));
        let taken = |name: &Ident| self.arguments.iter().any(|a| a.name == *name && a.kind != Passed::Ref);
        let in_self = matches!(self.receiver, Some(Passed::Mut | Passed::Value));
        let detached =
            mentions(expr.to_token_stream(), &|name| taken(name) || (in_self && (name == "self" || name == "__self")));
        let function = if detached { "detached_handle" } else { "handle" };
        let function = Ident::new(function, at(expr));
        let borrowed = borrowed(expr);
        quote_spanned!(at(expr)=> #root::__private::#function::<#policy, _, _>(#borrowed))
    }

    /// Whether `tokens` name an argument of the function.
    pub(crate) fn mentions_argument(&self, tokens: TokenStream) -> bool {
        // `__self` is how `#[async_trait]` calls it.
        mentions(tokens, &|name| {
            name == "self" || name == "__self" || self.arguments.iter().any(|argument| argument.name == *name)
        })
    }
}

/// Whether any identifier in `tokens`, at any depth, is one that is asked for.
fn mentions(tokens: TokenStream, asked: &impl Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => asked(&name),
        TokenTree::Group(group) => mentions(group.stream(), asked),
        TokenTree::Literal(literal) => inline_arguments(&literal.to_string()).iter().any(asked),
        TokenTree::Punct(_) => false,
    })
}

/// What a literal names where it is a format string: `"a guest, number {id:>width$}"`.
fn inline_arguments(literal: &str) -> Vec<Ident> {
    let placeholders = literal.split('{').skip(1).filter_map(|after| Some(after.split_once('}')?.0));
    let words = placeholders.flat_map(|inside| inside.split(|c: char| c != '_' && !c.is_alphanumeric()));
    words.filter_map(|word| Ident::parse_any.parse_str(word).ok()).collect()
}

impl Layer {
    /// Whether it may run what is beneath it more than once.
    pub(crate) fn repeats(&self) -> bool {
        matches!(self.policy, Policy::Retry(_))
    }

    /// Whether it may answer in place of what is beneath it.
    pub(crate) fn rejects(&self) -> bool {
        matches!(
            self.policy,
            Policy::CircuitBreaker(_) | Policy::Bulkhead(_) | Policy::RateLimit(_) | Policy::Timeout(_)
        )
    }

    pub(crate) fn is_fallback(&self) -> bool {
        matches!(self.policy, Policy::Fallback(_))
    }

    /// A variable of this layer: with its number, where another layer has one of that name too.
    pub(crate) fn variable(&self, name: &str, stack: &Stack) -> Ident {
        let same = |other: &&Layer| core::mem::discriminant(&other.policy) == core::mem::discriminant(&self.policy);
        if stack.layers.iter().filter(same).count() == 1 {
            Ident::new(name, Span::mixed_site())
        } else {
            Ident::new(&format!("{name}_{}", self.number), Span::mixed_site())
        }
    }

    /// Marks the rejections of this layer, where the outer end must tell them from others.
    pub(crate) fn tag(&self, stack: &Stack) -> Option<TokenStream> {
        let number = proc_macro2::Literal::u8_unsuffixed(self.number);
        (self.common.error.is_some() && stack.tells_rejections_apart())
            .then(|| quote_spanned!(Span::mixed_site()=> .tag(#number)))
    }

    /// The attribute, as it is spelled in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.policy {
            Policy::Retry(_) => "#[retry]",
            Policy::CircuitBreaker(_) => "#[circuit_breaker]",
            Policy::Bulkhead(_) => "#[bulkhead]",
            Policy::RateLimit(_) => "#[rate_limit]",
            Policy::Timeout(_) => "#[timeout]",
            Policy::Fallback(_) => "#[fallback]",
        }
    }

    /// `.name("..")` where one was given, the function's path otherwise.
    pub(crate) fn named(&self) -> TokenStream {
        match &self.common.name {
            Some(name) => quote_spanned!(Span::mixed_site()=> .name(#name)),
            None => quote_spanned!(Span::mixed_site()=> .inside(&|| {})),
        }
    }
}
