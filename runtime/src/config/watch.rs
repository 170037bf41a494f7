//! Loads again when a file changes.

use core::fmt;
use core::mem;
use core::time::Duration;
use std::collections::BTreeSet;
use std::path::{self, Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Instant;
use std::{fs, io, thread};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::error::Mistake;
use super::source::Source;
use super::{Applied, Config, ConfigError};
use crate::hook;

/// A file that is being written is read when nothing has happened for so long,
pub(super) const QUIET: Duration = Duration::from_millis(100);
/// or after so long, in a folder where something always happens.
const AT_MOST: Duration = Duration::from_secs(1);

impl Config {
    /// [Loads](Self::load), and does so again whenever one of its files has changed, in a thread of its own, until the
    /// [`Watch`] is dropped. `then` is called after each of the later loads, in that thread; a panic in it is caught.
    ///
    /// A file may be replaced, go away and come back, also together with its folder or by way of symbolic links. What has not
    /// changed is not loaded again; changes within a tenth of a second are one. A file that is broken or gone
    /// is told to `then`, and the settings in force stay. So is a folder that can't be watched any more; until it can, the
    /// files are looked at once a second.
    ///
    /// ```
    /// # use steadfast::config::Config;
    /// let watch = Config::new().optional_file("steadfast.toml").env().watch(|loaded| match loaded {
    ///     Ok(applied) => println!("{applied}"),
    ///     Err(error) => eprintln!("the settings stay as they are:\n{error}"),
    /// })?;
    /// # drop(watch);
    /// # Ok::<(), steadfast::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of the first load, or that of the system where it has no means to watch files.
    pub fn watch(self, then: impl FnMut(Result<Applied, ConfigError>) + Send + 'static) -> Result<Watch, ConfigError> {
        Self::watch_with(self, Self::load, then)
    }

    /// With another `load`.
    pub(super) fn watch_with(
        self,
        load: impl Fn(&Self) -> Result<Applied, ConfigError> + Send + 'static,
        mut then: impl FnMut(Result<Applied, ConfigError>) + Send + 'static,
    ) -> Result<Watch, ConfigError> {
        let (sender, messages) = mpsc::channel();
        let mut files = Files::of(&self, sender.clone()).map_err(unwatched)?;
        files.find().map_err(unwatched)?;
        let mut seen = files.content();
        load(&self)?;
        let thread = thread::Builder::new().name("steadfast-config".to_owned());
        let run = move || {
            let mut is_watched = true;
            while changed(&messages, is_watched) {
                // First, so that what changes from now on is heard of.
                let found = files.find();
                let now = files.content();
                let was_watched = mem::replace(&mut is_watched, found.is_ok());
                if let Err(error) = found
                    && was_watched
                {
                    hook::tell(|()| then(Err(unwatched(error))), &());
                }
                if now != seen {
                    seen = now;
                    hook::tell(|()| then(load(&self)), &());
                }
            }
        };
        thread.spawn(run).map_err(|error| unwatched(notify::Error::io(error)))?;
        Ok(Watch { sender })
    }
}

/// A [`Config`] that is loaded whenever its files change, until this is dropped. A load that is under way then comes to its
/// end.
#[must_use = "nothing is watched any more when this is dropped"]
pub struct Watch {
    sender: Sender<Message>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Not joined: it may be dropped in that thread, or hold what `then` waits for.
        let _ = self.sender.send(Message::Stop);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

pub(super) enum Message {
    Changed,
    Stop,
}

/// Waits until something has changed, and is at rest; not for long where not all is watched. `false` at the end.
pub(super) fn changed(messages: &Receiver<Message>, is_watched: bool) -> bool {
    let first =
        if is_watched { messages.recv().map_err(RecvTimeoutError::from) } else { messages.recv_timeout(AT_MOST) };
    match first {
        Ok(Message::Changed) => {}
        Err(RecvTimeoutError::Timeout) => return true,
        Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
    }
    let begin = Instant::now();
    loop {
        match messages.recv_timeout(QUIET) {
            Ok(Message::Changed) if begin.elapsed() < AT_MOST => {}
            Ok(Message::Changed) | Err(RecvTimeoutError::Timeout) => return true,
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// The files of a configuration, and the folders in which something happens when they change.
struct Files {
    paths: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    watcher: RecommendedWatcher,
}

impl Files {
    fn of(config: &Config, sender: Sender<Message>) -> notify::Result<Self> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // To read a file is an event, too. What can't be told counts as a change.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                let _ = sender.send(Message::Changed);
            }
        })?;
        let paths = config.sources.iter().filter_map(|source| match source {
            Source::File { path, .. } => Some(path::absolute(path)),
            Source::Text(_) | Source::Environment | Source::Variables(_) => None,
        });
        let paths = paths.collect::<io::Result<_>>().map_err(notify::Error::io)?;
        Ok(Self { paths, folders: BTreeSet::new(), watcher })
    }

    /// Watches the folders of the files, anew: one that was made again is another one for the system. Folders, since a file
    /// that is replaced is another one, too.
    fn find(&mut self) -> notify::Result<()> {
        for folder in mem::take(&mut self.folders) {
            let _ = self.watcher.unwatch(&folder);
        }
        // Each may come, or go away, between being found and being watched.
        let mut failures = 0;
        loop {
            let folders = self.paths.iter().flat_map(|file| folders(file)).collect::<BTreeSet<_>>();
            let missing = folders.difference(&self.folders).cloned().collect::<Vec<_>>();
            if missing.is_empty() {
                return Ok(());
            }
            let watched = missing.into_iter().try_for_each(|folder| {
                self.watcher.watch(&folder, RecursiveMode::NonRecursive)?;
                self.folders.insert(folder);
                Ok(())
            });
            failures += u32::from(watched.is_err());
            if failures == 3 {
                return watched;
            }
        }
    }

    fn content(&self) -> Vec<Option<Vec<u8>>> {
        self.paths.iter().map(|file| fs::read(file).ok()).collect()
    }
}

/// The folders of the links on the way to a file, and its own; where there is none, the nearest above it.
fn folders(file: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let mut file = file.to_owned();
    // More links than the system follows are a circle.
    for _ in 0..40 {
        // The first on the way, so that there is none before it.
        let links = file.ancestors().filter_map(|path| Some((path, path.parent()?, fs::read_link(path).ok()?)));
        let Some((link, folder, target)) = links.last() else { break };
        let beyond = file.strip_prefix(link).unwrap_or(Path::new(""));
        // By its parts, since a slash at the end would be one more step.
        let leads = folder.join(target).join(beyond).components().collect();
        folders.push(folder.to_owned());
        file = leads;
    }
    folders.extend(file.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned));
    folders
}

fn unwatched(error: notify::Error) -> ConfigError {
    let file = error.paths.first().map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    let system = match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    };
    ConfigError::of(vec![Mistake::new("", file, format!("can't be watched: {system}"))]).because(Some(system))
}
