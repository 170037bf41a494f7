//! What the compiler says of a mistake in an attribute, and code that it must take.
//!
//! Each message is reviewed as its reader sees it: one error for one mistake, at the token that is wrong, saying what to
//! write instead. The compiler's own messages are those of its newest stable version. After
//! `TRYBUILD=overwrite cargo test -p steadfast-tests --test ui`, read the difference.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

#[test]
fn every_form_of_an_argument() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
