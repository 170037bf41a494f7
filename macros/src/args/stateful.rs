//! Policies that keep state: in a `static` of the function, one for each key, or shared and named by an expression.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident};

use super::Args;
use super::setting::{Setting, Value, literal};
use crate::emit::{at, borrowed};
use crate::policy::{Layer, Stack};

/// The names of a policy in the expansion.
pub(super) struct Type {
    /// `CircuitBreaker`
    pub(super) name: &'static str,
    /// `circuit_breaker`
    pub(super) variable: &'static str,
    /// `CIRCUIT_BREAKER`
    pub(super) item: &'static str,
    /// The settings without which there is none, in the order in which `new` takes them.
    pub(super) new: &'static [&'static str],
}

#[derive(Default)]
pub(crate) struct Stateful {
    /// A shared policy in place of settings.
    handle: Option<Expr>,
    /// `.method(value)`, in the order of the docs.
    settings: Vec<(&'static str, Span, TokenStream)>,
    /// The settings that are no literals; they must be constant.
    pub(crate) constants: Vec<Expr>,
    key: Option<Expr>,
    max_keys: Option<Expr>,
}

impl Stateful {
    /// Reads what they have in common; `settings` are those that a shared policy has of its own.
    pub(super) fn read(args: &mut Args<'_>, example: &str, settings: &[&'static str]) -> Self {
        let mut stateful = Self { handle: args.handle(example), ..Self::default() };
        if stateful.handle.is_some() {
            args.refuse_beside_handle(settings);
        }
        stateful.key = args.expr("key").map(|(_, expr)| expr);
        if stateful.handle.is_none() {
            stateful.max_keys = max_keys(args, stateful.key.is_some());
            stateful.constants.extend(stateful.max_keys.clone());
        }
        stateful
    }

    pub(super) fn set<T: Value>(&mut self, name: &'static str, value: Option<Setting<T>>) {
        match value {
            Some(Setting::Expr(expr)) => self.set_expr(name, *expr),
            Some(literal) => self.settings.push((name, literal.span(), literal.into_token_stream())),
            None => {}
        }
    }

    pub(super) fn set_expr(&mut self, name: &'static str, expr: Expr) {
        self.settings.push((name, expr.span(), expr.to_token_stream()));
        self.constants.push(expr);
    }

    pub(crate) fn handle(&self) -> Option<&Expr> {
        self.handle.as_ref()
    }

    /// What the settings say in words, or what stands in their place.
    pub(super) fn words(&self, settings: &str) -> String {
        let words = match &self.handle {
            Some(handle) => format!("`{}`, shared", crate::docs::source(handle)),
            None => settings.to_owned(),
        };
        match &self.key {
            Some(key) => format!("{words}, one per `{}`", crate::docs::source(key)),
            None => words,
        }
    }

    /// What is evaluated once, before the body: the handle, and the policy of a key. `more` are settings of another form.
    pub(super) fn prelude(&self, ty: &Type, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let (name, item) = (Ident::new(ty.name, span), Ident::new(ty.item, span));
        let variable = layer.variable(ty.variable, stack);
        let policy = quote_spanned!(span=> #root::#name);
        let keyed = quote_spanned!(span=> #root::Keyed<#policy>);
        match (&self.handle, &self.key) {
            (Some(handle), None) => {
                let handle = stack.handle(handle, &policy);
                quote_spanned!(span=> let #variable = #handle;)
            }
            (Some(handle), Some(key)) => {
                let handle = stack.handle(handle, &keyed);
                let get = get(key);
                quote_spanned!(span=> let #variable = #handle #get;)
            }
            (None, Some(key)) => {
                let value = self.value(ty, layer, stack, more);
                let max_keys = self.max_keys.as_ref().map(|max| quote_spanned!(span=> .max_keys(#max)));
                let get = get(key);
                quote_spanned!(span=>
                    let #variable = {
                        static #item: #keyed = #value.keyed()#max_keys;
                        &#item
                    } #get;
                )
            }
            (None, None) => TokenStream::new(),
        }
    }

    /// The policy by reference.
    pub(super) fn policy(&self, ty: &Type, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        if let Some(expr) = self.handle.as_ref().or(self.key.as_ref()) {
            // Where it was made, so that what is wrong with it is reported there alone.
            let mut variable = layer.variable(ty.variable, stack);
            variable.set_span(at(expr));
            return quote_spanned!(at(expr)=> &#variable);
        }
        let (name, item) = (Ident::new(ty.name, span), Ident::new(ty.item, span));
        let value = self.value(ty, layer, stack, more);
        quote_spanned!(span=> { static #item: #root::#name = #value; &#item })
    }

    fn value(&self, ty: &Type, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let is_needed = |name: &str| ty.new.contains(&name);
        let needed = self.settings.iter().filter(|(name, ..)| is_needed(name)).map(|(.., value)| value);
        let settings = self.settings.iter().filter(|(name, ..)| !is_needed(name)).map(|(name, at, value)| {
            let span = span.located_at(*at);
            let name = Ident::new(name, span);
            quote_spanned!(span=> .#name(#value))
        });
        let named = layer.named();
        let name = Ident::new(ty.name, span);
        quote_spanned!(span=> #root::#name::new(#(#needed),*)#(#settings)* #more #named)
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
