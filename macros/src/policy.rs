//! A policy and its place in the stack.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Ident, Type};

use crate::args::Common;
use crate::args::fallback::Fallback;
use crate::args::filter::Filter;
use crate::args::retry::Retry;
use crate::args::setting::Setting;
use crate::ctxt::Ctxt;
use crate::emit::Root;
use crate::function::Function;
use crate::kind::Kind;
use crate::shape::Shape;
use crate::stack::Stack;

/// What an attribute asks for, by the form that it has in the expansion.
pub(crate) enum Policy {
    /// A call around a call: `let call = LAYER.around(call);`.
    Around(Box<dyn Around>),
    /// A loop around an attempt.
    Retry(Box<Retry>),
    /// An answer after an outcome.
    Fallback(Box<Fallback>),
}

/// A policy that takes a call and gives back a call.
pub(crate) trait Around {
    /// In words, for the docs of the function.
    fn words(&self) -> String;

    /// What is evaluated once, before the body.
    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream;

    /// The layer, which is put around a call.
    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream;

    /// What its layer takes after the call.
    fn judges(&self, layer: &Layer, root: &Root, output: &Type) -> Option<TokenStream> {
        layer.kind.facts().judges.then(|| layer.filter.class(root, output))
    }

    /// What it evaluates after the body, and where arguments may be named.
    fn later(&self) -> TokenStream {
        TokenStream::new()
    }

    /// Refuses what cannot work in its place, `above` being the layers around it.
    fn check(&self, _ctxt: &Ctxt, _layer: &Layer, _above: &[Layer], _stack: &Stack, _shape: &Shape) {}

    /// Refuses functions that it cannot stand on.
    fn check_function(&self, _ctxt: &Ctxt, _layer: &Layer, _stack: &Stack, _function: &Function) {}

    /// Whether it may run what is beneath it more than once. It then takes a closure that makes calls:
    /// `let call = LAYER.around(|| CALL);`.
    fn repeats(&self) -> bool {
        false
    }

    /// The type and the value of its state, where that can be shared by several functions.
    fn shared(&self, _layer: &Layer, _stack: &Stack) -> Option<(TokenStream, TokenStream)> {
        None
    }

    /// How long a call of it takes at most.
    fn limit(&self) -> Option<&Setting<Duration>> {
        None
    }

    /// Whether it has anything to do where no call beneath it ever fails.
    fn acts_on_successes(&self) -> bool {
        true
    }
}

/// A policy that is its settings, as the code that makes it, without what every policy has.
pub(crate) struct Made {
    pub(crate) value: TokenStream,
    /// With those settings alone that are the same for all calls.
    pub(crate) known: TokenStream,
    /// The other settings.
    pub(crate) varying: Vec<&'static str>,
}

impl Made {
    /// With settings that are all the same for all calls.
    pub(crate) fn constant(value: TokenStream) -> Self {
        Self { known: value.clone(), value, varying: Vec::new() }
    }
}

/// A policy in its place in the stack.
pub(crate) struct Layer {
    pub(crate) kind: Kind,
    pub(crate) policy: Policy,
    pub(crate) common: Common,
    /// Where the attribute stands.
    pub(crate) span: Span,
    /// Its own filters, completed by those of `#[outcome]`.
    pub(crate) filter: Filter,
    /// Tells its variables and its rejections from those of the other layers: 1 is the outermost.
    pub(crate) number: u8,
    /// Where its name stands in a set, which tells the copies of one declaration: `7:12`.
    pub(crate) set: Option<String>,
}

impl Layer {
    /// Whether it may run what is beneath it more than once.
    pub(crate) fn repeats(&self) -> bool {
        match &self.policy {
            Policy::Around(policy) => policy.repeats(),
            Policy::Retry(_) => true,
            Policy::Fallback(_) => false,
        }
    }

    pub(crate) fn is_retry(&self) -> bool {
        matches!(self.policy, Policy::Retry(_))
    }

    /// Whether it may answer in place of what is beneath it.
    pub(crate) fn rejects(&self) -> bool {
        self.kind.facts().rejects
    }

    /// Whether it asks what a failure is.
    pub(crate) fn judges(&self, root: &Root, output: &Type) -> bool {
        match &self.policy {
            Policy::Around(policy) => policy.judges(self, root, output).is_some(),
            Policy::Retry(_) | Policy::Fallback(_) => true,
        }
    }

    /// Whether it handles all that is rejected beneath it.
    pub(crate) fn is_fallback(&self) -> bool {
        matches!(self.policy, Policy::Fallback(_))
    }

