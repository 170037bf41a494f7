//! Where in a function the code is that the policies go around.
//!
//! ```text
//! async fn f() -> R { BODY }
//! fn f() -> R { BODY }
//! fn f() -> impl Future<Output = R> { ..; async move { BODY } }
//! fn f() -> Pin<Box<dyn Future<Output = R>>> { ..; Box::pin(async move { BODY }) }
//! fn f() -> Pin<Box<dyn Future<Output = R>>> {                  // as `#[async_trait]` leaves it
//!     Box::pin(async move { ..; let __ret: R = { BODY }; __ret })
//! }
//! ```

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprAsync, GenericArgument, Pat, PathArguments, PathSegment, ReturnType, Stmt, Type, TypeParamBound,
};

use crate::ctxt::Ctxt;
use crate::function::Function;

pub(crate) struct Shape {
    /// Whether the policies may wait without blocking.
    pub(crate) is_async: bool,
    /// What the body returns, each `impl Trait` written `_`, so that it can stand in the body.
    pub(crate) output: Type,
    /// The same as it is written in the signature.
    pub(crate) written_output: Type,
    /// The statements that the policies go around.
    pub(crate) body: TokenStream,
    /// How `self` is called there, where it is not `self`.
    pub(crate) receiver: Option<Ident>,
    around: Around,
}

/// What stands around the body and stays.
enum Around {
    Nothing,
    /// `..; PIN(async move { LEAD.. BODY })`, and `let __ret: R = { BODY }; TRAIL` where a pattern is given.
    Async {
        before: Vec<Stmt>,
        tail: Box<Expr>,
        lead: Vec<Stmt>,
        binding: Option<Box<(Pat, Vec<Stmt>)>>,
    },
}

impl Shape {
    /// `None` where an error was reported.
    pub(crate) fn of(ctxt: &Ctxt, function: &Function) -> Option<Self> {
        let written = match &function.signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        let whole = |is_async| Self {
            is_async,
            output: without_impl(written.clone()),
            written_output: written.clone(),
            body: function.statements(),
            receiver: None,
            around: Around::Nothing,
        };
        if function.is_async() {
            return Some(whole(true));
        }
        if let Some(output) = future_output(&written) {
            return Self::of_future(ctxt, function, &written, output);
        }
        if ends_in_async(&function.statements()) {
            let message = "this function returns a future of a type that is not known to be one; write it \
                           `impl Future<Output = R>` or `Pin<Box<dyn Future<Output = R>>>`";
            ctxt.error_spanned_by(written, message);
            return None;
        }
        Some(whole(false))
    }

