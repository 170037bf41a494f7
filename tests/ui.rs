//! What the compiler says of a mistake in an attribute, and code that it must take.
//!
//! Each message is reviewed as its reader sees it: one error for one mistake, at the token that is wrong, saying what to
//! write instead. After `TRYBUILD=overwrite cargo test --test ui`, read the difference.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

#[test]
fn everything_else() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
