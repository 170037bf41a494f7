//! `policies!`: stacks that have a name, and many functions under each.
//!
//! ```text
//! policies! {                               enum upstream {}
//!     upstream: [                           impl upstream {
//!         retry(attempts = 4),                  fn circuit_breaker() -> &'static CircuitBreaker {
//!         circuit_breaker(                          static CIRCUIT_BREAKER: CircuitBreaker = ..;
//!             failure_threshold = 3,                &CIRCUIT_BREAKER
//!             ignore(Err(Error::NotFound)),     }
//!         ),                                }
//!     ]                                     macro_rules! __steadfast_upstream {
//! }                                             (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => {
//!                                                   $($above)*
//!                                                   #[::steadfast::retry(@ attempts = 4)]
//!                                                   #[::steadfast::circuit_breaker(
//!                                                       @ $($set)*::circuit_breaker(), ignore(Err(Error::NotFound)),
//!                                                   )]
//!                                                   $($item)*
//!                                               };
//!                                           }
//!                                           use __steadfast_upstream as upstream;
//! ```
//!
//! The type and the macro have one name, so that one `use` brings both. `#[resilient(upstream)]` calls the macro with the
//! function, and tells it where the type is. The `@` says that names in the arguments are those of the function.

mod cfg;
mod krate;
mod parse;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Visibility;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};

pub(crate) use self::cfg::conditions;
use self::krate::{Steadfast, in_this_crate, with_placeholder, without_placeholder};
use self::parse::{Entry, Set};
use crate::args::Args;
use crate::collect::Collected;
use crate::ctxt::Ctxt;
use crate::function::Function;
use crate::kind::Kind;
use crate::policy::{Layer, Policy};
use crate::shape::Shape;
use crate::stack::Stack;
use crate::{check, docs};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let ctxt = Ctxt::new();
    let mut sets: Vec<Set> = Vec::new();
    let mut path = TokenStream::new();
    let read = |input: ParseStream<'_>| {
        path = parse::root(&ctxt, input)?;
        while !input.is_empty() {
            sets.extend(parse::set(&ctxt, input)?);
        }
        Ok(())
    };
    if let Err(error) = read.parse2(input) {
        ctxt.push(error);
    }
    let root = Steadfast::read(&ctxt, path);
    one_of_each_name(&ctxt, &mut sets);
    let sets: TokenStream = sets.into_iter().map(|set| set.declare(&ctxt, &root)).collect();
    let errors = ctxt.check().err().map(|errors| errors.to_compile_error());
    quote!(#errors #sets)
}

/// Under conditions there may be several, of which one is there.
fn one_of_each_name(ctxt: &Ctxt, sets: &mut Vec<Set>) {
    let mut seen = HashSet::new();
    sets.retain(|Set { name, attributes, .. }| {
        let is_first = !conditions(attributes).is_empty() || seen.insert(name.clone());
        if !is_first {
            ctxt.error(name.span(), format!("there is a set `{name}` above; give one of them another name"));
        }
        is_first
    });
}

