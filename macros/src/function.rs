//! The annotated function, taken apart no further than is needed.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{AttrStyle, Attribute, FnArg, Pat, PatIdent, ReceiverKind, Signature, Type, Visibility, token};

use crate::collect;
use crate::ctxt::Ctxt;
use crate::kind::Kind;
use crate::policies::conditions;

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    /// `default`, as specialisation has it.
    defaultness: Option<Ident>,
    pub(crate) signature: Signature,
    brace: token::Brace,
    /// The tokens between the braces, as they were written; kept as tokens, so that a body costs no parsing.
    statements: TokenStream,
}

/// What an attribute stands on, where that is no function with a body.
pub(crate) struct NoFunction {
    pub(crate) item: TokenStream,
    /// Whether it stands where an expression does.
    pub(crate) is_expression: bool,
}

impl Function {
    pub(crate) fn parse(ctxt: &Ctxt, kind: Kind, item: TokenStream) -> Result<Self, NoFunction> {
        let parse = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let item: TokenStream = input.parse()?;
            Ok((attributes, item))
        };
        let (mut attributes, rest) = parse.parse2(item.clone()).map_err(|error| {
            ctxt.push(error);
            NoFunction { item, is_expression: false }
        })?;
        let parse = |input: ParseStream<'_>| Self::parse_stream(input, kind, attributes.clone());
        parse.parse2(rest.clone()).map_err(|error| {
            let (error, is_expression) = not_a_function(kind, rest.clone()).unwrap_or((error, false));
            ctxt.push(error);
            collect::mark_reported(&mut attributes);
            NoFunction { item: quote!(#(#attributes)* #rest), is_expression }
        })
    }

    fn parse_stream(input: ParseStream<'_>, kind: Kind, mut attributes: Vec<Attribute>) -> syn::Result<Self> {
        let visibility = input.parse()?;
        let defaultness = if input.peek(syn::Token![default]) { Some(input.call(Ident::parse_any)?) } else { None };
        let signature: Signature = input.parse()?;
        if input.peek(syn::Token![;]) {
            return Err(syn::Error::new(signature.ident.span(), without_body(kind)));
        }
        let content;
        let brace = syn::braced!(content in input);
        for mut inner in content.call(Attribute::parse_inner)? {
            inner.style = AttrStyle::Outer;
            attributes.push(inner);
        }
        let statements = content.parse()?;
        Ok(Self { attributes, visibility, defaultness, signature, brace, statements })
    }

    pub(crate) fn statements(&self) -> TokenStream {
        self.statements.clone()
    }

    /// The function with other statements.
    pub(crate) fn to_tokens(&self, statements: &TokenStream) -> TokenStream {
        let Self { attributes, visibility, defaultness, signature, brace, .. } = self;
        let mut tokens = quote!(#(#attributes)* #visibility #defaultness #signature);
        brace.surround(&mut tokens, |body| statements.to_tokens(body));
        tokens
    }

    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    /// The names that the arguments bind, `self` excepted.
    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for input in &self.signature.inputs {
            if let FnArg::Typed(input) = input {
                let kind = Passed::of(&input.ty);
                let conditions = conditions(&input.attrs);
                arguments.extend(names_in(&input.pat).into_iter().map(|(name, mutability)| Argument {
                    name,
                    kind,
                    mutability,
                    conditions: conditions.clone(),
                }));
            }
        }
        arguments
    }

    /// The receiver as `&mut self`, `&self`, or anything by value.
    pub(crate) fn receiver(&self) -> Option<Passed> {
        Some(match &self.signature.receiver()?.kind {
            ReceiverKind::Reference(_, _, Some(_)) => Passed::Mut,
            ReceiverKind::Reference(_, _, None) => Passed::Ref,
            ReceiverKind::Typed(_, ty) => Passed::of(ty),
            _ => Passed::Value,
        })
    }

    /// Takes `mut` off arguments that are only cloned from, where it would be reported as unused.
    pub(crate) fn take_mut_off(&mut self, names: &[Ident]) {
        struct TakeOff<'a>(&'a [Ident]);
        impl VisitMut for TakeOff<'_> {
            fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
                if self.0.contains(&name.ident) {
                    name.mutability = None;
                }
                visit_mut::visit_pat_ident_mut(self, name);
            }
        }
        for input in &mut self.signature.inputs {
            if let FnArg::Typed(input) = input {
                TakeOff(names).visit_pat_mut(&mut input.pat);
            }
        }
    }
}

/// A name that the arguments bind.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) kind: Passed,
    pub(crate) mutability: Option<syn::Token![mut]>,
    /// `#[cfg(..)]`, which the compiler leaves on arguments: whether it is there is not known.
    pub(crate) conditions: Vec<TokenStream>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    Value,
    Ref,
    Mut,
}

impl Passed {
    fn of(ty: &Type) -> Self {
        match ty {
            Type::Reference(reference) if reference.mutability.is_some() => Self::Mut,
            Type::Reference(_) => Self::Ref,
            Type::Group(group) => Self::of(&group.elem),
            Type::Paren(paren) => Self::of(&paren.elem),
            _ => Self::Value,
        }
    }
}