    /// Whether it answers with the last success.
    pub(crate) fn is_stale(&self) -> bool {
        self.kind == Kind::Fallback && !self.is_fallback()
    }

    /// How long a call of it takes at most.
    pub(crate) fn limit(&self) -> Option<&Setting<Duration>> {
        match &self.policy {
            Policy::Around(policy) => policy.limit(),
            Policy::Retry(_) | Policy::Fallback(_) => None,
        }
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        let words = match &self.policy {
            Policy::Around(policy) => policy.words(),
            Policy::Retry(retry) => retry.words(),
            Policy::Fallback(fallback) => fallback.words(),
        };
        format!("**{}**: {words}{}", self.kind.name().replace('_', " "), self.common.flags.words())
    }

    /// What is evaluated once, before the body.
    pub(crate) fn prelude(&self, stack: &Stack) -> TokenStream {
        match &self.policy {
            Policy::Around(policy) => policy.prelude(self, stack),
            Policy::Retry(retry) => retry.prelude(self, stack),
            Policy::Fallback(_) => TokenStream::new(),
        }
    }

    /// A variable of this layer: with its number, where another layer has one of that name too.
    pub(crate) fn variable(&self, name: &str, stack: &Stack) -> Ident {
        let same = |other: &&Layer| other.kind == self.kind;
        if stack.layers.iter().filter(same).count() == 1 {
            Ident::new(name, Span::mixed_site())
        } else {
            Ident::new(&format!("{name}_{}", self.number), Span::mixed_site())
        }
    }

    /// The `static` of this layer, in a block of its own: `CIRCUIT_BREAKER`.
    pub(crate) fn item(&self) -> Ident {
        Ident::new(&self.kind.name().to_uppercase(), Span::mixed_site())
    }

    /// Marks the rejections of this layer, where the outer end must tell them from others.
    pub(crate) fn tag(&self, stack: &Stack) -> Option<TokenStream> {
        let number = proc_macro2::Literal::u8_unsuffixed(self.number);
        (self.common.error.is_some() && stack.tells_rejections_apart())
            .then(|| quote_spanned!(Span::mixed_site()=> .tag(#number)))
    }

    /// The attribute, as it is spelled in messages.
    pub(crate) fn name(&self) -> String {
        format!("#[{}]", self.kind.name())
    }

    /// `.enabled(..).name("..")`: what every policy has, in the end of the chain that makes it.
    pub(crate) fn common(&self) -> TokenStream {
        let (flags, named) = (self.common.flags.tokens(), self.named());
        quote_spanned!(Span::mixed_site()=> #flags.#named)
    }

    /// `name("..")` where one was given, the function's path otherwise.
    fn named(&self) -> TokenStream {
        match &self.common.name {
            Some(name) => quote_spanned!(Span::mixed_site()=> name(#name)),
            None => quote_spanned!(Span::mixed_site()=> inside(&|| {})),
        }
    }

    /// `; in "7:12"`
    fn of_set(&self) -> Option<TokenStream> {
        self.set.as_ref().map(|set| quote_spanned!(Span::mixed_site()=> ; in #set))
    }

    /// `{ static RETRY: Retry = VALUE; &RETRY }`, for a policy that keeps state.
    pub(crate) fn kept(&self, root: &Root, ty: &TokenStream, value: &TokenStream) -> TokenStream {
        let (item, set) = (self.item(), self.of_set());
        quote_spanned!(Span::mixed_site()=> #root::__private::policy!(static #item: #ty = #value #set))
    }

    /// As `kept`, for a policy that is its settings, over which others may be put.
    pub(crate) fn constant(&self, root: &Root, ty: &TokenStream, Made { value, varying, .. }: Made) -> TokenStream {
        let (item, common, set) = (self.item(), self.common(), self.of_set());
        let varying = (!varying.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> ; #(#varying),*));
        quote_spanned!(Span::mixed_site()=> #root::__private::controlled!(static #item: #ty = #value #common #varying #set))
    }

    /// As `constant`, for one that each call makes: a value.
    pub(crate) fn made(&self, root: &Root, ty: &TokenStream, made: Made) -> TokenStream {
        let (item, common, flags, named) = (self.item(), self.common(), &self.common.flags, self.named());
        let Made { value, known, mut varying } = made;
        let known_flags = flags.literals();
        varying.extend(flags.varying());
        let set = self.of_set();
        quote_spanned!(Span::mixed_site()=> #root::__private::controlled!(
            #item: #ty = #value #common; #known #known_flags.#named; #(#varying),* #set
        ))
    }
}
