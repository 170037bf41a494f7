//! Policies that keep state: in a `static` of the function, one for each key, or shared and named by an expression.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, ExprBlock, ExprClosure, ExprPath, Ident};

use super::Args;
use super::setting::{Setting, Value, literal};
use crate::ctxt::Ctxt;
use crate::emit::{at, borrowed};
use crate::policy::{Around, Layer};
use crate::shape::Shape;
use crate::stack::Stack;

/// What a policy is called in the expansion and in messages.
pub(super) struct Type {
    /// `CircuitBreaker`
    pub(super) name: &'static str,
    /// `a breaker`
    pub(super) noun: &'static str,
    /// An attribute that works.
    pub(super) example: &'static str,
    /// `new`
    pub(super) constructor: &'static str,
    /// The settings that it takes, in that order.
    pub(super) new: &'static [&'static str],
}

pub(crate) struct Stateful {
    pub(super) ty: &'static Type,
    /// What the settings say in words.
    pub(super) words: String,
    /// A shared policy in place of settings.
    handle: Option<Expr>,
    /// `.method(value)`, in the order of the docs.
    settings: Vec<(&'static str, Span, TokenStream)>,
    /// The settings that are no literals; they must be constant.
    constants: Vec<Expr>,
    key: Option<Expr>,
    max_keys: Option<Expr>,
}

impl Stateful {
    /// Reads what they have in common. The settings are still to be read, unless there is a handle.
    pub(super) fn read(args: &mut Args<'_>, ty: &'static Type) -> Self {
        let handle = args.handle(ty.example);
        let is_shared = handle.is_some();
        if is_shared {
            args.refuse_beside_handle(args.kind.facts().settings);
        }
        let key = args.expr("key").map(|(_, expr)| expr);
        let max_keys = if is_shared { None } else { max_keys(args, key.is_some()) };
        let constants = max_keys.clone().into_iter().collect();
        Self { ty, words: String::new(), handle, settings: Vec::new(), constants, key, max_keys }
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

    /// What is evaluated once, before the body: the handle, and the policy of a key. `more` are settings of another form.
    pub(super) fn taken(&self, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        let ty = self.ty;
        let span = Span::mixed_site();
        let root = &stack.root;
        let name = Ident::new(ty.name, span);
        let variable = layer.variable(layer.kind.name(), stack);
        let policy = quote_spanned!(span=> #root::#name);
        let keyed = quote_spanned!(span=> #root::Keyed<#policy>);
        match (&self.handle, &self.key) {
            (Some(handle), None) => {
                let (listed, handle) = (stack.listed(handle), stack.stateful_handle(handle, &policy));
                quote_spanned!(span=> #listed let #variable = #handle;)
            }
            (Some(handle), Some(key)) => {
                let (listed, handle) = (stack.listed(handle), stack.stateful_handle(handle, &keyed));
                let get = get(key);
                quote_spanned!(span=> #listed let #variable = #handle #get;)
            }
            (None, Some(key)) => {
                let (keyed, value) = self.made(layer, stack, more);
                let get = get(key);
                let made = layer.kept(root, &keyed, &value);
                quote_spanned!(span=> let #variable = #made #get;)
            }
            (None, None) => TokenStream::new(),
        }
    }

    /// The policy by reference.
    pub(super) fn policy(&self, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        if let Some(expr) = self.handle.as_ref().or(self.key.as_ref()) {
            // Where it was made, so that what is wrong with it is reported there alone.
            let mut variable = layer.variable(layer.kind.name(), stack);
            variable.set_span(at(expr));
            return quote_spanned!(at(expr)=> &#variable);
        }
        let (ty, value) = self.made(layer, stack, more);
        layer.kept(&stack.root, &ty, &value)
    }

    /// The type and the value of what stands in the `static`.
    fn made(&self, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> (TokenStream, TokenStream) {
        let span = Span::mixed_site();
        let root = &stack.root;
        let name = Ident::new(self.ty.name, span);
        let value = self.value(layer, stack, more);
        if self.key.is_none() {
            return (quote_spanned!(span=> #root::#name), value);
        }
        let max_keys = self.max_keys.as_ref().map(|max| quote_spanned!(span=> .max_keys(#max)));
        (quote_spanned!(span=> #root::Keyed<#root::#name>), quote_spanned!(span=> #value.keyed()#max_keys))
    }

    fn value(&self, layer: &Layer, stack: &Stack, more: Option<&TokenStream>) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let ty = self.ty;
        let is_needed = |name: &str| ty.new.contains(&name);
        let needed = self.settings.iter().filter(|(name, ..)| is_needed(name)).map(|(.., value)| value);
        let settings = self.settings.iter().filter(|(name, ..)| !is_needed(name)).map(|(name, at, value)| {
            let span = span.located_at(*at);
            let name = Ident::new(name, span);
            quote_spanned!(span=> .#name(#value))
        });
        let common = layer.common();
        let (name, constructor) = (Ident::new(ty.name, span), Ident::new(ty.constructor, span));
        quote_spanned!(span=> #root::#name::#constructor(#(#needed),*)#(#settings)* #more #common)
    }
}

/// A policy of which there is no more to say than its settings.
impl Around for Stateful {
    fn words(&self) -> String {
        let words = match &self.handle {
            Some(handle) => format!("`{}`, shared", crate::docs::source(handle)),
            None => self.words.clone(),
        };
        match &self.key {
            Some(key) => format!("{words}, one per `{}`", crate::docs::source(key)),
            None => words,
        }
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        self.taken(layer, stack, None)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let root = &stack.root;
        let policy = self.policy(layer, stack, None);
        let function = Ident::new(layer.kind.name(), Span::mixed_site());
        let tag = layer.tag(stack);
        quote_spanned!(Span::mixed_site()=> #root::__private::#function(#policy)#tag)
    }

    fn shared(&self, layer: &Layer, stack: &Stack) -> Option<(TokenStream, TokenStream)> {
        self.handle.is_none().then(|| self.made(layer, stack, None))
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, _above: &[Layer], stack: &Stack, _shape: &Shape) {
        let (noun, attribute) = (self.ty.noun, layer.name());
        let (attribute, field) = (attribute.trim_end_matches(']'), noun.trim_start_matches("a "));
        let otherwise = format!("{noun} that was made elsewhere, as in `{attribute}(self.{field})]`");
        for setting in self.constants.iter().chain(layer.common.flags.exprs()) {
            is_constant(ctxt, setting, &otherwise, stack);
        }
    }
}

/// `.get(&KEY)`
fn get(key: &Expr) -> TokenStream {
    let borrowed = borrowed_parts(key);
    quote_spanned!(at(key)=> .get(#borrowed))
}

/// The key by reference. Of a tuple it is each part, so that none is moved away from the body.
pub(super) fn borrowed_parts(key: &Expr) -> TokenStream {
    match key {
        Expr::Tuple(tuple) => {
            let parts = tuple.elems.iter().map(borrowed_parts);
            quote_spanned!(at(key)=> &(#(#parts,)*))
        }
        Expr::Paren(paren) => borrowed_parts(&paren.expr),
        key => borrowed(key),
    }
}

pub(super) fn max_keys(args: &mut Args<'_>, keyed: bool) -> Option<Expr> {
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

/// What stands in a `static` is the same for all calls, so that no argument may be named. `otherwise` says what else
/// to do.
pub(super) fn is_constant(ctxt: &Ctxt, setting: &Expr, otherwise: &str, stack: &Stack) {
    struct Argument<'a>(&'a Stack, Option<&'a Ident>);
    impl<'ast: 'a, 'a> Visit<'ast> for Argument<'a> {
        fn visit_expr_path(&mut self, path: &'ast ExprPath) {
            let name = path.path.get_ident().filter(|name| self.0.mentions_argument(name.to_token_stream()));
            self.1 = self.1.or(name);
        }

        // They may have names of their own.
        fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
        fn visit_expr_block(&mut self, _: &'ast ExprBlock) {}
    }
    let mut argument = Argument(stack, None);
    argument.visit_expr(setting);
    if let Some(name) = argument.1 {
        let name_of = if name == "__self" { "self".to_owned() } else { name.to_string() };
        let message = format!(
            "`{name_of}` is an argument, and the settings are the same for all calls; give a constant, or \
             {otherwise}"
        );
        ctxt.error(name.span(), message);
    }
}
