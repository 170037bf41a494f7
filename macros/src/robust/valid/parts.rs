//! What functions return, and what they take.

/// What a function returns.
pub(super) struct Output {
    pub(super) ty: &'static str,
    /// A value of it.
    pub(super) good: &'static str,
    pub(super) error: Option<&'static str>,
    /// Whether the success can be kept for later.
    pub(super) kept: bool,
    pub(super) patterns: &'static [&'static str],
}

const OF_ERROR: &[&str] =
    &["Err(Error::Away)", "Err(e) if matches!(e, Error::Io(_))", "Err(Error::Missing | Error::Io(_))", "Err(_)"];
const OF_IO: &[&str] = &["Err(e) if e.kind() == io::ErrorKind::NotFound", "| Err(_)"];

const fn result(ty: &'static str, good: &'static str, kept: bool) -> Output {
    Output { ty, good, error: Some("Error"), kept, patterns: OF_ERROR }
}

const fn plain(ty: &'static str, good: &'static str, patterns: &'static [&'static str]) -> Output {
    Output { ty, good, error: None, kept: false, patterns }
}

pub(super) const OUTPUTS: [Output; 12] = [
    result("Result<u32, Error>", "Ok(7)", true),
    result("Result<String, Error>", "Ok(String::new())", true),
    result("Result<(), Error>", "Ok(())", true),
    result("Answer", "Ok(7)", true),
    result("Answer<Vec<u8>>", "Ok(vec![1])", true),
    Output { error: Some("io::Error"), patterns: OF_IO, ..result("io::Result<u32>", "Ok(7)", true) },
    result("Result<impl Debug + use<>, Error>", "Ok(7_u8)", false),
    result("Result<Box<dyn Debug>, Error>", "Ok(Box::new(7_u8))", false),
    result("Result<fn(&str) -> &str, Error>", "Ok(|text| text)", false),
    plain("Option<u32>", "Some(7)", &["None", "Some(5..=9)", "Some(n) if *n > 3"]),
    plain("u32", "7", &["0", "1..=5", "n if *n > 9"]),
    plain("", "()", &["()"]),
];

pub(super) struct Argument {
    pub(super) text: &'static str,
    /// A name that it binds by value.
    pub(super) owned: Option<&'static str>,
    pub(super) key: Option<&'static str>,
    pub(super) is_mut: bool,
    /// Whether it borrows.
    pub(super) borrows: bool,
    pub(super) used: &'static str,
}

const fn owned(text: &'static str, name: &'static str, used: &'static str) -> Argument {
    Argument { text, owned: Some(name), key: None, is_mut: false, borrows: false, used }
}

pub(super) const ARGUMENTS: [Argument; 19] = [
    Argument { key: Some("a"), ..owned("a: u32", "a", "let _ = a + 1;") },
    Argument { key: Some("&b"), is_mut: true, ..owned("mut b: String", "b", "b.push('x');") },
    Argument { key: Some("(c, d.clone())"), ..owned("(c, d): (u8, String)", "d", "let _ = (&c, d.len());") },
    owned("Point { x, y: _ }: Point", "x", "let _ = x;"),
    Argument { owned: None, ..owned("_: u8", "_", "") },
    Argument { owned: None, key: Some("e"), borrows: true, ..owned("e: &str", "e", "let _ = e.len();") },
    Argument { owned: None, is_mut: true, borrows: true, ..owned("f: &mut Vec<u8>", "f", "f.push(1);") },
    owned("g: impl Into<String> + Clone", "g", "let _: String = g.clone().into();"),
    owned("#[allow(unused)] h: u8", "h", ""),
    Argument { key: Some("r#type"), ..owned("r#type: u8", "r#type", "let _ = r#type;") },
    owned("[i, ..]: [u8; 3]", "i", "let _ = i;"),
    Argument { owned: None, borrows: true, ..owned("&j: &u8", "j", "let _ = j;") },
    owned("ref k: String", "k", "let _ = k.len();"),
    Argument { key: Some("&*l"), ..owned("l: Arc<str>", "l", "let _ = l.len();") },
    owned("m: fn(&u32) -> &u32", "m", "let _ = m(&1);"),
    Argument { owned: None, key: Some("n.len()"), borrows: true, ..owned("n: &[u8]", "n", "let _ = n.first();") },
    owned("p @ (q, _): (u32, u8)", "p", "let _ = (p, q);"),
    owned("outcome: Vec<[u8; { 1 + 1 }]>", "outcome", "let _ = outcome.first();"),
    owned("#[cfg(any())] gone: Nowhere", "gone", ""),
];
