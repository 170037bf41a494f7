//! Which setting a policy gets.

use super::policy::{breaker, fallback, retry};
use super::*;
use crate::PolicyKind;
use crate::config::apply_over;

/// A policy without a name is called by its path, and is not meant by who says a name that looks so.
#[test]
fn a_path_is_no_name() {
    let mut shop = Program::of([retry("shop::pay"), retry(None)]);
    shop.load(&Config::new().toml("[\"shop::pay\"]\nretry.attempts = 5\ncritical = true")).unwrap();
    assert_eq!(shop.stands(), ["retry shop::pay: attempts = 5, critical = true"]);
}

/// A named stack, one without a name, and a name that needs care.
fn shop() -> Program {
    Program::of([
        retry("payments"),
        breaker("payments"),
        fallback("payments"),
        retry(None),
        breaker(None),
        retry("mail-EU.2"),
        retry("retry"),
    ])
}

#[test]
fn the_nearest_setting_is_taken() {
    let stack = ["retry payments", "circuit_breaker payments", "fallback payments"];
    let others = ["retry shop::pay", "circuit_breaker shop::pay", "retry mail-EU.2", "retry retry"];
    let all = |setting: &str, of: &[&str]| of.iter().map(|policy| format!("{policy}: {setting}")).collect::<Vec<_>>();
    let retries = ["retry payments", "retry shop::pay", "retry mail-EU.2", "retry retry"];
    let breakers = ["circuit_breaker payments", "circuit_breaker shop::pay"];
    let but_fallbacks = [&stack[..2], &others].concat();

    for (file, variables, expected) in [
        ("", "", vec![]),
        // Each level by itself, in both notations.
        ("[payments.retry]\nattempts = 5", "", all("attempts = 5", &stack[..1])),
        ("", "PAYMENTS__RETRY__ATTEMPTS=5", all("attempts = 5", &stack[..1])),
        ("payments.critical = true", "", all("critical = true", &stack)),
        ("", "PAYMENTS__CRITICAL=true", all("critical = true", &stack)),
        ("payments.shadow = true", "", all("shadow = true", &stack[1..2])),
        ("[retry]\nattempts = 4", "", all("attempts = 4", &retries)),
        ("", "RETRY__ATTEMPTS=4", all("attempts = 4", &retries)),
        ("shadow = true", "", all("shadow = true", &breakers)),
        ("", "SHADOW=true", all("shadow = true", &breakers)),
        // A kind that nothing is of, in a file that serves several programs.
        ("bulkhead.max_wait = \"1s\"\ntimeout = { limit = \"1s\", factor = 2.0 }", "", vec![]),
        // The nearer before the farther, whatever the source.
        (
            "[retry]\nattempts = 4\n[payments.retry]\nattempts = 4",
            "PAYMENTS__RETRY__ATTEMPTS=3",
            all("attempts = 4", &retries[1..]),
        ),
        ("payments.retry.attempts = 3", "RETRY__ATTEMPTS=4", all("attempts = 4", &retries[1..])),
        ("payments.retry.critical = false\npayments.critical = true", "", all("critical = true", &stack[1..])),
        ("payments.critical = false", "RETRY__CRITICAL=true", all("critical = true", &retries[1..])),
        ("circuit_breaker.shadow = false\nshadow = true", "", vec![]),
        // The environment before the file at the same level.
        ("retry.attempts = 3", "RETRY__ATTEMPTS=4", all("attempts = 4", &retries)),
        ("critical = true", "CRITICAL=false", vec![]),
        // Names as they are in variables.
        ("", "Mail_eu_2__retry__Attempts=4", all("attempts = 4", &retries[2..3])),
        ("[\"mail-EU.2\".retry]\nattempts = 4", "", all("attempts = 4", &retries[2..3])),
        // A policy that is named as a kind is called.
        ("[retry.retry]\nattempts = 4", "", all("attempts = 4", &retries[3..])),
        ("", "RETRY__RETRY__ATTEMPTS=4", all("attempts = 4", &retries[3..])),
        // The kill switch goes before all else, and leaves fallbacks.
        ("enabled = false", "", all("enabled = false", &but_fallbacks)),
        (
            "payments.enabled = true\nretry.enabled = true\npayments.retry.enabled = true",
            "ENABLED=false",
            all("enabled = false", &but_fallbacks),
        ),
        ("enabled = false", "ENABLED=true", vec![]),
        ("fallback.enabled = false", "", all("enabled = false", &stack[2..])),
        ("payments.enabled = false", "", all("enabled = false", &stack)),
        ("retry.enabled = false", "PAYMENTS__ENABLED=true", all("enabled = false", &retries[1..])),
        // Only `false` is one.
        ("enabled = true\npayments.enabled = false", "", all("enabled = false", &stack)),
        // Values as they are written.
        ("retry.attempts = 0x1_0", "", all("attempts = 16", &retries)),
        ("", "PAYMENTS__RETRY__ATTEMPTS=+5", all("attempts = 5", &stack[..1])),
        ("", "PAYMENTS__RETRY__MAX_DELAY=.5", all("max_delay = 0.5", &stack[..1])),
        ("", "PAYMENTS__CRITICAL=TRUE", all("critical = true", &stack)),
        ("critical = true", "CRITICAL=False", vec![]),
    ] {
        let mut shop = shop();
        let variable = variables.split_once('=').map(|(key, value)| (format!("STEADFAST__{key}"), value));
        shop.load(&Config::new().toml(file).variables(variable)).unwrap();
        assert_eq!(shop.stands(), expected, "{file} {variables:?}");
    }
}