fn names_in(pat: &Pat) -> Vec<(Ident, Option<syn::Token![mut]>)> {
    struct Names(Vec<(Ident, Option<syn::Token![mut]>)>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, name: &'ast PatIdent) {
            self.0.push((name.ident.clone(), name.mutability));
            visit::visit_pat_ident(self, name);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_pat(pat);
    names.0
}

fn without_body(kind: Kind) -> String {
    let attribute = kind.name();
    format!("`#[{attribute}]` needs a body to wrap, and this declaration has none; put it on each implementation")
}

/// Says what an attribute was put on, where that is plain from its tokens, and whether that is an expression.
fn not_a_function(kind: Kind, item: TokenStream) -> Option<(syn::Error, bool)> {
    let trees: Vec<TokenTree> = item.into_iter().collect();
    let word = |index: usize| trees.get(index).map(ToString::to_string).unwrap_or_default();
    let (index, what) = trees.iter().enumerate().find_map(|(index, tree)| {
        let what = match tree {
            TokenTree::Punct(punct) if punct.as_char() == '|' => "a closure",
            TokenTree::Ident(name) => match name.to_string().as_str() {
                "fn" => "a function",
                "struct" | "enum" | "union" => "a type",
                "impl" => "an `impl` block; put it on each method",
                "trait" => "a trait; put it on each method that has a body",
                "mod" => "a module; put it on each function",
                "const" if !matches!(word(index + 1).as_str(), "fn" | "async" | "unsafe" | "extern") => "this item",
                "extern" if word(index + 1) == "crate" => "this item",
                "static" | "type" | "use" | "let" | "macro_rules" => "this item",
                _ => return None,
            },
            _ => return None,
        };
        Some((index, what))
    })?;
    if what != "a function" {
        let message = format!("`#[{}]` stands on a function, not on {what}", kind.name());
        return Some((syn::Error::new(trees[index].span(), message), what == "a closure"));
    }
    // With a qualifier that is not known here, as `safe`.
    let name = trees.get(index + 1)?;
    (word(trees.len() - 1) == ";").then(|| (syn::Error::new(name.span(), without_body(kind)), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(text: &str) -> Function {
        let ctxt = Ctxt::new();
        let function = Function::parse(&ctxt, Kind::Retry, text.parse().unwrap());
        ctxt.check().unwrap();
        function.unwrap_or_else(|_| panic!("no function: {text}"))
    }

    fn refusal(text: &str) -> String {
        let ctxt = Ctxt::new();
        assert!(Function::parse(&ctxt, Kind::Retry, text.parse().unwrap()).is_err(), "{text}");
        ctxt.check().unwrap_err().to_string()
    }

    #[test]
    fn arguments_are_found_in_patterns() {
        let function = function(
            "fn f(&self, a: A, mut b: &B, (c, Wrap(d)): (C, D), [e, ..]: &mut [E], F { f, g: ref h }: F, _: G) {}",
        );
        let found: Vec<_> = function.arguments().into_iter().map(|a| (a.name.to_string(), a.kind)).collect();
        let by = |names: &[&str], kind| names.iter().map(|name| ((*name).to_owned(), kind)).collect::<Vec<_>>();
        let expected = [
            by(&["a"], Passed::Value),
            by(&["b"], Passed::Ref),
            by(&["c", "d"], Passed::Value),
            by(&["e"], Passed::Mut),
            by(&["f", "h"], Passed::Value),
        ];
        assert_eq!(found, expected.concat());
    }

    #[test]
    fn receivers_are_told_apart() {
        for (text, expected) in [
            ("fn f() {}", None),
            ("fn f(self) {}", Some(Passed::Value)),
            ("fn f(mut self) {}", Some(Passed::Value)),
            ("fn f(&self) {}", Some(Passed::Ref)),
            ("fn f(&'a mut self) {}", Some(Passed::Mut)),
            ("fn f(self: Arc<Self>) {}", Some(Passed::Value)),
            ("fn f(self: &mut Self) {}", Some(Passed::Mut)),
        ] {
            assert_eq!(function(text).receiver(), expected, "{text}");
        }
    }

    #[test]
    fn mut_is_taken_off_what_is_only_cloned() {
        let mut function = function("fn f(mut a: A, (mut b, mut c): (B, C)) {}");
        let names: Vec<Ident> = ["a", "c"].map(|name| Ident::new(name, proc_macro2::Span::call_site())).into();
        function.take_mut_off(&names);
        let written = function.to_tokens(&TokenStream::new()).to_string();
        assert_eq!(written, "fn f (a : A , (mut b , c) : (B , C)) { }");
    }

    #[test]
    fn what_is_no_function_is_called_by_its_name() {
        for (text, named) in [
            ("pub struct S;", "a type"),
            ("impl S {}", "an `impl` block"),
            ("unsafe trait T {}", "a trait"),
            ("const C: u8 = 1;", "this item"),
            ("extern crate a;", "this item"),
            ("move |x| x", "a closure"),
        ] {
            let message = refusal(text);
            assert!(message.starts_with(&format!("`#[retry]` stands on a function, not on {named}")), "{message}");
        }
        for declaration in ["fn f();", "safe fn f() -> u8;"] {
            assert!(refusal(declaration).contains("this declaration has none"), "{declaration}");
        }
        // A function that cannot be read is not taken for what stands in its signature.
        assert!(!refusal("fn f(a) -> impl Sized {}").contains("impl"));
    }
}
