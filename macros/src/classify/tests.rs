use super::*;

/// The messages for an input, each with the code that it underlines.
fn mistakes(input: &str) -> Vec<(String, String)> {
    let output: syn::File = syn::parse2(derive(input.parse().unwrap())).unwrap();
    let (impls, errors): (Vec<_>, Vec<_>) =
        output.items.into_iter().partition(|item| matches!(item, syn::Item::Impl(_)));
    assert_eq!(impls.len(), 1, "the type is `Classify` whatever happens: {input}");
    let errors = errors.into_iter().map(|item| {
        let syn::Item::Macro(item) = item else { panic!("neither an impl nor an error") };
        let message: syn::LitStr = item.mac.parse_body().unwrap();
        // The path begins where the mistake does, the text ends there.
        let start = item.mac.path.leading_colon.unwrap().spans[0].start();
        let end = message.span().end();
        let line: Vec<_> = input.lines().nth(start.line - 1).unwrap().chars().collect();
        (line[start.column..end.column].iter().collect(), message.value())
    });
    errors.collect()
}

#[track_caller]
fn refuses(input: &str, expected: &[(&str, &str)]) {
    let mistakes = mistakes(input);
    let mistakes: Vec<_> = mistakes.iter().map(|(at, message)| (at.as_str(), message.as_str())).collect();
    assert_eq!(mistakes, expected, "{input}");
}

#[test]
fn what_is_right_is_not_refused() {
    for input in [
        "enum E {}",
        "enum E { #[transient] A, #[throttled()] B(u8), #[permanent] C, #[neutral] D { a: u8 } }",
        "enum E { #[throttled(retry_after = wait,)] A { wait: Duration }, #[transient(retry_after = 1)] B(u8, D) }",
        "#[classify(crate = a::b, with = f)] struct S<'a, T: Copy = u8>(&'a T) where T: Send;",
        "#[classify(with = <T as F<u8, u16>>::f)] #[classify(crate = ::b)] #[doc = \"\"] #[error(x)] struct S;",
    ] {
        refuses(input, &[]);
    }
}

#[test]
fn one_class_each() {
    refuses(
        "enum E { #[transient] #[permanent] A, #[neutral] #[neutral] B, #[throttled] #[classify(with = f)] C }",
        &[
            ("permanent", "an error has one class: remove `#[permanent]` or `#[transient]`"),
            ("neutral", "duplicate attribute `#[neutral]`"),
            ("classify", "an error has one class: remove `#[classify]` or `#[throttled]`"),
        ],
    );
}

#[test]
fn retry_after_names_a_field() {
    let names = "`retry_after` names a field, e.g. `retry_after = wait`";
    for value in ["\"5s\"", "\"wait\"", "self.wait", "wait * 2", "Some(wait)", "self"] {
        refuses(&format!("enum E {{ #[transient(retry_after = {value})] A {{ wait: D }} }}"), &[(value, names)]);
    }
    refuses(
        "enum E { #[transient(retry_after = wiat)] A { wait: D, code: u16 }, #[throttled(retry_after = x)] B(D, u8) }",
        &[
            ("wiat", "no field `wiat` in this variant; did you mean `wait`?"),
            ("x", "no field `x` in this variant; expected one of: `0`, `1`"),
        ],
    );
    refuses(
        "#[throttled(retry_after = wait)] struct S;",
        &[("wait", "no field `wait` in this struct; the struct has no fields")],
    );
    refuses(
        "#[throttled(retry_after = 2)] struct S(u8, D);",
        &[("2", "no field `2` in this struct; expected one of: `0`, `1`")],
    );
}

#[test]
fn arguments_are_known_and_whole() {
    refuses(
        "enum E { #[transient(retryafter = wait, retry_after = wait, retry_after = wait, 5, x)] A { wait: D } }",
        &[
            ("retryafter", "unknown argument `retryafter`; did you mean `retry_after`?"),
            ("retry_after", "duplicate argument `retry_after`"),
            ("5", "expected `retry_after = ..`"),
            ("x", "unknown argument `x`; expected `retry_after`"),
        ],
    );
    refuses(
        "enum E { #[classify(wiht = f)] A, #[classify] B, #[classify(with)] C, #[classify(with =)] D, #[classify()] E }",
        &[
            ("wiht", "unknown argument `wiht`; did you mean `with`? expected one of: `with`, `crate`"),
            ("classify", "expected an argument, e.g. `#[classify(with = by_status)]`"),
            ("with", "`with` needs a value: `with = ..`"),
            ("=", "expected a value behind `with =`"),
            ("classify", "expected an argument, e.g. `#[classify(with = by_status)]`"),
        ],
    );
    refuses(
        "enum E { #[transient = wait] A { wait: D }, #[classify = f] B, #[transient(retry_after = wait wait)] C { wait: D } }",
        &[
            ("wait", "arguments stand in parentheses: `#[transient(retry_after = ..)]`"),
            ("f", "arguments stand in parentheses: `#[classify(with = ..)]`"),
            ("wait wait", "`retry_after` names a field, e.g. `retry_after = wait`"),
        ],
    );
    refuses(
        "enum E { #[permanent(retry_after = wait)] A { wait: D }, #[neutral = 5] B }",
        &[
            (
                "permanent(retry_after = wait)",
                "`#[permanent]` takes no arguments: what is not retried has no `retry_after`",
            ),
            ("neutral = 5", "`#[neutral]` takes no arguments: what is not retried has no `retry_after`"),
        ],
    );
}

#[test]
fn with_names_a_function() {
    let names = "`with` names a function of the fields, e.g. `with = by_status`";
    for value in ["\"by_status\"", "|s| by(s)", "by_status()", "5"] {
        refuses(&format!("enum E {{ #[classify(with = {value})] A(u16) }}"), &[(value, names)]);
    }
    refuses("enum E { #[classify(with = f g)] A(u16) }", &[("g", "expected `,`")]);
}

#[test]
fn attributes_have_their_places() {
    refuses(
        "#[transient] enum E { A(#[permanent] u8), B { #[from] #[classify(with = f)] source: u8 } }",
        &[
            ("transient", "`#[transient]` belongs on a variant; an enum has no class of its own"),
            ("permanent", "`#[permanent]` belongs on the variant, not on its field"),
            ("classify", "`#[classify]` belongs on the variant, not on its field"),
        ],
    );
    refuses("struct S(#[neutral] u8);", &[("neutral", "`#[neutral]` belongs on the struct, not on its field")]);
    refuses(
        "#[classify(with = f)] enum E { #[classify(crate = b)] A }",
        &[
            ("classify", "`#[classify]` belongs on a variant; an enum has no class of its own"),
            ("b", "`crate` is said once, in a `#[classify(crate = ..)]` above the enum"),
        ],
    );
    refuses(
        "#[classify(crate = \"b\")] struct S;",
        &[("\"b\"", "expected a path, e.g. `crate = reexported::steadfast`")],
    );
    refuses("#[classify(crate = a)] #[classify(crate = b)] struct S;", &[("crate", "duplicate argument `crate`")]);
    refuses(
        "#[permanent] union U { a: u8 }",
        &[("union", "`Classify` is derived for enums and structs; implement it by hand for a union")],
    );
}
