//! `#[fallback(stale = ..)]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::Parse;
use syn::{Expr, GenericArgument, Ident, PathArguments, Type};

use super::Args;
use super::setting::{Setting, literal};
use super::stateful::{borrowed_parts, is_constant, max_keys};
use crate::check::borrow;
use crate::ctxt::Ctxt;
use crate::emit::{Root, at};
use crate::policy::{Around, Layer};
use crate::shape::Shape;
use crate::stack::Stack;

const EXAMPLE: &str = "e.g. `stale = \"10m\"`";

#[expect(clippy::struct_field_names, reason = "`on_stale` is the name of the argument")]
pub(super) struct Stale {
    from: Option<From>,
    key: Option<Expr>,
    max_keys: Option<Expr>,
    on_stale: Option<Expr>,
}

/// Where the last success is kept.
enum From {
    /// `stale = ..`: by the function, for less than that.
    Own(Setting<Duration>),
    /// `stale(..)`: in a value that was made elsewhere.
    Shared(Box<Expr>),
}

impl Stale {
    pub(super) fn read(args: &mut Args<'_>) -> Self {
        if let Some(answer) = args.positional() {
            let message = "an answer and `stale` are two fallbacks; write two attributes, one above the other: \
                           `#[fallback(ANSWER)]` for the last resort and `#[fallback(stale = ..)]` beneath it";
            args.ctxt.error_spanned_by(answer, message);
        }
        if args.has_handle() {
            args.refuse_beside_handle(&["max_keys"]);
        }
        let from = from(args);
        let key = args.expr("key").map(|(_, expr)| expr);
        let max_keys = max_keys(args, key.is_some());
        let on_stale = args.expr("on_stale").map(|(_, expr)| expr);
        Self { from, key, max_keys, on_stale }
    }

    /// A local of the expansion.
    fn variable(name: &str, span: Span, layer: &Layer, stack: &Stack) -> Ident {
        let mut variable = layer.variable(name, stack);
        variable.set_span(span);
        variable
    }
}

fn from(args: &mut Args<'_>) -> Option<From> {
    let (name, value) = args.list_or_expr("stale")?;
    match value {
        Ok(list) if list.stream().is_empty() => {
            let message =
                format!("`stale()` names no shared `StaleFallback`; give it, or how old an answer may be, {EXAMPLE}");
            args.ctxt.error(name.span(), message);
            None
        }
        Ok(list) => {
            let policy = args.parse_list(&list, Expr::parse)?;
            if literal(&policy).is_some() {
                let age = match crate::duration::literal(&policy) {
                    Some(Ok(_)) => format!("write `stale = {}`", policy.to_token_stream()),
                    _ => format!("write how old an answer may be, {EXAMPLE}"),
                };
                let message = format!("expected a shared `StaleFallback` in `stale(..)`; {age}");
                args.ctxt.error_spanned_by(policy, message);
                return None;
            }
            Some(From::Shared(Box::new(policy)))
        }
        Err(expr) => {
            let max_age = args.duration_of(expr)?;
            if let Setting::Literal(Duration::ZERO, span) = max_age {
                args.ctxt.error(span, format!("no answer is younger than nothing; say how old it may be, {EXAMPLE}"));
            }
            Some(From::Own(max_age))
        }
    }
}