    fn of_future(ctxt: &Ctxt, function: &Function, written: &Type, output: Type) -> Option<Self> {
        let parsed = Block::parse_within.parse2(function.statements());
        let mut before = parsed.map_err(|error| ctxt.push(error)).ok()?;
        let last = before.pop();
        let is_literal = |tail: &Expr| async_block(&mut tail.clone()).is_some();
        let tail = match last {
            Some(Stmt::Expr(tail, None)) if is_literal(&tail) => tail,
            _ => {
                let message = "this function returns a future whose body cannot be seen; end it with \
                               `async move { .. }` or `Box::pin(async move { .. })`, or make it an `async fn`";
                ctxt.error_spanned_by(written, message);
                return None;
            }
        };
        let mut tail = Box::new(tail);
        let mut lead = core::mem::take(&mut async_block(&mut tail)?.block.stmts);
        let receiver = renamed_receiver(&lead);
        let (output, body, binding) = match typed_binding(&mut lead) {
            Some((ty, body, pat, after)) => (ty, body, Some(Box::new((pat, after)))),
            None => (output, core::mem::take(&mut lead), None),
        };
        Some(Self {
            is_async: true,
            output: without_impl(output.clone()),
            written_output: output,
            body: quote!(#(#body)*),
            receiver,
            around: Around::Async { before, tail, lead, binding },
        })
    }

    /// The body of the function, `expanded` in place of what the policies go around.
    pub(crate) fn wrap(self, expanded: TokenStream) -> TokenStream {
        let Around::Async { before, mut tail, lead, binding } = self.around else { return expanded };
        let inner = match binding.map(|binding| *binding) {
            None => quote!(#(#lead)* #expanded),
            Some((pat, trail)) => quote!(#(#lead)* let #pat = { #expanded }; #(#trail)*),
        };
        if let Some(block) = async_block(&mut tail) {
            block.block.stmts = vec![Stmt::Expr(Expr::Verbatim(inner), None)];
        }
        quote!(#(#before)* #tail)
    }
}

/// `async move { .. }`, also within `Box::pin(..)`.
fn async_block(tail: &mut Expr) -> Option<&mut ExprAsync> {
    match tail {
        Expr::Async(block) => Some(block),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if call.args.len() == 1 && path.path.segments.last()?.ident == "pin" => {
                async_block(call.args.first_mut()?)
            }
            _ => None,
        },
        Expr::Group(group) => async_block(&mut group.expr),
        Expr::Paren(paren) => async_block(&mut paren.expr),
        _ => None,
    }
}

/// Takes the last `let __ret: R = { BODY }` and what follows it out of the statements that `#[async_trait]` wrote.
fn typed_binding(lead: &mut Vec<Stmt>) -> Option<(Type, Vec<Stmt>, Pat, Vec<Stmt>)> {
    let last = lead.iter().rposition(|stmt| matches!(stmt, Stmt::Local(_)))?;
    let follows: TokenStream = lead.iter().skip(last + 1).map(ToTokens::to_token_stream).collect();
    let Some(Stmt::Local(local)) = lead.get_mut(last) else { return None };
    let Pat::Type(typed) = &local.pat else { return None };
    let of_async_trait = match &*typed.pat {
        Pat::Ident(name) => name.ident == "__ret" && follows.to_string().ends_with("__ret"),
        Pat::Wild(_) => follows.is_empty() && typed.ty.to_token_stream().to_string() == "()",
        _ => false,
    };
    let (true, Some(init)) = (of_async_trait, &mut local.init) else { return None };
    let Expr::Block(block) = &mut *init.expr else { return None };
    let body = core::mem::take(&mut block.block.stmts);
    let (ty, pat) = ((*typed.ty).clone(), local.pat.clone());
    let trail = lead.drain(last..).skip(1).collect();
    Some((ty, body, pat, trail))
}

/// `let __self = self;`, as `#[async_trait]` writes it.
fn renamed_receiver(lead: &[Stmt]) -> Option<Ident> {
    lead.iter().find_map(|stmt| {
        let Stmt::Local(local) = stmt else { return None };
        let Pat::Ident(name) = &local.pat else { return None };
        let init = local.init.as_ref()?;
        (name.ident == "__self" && init.expr.to_token_stream().to_string() == "self").then(|| name.ident.clone())
    })
}

/// `tokens` with `self` called as it is in the body.
pub(crate) fn rename_self(tokens: TokenStream, name: &Ident) -> TokenStream {
    tokens
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Ident(word) if word == "self" => TokenTree::Ident(Ident::new(&name.to_string(), name.span())),
            TokenTree::Group(group) => {
                let mut renamed = proc_macro2::Group::new(group.delimiter(), rename_self(group.stream(), name));
                renamed.set_span(group.span());
                TokenTree::Group(renamed)
            }
            other => other,
        })
        .collect()
}

/// `R` of a type that is a future of it, `_` where that does not say.
fn future_output(ty: &Type) -> Option<Type> {
    match ty {
        Type::ImplTrait(imp) => output_of_bounds(imp.bounds.iter()),
        Type::Group(group) => future_output(&group.elem),
        Type::Paren(paren) => future_output(&paren.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" => future_output(type_argument(last)?),
                "Box" => match type_argument(last)? {
                    Type::TraitObject(object) => output_of_bounds(object.bounds.iter()),
                    _ => None,
                },
                "BoxFuture" | "LocalBoxFuture" => type_argument(last).cloned(),
                _ => None,
            }
        }
        _ => None,
    }
}

fn output_of_bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Type> {
    let mut traits = bounds.filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let future = traits.find(|segment| segment.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else { return Some(syn::parse_quote!(_)) };
    let output = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(assoc.ty.clone()),
        _ => None,
    });
    Some(output.unwrap_or_else(|| syn::parse_quote!(_)))
}