#[test]
fn what_is_no_longer_said_becomes_as_the_attribute_has_it() {
    let mut shop = Program::of([retry("payments")]);
    let changes = |applied: Applied| applied.to_string();
    let say = |text: &'static str| Config::new().toml(text);

    let applied = shop.load(&say("payments.retry.attempts = 5\nretry.max_delay = \"1s\"")).unwrap();
    assert_eq!(
        changes(applied),
        "retry `payments`: attempts is 5, was 3\nretry `payments`: max_delay is \"1s\", was \"10s\""
    );
    let applied = shop.load(&say("payments.retry.attempts = 6\nretry.max_delay = \"1s\"")).unwrap();
    assert_eq!(changes(applied), "retry `payments`: attempts is 6, was 5");
    assert_eq!(shop.load(&say("retry.attempts = 6\nretry.max_delay = \"1s\"")).unwrap(), Applied::default());
    let applied = shop.load(&Config::new()).unwrap();
    assert_eq!(
        changes(applied),
        "retry `payments`: attempts is 3, was 6\nretry `payments`: max_delay is \"10s\", was \"1s\""
    );
    assert_eq!(shop.stands(), [""; 0]);
}

#[test]
fn sources_go_over_each_other_key_by_key() {
    let mut shop = Program::of([retry("payments")]);
    let config = Config::new()
        .toml("payments.retry = { attempts = 4, max_delay = \"1s\" }")
        .variables([("STEADFAST__PAYMENTS__RETRY__ATTEMPTS", "5")])
        .toml("[payments.retry]\ncritical = true");
    shop.load(&config).unwrap();
    assert_eq!(shop.stands(), ["retry payments: attempts = 5, critical = true, max_delay = \"1s\""]);
}

#[test]
fn one_mistake_leaves_everything_as_it_is() {
    let mut shop = shop();
    shop.load(&Config::new().toml("retry.attempts = 4")).unwrap();
    let before = shop.stands();
    for mistake in [
        "payments.retry.attempts = 0",
        "[paymets]",
        "not toml",
        "retry.attempts = 9\n\n\"mail-EU.2\".retry.attempts = 0",
    ] {
        shop.load(&Config::new().toml(format!("circuit_breaker.shadow = true\n{mistake}"))).unwrap_err();
        assert_eq!(shop.stands(), before);
    }
    // What comes at run time gets what is in force, not what was refused.
    let late = retry(None);
    apply_over(&late, &shop.in_force).unwrap();
    assert_eq!(late.to_string(), "retry shop::pay: attempts = 4");
}

#[test]
fn who_comes_later_gets_what_is_in_force() {
    let mut shop = Program::of([retry("payments")]);
    let text = "retry.attempts = 4\ntenant_eu = { critical = true, retry.attempts = 5, circuit_breaker.failure_threshold = 9 }";
    let config =
        Config::new().toml(text).variables([("STEADFAST__TENANT_EU__RETRY__MAX_DELAY", "1s")]).later(["tenant_eu"]);
    shop.load(&config).unwrap();

    let tenant = retry("tenant_eu");
    apply_over(&tenant, &shop.in_force).unwrap();
    assert_eq!(tenant.to_string(), "retry tenant_eu: attempts = 5, critical = true, max_delay = \"1s\"");

    // Which takes part in loads from then on, and may go again.
    shop.policies.push(tenant);
    assert_eq!(shop.load(&config).unwrap(), Applied::default());
    shop.policies.pop();
    assert_eq!(shop.load(&config).unwrap(), Applied::default());

    let other = retry("tenant_eu").with("attempts", 7_u32);
    let mut refused = Program::of([]);
    refused.load(&Config::new().toml("tenant_eu.retry.max_delay = \"1ms\"").later(["tenant_eu"])).unwrap();
    let error = apply_over(&other, &refused.in_force).unwrap_err();
    assert_eq!(error.to_string(), "text:1: `tenant_eu.retry.max_delay`: the delay is shorter than the base");
    assert!(!other.is_altered());
}

#[test]
fn a_name_of_several_that_are_made_at_run_time_means_all_of_them() {
    let tenants = || [retry("tenant"), retry("tenant"), breaker("tenant")];
    let expected = ["retry tenant: attempts = 5", "retry tenant: attempts = 5"];
    let config = Config::new().toml("tenant.retry.attempts = 5");
    // Announced, or since they are registered.
    let mut shop = Program::of(tenants());
    shop.load(&config.clone().later(["tenant"])).unwrap();
    assert_eq!(shop.stands(), expected);
    let mut shop = Program::of(tenants());
    shop.many = Many::from([("tenant", PolicyKind::Retry)]);
    shop.load(&config).unwrap();
    assert_eq!(shop.stands(), expected);
    // Of another kind nobody is announced.
    let error = shop.load(&Config::new().toml("[tenant.hedge]")).unwrap_err();
    assert!(error.to_string().contains("no hedge is named `tenant`"), "{error}");
    let error = Program::of(tenants()).load(&config).unwrap_err();
    assert!(error.to_string().contains("more than one retry is named `tenant`"), "{error}");
}
