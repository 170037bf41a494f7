//! The README shows what an attribute writes; here that is kept true.

use quote::ToTokens;
use syn::ItemFn;

use crate::attribute;
use crate::kind::Kind;
use crate::snapshots::shown;

const README: &str = include_str!("../../README.md");

#[test]
fn the_expansion_in_the_readme_is_true() {
    let section = README.split("## What `cargo expand` shows").nth(1).expect("the section is there");
    let mut blocks = section.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let (written, shows) = (blocks.next().expect("the input"), blocks.next().expect("the output"));

    let mut function: ItemFn = syn::parse_str(written).expect("the input is a function");
    let outermost = function.attrs.remove(0);
    let args = outermost.meta.require_list().expect("it has arguments").tokens.clone();
    let expanded = attribute::expand(Kind::Retry, args, function.into_token_stream()).to_string();
    // What becomes of it without the feature `testing`.
    let (site, without) = ("site ! (Result < Row , Error >)", "Site :: new ()");
    assert!(expanded.contains(site), "{expanded}");
    let expanded = expanded.replace(site, without).parse().expect("it was tokens");

    assert_eq!(shown(expanded), shows, "put the left side into the README");
}
