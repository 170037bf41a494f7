//! What holds of each input, be it ever so wrong.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, File, ImplItemFn, Item, Meta, PatIdent, TraitItem};

use super::input;
use crate::kind::Kind;
use crate::{attribute, classify, collect, policies};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing that the compiler would give to us.
    NoInput,
    Refused,
    Accepted,
}

/// Expands what stands in `text`, and panics where what comes out is not right.
pub(crate) fn check(text: &str) -> Verdict {
    let Some(tokens) = input::read(text) else { return Verdict::NoInput };
    let verdict = check_tokens(tokens);
    // The texts of all that was ever parsed are kept otherwise.
    proc_macro2::extra::invalidate_current_thread_spans();
    verdict
}

fn check_tokens(tokens: TokenStream) -> Verdict {
    if let Some(set) = set(&tokens) {
        return of_a_set(&set);
    }
    let parse = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let Ok((mut attributes, rest)) = parse.parse2(tokens) else { return Verdict::NoInput };
    let ours = |attribute: &Attribute| Kind::of(&attribute.path().segments.last()?.ident);
    if let Some(first) = attributes.iter().position(|attribute| ours(attribute).is_some()) {
        let attribute = attributes.remove(first);
        let (Some(kind), Some(args)) = (ours(&attribute), arguments(&attribute)) else { return Verdict::NoInput };
        return of_an_attribute(kind, args, &quote!(#(#attributes)* #rest));
    }
    attributes.retain(|attribute| !attribute.path().is_ident("derive"));
    of_a_type(&quote!(#(#attributes)* #rest))
}

/// What stands in `policies! {..}`.
fn set(tokens: &TokenStream) -> Option<TokenStream> {
    let mut trees = tokens.clone().into_iter();
    let is_call = matches!(trees.next()?, TokenTree::Ident(name) if name == "policies")
        && matches!(trees.next()?, TokenTree::Punct(punct) if punct.as_char() == '!');
    match trees.next()? {
        TokenTree::Group(group) if is_call => Some(group.stream()),
        _ => None,
    }
}

fn arguments(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Some(TokenStream::new()),
        Meta::List(list) => Some(list.tokens.clone()),
        // The compiler refuses it.
        Meta::NameValue(_) => None,
    }
}

fn of_an_attribute(kind: Kind, args: TokenStream, item: &TokenStream) -> Verdict {
    let (is_done, passes) = (collect::is_absorbed(item), collect::is_reported(&args));
    let output = attribute::expand(kind, args, item.clone());
    if is_done || passes {
        assert_eq!(output.to_string(), if is_done { String::new() } else { item.to_string() });
        return Verdict::Accepted;
    }
    let (errors, code) = split(output);
    check_messages(&errors);
    let function = syn::parse2::<ImplItemFn>(item.clone()).ok();
    match (&function, errors.is_empty()) {
        (Some(function), true) => accepted(function, item, &code),
        (Some(function), false) => as_written(function, item, &code),
        // What the compiler can read it can still read.
        (None, is_accepted) => {
            assert!(!is_accepted || is_function(item), "accepted, though it is no function: {item}");
            assert!(!is_code(item) || is_code(&code), "made unreadable: {code}");
        }
    }
    if errors.is_empty() { Verdict::Accepted } else { Verdict::Refused }
}

/// A function of which only the body cannot be read, which is not looked into.
fn is_function(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => name == "fn",
        TokenTree::Group(group) => group.delimiter() == Delimiter::None && is_function(&group.stream()),
        _ => false,
    })
}

/// Whether the compiler gives it to an attribute.
fn is_code(tokens: &TokenStream) -> bool {
    fn is<T: Parse>(tokens: &TokenStream) -> bool {
        syn::parse2::<T>(tokens.clone()).is_ok()
    }
    // `syn` keeps some forms that it does not know as tokens, and is not strict with them.
    is::<Item>(tokens) || is::<TraitItem>(tokens) || is::<Expr>(tokens) || is::<File>(tokens)
}

/// One function of the same signature, with all its attributes but ours, and its statements in it.
fn accepted(written: &ImplItemFn, item: &TokenStream, code: &TokenStream) {
    let file: Result<File, _> = syn::parse2(code.clone());
    let file = file.unwrap_or_else(|error| panic!("neither code nor a message: {error} in {code}"));
    assert_eq!(file.items.len(), 1, "not one item: {code}");
    // `set! {..}`, which comes again.
    if matches!(file.items[0], Item::Macro(_)) {
        return;
    }
    let expanded = function(code);
    assert_eq!(shape_of(written), shape_of(&expanded), "another function: {code}");
    let (ours, others) = (attributes(written), attributes(&expanded));
    assert!(others.starts_with(&ours), "lost an attribute: {ours:?} in {code}");
    // A returned future is parsed, and so perhaps spelled otherwise.
    let is_plain = written.sig.asyncness.is_some() || !returns_a_future(written);
    let statements = statements(item);
    assert!(!is_plain || code.to_string().contains(&statements), "not the same statements: {statements} in {code}");
}

fn returns_a_future(function: &ImplItemFn) -> bool {
    let output = function.sig.output.to_token_stream().to_string();
    ["Future", "Pin", "Box"].iter().any(|name| output.contains(name))
}

/// The function, our attributes taken off it.
fn as_written(written: &ImplItemFn, item: &TokenStream, code: &TokenStream) {
    let expanded = function(code);
    let signature = |function: &ImplItemFn| {
        let (vis, sig) = (&function.vis, &function.sig);
        quote!(#vis #sig).to_string()
    };
    assert_eq!(signature(written), signature(&expanded));
    assert_eq!(attributes(written), attributes(&expanded));
    let (before, after) = (statements(item), statements(code));
    assert!(after.ends_with(&before), "not as it was written: {before} is now {after}");
}

fn function(code: &TokenStream) -> ImplItemFn {
    syn::parse2(code.clone()).unwrap_or_else(|error| panic!("no function any more: {error} in {code}"))
}

/// The signature, without the `mut` that an argument loses where it is only cloned from.
fn shape_of(function: &ImplItemFn) -> String {
    struct WithoutMut;
    impl VisitMut for WithoutMut {
        fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
            name.mutability = None;
            visit_mut::visit_pat_ident_mut(self, name);
        }
    }
    let ImplItemFn { vis, mut sig, .. } = function.clone();
    WithoutMut.visit_signature_mut(&mut sig);
    quote!(#vis #sig).to_string()
}

/// Those of others, all as outer ones.
fn attributes(function: &ImplItemFn) -> Vec<String> {
    let others = function.attrs.iter().filter(|attribute| collect::Collected::of(attribute).is_none());
    others.map(|attribute| attribute.meta.to_token_stream().to_string()).collect()
}

/// What stands in the braces, inner attributes excepted.
fn statements(function: &TokenStream) -> String {
    let Some(TokenTree::Group(body)) = function.clone().into_iter().last() else { return String::new() };
    let parse = |input: ParseStream<'_>| {
        input.call(Attribute::parse_inner)?;
        input.parse::<TokenStream>()
    };
    parse.parse2(body.stream()).map(|statements| statements.to_string()).unwrap_or_default()
}

fn of_a_type(item: &TokenStream) -> Verdict {
    let (errors, code) = split_anywhere(classify::derive(item.clone()));
    check_messages(&errors);
    let is_type = syn::parse2::<syn::DeriveInput>(item.clone()).is_ok();
    let implements = syn::parse2::<syn::ItemImpl>(code.clone()).is_ok();
    assert_eq!(is_type, implements, "not an impl for each type: {code}");
    assert!(is_type || !errors.is_empty());
    if errors.is_empty() { Verdict::Accepted } else { Verdict::Refused }
}

fn of_a_set(set: &TokenStream) -> Verdict {
    let (errors, code) = split(policies::expand(set.clone()));
    check_messages(&errors);
    let reads = syn::parse2::<File>(code.clone());
    // Known only where the macro that writes it is called.
    assert!(reads.is_ok() || code.to_string().contains('$'), "neither code nor a message: {code}");
    if errors.is_empty() { Verdict::Accepted } else { Verdict::Refused }
}

/// The messages, and the code behind them.
fn split(output: TokenStream) -> (Vec<String>, TokenStream) {
    let mut trees: Vec<TokenTree> = output.into_iter().collect();
    let mut errors = Vec::new();
    while let Some(message) = message(&trees) {
        trees.drain(..ERROR);
        errors.push(message);
    }
    // In place of an expression they come in its block.
    if errors.is_empty()
        && let [TokenTree::Group(group)] = &*trees
        && group.delimiter() == Delimiter::Brace
    {
        return split(group.stream());
    }
    (errors, trees.into_iter().collect())
}

/// The messages wherever they stand, and the rest.
fn split_anywhere(output: TokenStream) -> (Vec<String>, TokenStream) {
    let mut trees: Vec<TokenTree> = output.into_iter().collect();
    let mut errors = Vec::new();
    let mut at = 0;
    while at < trees.len() {
        match message(&trees[at..]) {
            Some(message) => {
                trees.drain(at..at + ERROR);
                errors.push(message);
            }
            None => at += 1,
        }
    }
    (errors, trees.into_iter().collect())
}

/// Tokens in `::core::compile_error! { "..." }`.
const ERROR: usize = 8;

fn message(trees: &[TokenTree]) -> Option<String> {
    let [colon, _, core, _, _, name, bang, TokenTree::Group(group), ..] = trees else { return None };
    let text = [colon, core, name, bang].map(ToString::to_string);
    if text != [":", "core", "compile_error", "!"] {
        return None;
    }
    let message: syn::LitStr = syn::parse2(group.stream()).expect("a message is a string");
    Some(message.value())
}

/// In lower case, without a full stop.
fn check_messages(messages: &[String]) {
    for message in messages {
        let first = message.chars().next();
        assert!(first.is_some_and(|first| !first.is_uppercase()) && !message.ends_with('.'), "{message}");
    }
}
