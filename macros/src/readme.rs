//! The README shows what an attribute writes; here that is kept true.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, ItemFn, Stmt};

use crate::attribute;
use crate::policy::Kind;

const README: &str = include_str!("../../README.md");

#[test]
fn the_expansion_in_the_readme_is_true() {
    let section = README.split("## What `cargo expand` shows").nth(1).expect("the section is there");
    let mut blocks = section.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let (written, shown) = (blocks.next().expect("the input"), blocks.next().expect("the output"));

    let mut function: ItemFn = syn::parse_str(written).expect("the input is a function");
    let outermost = function.attrs.remove(0);
    let args = outermost.meta.require_list().expect("it has arguments").tokens.clone();
    let expanded = attribute::expand(Kind::Retry, args, function.into_token_stream());

    assert_eq!(as_cargo_expand_shows(expanded), shown, "put the left side into the README");
}

/// Formatted, and without what expands to nothing.
fn as_cargo_expand_shows(tokens: TokenStream) -> String {
    let mut file: syn::File = syn::parse2(tokens).expect("an expansion is a function");
    for item in &mut file.items {
        if let Item::Fn(function) = item {
            function.block.stmts.retain(|stmt| !matches!(stmt, Stmt::Item(Item::Const(_))));
        }
    }
    prettyplease::unparse(&file)
}
