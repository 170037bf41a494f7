//! The storm: what its table and its picture say is so for any seed, and what the README shows is what is printed.

#[path = "../storm/clients.rs"]
pub mod clients;
#[path = "../storm/plot.rs"]
pub mod plot;
#[path = "../storm/policies.rs"]
pub mod policies;
#[path = "../storm/report.rs"]
pub mod report;
#[path = "../storm/server.rs"]
pub mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;
use std::time::Duration;
use std::{env, fs, thread};

use clients::{Answer, END, Storm};
use report::{COLUMNS, HEADING, Report};
use roxmltree::{Document, Node};
use server::{Error, Log, OUTAGE, Server};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// The example, run as the README says, which leaves its picture here.
fn example(arguments: &[&str], picture: &Path) -> Output {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--example", "storm", "--"]).args(arguments).arg(picture);
    command.current_dir(ROOT).output().expect("cargo can be started")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn the_default_seed_gives_what_the_readme_shows() {
    let picture = file("storm.svg");
    let output = example(&[], &picture);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));

    let (table, rest) = printed.split_once("\n\n").unwrap();
    assert!(table.starts_with(HEADING) && rest.starts_with(COLUMNS), "{printed}");
    assert!(rest.ends_with(&format!("{}\n", picture.display())), "{printed}");
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    assert!(readme.contains(&format!("```text\n{table}\n```")), "this belongs into the README:\n{table}");

    let drawn = fs::read_to_string(picture).unwrap();
    let is_committed = drawn == include_str!("../storm/storm.svg");
    assert!(is_committed, "look at it, and commit it: cargo run --example storm -- examples/storm/storm.svg");

    let names = table.lines().skip(1).map(|line| line.split("  ").next().unwrap());
    let drawn = Document::parse(&drawn).unwrap();
    let panels = drawn.descendants().filter(|node| node.attribute("class") == Some("panel"));
    let titles = panels.map(|panel| panel.descendants().find(|n| n.attribute("class") == Some("name")).unwrap());
    assert_eq!(titles.filter_map(|title| title.text()).collect::<Vec<_>>(), names.collect::<Vec<_>>());
    // Nothing is loaded from elsewhere.
    let is_from_elsewhere =
        |node: Node<'_, '_>| node.attributes().any(|a| a.name() == "href" || a.value().contains("url("));
    assert!(!drawn.descendants().any(is_from_elsewhere));
}

#[test]
fn no_file_of_the_user_is_written_over() {
    let mine = file("mine.svg");
    fs::write(&mine, "<svg/>").unwrap();
    let output = example(&[], &mine);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.ends_with("is there already and is no plot of this example: name another file\n"), "{errors}");
    assert_eq!(fs::read_to_string(mine).unwrap(), "<svg/>");
}

#[test]
fn arguments_that_make_no_sense() {
    let picture = file("none.svg");
    for arguments in [&["--seed"][..], &["--seed", "x"], &["--help"], &["other.svg"]] {
        let output = example(arguments, &picture);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("usage: storm "), "{arguments:?}");
    }
    assert!(!picture.exists());
}

/// What the docs of the example and the README say, with room for chance.
#[test]
fn what_is_said_of_the_policies_holds_for_any_seed() {
    thread::scope(|scope| {
        for seed in [2, 3, 5, 1 << 40] {
            scope.spawn(move || claims(seed));
        }
    });
}

fn claims(seed: u64) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let reports: Vec<_> = runtime.block_on(policies::storms(seed)).iter().map(Report::of).collect();
    let table = reports.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let said = |what: &str, holds: bool| assert!(holds, "seed {seed}, {what}:\n{table}");
    let [no_retry, at_once, no_jitter, full_jitter, patient, budget, breaker, bulkhead, all] = &reports[..] else {
        panic!("{table}");
    };

    let recovers = |report: &Report, seconds| report.recovers.is_some_and(|after| after <= seconds * SECOND);
    said("without retries it recovers", no_retry.calls == no_retry.asked && recovers(no_retry, 4));
    for retry in [at_once, no_jitter, full_jitter] {
        said("three attempts are three times the load", retry.ratio() > 2.8);
        said("retries alone keep it down", retry.recovers.is_none() && retry.after < 0.01 && retry.in_vain > 0.95);
    }
    said("a herd in step comes back in step", no_jitter.peak > 800);
    said("jitter takes away the peaks", no_jitter.peak > 4 * full_jitter.peak);
    said("long delays let it recover", recovers(patient, 6));
    said("users pay for long delays", patient.p99 > 8 * SECOND);
    // A tenth, and twenty processes with one in a second are another tenth of 200.
    said("the budget bounds retries", budget.ratio() < 1.2);
    said("the budget lets it recover, later than no retry", recovers(budget, 8) && budget.recovers > no_retry.recovers);
    said("nearly nobody asks a server that is down", breaker.ratio() < 0.75 && breaker.in_vain < no_retry.in_vain);
    said("the breaker finds out soon after its reset timeout", recovers(breaker, 7));
    said("the bulkhead lets it recover", recovers(bulkhead, 6) && bulkhead.ratio() < 2.0);
    said("all of them recover", recovers(all, 7) && all.p99 < SECOND);
    let others = || reports.iter().filter(|report| report.name != all.name);
    said("all of them make the fewest calls", others().all(|other| all.calls < other.calls));
    said("and the fewest in vain", others().all(|other| all.in_vain < other.in_vain));
}

