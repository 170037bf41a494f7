//! The examples that end by themselves, run as the README says: each still tells its story.

use std::env;
use std::process::Command;

/// What the example prints, line by line, without the times and with one space where there are several.
fn story(example: &str) -> Vec<String> {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    // From the root, as a reader would, so that nothing is built with other features than it has been for this test.
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--example", example]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let output = command.output().expect("cargo can be started");
    let (printed, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{example}: {}\n{printed}\n{errors}", output.status);
    printed.lines().map(without_time).collect()
}

fn without_time(line: &str) -> String {
    let words: Vec<_> = line.split_whitespace().collect();
    match *words {
        [time, "s", ref what @ ..] if time.starts_with('+') => what.join(" "),
        ref words => words.join(" "),
    }
}

/// These beginnings of lines appear in this order. Between them there may be others.
fn assert_told(story: &[String], expected: &[&str]) {
    let mut lines = story.iter();
    for beginning in expected {
        assert!(lines.any(|line| line.starts_with(beginning)), "{beginning:?} is missing, or too late: {story:#?}");
    }
}

#[test]
fn quickstart() {
    let story = story("quickstart");
    assert_told(
        &story,
        &[
            "1. ",
            "#[retry(attempts = 5, ",
            "#[timeout(",
            "async fn price(",
            "server Connection reset",
            "retry attempt 2 in 50ms",
            "timeout timed out at `quickstart::price`",
            "retry attempt 3 in 100ms",
            "server 503 Service Unavailable",
            "retry attempt 4 in 200ms",
            "server 429 Too Many Requests, Retry-After: 1",
            "retry attempt 5 in 1.4s: 1s as the server asks",
            "call 1 answer: 2.50",
            "2. ",
            "call 1 error: 503",
            "call 2 error: 503",
            "breaker open: 3 failures in a row",
            "call 3 error: 503",
            "call 4 rejected: circuit open at `quickstart::stock`",
            "call 5 rejected: circuit open at `quickstart::stock`",
            "breaker half-open",
            "breaker closed",
            "call 6 answer: 12 pounds",
            "server was asked 4 times in 6 calls",
            "3. ",
            "breaker open: 3 failures in a row",
            "retry no more: circuit open at `quickstart::recommended`",
            "fallback the bestsellers",
            "call 1 answer: apples",
            "retry no more: circuit open",
            "fallback the bestsellers",
            "call 2 answer: apples",
            "server was asked 3 times in 2 calls",
        ],
    );
}

#[test]
fn rate_limit() {
    let story = story("rate_limit");
    assert_told(
        &story,
        &[
            "1. ",
            "async fn unlimited(",
            "workers ",
            "2. ",
            "#[rate_limit(GEOCODER)]",
            "workers 30 answers, 0 times 429",
            "server above its rate 0 times",
            "3. ",
            "call 1 answer",
            "call 2 answer",
        ],
    );
}

#[test]
fn recommendations() {
    let story = story("recommendations");
    assert_told(
        &story,
        &[
            "answer service: quinces",
            "It fails once",
            "service Connection reset",
            "answer service: quinces",
            "It hangs",
            "fallback what it said ",
            "answer service: quinces",
            "It has answered nothing",
            "fallback the cache, because: timed out",
            "answer cache: cider",
            "fallback the cache, because: 503",
            "fallback popular items, because: 404",
            "answer popular items: apples",
        ],
    );
}

#[test]
fn bulkhead() {
    let story = story("bulkhead");
    assert_told(
        &story,
        &[
            "1. ",
            "user Ada, after the payments",
            "customers 20 paid",
            "2. ",
            "#[bulkhead(max_concurrent = 4, ",
            "user Ada, at once",
            "customers 4 paid",
            "customers 16 turned away: bulkhead full at `payments`, 4 running and ",
        ],
    );
}

#[test]
fn chaos_drill() {
    let story = story("chaos_drill");
    assert_told(
        &story,
        &[
            "async fn price(",
            "1. ",
            "drill 0 faults, 60 requests reached the server",
            "policies 0 retries, 0 rejected, 0 answers of yesterday",
            "visitors 60 of 60 in time",
            "2. ",
            "visitors 60 of 60 in time",
            "3. ",
            "visitors 60 of 60 in time",
            "4. ",
            "drill 6 faults, 0 requests reached the server",
            "policies ",
            "visitors 60 of 60 in time",
            "5. ",
            "drill 0 faults, 60 requests reached the server",
            "visitors 60 of 60 in time",
        ],
    );
}

#[test]
fn deadline() {
    let story = story("deadline");
    assert_told(
        &story,
        &[
            "1. ",
            "#[retry(attempts = 10, ",
            "#[timeout(\"5s\")]",
            "async fn ask_service(",
            "client asks, and waits 2000 ms",
            "gateway was given 1",
            "gateway attempt 1, passes on 1",
            "service was given 1",
            "client 200 OK, in time: 12 pounds of tea",
            "2. ",
            "gateway attempt 1, passes on 1",
            "service 503",
            "gateway attempt 2, passes on ",
            "service 503",
            "gateway no attempt 3: Deadline",
            "client 503 Service Unavailable, in time",
            "3. ",
            "gateway attempt 1, passes on 1",
            "service was given 1",
            "gateway no attempt 2: Deadline",
            "client 504 Gateway Timeout, in time",
        ],
    );
    // On its way the time that is left becomes less.
    let told = |who: &str| -> Vec<u64> {
        let lines = story.iter().filter_map(|line| line.strip_prefix(who)?.strip_suffix(" ms"));
        lines.map(|ms| ms.parse().unwrap()).collect()
    };
    let (gateway, service) = (told("gateway was given "), told("service was given "));
    assert_eq!((gateway.len(), service.len()), (3, 4));
    assert!(gateway.iter().all(|ms| *ms < 2000), "{gateway:?}");
    assert!(service[0] < gateway[0] && service[2] < service[1], "{service:?}");
}

#[test]
fn hedge() {
    let story = story("hedge");
    assert_told(
        &story,
        &[
            "1. ",
            "async fn plain(",
            "plain p50 ",
            "2. ",
            "#[hedge(after = percentile(0.95, ",
            "async fn hedged(",
            "hedged p50 ",
            "budget 200 calls, ",
        ],
    );
    // The numbers of a line.
    let told = |who: &str| -> Vec<u64> {
        let line = story.iter().find(|line| line.starts_with(who)).unwrap();
        line.split(' ').filter_map(|word| word.parse().ok()).collect()
    };
    let [_, plain, _, requests] = told("plain ")[..] else { panic!("{story:#?}") };
    assert!(plain >= 600 && requests == 200, "{story:#?}");
    // Four requests were slow, and each was one of two for its call.
    let [_, hedged, _, requests] = told("hedged ")[..] else { panic!("{story:#?}") };
    assert!(hedged < 600 && requests >= 204, "{story:#?}");
    // And few others.
    let [calls, added] = told("budget ")[..] else { panic!("{story:#?}") };
    assert!(calls == 200 && (4..100).contains(&added), "{story:#?}");
}

#[test]
fn without_attributes() {
    let story = story("without_attributes");
    assert_told(
        &story,
        &[
            "server Connection reset",
            "retry attempt 3 in 100ms",
            "answer 2.50",
            "breaker Closed -> Open: ConsecutiveFailures",
            "fallback circuit open at `shop`",
            "answer 2.40 a pound, yesterday",
            "breaker Open -> Closed: Manual",
            "answer 2.60",
        ],
    );
}
