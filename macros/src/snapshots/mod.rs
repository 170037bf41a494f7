//! What the attributes write, as documentation of the generated code: each test shows a function as it is written, and
//! as `cargo expand` shows it. After a change that is meant, `UPDATE_EXPECT=1 cargo test -p steadfast-macros`.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
#![allow(clippy::too_many_lines, reason = "an expansion is as long as it is")]

mod arguments;
mod flags;
mod functions;
mod handles;
mod hedge;
mod mistakes;
mod outcomes;
mod percentile;
mod policies;
mod rate_limit;
mod sets;
mod stacks;
mod stale;

use core::mem::take;

use expect_test::Expect;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprMacro, ItemFn, Stmt, StmtMacro, Token};

use crate::attribute;
use crate::kind::Kind;

/// Compares what becomes of `written`, a function under attributes of ours, with what is expected.
#[track_caller]
fn check(written: &str, expected: &Expect) {
    expected.assert_eq(&shown(expand(written)));
}

/// As the compiler does it: the first attribute is called with the others still on the function.
fn expand(written: &str) -> TokenStream {
    let mut function: ItemFn = syn::parse_str(written).unwrap_or_else(|error| panic!("{error}: {written}"));
    let first = function.attrs.iter().position(|attribute| kind(attribute).is_some()).expect("an attribute of ours");
    let attribute = function.attrs.remove(first);
    let args = attribute.meta.require_list().map(|list| list.tokens.clone()).unwrap_or_default();
    let kind = kind(&attribute).expect("found before");
    attribute::expand(kind, args, function.into_token_stream())
}

fn kind(attribute: &syn::Attribute) -> Option<Kind> {
    Kind::of(&attribute.path().segments.last()?.ident)
}

/// Formatted, with the macros of the runtime expanded as they are without the feature `registry`, and without what
/// expands to nothing.
pub(crate) fn shown(tokens: TokenStream) -> String {
    struct Absorbed;
    impl VisitMut for Absorbed {
        fn visit_block_mut(&mut self, block: &mut Block) {
            block.stmts.retain(|stmt| match stmt {
                Stmt::Item(item) => !crate::collect::is_absorbed(&without_attributes(item)),
                Stmt::Macro(listed) => listed.mac.path.segments.last().is_none_or(|last| last.ident != "listed"),
                _ => true,
            });
            visit_mut::visit_block_mut(self, block);
        }

        fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
            if let Stmt::Macro(StmtMacro { attrs, mac, semi_token: None }) = stmt {
                *stmt = Stmt::Expr(Expr::Macro(ExprMacro { attrs: take(attrs), mac: mac.clone() }), None);
            }
            visit_mut::visit_stmt_mut(self, stmt);
        }

        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            if let Expr::Macro(call) = expr
                && let Some(plain) = plain(&call.mac)
            {
                *expr = plain;
            }
            visit_mut::visit_expr_mut(self, expr);
        }
    }
    /// `policy!(static A: T = V)` and `controlled!(A: T = V; KNOWN; "attempts")`, in the words of `runtime/src/declare/plain.rs`.
    fn plain(call: &syn::Macro) -> Option<Expr> {
        let name = &call.path.segments.last()?.ident;
        let tokens = &call.tokens;
        if name != "policy" && name != "controlled" {
            return None;
        }
        let made = |input: ParseStream<'_>| {
            let is_static = input.parse::<Option<Token![static]>>()?.is_some();
            let (item, _, ty) = (input.parse::<Ident>()?, input.parse::<Token![:]>()?, input.parse::<syn::Type>()?);
            let (_, value) = (input.parse::<Token![=]>()?, input.parse::<Expr>()?);
            let _varying: TokenStream = input.parse()?;
            Ok(if is_static { syn::parse_quote!({ static #item: #ty = #value; &#item }) } else { value })
        };
        Some(made.parse2(tokens.clone()).expect("the macro takes it"))
    }
    fn without_attributes(item: &syn::Item) -> TokenStream {
        match item.clone() {
            syn::Item::Fn(mut function) => {
                function.attrs.clear();
                function.into_token_stream()
            }
            other => other.into_token_stream(),
        }
    }
    let mut file: syn::File = syn::parse2(tokens).expect("an expansion is a function");
    Absorbed.visit_file_mut(&mut file);
    prettyplease::unparse(&file)
}
