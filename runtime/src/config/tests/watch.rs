//! Files that change while the program runs. Nothing here depends on how long anything takes, but for a bound.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::policy::retry;
use super::sources::Folder;
use super::*;
use crate::config::Watch;
use crate::config::watch::{Message, QUIET, changed};

const BOUND: Duration = Duration::from_secs(60);

struct Watched {
    program: Arc<Mutex<Program>>,
    loads: Receiver<Result<Applied, ConfigError>>,
    watch: Watch,
}

impl Watched {
    fn begin(config: Config) -> Self {
        let program = Arc::new(Mutex::new(Program::of([retry(None)])));
        let (sender, loads) = mpsc::channel();
        let loading = Arc::clone(&program);
        let load = move |config: &Config| loading.lock().unwrap().load(config);
        let mut panics = true;
        let then = move |loaded| {
            let _ = sender.send(loaded);
            // Only once, and then it goes on.
            assert!(!core::mem::take(&mut panics), "a listener panics");
        };
        let watch = config.watch_with(load, then).unwrap();
        Self { program, loads, watch }
    }

    /// Waits until the file says so many attempts. There may be loads of what it said in between.
    fn until(&self, attempts: u32) {
        let expected = if attempts == 3 { vec![] } else { vec![format!("retry shop::pay: attempts = {attempts}")] };
        while self.stands() != expected {
            self.loads.recv_timeout(BOUND).unwrap_or_else(|_| panic!("{attempts}")).ok();
        }
    }

    fn until_error(&self) -> String {
        loop {
            if let Err(error) = self.loads.recv_timeout(BOUND).unwrap() {
                return error.to_string();
            }
        }
    }

    fn stands(&self) -> Vec<String> {
        self.program.lock().unwrap().stands()
    }
}

fn attempts(number: u32) -> String {
    format!("retry.attempts = {number}")
}

#[test]
fn a_file_that_is_written_replaced_broken_and_removed() {
    let folder = Folder::new("watch");
    let file = folder.write("steadfast.toml", attempts(4));
    let watched = Watched::begin(Config::new().file(&file));
    watched.until(4);

    folder.write("steadfast.toml", attempts(5));
    watched.until(5);
    // As editors do it.
    for number in 6..9 {
        fs::rename(folder.write("steadfast.toml~", attempts(number)), &file).unwrap();
        watched.until(number);
    }

    folder.write("steadfast.toml", "retry.attempts = 0");
    assert!(watched.until_error().contains(":1: `retry.attempts` takes a number from 1"));
    assert_eq!(watched.stands(), ["retry shop::pay: attempts = 8"]);
    fs::remove_file(&file).unwrap();
    assert!(watched.until_error().contains("can't be read"));
    assert_eq!(watched.stands(), ["retry shop::pay: attempts = 8"]);
    folder.write("steadfast.toml", attempts(9));
    watched.until(9);

    // The thread ends, and with it the listener.
    drop(watched.watch);
    while watched.loads.recv_timeout(BOUND).is_ok() {}
    assert!(matches!(watched.loads.try_recv(), Err(mpsc::TryRecvError::Disconnected)));
}

#[test]
fn what_has_not_changed_is_not_loaded_again() {
    let folder = Folder::new("same");
    let file = folder.write("steadfast.toml", attempts(4));
    let watched = Watched::begin(Config::new().file(&file));
    folder.write("steadfast.toml", attempts(4));
    folder.write("other.toml", attempts(5));
    assert!(watched.loads.recv_timeout(QUIET * 5).is_err());
    folder.write("steadfast.toml", attempts(5));
    watched.until(5);
}

/// As long as `QUIET` is never over.
#[test]
fn where_something_always_happens_it_is_read_all_the_same() {
    let (sender, messages) = mpsc::channel();
    let end = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&end);
    let busy = thread::spawn(move || {
        let begin = Instant::now();
        while !ended.load(Relaxed) && begin.elapsed() < BOUND / 6 {
            sender.send(Message::Changed).unwrap();
            thread::sleep(QUIET / 10);
        }
    });
    assert!(changed(&messages, true));
    end.store(true, Relaxed);
    busy.join().unwrap();
}

