//! What is refused, and in which words.

use std::error::Error;
use std::ffi::OsString;

use super::policy::{breaker, fallback, retry};
use super::*;

fn shop() -> Program {
    Program::of([
        retry("payments"),
        breaker("payments"),
        fallback("payments"),
        retry("mail").with("attempts", 7_u32),
        retry(None),
        // A function with two retries, and names that are one in a variable.
        retry("twice"),
        retry("twice"),
        breaker("a-b"),
        breaker("a_b"),
        breaker("mail__retry"),
    ])
}

#[test]
fn of_a_file() {
    for (text, expected) in [
        // Names and kinds.
        ("[paymets.retry]\nattempts = 5", "text:1: unknown policy `paymets`; did you mean `payments`?"),
        ("\n[Payments]", "text:2: unknown policy `Payments`; did you mean `payments`?"),
        ("[rety]\nattempts = 5", "text:1: unknown policy `rety`; did you mean `retry`?"),
        ("[shop]", "text:1: unknown policy `shop`"),
        ("[pay]", "text:1: the policy of `shop::pay` has no name; give it one with `name = \"..\"`"),
        ("[ay]", "text:1: unknown policy `ay`"),
        ("[\"shop::pay\"]", "text:1: the policy of `shop::pay` has no name; give it one with `name = \"..\"`"),
        ("[breaker]", "text:1: unknown policy `breaker`; did you mean `circuit_breaker`?"),
        ("[payments.budget]", "text:1: unknown kind of policy `budget`; did you mean `retry_budget`?"),
        ("[payments.limiter]", "text:1: unknown kind of policy `limiter`; did you mean `rate_limit`?"),
        (
            "[payments.retries]",
            "text:1: unknown kind of policy `retries`; expected one of: `retry`, `retry_budget`, `circuit_breaker`, `bulkhead`, `rate_limit`, `timeout`, `hedge`, `fallback`",
        ),
        (
            "[payments.hedge]",
            "text:1: no hedge is named `payments`; there is `[payments.retry]`, `[payments.circuit_breaker]`, `[payments.fallback]`",
        ),
        ("[twice.hedge]", "text:1: no hedge is named `twice`; there is `[twice.retry]`"),
        ("[twice.retry]\nattempts = 1", "text:1: more than one retry is named `twice`: give each a name of its own"),
        ("[retry.payments]\nattempts = 1", "text:1: the name stands first: `[payments.retry]`"),
        // Keys.
        ("enable = true", "text:1: unknown setting `enable` for all policies; did you mean `enabled`?"),
        ("attempts = 4", "text:1: unknown setting `attempts` for all policies"),
        ("retry = 4", "text:1: `[retry]` takes `attempts = 4`"),
        ("timeout = \"2s\"", "text:1: `[timeout]` takes `limit = \"2s\"`"),
        ("[payments]\nretry = 4", "text:2: `[payments.retry]` takes `attempts = 4`"),
        ("payments.circuit_breaker = false", "text:1: `[payments.circuit_breaker]` takes `enabled = false`"),
        ("circuit_breaker = 4", "text:1: `circuit_breaker` is a section: `[circuit_breaker]`"),
        ("payments = 4", "text:1: `payments` is a section: `[payments]`"),
        (
            "payments.attempts = 4",
            "text:1: `attempts` is not for all policies of a name; only `enabled`, `shadow`, `critical` are, others stand \
             under a kind, as in `[payments.retry]`",
        ),
        (
            "[payments.retry]\natempts = 4",
            "text:2: `payments.retry.atempts`: unknown setting `atempts`; expected one of: `attempts`, ..; did you mean \
             `attempts`?",
        ),
        ("[retry]\n\"a b\" = 4", "text:2: `retry.\"a b\"`: unknown setting `a b`; expected one of: `attempts`, .."),
        (
            "[bulkhead]\nmax_concurent = 4",
            "text:2: `bulkhead.max_concurent`: unknown setting `max_concurent`; did you mean `max_concurrent`?",
        ),
        ("[timeout]\nafter = 4", "text:2: `timeout.after`: unknown setting `after`; did you mean `limit`?"),
        ("[timeout]\nduration = 4", "text:2: `timeout.duration`: unknown setting `duration`; did you mean `limit`?"),
        (
            "[timeout]\npercentile = 1",
            "text:2: `timeout.percentile`: unknown setting `percentile`; did you mean `share`?",
        ),
        ("[hedge]\nwhen = 1", "text:2: `hedge.when`: unknown setting `when`; `when` stands in the attribute alone"),
        // A kind has no shadow, or nobody of that name.
        ("[retry]\nshadow = true", "text:2: `retry.shadow`: unknown setting `shadow`; expected one of: `attempts`, .."),
        ("[mail]\nshadow = true", "text:2: `mail.shadow` is taken by no policy named `mail`"),
        // Values.
        ("[payments.retry]\nattempts = 0", "text:2: `payments.retry.attempts` takes a number from 1"),
        ("[retry]\nattempts = -1", "text:2: `retry.attempts` takes a number from 1"),
        ("[payments.retry]\nattempts = \"five\"", "text:2: `payments.retry.attempts` takes a number"),
        ("payments.enabled = 1", "text:1: `payments.enabled` takes `true` or `false`, and not 1"),
        ("enabled = \"no\"", "text:1: `enabled` takes `true` or `false`, and not \"no\""),
        ("retry.attempts = [3]", "text:1: `retry.attempts` takes one value, and no list"),
        ("[[retry]]", "text:1: `retry` is a section, `[retry]`, and no list"),
        ("[[payments.retry]]", "text:1: `payments.retry` is a section, `[payments.retry]`, and no list"),
        ("retry.attempts = { at = 3 }", "text:1: `retry.attempts` takes one value, and is no section"),
        ("retry.attempts = 2026-01-01", "text:1: `retry.attempts` takes no date, and not 2026-01-01"),
        (
            "retry.attempts = 99999999999999999999",
            "text:1: `retry.attempts` is a number out of range: 99999999999999999999",
        ),
        ("retry.attempts = nan", "text:1: `retry.attempts` takes a finite number, and not nan"),
        ("retry.attempts = 1e999", "text:1: `retry.attempts` takes a finite number, and not 1e999"),
        ("[payments.\"re try\"]", "text:1: unknown kind of policy `re try`; did you mean `retry`?"),
        // A setting of a kind that one of them can't have.
        (
            "[retry]\nmax_delay = \"1ms\"",
            "text:2: `retry.max_delay`: the delay is shorter than the base (retry `mail`)",
        ),
        // TOML.
        ("[retry]\nattempts = 4\nattempts = 5", "text:3: not TOML: duplicate key"),
        ("[retry]\n[retry]", "text:2: not TOML: duplicate key"),
        ("[retry\nattempts = 4", "text:1: not TOML: unclosed table, expected `]`"),
        ("retry.attempts =", "text:1: not TOML: string values must be quoted, expected literal string"),
        ("attempts", "text:1: not TOML: key with no value, expected `=`"),
        ("retry.attempts = 1 2", "text:1: not TOML: string values must be quoted, expected literal string"),
        ("\u{feff}[retry]\nattempts = 0", "text:2: `retry.attempts` takes a number from 1"),
        ("[retry]\r\n\r\nattempts = 0", "text:3: `retry.attempts` takes a number from 1"),
    ] {
        let error = shop().load(&Config::new().toml(text)).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn of_the_environment() {
    for (variable, value, expected) in [
        ("PAYMETS__RETRY__ATTEMPTS", "5", "unknown policy `paymets`; did you mean `payments`?"),
        ("PAYMENTS__RETY__ATTEMPTS", "5", "unknown kind of policy `rety`; did you mean `retry`?"),
        (
            "PAYMENTS__HEDGE__ATTEMPTS",
            "5",
            "no hedge is named `payments`; there is `[payments.retry]`, `[payments.circuit_breaker]`, `[payments.fallback]`",
        ),
        ("RETRY__ATTEMPTS", "0", "`retry.attempts` takes a number from 1"),
        ("RETRY__ATTEMPTS", "many", "`retry.attempts` takes a number"),
        ("RETRY__ATTEMPTS", "inf", "`retry.attempts` takes a number"),
        ("RETRY__ATTEMPTS", "1e999", "`retry.attempts` takes a number"),
        ("RETRY__ATTEMPTS", "", "is empty; unset it to leave the setting as it is"),
        ("RETRY", "5", "`retry` is a section: `STEADFAST__RETRY__ATTEMPTS`"),
        ("PAYMENTS", "6", "`payments` is a section: `STEADFAST__PAYMENTS__KEY`"),
        ("ENABLE", "true", "unknown setting `enable` for all policies; did you mean `enabled`?"),
        ("ENABLED", "0", "`enabled` takes `true` or `false`, and not 0"),
        ("", "5", super::super::environment::FORMS),
        ("RETRY__", "5", super::super::environment::FORMS),
        ("RETRY__MAX__DELAY", "5", super::super::environment::FORMS),
        ("__", "5", super::super::environment::FORMS),
        ("A_B__ENABLED", "true", "can mean each of `a-b`, `a_b`: set it in a file"),
        ("MAIL__RETRY__ENABLED", "true", "can mean each of `mail.retry`, `mail__retry`: set it in a file"),
        ("TWICE__RETRY__ATTEMPTS", "1", "more than one retry is named `twice`: give each a name of its own"),
    ] {
        let variable = format!("STEADFAST__{variable}");
        let error = shop().load(&Config::new().variables([(&variable, value)])).unwrap_err();
        assert_eq!(error.to_string(), format!("{variable}: {expected}"));
    }

    let twice = [("STEADFAST__RETRY__ATTEMPTS", "3"), ("Steadfast__Retry__Attempts", "4")];
    let error = shop().load(&Config::new().variables(twice)).unwrap_err();
    assert_eq!(error.to_string(), "Steadfast__Retry__Attempts: sets the same as `STEADFAST__RETRY__ATTEMPTS`");
    // An underscore that is missing.
    for (variable, meant) in [
        ("STEADFAST_ENABLED", "STEADFAST__ENABLED"),
        ("STEADFAST_RETRY_MAX_DELAY", "STEADFAST__RETRY__MAX_DELAY"),
        ("STEADFAST_RETRY__ATTEMPTS", "STEADFAST__RETRY__ATTEMPTS"),
        ("STEADFAST_PAYMENTS_RETRY_ATTEMPTS", "STEADFAST__PAYMENTS__RETRY__ATTEMPTS"),
        ("STEADFAST_PAYMENTS_CRITICAL", "STEADFAST__PAYMENTS__CRITICAL"),
        ("STEADFAST_PAYMETS_RETRY_ATTEMPTS", "STEADFAST__PAYMETS__RETRY__ATTEMPTS"),
    ] {
        let error = shop().load(&Config::new().variables([(variable, "5")])).unwrap_err();
        assert_eq!(error.to_string(), format!("{variable}: words are divided by two underscores: `{meant}`"));
    }
    // What is not ours is not looked at.
    shop().load(&Config::new().variables([("STEADFAST_LOG", "x"), ("STEADFAST_RETRYING", "x")])).unwrap();
    shop().load(&Config::new().variables([("STEADFAST_RETRY", "x"), ("PATH", ""), ("", "")])).unwrap();
}

#[cfg(unix)]
#[test]
fn of_text_that_is_none() {
    use std::os::unix::ffi::OsStringExt;
    let broken = |text: &[u8]| OsString::from_vec([text, &[0xff]].concat());

    let variables = [(OsString::from("STEADFAST__RETRY__ATTEMPTS"), broken(b"3")), (broken(b"OTHER"), broken(b""))];
    let error = shop().load(&Config::new().variables(variables)).unwrap_err();
    assert_eq!(error.to_string(), "STEADFAST__RETRY__ATTEMPTS: is not UTF-8: 3\u{fffd}");

    let error = shop().load(&Config::new().variables([(broken(b"STEADFAST__PAY"), "3")])).unwrap_err();
    assert!(error.to_string().starts_with("STEADFAST__PAY\u{fffd}: unknown setting `pay_`"), "{error}");
}

#[test]
fn all_are_reported_at_once_in_order_of_lines() {
    let filler = "\n".repeat(8);
    let text = format!("[payments.retry]\nattempts = 0\natempts = 1{filler}[paymets]\n[retry]\nmax_delay = \"1ms\"");
    let config = Config::new().variables([("STEADFAST__SHADOW", "1")]).toml(text).toml("x");
    let error = shop().load(&config).unwrap_err();
    let lines: Vec<(&str, &str)> = error.mistakes().iter().map(|m| (m.origin.as_str(), m.key.as_str())).collect();
    assert_eq!(
        lines,
        [
            ("STEADFAST__SHADOW", "shadow"),
            ("text:1", ""),
            ("text:2", "payments.retry.attempts"),
            ("text:3", "payments.retry.atempts"),
            ("text:11", "paymets"),
            ("text:13", "retry.max_delay"),
        ]
    );
    assert_eq!(error.to_string().lines().count(), 6);
    assert!(error.source().is_none());
}

#[test]
fn what_is_said_twice_is_one_mistake() {
    let error = shop().load(&Config::new().toml("[paymets]").toml("[paymets]")).unwrap_err();
    assert_eq!(error.to_string(), "text:1: unknown policy `paymets`; did you mean `payments`?");
}

#[test]
fn what_one_layer_hides_of_another_is_still_a_mistake() {
    let config = Config::new().toml("payments = 5").variables([("STEADFAST__PAYMENTS__RETRY__ATTEMPTS", "5")]);
    let error = shop().load(&config).unwrap_err();
    assert_eq!(error.to_string(), "text:1: `payments` is a section: `[payments]`");
}

#[test]
fn those_who_refuse_what_others_take_are_named_up_to_three() {
    let mut shop = Program::of(
        [retry("a")].into_iter().chain(["b", "c", "d", "e", "f"].map(|name| retry(name).with("attempts", 7_u32))),
    );
    let error = shop.load(&Config::new().toml("retry.max_delay = \"1ms\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text:1: `retry.max_delay`: the delay is shorter than the base (retry `b`, retry `c`, retry `d` and 2 more)"
    );
}