impl Around for Stale {
    fn words(&self) -> String {
        let last = match &self.from {
            Some(From::Own(max_age)) => format!("the last success, younger than {}", crate::docs::duration(max_age)),
            Some(From::Shared(policy)) => format!("the last success, as `{}` says", crate::docs::source(policy)),
            None => "the last success".to_owned(),
        };
        match &self.key {
            Some(key) => format!("{last}, one per `{}`", crate::docs::source(key)),
            None => format!("{last}, one for all calls"),
        }
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let from = match &self.from {
            Some(From::Own(Setting::Expr(max_age))) => {
                let variable = Self::variable("max_age", span, layer, stack);
                if may_be_a_policy(max_age) {
                    let root = root.at(at(&**max_age));
                    let value = quote_spanned!(at(&**max_age)=> #root::__private::max_age(&#max_age));
                    quote_spanned!(span=> let #variable = #value;)
                } else {
                    let ty = quote_spanned!(at(max_age)=> ::core::time::Duration);
                    quote_spanned!(span=> let #variable: #ty = #max_age;)
                }
            }
            Some(From::Shared(policy)) => {
                let variable = Self::variable("stale", span, layer, stack);
                let listed = stack.listed(policy);
                let handle = stack.shared_handle(policy, &quote_spanned!(span=> #root::StaleFallback));
                quote_spanned!(span=> #listed let #variable = #handle;)
            }
            _ => TokenStream::new(),
        };
        let key = self.key.as_ref().map(|key| {
            let variable = Self::variable("key", span, layer, stack);
            let borrowed = borrowed_parts(key);
            let root = root.at(at(key));
            let taken = quote_spanned!(at(key)=> #root::__private::key(#borrowed));
            quote_spanned!(span=> let #variable = #taken;)
        });
        quote_spanned!(span=> #from #key)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let policy = if let Some(From::Shared(policy)) = &self.from {
            let variable = Self::variable("stale", at(&**policy), layer, stack);
            quote_spanned!(at(&**policy)=> &#variable)
        } else {
            let max_age = match &self.from {
                Some(From::Own(max_age @ Setting::Literal(..))) => max_age.to_token_stream(),
                _ => quote_spanned!(span=> ::core::time::Duration::MAX),
            };
            let max_keys = self.max_keys.as_ref().map(|max| quote_spanned!(at(max)=> .max_keys(#max)));
            let (ty, common) = (quote_spanned!(span=> #root::StaleFallback), layer.common());
            layer.kept(root, &ty, &quote_spanned!(span=> #ty::new(#max_age)#max_keys #common))
        };
        let key = if let Some(key) = &self.key {
            let variable = Self::variable("key", at(key), layer, stack);
            quote_spanned!(at(key)=> &#variable)
        } else {
            quote_spanned!(span=> #root::__private::NO_KEY)
        };
        let max_age = match &self.from {
            Some(From::Own(Setting::Expr(_))) => {
                let variable = Self::variable("max_age", span, layer, stack);
                Some(quote_spanned!(span=> .max_age(#variable)))
            }
            _ => None,
        };
        let mark = stack.marks_answers().then(|| quote_spanned!(span=> .mark(answered)));
        quote_spanned!(span=> #root::__private::stale(#policy, #key)#max_age #mark)
    }

    /// The class, what is kept, and the hook.
    fn judges(&self, layer: &Layer, root: &Root, output: &Type) -> Option<TokenStream> {
        let span = Span::mixed_site();
        let class = layer.filter.class_of_answers(root, output);
        // At the return type, where the compiler points when its success cannot be kept.
        let there = root.at(at(output));
        let keeper = quote_spanned!(at(output)=> |keeps| #there::__private::keeper::<#output, _>((&&keeps).part()));
        let hook = match &self.on_stale {
            // By a function, so that what is wrong with the hook is one error, there.
            Some(hook) => {
                let root = root.at(at(hook));
                let told = quote_spanned!(at(hook)=> #root::__private::told(event, #hook));
                quote_spanned!(span=> |event| #told)
            }
            None => quote_spanned!(span=> |_| ()),
        };
        Some(quote_spanned!(span=> #class, #keeper, #hook))
    }

    fn later(&self) -> TokenStream {
        self.on_stale.to_token_stream()
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, _above: &[Layer], stack: &Stack, shape: &Shape) {
        for setting in self.max_keys.iter().chain(layer.common.flags.exprs()) {
            let elsewhere = "a `StaleFallback` that was made elsewhere, as in `#[fallback(stale(self.prices))]`";
            is_constant(ctxt, setting, elsewhere, stack);
        }
        if let Some(borrow) = borrow(success(&shape.written_output)) {
            let message = "`stale` keeps the success after the call, so it can borrow nothing; return an owned value, \
                           or one in an `Arc`";
            ctxt.error_spanned_by(borrow, message);
        }
    }

    fn acts_on_successes(&self) -> bool {
        false
    }
}

/// Whether `stale = ANSWERS` may be meant as `stale(ANSWERS)`, which its type tells.
fn may_be_a_policy(max_age: &Expr) -> bool {
    let Expr::Path(path) = max_age else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|last| !last.ident.to_string().contains(char::is_lowercase))
}

/// The part of a return type that is kept, as far as its name tells.
fn success(output: &Type) -> &Type {
    let Type::Path(path) = output else { return output };
    let Some(last) = path.path.segments.last() else { return output };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return output };
    let first = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    first.filter(|_| last.ident.to_string().ends_with("Result")).unwrap_or(output)
}