#[test]
fn a_folder_that_comes_late_and_is_made_again() {
    let folder = Folder::new("late");
    let file = folder.path("etc/shop/steadfast.toml");
    let watched = Watched::begin(Config::new().optional_file(&file));
    for number in [4, 6, 8] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, attempts(number)).unwrap();
        watched.until(number);
        // Which is seen only in the folder itself.
        fs::write(&file, attempts(number + 1)).unwrap();
        watched.until(number + 1);
        fs::remove_dir_all(folder.path("etc")).unwrap();
        watched.until(3);
    }
}

/// As Kubernetes changes a file: by a link to a folder that is replaced.
#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("link");
    for number in 4..6 {
        fs::create_dir(folder.path(&number.to_string())).unwrap();
        folder.write(&format!("{number}/steadfast.toml"), attempts(number));
    }
    symlink("4", folder.path("..data")).unwrap();
    symlink("..data/steadfast.toml", folder.path("steadfast.toml")).unwrap();
    let watched = Watched::begin(Config::new().file(folder.path("steadfast.toml")));
    watched.until(4);

    symlink("5", folder.path("..data_tmp")).unwrap();
    fs::rename(folder.path("..data_tmp"), folder.path("..data")).unwrap();
    watched.until(5);
    folder.write("5/steadfast.toml", attempts(6));
    watched.until(6);
}

/// Nothing is heard of it then, nor of the end of that.
#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_for_a_while() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("locked");
    let etc = folder.path("etc");
    fs::create_dir(&etc).unwrap();
    let file = folder.write("etc/steadfast.toml", attempts(4));
    let watched = Watched::begin(Config::new().file(file));
    fs::set_permissions(&etc, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&etc).is_ok() {
        // Nothing is kept from root.
        return;
    }
    assert!(watched.until_error().contains("can't be watched"));
    assert!(watched.until_error().contains("can't be read"));
    fs::set_permissions(&etc, fs::Permissions::from_mode(0o755)).unwrap();
    folder.write("etc/steadfast.toml", attempts(5));
    watched.until(5);
    folder.write("etc/steadfast.toml", attempts(6));
    watched.until(6);
}

/// As programs are deployed: the folder is a link to that of a version, and so is what the file is a link to.
#[cfg(unix)]
#[test]
fn a_link_on_the_way_that_leads_elsewhere() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("versions");
    for number in 4..6 {
        fs::create_dir(folder.path(&number.to_string())).unwrap();
        folder.write(&format!("{number}/steadfast.toml"), attempts(number));
    }
    fs::create_dir(folder.path("etc")).unwrap();
    symlink("../current/steadfast.toml", folder.path("etc/steadfast.toml")).unwrap();
    symlink("4", folder.path("current")).unwrap();
    let watched = ["etc/steadfast.toml", "current/steadfast.toml"]
        .map(|path| Watched::begin(Config::new().file(folder.path(path))));
    for number in [5, 4, 5] {
        symlink(number.to_string(), folder.path("next")).unwrap();
        fs::rename(folder.path("next"), folder.path("current")).unwrap();
        for watched in &watched {
            watched.until(number);
        }
    }
    folder.write("5/steadfast.toml", attempts(6));
    for watched in &watched {
        watched.until(6);
    }
}

/// A link to itself, and one that leads ever deeper.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("nowhere");
    for target in ["steadfast.toml", "steadfast.toml/deeper", "gone/steadfast.toml"] {
        symlink(target, folder.path("steadfast.toml")).unwrap();
        let watched = Config::new().file(folder.path("steadfast.toml")).watch(|_| {});
        assert!(watched.unwrap_err().to_string().contains("can't be read"), "{target}");
        fs::remove_file(folder.path("steadfast.toml")).unwrap();
    }
}

#[test]
fn the_first_load_is_that_of_the_caller() {
    let folder = Folder::new("first");
    let error = Config::new().file(folder.path("gone.toml")).watch(|_| {}).unwrap_err();
    assert!(error.to_string().contains("can't be read"), "{error}");
    drop(Config::new().env().watch(|_| {}).unwrap());
}