impl Set {
    fn declare(mut self, ctxt: &Ctxt, root: &Steadfast) -> TokenStream {
        let quiet = Ctxt::new();
        let stack = self.read(&quiet, root);
        let conditions = conditions(&self.attributes);
        let (items, attributes) = match quiet.check() {
            Ok(()) if !self.is_mistaken => {
                docs::append_to_set(&mut self.attributes, &stack);
                self.policies(ctxt, root, &stack, &conditions)
            }
            // Once here, and not again under each function, which comes out as it was written.
            result => {
                ctxt.ok(result);
                (TokenStream::new(), TokenStream::new())
            }
        };
        let Self { attributes: written, visibility, name, .. } = self;
        let span = Span::mixed_site();
        let bare = name.unraw();
        let (export, hidden) = match &visibility {
            Visibility::Public(_) => {
                (Some(quote_spanned!(span=> #[macro_export])), format!("__steadfast_{bare}_{}", place(&name)))
            }
            _ => (None, format!("__steadfast_{bare}")),
        };
        let hidden = Ident::new(&hidden, Span::call_site());
        quote_spanned!(span=>
            #(#written)*
            #[allow(non_camel_case_types, dead_code)]
            #visibility enum #name {}
            #items
            #(#conditions)*
            #[doc(hidden)]
            #[allow(unused_macros, non_local_definitions)]
            #export
            macro_rules! #hidden {
                (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => { $($above)* #attributes $($item)* };
            }
            #(#conditions)*
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            #visibility use #hidden as #name;
        )
    }

    /// The stack as it would be on a function of which nothing is known yet.
    fn read(&self, ctxt: &Ctxt, root: &Steadfast) -> Stack {
        let attributes = self
            .entries
            .iter()
            .map(|entry| Collected::outermost(entry.kind, entry.span, in_this_crate(entry.args.clone())));
        let mut stack = Stack::read(ctxt, self.name.span(), attributes.collect(), None);
        if root.here.is_given() {
            stack.root = root.here.clone();
        }
        let function = Function::parse(
            ctxt,
            Kind::Resilient,
            quote!(
                async fn f() {}
            ),
        );
        if let Ok(function) = function
            && let Some(shape) = Shape::of(ctxt, &function)
            && !self.is_mistaken
        {
            check::check(ctxt, &stack, &function, &shape);
        }
        stack
    }

    /// The policies that all functions share, and the attributes of each of them.
    fn policies(
        &self,
        ctxt: &Ctxt,
        root: &Steadfast,
        stack: &Stack,
        conditions: &[TokenStream],
    ) -> (TokenStream, TokenStream) {
        let mut methods = TokenStream::new();
        let mut attributes = TokenStream::new();
        let mut layers = stack.layers.iter();
        for entry in &self.entries {
            let layer = if entry.kind.is_policy() { layers.next() } else { None };
            let shared = layer.and_then(|layer| shared(layer, stack).map(|method| (layer, method)));
            let attribute = Ident::new(entry.kind.name(), entry.span);
            let args = match (shared, entry.own) {
                (Some((layer, method)), None) => {
                    methods.extend(self.method(layer, stack, &method));
                    entry.beside(&layer.variable(entry.kind.name(), stack))
                }
                (None, Some(own)) => {
                    let message = match entry.handle() {
                        Some(handle) => {
                            format!("`{handle}` is made elsewhere, and is shared as it is; leave `own` out")
                        }
                        None => format!("`{attribute}` shares nothing here; leave `own` out"),
                    };
                    ctxt.error(own, message);
                    continue;
                }
                _ => entry.args.clone(),
            };
            let there = &root.there;
            let root_argument = root.argument(&args);
            let root = if there.is_empty() { root.here.at(entry.span) } else { there.clone() };
            attributes.extend(quote_spanned!(entry.span=> #[#root::#attribute(@ #args #root_argument)]));
        }
        let name = &self.name;
        let methods =
            (!methods.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> #(#conditions)* impl #name { #methods }));
        (methods.unwrap_or_default(), attributes)
    }

    fn method(&self, layer: &Layer, stack: &Stack, (ty, value): &(TokenStream, TokenStream)) -> TokenStream {
        let visibility = &self.visibility;
        let method = Ident::new(&layer.variable(layer.kind.name(), stack).to_string(), Span::call_site());
        let policy = layer.kept(&stack.root, ty, value);
        // Whoever wants to look at the policy calls the method, and many a set has nobody who does: no dead code.
        let doc = format!(" The {} that the functions of this set share.", layer.kind.name().replace('_', " "));
        quote_spanned!(Span::mixed_site()=>
            #[doc = #doc]
            #[allow(dead_code)]
            #[must_use]
            #[inline]
            #visibility fn #method() -> &'static #ty {
                #policy
            }
        )
    }
}

impl Entry {
    /// The policy that it names, of a kind that keeps state and yet is not made here.
    fn handle(&self) -> Option<String> {
        if !matches!(self.kind, Kind::CircuitBreaker | Kind::Bulkhead | Kind::RateLimit) {
            return None;
        }
        let is_comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
        let first: TokenStream = self.args.clone().into_iter().take_while(|tree| !is_comma(tree)).collect();
        Some(docs::source(&first))
    }

    /// The arguments beside the shared policy `method` of the set: without the settings, which that has.
    fn beside(&self, method: &Ident) -> TokenStream {
        let quiet = Ctxt::new();
        let mut args = Args::parse(&quiet, self.kind, self.span, with_placeholder(self.args.clone()));
        args.drop_settings();
        let method = Ident::new(&method.to_string(), self.span);
        let rest = without_placeholder(args.into_tokens());
        // Nothing new: all of this was read before.
        let _ = quiet.check();
        let set = quote_spanned!(Span::mixed_site()=> $($set)*);
        quote_spanned!(self.span=> #set::#method(), #rest)
    }
}

/// The type and the value of a policy that is made here.
fn shared(layer: &Layer, stack: &Stack) -> Option<(TokenStream, TokenStream)> {
    match &layer.policy {
        Policy::Around(policy) => policy.shared(layer, stack),
        Policy::Retry(_) | Policy::Fallback(_) => None,
    }
}

/// A name for this call of `policies!`: exported macros of one crate are all in one list. A macro may call it more than once
/// at one place; the compiler gives each call a number in turn, the same in every build of one source.
fn place(name: &Ident) -> String {
    let mut hasher = DefaultHasher::new();
    let span = name.span();
    if proc_macro::is_available() {
        span.unwrap().file().hash(&mut hasher);
    }
    (span.start().line, span.start().column).hash(&mut hasher);
    // `#5 bytes(10..20)`; of the bytes nothing, which differ by what was compiled before.
    let call = format!("{:?}", Span::call_site());
    call.split_once('#').map(|(_, number)| number.split(|c: char| !c.is_ascii_digit()).next()).hash(&mut hasher);
    format!("{:x}", hasher.finish())
}
