use super::*;

fn written(text: &str) -> String {
    match parse_str(text) {
        Ok(duration) => tokens(duration).to_string().replace(' ', "").replace("::core::time::Duration::", ""),
        Err(message) => message,
    }
}

#[test]
fn literals_mean_what_they_say() {
    for (text, meaning) in [
        ("250ms", "from_millis(250)"),
        ("1.5s", "from_millis(1500)"),
        ("5s", "from_secs(5)"),
        ("5 s", "from_secs(5)"),
        ("2m", "from_secs(120)"),
        ("1h30m", "from_secs(5400)"),
        ("  1h 30m  ", "from_secs(5400)"),
        ("1.5h 30m", "from_secs(7200)"),
        ("1d", "from_secs(86400)"),
        ("1d2h3m4s5ms6us7ns", "from_nanos(93784005006007)"),
        ("7us", "from_micros(7)"),
        ("7\u{b5}s", "from_micros(7)"),
        ("7\u{3bc}s", "from_micros(7)"),
        ("9ns", "from_nanos(9)"),
        ("0s", "from_secs(0)"),
        ("0ns", "from_secs(0)"),
        ("1000ms", "from_secs(1)"),
        ("90m", "from_secs(5400)"),
        ("007s", "from_secs(7)"),
        // Exact where a float is not.
        ("0.1s", "from_millis(100)"),
        ("0.3s", "from_millis(300)"),
        ("1.1s", "from_millis(1100)"),
        ("4.35s", "from_millis(4350)"),
        ("0.000000001s", "from_nanos(1)"),
        ("0.50000000000000000000000000000000000000000000s", "from_millis(500)"),
        (
            "0.0000000000000001d",
            "`0.0000000000000001` has parts smaller than a nanosecond, which a `Duration` can't hold",
        ),
        ("0.0000152587890625d", "from_nanos(1318359375)"),
        // The ends of the range.
        ("18446744073709551615s", "from_secs(18446744073709551615)"),
        ("18446744073709551615.999999999s", "new(18446744073709551615,999999999)"),
        ("18446744073709551615s 1ms", "new(18446744073709551615,1000000)"),
    ] {
        assert_eq!(written(text), meaning, "{text:?}");
    }
}

#[test]
fn mistakes_are_told_with_their_fix() {
    for (text, message) in [
        ("", r#"a duration can't be empty; give a number and a unit, e.g. `"5s"` or `"250ms"`"#),
        ("  ", r#"a duration can't be empty; give a number and a unit, e.g. `"5s"` or `"250ms"`"#),
        ("5", r#"a duration needs a unit, e.g. `"5s"` or `"5ms"`"#),
        ("1.5", r#"a duration needs a unit, e.g. `"1.5s"` or `"1.5ms"`"#),
        ("5s 3", r#"a duration needs a unit, e.g. `"3s"` or `"3ms"`"#),
        ("5 sec", "unknown unit `sec` in a duration; did you mean `s`?"),
        ("5 minutes", "unknown unit `minutes` in a duration; did you mean `m`?"),
        ("5M", "unknown unit `M` in a duration; did you mean `m` (minutes)?"),
        ("5msecs", "unknown unit `msecs` in a duration; did you mean `ms`?"),
        ("5sm", "unknown unit `sm` in a duration; did you mean `ms`?"),
        ("2 weeks", "unknown unit `weeks` in a duration; expected one of: `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
        ("s", r#"expected a number before `s` in a duration, e.g. `"5s"` or `"1h30m"`"#),
        ("ten s", r#"expected a number before `ten` in a duration, e.g. `"5s"` or `"1h30m"`"#),
        ("+5s", r#"expected a number before `+` in a duration, e.g. `"5s"` or `"1h30m"`"#),
        ("5s, 3ms", r#"expected a number before `,` in a duration, e.g. `"5s"` or `"1h30m"`"#),
        ("1_000ms", r#"unexpected `_` in a duration; write it like `"5s"` or `"1h30m"`"#),
        ("5,5s", r#"unexpected `,` in a duration; write it like `"5s"` or `"1h30m"`"#),
        ("-5s", "a duration can't be negative; remove the `-`"),
        ("1h -5s", "a duration can't be negative; remove the `-`"),
        (".5s", "`.5` is no number; write digits on both sides of one point, e.g. `0.5`"),
        ("5.s", "`5.` is no number; write digits on both sides of one point, e.g. `0.5`"),
        ("1.2.3s", "`1.2.3` is no number; write digits on both sides of one point, e.g. `0.5`"),
        ("5s5s", "the unit `s` stands twice in this duration; add them up"),
        ("1s1h", "the larger unit comes first in a duration: `h` before `s`"),
        ("1h5ms3m", "the larger unit comes first in a duration: `m` before `ms`"),
        ("0.5ns", "`0.5` has parts smaller than a nanosecond, which a `Duration` can't hold"),
        ("18446744073709551616s", TOO_LONG),
        ("18446744073709551615s 1000ms", TOO_LONG),
        ("340282366920938463463374607431768211456ns", TOO_LONG),
        ("340282366920938463463374607431768211455d", TOO_LONG),
    ] {
        assert_eq!(written(text), message, "{text:?}");
    }
    // However long, none of it panics.
    for (head, tail) in [("", "s"), ("0.", "s"), ("0.", "1s"), ("0.1", "1d")] {
        assert!(parse_str(&format!("{head}{}{tail}", "9".repeat(10_000))).is_err());
    }
}

#[test]
fn numbers_are_refused_with_the_string_to_write() {
    let refused = |code: &str| {
        let expr: Expr = syn::parse_str(code).unwrap();
        literal(&expr).unwrap().unwrap_err().to_string()
    };
    assert_eq!(refused("5"), r#"a duration is a string with a unit, e.g. `"5s"` or `"5ms"`"#);
    assert_eq!(refused("1.5"), r#"a duration is a string with a unit, e.g. `"1.5s"` or `"1.5ms"`"#);
    assert_eq!(refused("5u64"), r#"a duration is a string with a unit, e.g. `"5s"` or `"5ms"`"#);
    assert_eq!(refused("250ms"), r#"a duration stands in quotes: `"250ms"`"#);
    assert_eq!(refused("1.5s"), r#"a duration stands in quotes: `"1.5s"`"#);
    assert_eq!(refused("1h30m"), r#"a duration stands in quotes: `"1h30m"`"#);
    assert_eq!(refused("-5"), NEGATIVE);
    assert_eq!(refused("true"), r#"expected a duration, e.g. `"5s"` or `"250ms"`"#);
}

#[test]
fn expressions_are_left_alone() {
    for code in ["Duration::from_secs(5)", "WAIT", "wait * 2", "-wait", r#"("5s")"#, r#"Some("5s")"#] {
        let expr: Expr = syn::parse_str(code).unwrap();
        assert!(literal(&expr).is_none(), "{code}");
    }
}
