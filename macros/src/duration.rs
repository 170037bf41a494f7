//! Durations as they are written in attributes: `"250ms"`, `"1.5s"`, `"1h30m"`.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, UnOp};

use crate::suggest::{List, nearest};

/// From large to small, the order in which they stand in a literal.
const UNITS: [(&str, u128); 7] = [
    ("d", 24 * 60 * 60 * SECOND),
    ("h", 60 * 60 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const SECOND: u128 = 1_000_000_000;

/// Names of units that people know from elsewhere.
const OTHER_NAMES: [(&str, &[&str]); 8] = [
    ("d", &["D", "day", "days"]),
    ("h", &["H", "hr", "hrs", "hour", "hours"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("s", &["S", "sec", "secs", "second", "seconds"]),
    ("ms", &["MS", "Ms", "mS", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"]),
    ("us", &["usec", "usecs", "micro", "micros", "microsecond", "microseconds"]),
    ("ns", &["nsec", "nsecs", "nano", "nanos", "nanosecond", "nanoseconds"]),
    ("60m", &["M"]),
];

/// The duration that `expr` spells, or `None` where it is an expression to be evaluated at run time.
pub(crate) fn literal(expr: &Expr) -> Option<syn::Result<Duration>> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(parse_lit(lit)),
        // A `$d:literal` or `$d:expr` of a `macro_rules!` comes in a group.
        Expr::Group(group) => literal(&group.expr),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr: inner, .. }) if literal(inner).is_some() => {
            Some(Err(syn::Error::new_spanned(expr, NEGATIVE)))
        }
        _ => None,
    }
}

/// The duration that a literal spells; an error for a number, which has no unit.
pub(crate) fn parse_lit(lit: &Lit) -> syn::Result<Duration> {
    let (digits, suffix) = match lit {
        Lit::Str(text) => return parse(text),
        Lit::Int(number) => (number.base10_digits().to_owned(), number.suffix()),
        Lit::Float(number) => (number.base10_digits().to_owned(), number.suffix()),
        _ => return Err(syn::Error::new(lit.span(), r#"expected a duration, e.g. `"5s"` or `"250ms"`"#)),
    };
    // `5s` and `1h30m` without quotes are numbers with a suffix to the lexer.
    let message = if parse_str(&format!("{digits}{suffix}")).is_ok() {
        format!(r#"a duration stands in quotes: `"{digits}{suffix}"`"#)
    } else {
        format!(r#"a duration is a string with a unit, e.g. `"{digits}s"` or `"{digits}ms"`"#)
    };
    Err(syn::Error::new(lit.span(), message))
}

/// The duration that a string spells.
pub(crate) fn parse(text: &LitStr) -> syn::Result<Duration> {
    parse_str(&text.value()).map_err(|message| syn::Error::new(text.span(), message))
}

const NEGATIVE: &str = "a duration can't be negative; remove the `-`";
const TOO_LONG: &str = "this duration is longer than a `Duration` can hold, which is 2^64 seconds";

fn parse_str(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(r#"a duration can't be empty; give a number and a unit, e.g. `"5s"` or `"250ms"`"#.into());
    }
    let mut nanos = 0_u128;
    let mut last: Option<usize> = None;
    while !rest.is_empty() {
        let (number, unit, after) = part(rest)?;
        match last {
            Some(last) if last == unit => {
                return Err(format!("the unit `{}` stands twice in this duration; add them up", UNITS[unit].0));
            }
            Some(last) if last > unit => {
                let (small, large) = (UNITS[last].0, UNITS[unit].0);
                return Err(format!("the larger unit comes first in a duration: `{large}` before `{small}`"));
            }
            _ => last = Some(unit),
        }
        let part = scale(number, UNITS[unit].1)?;
        nanos = nanos.checked_add(part).ok_or(TOO_LONG)?;
        rest = after.trim_start();
    }
    let secs = u64::try_from(nanos / SECOND).map_err(|_| TOO_LONG)?;
    Ok(Duration::from_secs(secs) + Duration::from_nanos((nanos % SECOND) as u64))
}

/// One number and its unit off the start of `text`: `"1.5 h 30m"` gives `("1.5", h, " 30m")`.
fn part(text: &str) -> Result<(&str, usize, &str), String> {
    if text.starts_with('-') {
        return Err(NEGATIVE.into());
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if number.is_empty() {
        let what = text.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
        let found = if what.is_empty() { text.chars().take(1).collect() } else { what };
        return Err(format!(r#"expected a number before `{found}` in a duration, e.g. `"5s"` or `"1h30m"`"#));
    }
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if name.is_empty() {
        return Err(match rest.chars().next() {
            Some(found) if !found.is_ascii_digit() => {
                format!(r#"unexpected `{found}` in a duration; write it like `"5s"` or `"1h30m"`"#)
            }
            _ => format!(r#"a duration needs a unit, e.g. `"{number}s"` or `"{number}ms"`"#),
        });
    }
    Ok((number, unit(name)?, rest))
}

/// The index in [`UNITS`].
fn unit(name: &str) -> Result<usize, String> {
    // U+00B5, the sign, and U+03BC, the letter: keyboards have one or the other.
    let name = if matches!(name, "\u{b5}s" | "\u{3bc}s") { "us" } else { name };
    if let Some(unit) = UNITS.iter().position(|(unit, _)| *unit == name) {
        return Ok(unit);
    }
    let known = UNITS.map(|(unit, _)| unit);
    let other = OTHER_NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(unit, _)| *unit);
    let hint = match other.or_else(|| nearest(name, &known)) {
        Some("60m") => "; did you mean `m` (minutes)?".to_owned(),
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => format!("; expected one of: {}", List(&known)),
    };
    Err(format!("unknown unit `{name}` in a duration{hint}"))
}

/// `number * unit` in nanoseconds, exactly: in floating point, `"0.3s"` would not be 300 ms.
fn scale(number: &str, unit: u128) -> Result<u128, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(format!("`{number}` is no number; write digits on both sides of one point, e.g. `0.5`"));
    }
    let nanos = whole.parse().ok().and_then(|whole: u128| whole.checked_mul(unit)).ok_or(TOO_LONG)?;

    let fraction = fraction.trim_end_matches('0');
    let too_fine = || format!("`{number}` has parts smaller than a nanosecond, which a `Duration` can't hold");
    let places = u32::try_from(fraction.len()).map_err(|_| too_fine())?;
    if places == 0 {
        return Ok(nanos);
    }
    let parts = fraction.parse().ok().and_then(|parts: u128| parts.checked_mul(unit)).ok_or_else(too_fine)?;
    let places = 10_u128.checked_pow(places).filter(|places| parts % places == 0).ok_or_else(too_fine)?;
    nanos.checked_add(parts / places).ok_or_else(|| TOO_LONG.into())
}

/// The duration as a person would write it: `::core::time::Duration::from_millis(250)`.
///
/// `from_mins` and longer would read better still, but are younger than the oldest compiler that is supported.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let (constructor, number) = match (secs, nanos) {
        (secs, 0) => ("from_secs", Some(secs)),
        (_, nanos) if nanos % 1_000_000 == 0 => ("from_millis", u64::try_from(duration.as_millis()).ok()),
        (_, nanos) if nanos % 1_000 == 0 => ("from_micros", u64::try_from(duration.as_micros()).ok()),
        _ => ("from_nanos", u64::try_from(duration.as_nanos()).ok()),
    };
    if let Some(number) = number {
        let constructor = syn::Ident::new(constructor, Span::call_site());
        let number = Literal::u64_unsuffixed(number);
        return quote!(::core::time::Duration::#constructor(#number));
    }
    let (secs, nanos) = (Literal::u64_unsuffixed(secs), Literal::u32_unsuffixed(nanos));
    quote!(::core::time::Duration::new(#secs, #nanos))
}

#[cfg(test)]
mod tests;
