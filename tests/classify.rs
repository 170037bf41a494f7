//! `#[derive(Classify)]`.

#![deny(warnings, clippy::all, clippy::pedantic)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{Class, Classify};

const TRANSIENT: Class = Class::TRANSIENT;
const WAIT: Duration = Duration::from_secs(7);

/// An error of another crate, that says nothing.
#[derive(Debug, thiserror::Error)]
#[error("foreign")]
struct Foreign;

/// An error that says what it is.
#[derive(Debug, thiserror::Error, Classify)]
#[error("answer")]
#[permanent]
struct Answer;

/// The example of the design.
#[derive(Debug, thiserror::Error, Classify)]
enum Error {
    #[error("upstream: {0}")]
    #[transient]
    Http(#[from] Foreign),
    #[error("throttled")]
    #[throttled(retry_after = wait)]
    Throttled { wait: Duration },
    #[error("no such user")]
    #[permanent]
    NotFound,
    #[error("status {0}")]
    #[classify(with = by_status)]
    Status(u16),
    #[error(transparent)]
    Answer(#[from] Answer),
}

const fn by_status(status: u16) -> Class {
    if status < 500 { Class::Permanent } else { TRANSIENT }
}

#[test]
fn an_enum_says_what_its_variants_say() {
    assert_eq!(Error::Http(Foreign).class(), TRANSIENT);
    assert_eq!(Error::Throttled { wait: WAIT }.class(), Class::Throttled { retry_after: Some(WAIT) });
    assert_eq!(Error::NotFound.class(), Class::Permanent);
    assert_eq!(Error::Status(404).class(), Class::Permanent);
    assert_eq!(Error::Status(503).class(), TRANSIENT);
    assert_eq!(Error::Answer(Answer).class(), Class::Permanent);
}

/// Every attribute, on each kind of variant.
#[derive(Classify)]
enum Marked {
    Unmarked,
    UnmarkedWithFields {
        _reason: String,
        _code: u32,
    },
    #[transient()]
    Transient(()),
    #[transient(retry_after = 1)]
    TransientHint((), Option<Duration>, ()),
    #[throttled]
    Throttled {
        _a: u8,
    },
    #[throttled(retry_after = r#in)]
    ThrottledHint {
        _before: u8,
        r#in: Option<Duration>,
        _after: u8,
    },
    #[permanent]
    Permanent((), ()),
    #[neutral]
    Neutral,
    #[neutral]
    AlsoNeutral {
        _a: u8,
    },
}

#[test]
fn every_class_and_hint() {
    let optional = [None, Some(WAIT)];
    assert_eq!(Marked::Unmarked.class(), TRANSIENT);
    assert_eq!(Marked::UnmarkedWithFields { _reason: String::new(), _code: 1 }.class(), TRANSIENT);
    assert_eq!(Marked::Transient(()).class(), TRANSIENT);
    for retry_after in optional {
        assert_eq!(Marked::TransientHint((), retry_after, ()).class(), Class::Transient { retry_after });
        let throttled = Marked::ThrottledHint { _before: 1, r#in: retry_after, _after: 2 };
        assert_eq!(throttled.class(), Class::Throttled { retry_after });
    }
    assert_eq!(Marked::Throttled { _a: 1 }.class(), Class::Throttled { retry_after: None });
    assert_eq!(Marked::Permanent((), ()).class(), Class::Permanent);
    assert_eq!(Marked::Neutral.class(), Class::Neutral);
    assert_eq!(Marked::AlsoNeutral { _a: 1 }.class(), Class::Neutral);
}

/// What a function is given: references, values of `Copy` types, what a field owns.
#[derive(Classify)]
enum With {
    #[classify(with = by_nothing)]
    Nothing,
    #[classify(with = by_reference)]
    Reference(String),
    #[classify(with = by_str)]
    Str(String),
    #[classify(with = Self::by_static)]
    Static(&'static str),
    #[classify(with = by_slice)]
    Slice { codes: Vec<u16> },
    #[classify(with = by_boxed)]
    Boxed(Box<io::Error>),
    #[classify(with = by_boxed)]
    Shared(Arc<io::Error>),
    #[classify(with = by_all)]
    All { code: u16, name: String, wait: Option<Duration> },
    #[classify(with = by_optional)]
    Optional(Option<String>),
    #[classify(with = generic::<_, u8>)]
    Generic(u16, u8),
    #[classify(with = Class::from_http_status)]
    Table(u16),
    #[classify(with = Classify::class)]
    Itself(io::Error),
}

const fn by_nothing() -> Class {
    Class::Neutral
}

#[allow(clippy::ptr_arg, reason = "some write it so")]
const fn by_reference(text: &String) -> Class {
    by_str(text.as_str())
}

const fn by_str(text: &str) -> Class {
    if text.is_empty() { Class::Neutral } else { Class::Permanent }
}

impl With {
    const fn by_static(text: &'static str) -> Class {
        by_str(text)
    }
}

fn by_slice(codes: &[u16]) -> Class {
    codes.iter().copied().map(by_status).next().unwrap_or(TRANSIENT)
}

fn by_boxed(error: &io::Error) -> Class {
    if error.kind() == io::ErrorKind::NotFound { Class::Permanent } else { TRANSIENT }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "some write it so")]
fn by_all(code: &u16, name: &str, retry_after: Option<Duration>) -> Class {
    if name.is_empty() { by_status(*code) } else { Class::Throttled { retry_after } }
}

const fn by_optional(name: Option<&String>) -> Class {
    if name.is_some() { Class::Permanent } else { TRANSIENT }
}

fn generic<A: Into<u16> + Copy, B>(code: &A, _: &B) -> Class {
    by_status((*code).into())
}

#[test]
fn a_function_is_given_what_it_takes() {
    assert_eq!(With::Nothing.class(), Class::Neutral);
    assert_eq!(With::Reference("x".into()).class(), Class::Permanent);
    assert_eq!(With::Str(String::new()).class(), Class::Neutral);
    assert_eq!(With::Static("x").class(), Class::Permanent);
    assert_eq!(With::Slice { codes: vec![404, 503] }.class(), Class::Permanent);
    assert_eq!(With::Boxed(Box::new(io::ErrorKind::NotFound.into())).class(), Class::Permanent);
    assert_eq!(With::Shared(Arc::new(io::ErrorKind::Other.into())).class(), TRANSIENT);
    let all = |name: &str| With::All { code: 404, name: name.into(), wait: Some(WAIT) };
    assert_eq!(all("").class(), Class::Permanent);
    assert_eq!(all("x").class(), Class::Throttled { retry_after: Some(WAIT) });
    assert_eq!(With::Optional(None).class(), TRANSIENT);
    assert_eq!(With::Optional(Some("x".into())).class(), Class::Permanent);
    assert_eq!(With::Generic(404, 1).class(), Class::Permanent);
    assert_eq!(With::Table(429).class(), Class::THROTTLED);
    assert_eq!(With::Itself(io::ErrorKind::NotFound.into()).class(), Class::Permanent);
}

/// Where the class comes from the error within.
#[derive(Debug, thiserror::Error, Classify)]
enum Caused {
    #[error("from")]
    From(#[from] Answer),
    #[error("source")]
    Source {
        code: u8,
        #[source]
        why: Answer,
    },
    #[error("named")]
    Named { source: Answer, code: u8 },
    #[error(transparent)]
    Transparent(Arc<Answer>),
    #[error("optional")]
    Optional { source: Option<Answer> },
    #[error("boxed")]
    Recursive(#[source] Box<Self>),
    #[error("dynamic")]
    Dynamic(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("foreign")]
    Foreign(#[from] Foreign),
    /// The mark wins over the cause.
    #[error("marked")]
    #[neutral]
    Marked(#[source] Answer),
    /// No source, but a field that could be one.
    #[error("plain {0}")]
    Plain(Answer),
}

#[test]
fn a_cause_is_asked() {
    assert_eq!(Caused::From(Answer).class(), Class::Permanent);
    assert_eq!(Caused::Source { code: 1, why: Answer }.class(), Class::Permanent);
    assert_eq!(Caused::Named { source: Answer, code: 1 }.class(), Class::Permanent);
    assert_eq!(Caused::Transparent(Arc::new(Answer)).class(), Class::Permanent);
    assert_eq!(Caused::Optional { source: Some(Answer) }.class(), Class::Permanent);
    assert_eq!(Caused::Optional { source: None }.class(), TRANSIENT);
    assert_eq!(Caused::Recursive(Box::new(Caused::From(Answer))).class(), Class::Permanent);
    assert_eq!(Caused::Dynamic("unknown".into()).class(), TRANSIENT);
    assert_eq!(Caused::Dynamic(io::Error::from(io::ErrorKind::NotFound).into()).class(), Class::Permanent);
    assert_eq!(Caused::Foreign(Foreign).class(), TRANSIENT);
    assert_eq!(Caused::Marked(Answer).class(), Class::Neutral);
    assert_eq!(Caused::Plain(Answer).class(), TRANSIENT);
}

#[derive(Classify)]
struct Unit;

#[derive(Classify)]
#[throttled(retry_after = wait)]
struct Slow {
    wait: Duration,
}

#[derive(Classify)]
#[transient(retry_after = 0)]
struct Tuple(Option<Duration>);

#[derive(Classify)]
#[classify(with = by_status)]
struct Status(u16);

#[derive(Debug, thiserror::Error, Classify)]
#[error(transparent)]
struct Wrapper(#[from] Answer);

#[derive(Classify)]
enum Never {}

#[test]
fn a_struct_is_marked_itself() {
    assert_eq!(Unit.class(), TRANSIENT);
    assert_eq!(Slow { wait: WAIT }.class(), Class::Throttled { retry_after: Some(WAIT) });
    assert_eq!(Tuple(Some(WAIT)).class(), Class::Transient { retry_after: Some(WAIT) });
    assert_eq!(Status(404).class(), Class::Permanent);
    assert_eq!(Wrapper(Answer).class(), Class::Permanent);
    let _: fn(&Never) -> Class = Never::class;
}

/// Generics, lifetimes, bounds, defaults.
#[derive(Debug, thiserror::Error, Classify)]
enum Generic<'a, E, const N: usize = 1>
where
    E: std::error::Error + Classify + 'static,
{
    #[error("inner")]
    Inner(#[source] E),
    #[error("borrowed {name}")]
    #[classify(with = borrowed)]
    Borrowed { name: &'a str, parts: [u8; N] },
}

fn borrowed<const N: usize>(name: &str, parts: [u8; N]) -> Class {
    if name.len() == N && !parts.is_empty() { Class::Permanent } else { TRANSIENT }
}

#[derive(Classify)]
enum Unbounded<E> {
    Inner { source: E },
}

#[test]
fn a_generic_cause_is_asked_where_its_bound_says_so() {
    let text = String::from("a");
    let inner: Generic<'_, Answer> = Generic::Inner(Answer);
    let borrowed: Generic<'_, Answer> = Generic::Borrowed { name: &text, parts: [0] };
    assert_eq!(inner.class(), Class::Permanent);
    assert_eq!(borrowed.class(), Class::Permanent);
    assert_eq!(Unbounded::Inner { source: Answer }.class(), TRANSIENT);
}

/// Nothing but absolute paths, whatever the user has in scope.
mod bare {
    #![no_implicit_prelude]

    #[derive(::steadfast::Classify)]
    #[expect(dead_code, reason = "to meet the names in the impl")]
    pub(crate) enum Class {
        #[transient(retry_after = wait)]
        Option {
            wait: ::core::option::Option<::core::time::Duration>,
        },
        #[classify(with = by_cause)]
        Cause(u16),
        #[permanent]
        None,
        Named {
            source: Classify,
        },
    }

    #[derive(::steadfast::Classify)]
    #[neutral]
    pub(crate) struct Classify;

    pub(crate) const fn by_cause(_: u16) -> ::steadfast::Class {
        ::steadfast::Class::Neutral
    }
}

#[test]
fn names_of_the_user_do_not_matter() {
    assert_eq!(bare::Class::Cause(1).class(), Class::Neutral);
    assert_eq!(bare::Class::None.class(), Class::Permanent);
    assert_eq!(bare::Class::Named { source: bare::Classify }.class(), Class::Neutral);
}

/// As a crate would that brings this one to its users.
mod reexporting {
    pub(crate) mod inner {
        pub(crate) use ::steadfast;
    }
}

macro_rules! errors {
    ($name:ident { $($variant:ident($field:ident: $type:ty) => $function:path),* }) => {
        #[derive(Classify)]
        #[classify(crate = $crate::reexporting::inner::steadfast)]
        enum $name {
            $(#[classify(with = $function)] $variant { $field: $type },)*
            #[throttled(retry_after = wait)]
            Throttled { wait: Duration },
            Caused { source: Answer },
        }
    };
}

errors!(Generated { Status(status: u16) => by_status });

#[test]
fn a_macro_may_write_it() {
    assert_eq!(Generated::Status { status: 404 }.class(), Class::Permanent);
    assert_eq!(Generated::Throttled { wait: WAIT }.class(), Class::THROTTLED.with_retry_after(WAIT));
    assert_eq!(Generated::Caused { source: Answer }.class(), Class::Permanent);
}

#[derive(Classify)]
enum Deprecated {
    #[permanent]
    #[deprecated = "use something else"]
    #[expect(dead_code)]
    Old,
    #[neutral]
    New,
}

#[test]
fn a_deprecated_variant_raises_no_warning() {
    assert_eq!(Deprecated::New.class(), Class::Neutral);
}
