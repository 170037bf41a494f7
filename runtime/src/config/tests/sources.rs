//! Files, and turns.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, Once};
use std::{fs, io, process, thread};

use super::policy::{Policy, retry};
use super::*;
use crate::config::apply_over;
use crate::config::turn::Turn;
use crate::registry::Value;

/// A folder for one test, removed at its end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("steadfast-config-{test}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(super) fn write(&self, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(file), content).unwrap();
        self.path(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn error_of(path: &Path) -> (String, Option<io::ErrorKind>) {
    let error = Program::of([retry(None)]).load(&Config::new().file(path)).unwrap_err();
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    (error.to_string().replace(path.to_str().unwrap(), "FILE"), kind)
}

#[test]
fn a_file_is_read_by_each_load() {
    let folder = Folder::new("read");
    let file = folder.write("a.toml", "retry.attempts = 4");
    let mut shop = Program::of([retry(None)]);
    let config = Config::new().file(&file).optional_file(folder.path("b.toml"));
    shop.load(&config).unwrap();
    assert_eq!(shop.stands(), ["retry shop::pay: attempts = 4"]);
    folder.write("b.toml", "retry.attempts = 5");
    shop.load(&config).unwrap();
    assert_eq!(shop.stands(), ["retry shop::pay: attempts = 5"]);
    fs::remove_file(folder.path("b.toml")).unwrap();
    folder.write("a.toml", "");
    shop.load(&config).unwrap();
    assert_eq!(shop.stands(), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake() {
    let folder = Folder::new("unreadable");
    let (message, kind) = error_of(&folder.path("gone.toml"));
    assert!(message.starts_with("FILE: can't be read: "), "{message}");
    assert_eq!(kind, Some(io::ErrorKind::NotFound));

    let (message, kind) = error_of(&folder.path(""));
    assert!(message.starts_with("FILE: can't be read: "), "{message}");
    assert!(kind.is_some());
    Program::of([]).load(&Config::new().optional_file(folder.path(""))).unwrap_err();

    let gone = Config::new().file(folder.path("gone.toml")).toml("retry.attempts = 0");
    assert!(Program::of([retry(None)]).load(&gone).unwrap_err().source().is_some());

    assert_eq!(error_of(&folder.write("latin.toml", b"# caf\n# caf\xe9\n")), ("FILE:2: not UTF-8".to_owned(), None));
    assert_eq!(error_of(&folder.write("bad.toml", "\n[a")).0, "FILE:2: not TOML: unclosed table, expected `]`");
    assert_eq!(
        error_of(&folder.write("zero.toml", "retry.attempts = 0")).0,
        "FILE:1: `retry.attempts` takes a number from 1 (retry `shop::pay`)"
    );
}

#[test]
fn a_check_changes_nothing() {
    let policy = retry(None);
    let config = Config::new().toml("retry.attempts = 4");
    assert!(config.plan(&[&policy], &Many::new()).is_ok());
    assert!(!policy.is_altered());
}

#[test]
fn one_that_loads_within_a_load_is_refused_and_does_not_wait_for_itself() {
    static HEARD: Mutex<Option<String>> = Mutex::new(None);
    let mut policy = retry(None);
    policy.on_change = || *HEARD.lock().unwrap() = Config::new().load().err().map(|error| error.to_string());
    {
        let _turn = Turn::take().unwrap();
        Config::new().toml("retry.attempts = 4").load_over(&[&policy], &Many::new(), &InForce::new()).unwrap();
    }
    assert_eq!(HEARD.lock().unwrap().as_deref(), Some("configuration: is being loaded by this thread already"));
    assert!(policy.is_altered());
    Config::new().load().unwrap();
}

#[test]
fn one_that_panics_keeps_no_other_from_changing() {
    let mut policy = retry("a");
    policy.on_change = || panic!("a policy of the user's");
    let other = retry("b");
    let config = Config::new().toml("retry.attempts = 4");
    config.load_over(&[&policy, &other], &Many::new(), &InForce::new()).unwrap();
    assert!(policy.is_altered() && other.is_altered());
}

#[test]
fn who_comes_while_something_else_is_loaded_has_that() {
    static IN_FORCE: InForce = InForce::new();
    let mut late = retry("late");
    late.on_change = || {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            Config::new().toml("retry.attempts = 5").load_over(&[], &Many::new(), &IN_FORCE).unwrap();
        });
    };
    apply_over(&late, &IN_FORCE).unwrap();
    assert_eq!(late.to_string(), "retry late: attempts = 5");
}

/// What was loaded meanwhile, by a program that does not list it, one of them does not take.
#[test]
fn one_that_does_not_take_it_keeps_nobody_from_catching_up() {
    static IN_FORCE: InForce = InForce::new();
    let mut refuses = retry("a").with("attempts", 7_u32);
    refuses.on_change = || {
        let config = Config::new().toml("retry = { attempts = 5, max_delay = \"1ms\" }");
        config.load_over(&[], &Many::new(), &IN_FORCE).unwrap();
    };
    let other = retry("b");
    Config::new().toml("retry.attempts = 4").load_over(&[&refuses, &other], &Many::new(), &IN_FORCE).unwrap();
    assert_eq!(refuses.to_string(), "retry a: attempts = 4");
    assert_eq!(other.to_string(), "retry b: attempts = 5, max_delay = \"1ms\"");
}

#[test]
fn what_is_loaded_last_is_in_force_when_all_have_ended() {
    let policies = [retry("a"), retry("b"), retry("c")];
    let policies: Vec<&dyn Managed> = policies.iter().map(|policy| policy as _).collect();
    for _ in 0..50 {
        let in_force = InForce::new();
        thread::scope(|scope| {
            for attempts in 1..=4 {
                let (policies, in_force) = (&policies, &in_force);
                scope.spawn(move || {
                    Config::new()
                        .toml(format!("retry.attempts = {attempts}"))
                        .load_over(policies, &Many::new(), in_force)
                        .unwrap();
                });
            }
        });
        let last = in_force.get().1[0].value.clone();
        for policy in &policies {
            assert_eq!(policy.settings()[0].value, last);
        }
    }
    // Whoever had a turn has given it back, a thread that panicked, too.
    thread::spawn(|| {
        let _turn = Turn::take();
        panic!("while loading");
    })
    .join()
    .unwrap_err();
    Config::new().load().unwrap();
}

/// While one hears of a change, another thread loads and a third registers, and both are waited for.
#[test]
fn who_hears_of_a_change_may_wait_for_other_threads() {
    static IN_FORCE: InForce = InForce::new();
    static LATE: LazyLock<Policy> = LazyLock::new(|| retry("late"));
    static SEEN: Mutex<Vec<Value>> = Mutex::new(Vec::new());
    static OTHER: LazyLock<Policy> = LazyLock::new(|| {
        let mut other = retry("other");
        other.on_change = || SEEN.lock().unwrap().push(OTHER.settings()[0].value.clone());
        other
    });
    let mut policy = retry("a");
    policy.on_change = || {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let load =
                || Config::new().toml("retry.attempts = 5").load_over(&[&*OTHER], &Many::new(), &IN_FORCE).map(drop);
            thread::spawn(load).join().unwrap().unwrap();
            thread::spawn(|| apply_over(&*LATE, &IN_FORCE).map(drop)).join().unwrap().unwrap();
        });
    };
    Config::new().toml("retry.attempts = 4").load_over(&[&policy, &*OTHER], &Many::new(), &IN_FORCE).unwrap();
    for policy in [&policy, &*OTHER, &*LATE] {
        assert!(policy.to_string().ends_with("attempts = 5"), "{policy}");
    }
    // And goes not back to what was loaded before.
    assert!(SEEN.lock().unwrap().iter().all(|attempts| *attempts == 5_u32.into()));
}