fn type_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether a body that is otherwise not looked into ends in `async { .. }` or `pin(async { .. })`.
fn ends_in_async(statements: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = statements.clone().into_iter().collect();
    let word = |tree: Option<&TokenTree>, word: &str| matches!(tree, Some(TokenTree::Ident(ident)) if ident == word);
    match trees.split_last() {
        Some((TokenTree::Group(group), before)) => {
            let before_move = if word(before.last(), "move") { before.len() - 1 } else { before.len() };
            match group.delimiter() {
                proc_macro2::Delimiter::Brace => word(before[..before_move].last(), "async"),
                proc_macro2::Delimiter::Parenthesis => word(before.last(), "pin") && ends_in_async(&group.stream()),
                _ => false,
            }
        }
        _ => false,
    }
}

/// `Result<impl Display, E>` as `Result<_, E>`: the only way to spell it outside of a signature.
fn without_impl(mut ty: Type) -> Type {
    struct Infer;
    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(imp) = ty {
                let span = imp.impl_token.span;
                *ty = syn::parse_quote_spanned!(span=> _);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    Infer.visit_type_mut(&mut ty);
    ty
}

/// Whether `#[tokio::main]` or `#[tokio::test]` wrote the body: what they say of a runtime that cannot be built, and
/// what they do with one that can.
pub(crate) fn is_tokio_entry(tokens: &TokenStream) -> bool {
    fn holds(tokens: &TokenStream, wanted: &dyn Fn(&TokenTree) -> bool) -> bool {
        tokens.clone().into_iter().any(|tree| match &tree {
            TokenTree::Group(group) => holds(&group.stream(), wanted),
            tree => wanted(tree),
        })
    }
    holds(tokens, &|tree| matches!(tree, TokenTree::Ident(name) if name == "block_on"))
        && holds(
            tokens,
            &|tree| matches!(tree, TokenTree::Literal(text) if text.to_string() == "\"Failed building the Runtime\""),
        )
}

/// Whether the code was expanded by this crate already: an attribute of ours under another name.
pub(crate) fn is_expanded(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) if ident == "__private" => Some(ident.span()),
        TokenTree::Group(group) => is_expanded(&group.stream()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_futures_are_known() {
        let output =
            |ty: &str| future_output(&syn::parse_str(ty).unwrap()).map(|output| output.to_token_stream().to_string());
        for ty in [
            "impl Future<Output = R>",
            "impl Send + ::core::future::Future<Output = R> + 'a",
            "Pin<Box<dyn Future<Output = R> + Send + 'a>>",
            "(std::pin::Pin<Box<dyn std::future::Future<Output = R>>>)",
            "BoxFuture<'a, R>",
            "futures::future::LocalBoxFuture<'static, R>",
        ] {
            assert_eq!(output(ty).as_deref(), Some("R"), "{ty}");
        }
        assert_eq!(output("impl Future").as_deref(), Some("_"));
        for ty in ["R", "Reply<R>", "Box<dyn Error>", "Pin<Box<R>>", "impl IntoFuture<Output = R>", "()", "&'a str"] {
            assert_eq!(output(ty), None, "{ty}");
        }
    }

    #[test]
    fn the_last_words_of_a_body_give_a_future_away() {
        let ends = |body: &str| ends_in_async(&body.parse().unwrap());
        for body in ["async {}", "let x = 1; async move { x }", "Box::pin(async move {})", "pin(async {})"] {
            assert!(ends(body), "{body}");
        }
        for body in
            ["", "async {};", "async {}.await", "block_on(async {})", "if a { async {} } else { b }", "move_ {}"]
        {
            assert!(!ends(body), "{body}");
        }
    }

    #[test]
    fn opaque_types_are_left_open() {
        let written = syn::parse_str("Result<(impl A, Vec<impl B>), E>").unwrap();
        assert_eq!(without_impl(written).to_token_stream().to_string(), "Result < (_ , Vec < _ >) , E >");
    }

    #[test]
    fn self_is_renamed_at_any_depth() {
        let renamed = rename_self("self.a(|x| [self.b, x])".parse().unwrap(), &Ident::new("__self", Span::call_site()));
        assert_eq!(renamed.to_string(), "__self . a (| x | [__self . b , x])");
    }
}