#[tokio::test(start_paused = true)]
async fn the_server_works_for_those_who_have_gone() {
    let server = Server::start();
    let clients = async {
        sleep(MILLI).await;
        assert!(timeout(MILLI, server.ask()).await.is_err());
        server.ask().await.unwrap();
    };
    tokio::select! {
        () = server.work() => unreachable!("it works for ever"),
        () = clients => {}
    }
    let Log { calls, done } = server.take_log();
    assert_eq!(calls, [MILLI, 2 * MILLI]);
    assert_eq!(done, [(10 * MILLI, false), (10 * MILLI, true)]);
}

#[tokio::test(start_paused = true)]
async fn the_crash_takes_the_queue_and_nine_tenths_of_the_power() {
    let server = Rc::new(Server::start());
    let herd = |clients: usize| {
        let mut herd = JoinSet::new();
        for _ in 0..clients {
            let server = server.clone();
            herd.spawn_local(async move { server.ask().await });
        }
        herd.join_all()
    };
    let story = async {
        // Between two ticks, half a second before.
        sleep(OUTAGE.start.saturating_sub(505 * MILLI)).await;
        let answers = herd(600).await;
        assert_eq!(server.now(), OUTAGE.start);
        let count = |is: fn(&Result<(), Error>) -> bool| answers.iter().filter(|answer| is(answer)).count();
        assert_eq!(count(|answer| matches!(answer, Err(Error::Full))), 150);
        assert_eq!(count(Result::is_ok), 150);
        assert_eq!(count(|answer| matches!(answer, Err(Error::Lost))), 300);

        for (capacity, begin) in [(30, OUTAGE.start + SECOND), (300, OUTAGE.end)] {
            sleep((begin + 5 * MILLI).saturating_sub(server.now())).await;
            assert!(herd(capacity).await.iter().all(Result::is_ok));
            assert!((begin + 990 * MILLI..=begin + SECOND + 20 * MILLI).contains(&server.now()), "{:?}", server.now());
        }
    };
    LocalSet::new()
        .run_until(async {
            tokio::select! {
                () = server.work() => unreachable!("it works for ever"),
                () = story => {}
            }
        })
        .await;
}

#[test]
fn the_recovery_is_counted_from_the_last_bad_second() {
    // Ten answers in a tenth of a second, all of them good, but for one in ten at these times.
    let storm = |bad: &[Duration]| {
        let times = (0..600).map(|tenth| tenth * 100 * MILLI).filter(|at| *at < END);
        let answers = times.flat_map(|at| {
            let good = if bad.contains(&at) { 8 } else { 10 };
            (0..10).map(move |number| Answer { at, took: number * MILLI, is_good: number < good })
        });
        Storm { name: "", asked: vec![], answers: answers.collect(), server: Log::default() }
    };
    let recovers = |bad: &[Duration]| Report::of(&storm(bad)).recovers;
    assert_eq!(recovers(&[]), Some(Duration::ZERO));
    assert_eq!(recovers(&[OUTAGE.start, OUTAGE.end.saturating_sub(100 * MILLI)]), Some(Duration::ZERO));
    // The second that begins after it is the first good one.
    assert_eq!(recovers(&[OUTAGE.end]), Some(100 * MILLI));
    assert_eq!(recovers(&[OUTAGE.end, OUTAGE.end + 7 * SECOND]), Some(7100 * MILLI));
    assert_eq!(recovers(&[END.saturating_sub(500 * MILLI)]), None);
    assert_eq!(Report::of(&storm(&[])).p99, 9 * MILLI);
}
