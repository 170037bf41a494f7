//! The policies of one function, read from its attributes.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Expr, ExprPath, Ident};

use crate::args::filter::Filter;
use crate::args::outcome::Outcome;
use crate::args::{Args, Common};
use crate::collect::Collected;
use crate::ctxt::Ctxt;
use crate::emit::{Root, at, borrowed};
use crate::function::{Argument, Function, Passed};
use crate::kind::Kind;
use crate::policy::Layer;

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
    /// Whether the outermost attribute was written by a set.
    pub(crate) is_of_a_set: bool,
}

impl Stack {
    /// Without a function it is a set, of which the arguments are not known.
    pub(crate) fn read(ctxt: &Ctxt, span: Span, attributes: Vec<Collected>, function: Option<&Function>) -> Self {
        // The other sets have done their work.
        let is_of_a_set = attributes.first().is_some_and(|attribute| attribute.is_of_a_set);
        let is_read = |attribute: &Collected| !attribute.is_mistaken && attribute.kind != Kind::Resilient;
        let mut layers = Vec::new();
        let mut outcome: Option<Outcome> = None;
        let mut clones = Vec::new();
        let mut root = None;
        let mut docs = true;
        for Collected { kind, span, args, is_of_a_set, .. } in attributes.into_iter().filter(is_read) {
            let says_nothing = args.is_empty();
            let mut args = Args::parse(ctxt, kind, span, args);
            let common = Common::read(&mut args);
            let filter = Filter::read(&mut args);
            clones.extend(args.clones(function, is_of_a_set));
            root = root.or_else(|| common.root.clone());
            docs &= common.docs;
            let Some(read) = kind.facts().read else {
                if outcome.is_some() {
                    ctxt.error(span, "duplicate `#[outcome]`; one says it for the whole stack");
                } else if says_nothing {
                    ctxt.error(span, "`#[outcome]` says nothing; give it an argument, e.g. `on(Err(_))`");
                }
                outcome = Some(Outcome { filter, error: common.error });
                args.finish();
                continue;
            };
            let policy = read(&mut args);
            args.finish();
            let number = u8::try_from(layers.len() + 1).unwrap_or(u8::MAX);
            let name = common.name.as_ref().filter(|_| is_of_a_set).map(|name| name.span().start());
            let set = name.map(|place| format!("{}:{}", place.line, place.column));
            layers.push(Layer { kind, policy, common, span, filter, number, set });
        }
        let outcome = outcome.unwrap_or_default();
        for layer in &mut layers {
            layer.filter.complete(&outcome.filter, layer.kind.takes("retry_after"));
        }
        let root = Root::new(root);
        let mut seen = Vec::new();
        clones.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        let arguments = function.map(Function::arguments).unwrap_or_default();
        let receiver = function.and_then(Function::receiver);
        Self { span, layers, root, docs, clones, error: outcome.error, arguments, receiver, is_of_a_set }
    }

    /// Whether the body may run more than once.
    pub(crate) fn repeats(&self) -> bool {
        self.layers.iter().any(Layer::repeats)
    }

    /// Whether the answers of fallbacks must be told from successes, since a stale one stands above.
    pub(crate) fn marks_answers(&self) -> bool {
        let first = self.layers.iter().position(Layer::is_stale);
        first.is_some_and(|first| self.layers[first + 1..].iter().any(|layer| layer.kind == Kind::Fallback))
    }

    /// Whether the calls that a layer makes side by side are to be told apart so, each with a mark of its own.
    pub(crate) fn marks_calls(&self, layer: &Layer) -> bool {
        let first = self.layers.iter().find(|other| other.is_stale());
        first.is_some_and(|first| {
            let beneath = |other: &Layer| other.number > first.number.max(layer.number);
            self.layers.iter().any(|other| beneath(other) && other.kind == Kind::Fallback)
        })
    }

    /// Whether several policies reject, and not all of them convert their rejections alike.
    pub(crate) fn tells_rejections_apart(&self) -> bool {
        self.layers.iter().filter(|layer| layer.rejects()).count() > 1
    }

    /// A policy of type `policy`, taken before the body without keeping what it was taken from borrowed.
    pub(crate) fn handle(&self, expr: &Expr, policy: &TokenStream) -> TokenStream {
        self.handle_by("handle", expr, policy)
    }

    /// One that all calls share, so that none of them makes it.
    pub(crate) fn shared_handle(&self, expr: &Expr, policy: &TokenStream) -> TokenStream {
        self.handle_by(if is_call(expr) { "called_handle" } else { "handle" }, expr, policy)
    }

    /// One that they share, and that may be one for each key.
    pub(crate) fn stateful_handle(&self, expr: &Expr, policy: &TokenStream) -> TokenStream {
        self.handle_by(if is_call(expr) { "called_stateful_handle" } else { "stateful_handle" }, expr, policy)
    }

    /// Where `expr` plainly names a `static` or `const`, that policy is listed: a path of modules to a name in capitals.
    pub(crate) fn listed(&self, expr: &Expr) -> Option<TokenStream> {
        let Expr::Path(ExprPath { attrs, qself: None, path }) = bare(expr) else { return None };
        let is_plain = attrs.is_empty() && path.segments.iter().all(|part| part.arguments.is_none());
        let mut names = path.segments.iter().rev().map(|part| part.ident.to_string());
        let in_capitals =
            names.next().is_some_and(|item| !item.contains(char::is_lowercase) && item.contains(char::is_uppercase));
        let in_modules = names.all(|module| !module.contains(char::is_uppercase));
        let is_argument = self.mentions_argument(path.to_token_stream());
        let root = self.root.at(at(path));
        (is_plain && in_capitals && in_modules && !is_argument)
            .then(|| quote_spanned!(at(path)=> #root::__private::listed!(#path);))
    }

    fn handle_by(&self, function: &str, expr: &Expr, policy: &TokenStream) -> TokenStream {
        // `&self.breaker` as `self.breaker`, which is borrowed, or cloned, as its type needs.
        let expr = match expr {
            Expr::Reference(reference) if reference.mutability.is_none() => &*reference.expr,
            expr => expr,
        };
        let root = self.root.at(at(expr));
        let taken = |name: &Ident| self.arguments.iter().any(|a| a.name == *name && a.kind != Passed::Ref);
        let in_self = matches!(self.receiver, Some(Passed::Mut | Passed::Value));
        let detached = !function.starts_with("called")
            && mentions(expr.to_token_stream(), &|name| {
                taken(name) || (in_self && (name == "self" || name == "__self"))
            });
        let function = if detached { "detached_handle" } else { function };
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

/// `&PAYMENTS` and `(PAYMENTS)` as `PAYMENTS`.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) if reference.mutability.is_none() => bare(&reference.expr),
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        expr => expr,
    }
}

fn is_call(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(_) | Expr::MethodCall(_))
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
pub(crate) fn inline_arguments(literal: &str) -> Vec<Ident> {
    let placeholders = literal.split('{').skip(1).filter_map(|after| Some(after.split_once('}')?.0));
    let words = placeholders.flat_map(|inside| inside.split(|c: char| c != '_' && !c.is_alphanumeric()));
    words.filter_map(|word| Ident::parse_any.parse_str(word).ok()).collect()
}
