//! Where settings come from.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::error::Mistake;
use super::known::Known;
use super::tree::Tree;
use super::{environment, text};

#[derive(Debug, Clone)]
pub(super) enum Source {
    File { path: PathBuf, optional: bool },
    Text(Cow<'static, str>),
    Environment,
    Variables(Vec<(OsString, OsString)>),
}

impl Source {
    /// What it says now.
    pub(super) fn read(&self, known: &Known, mistakes: &mut Vec<Mistake>, system: &mut Option<io::Error>) -> Tree {
        match self {
            Self::File { path, optional } => match fs::read(path) {
                Ok(bytes) => of_file(path, bytes, mistakes),
                Err(error) if *optional && error.kind() == io::ErrorKind::NotFound => Tree::new(),
                Err(error) => {
                    mistakes.push(Mistake::new("", path.to_string_lossy(), format!("can't be read: {error}")));
                    system.get_or_insert(error);
                    Tree::new()
                }
            },
            Self::Text(text) => text::read(text, "text", mistakes),
            Self::Environment => environment::read(env::vars_os(), known, mistakes),
            Self::Variables(variables) => environment::read(variables.iter().cloned(), known, mistakes),
        }
    }
}

fn of_file(path: &Path, bytes: Vec<u8>, mistakes: &mut Vec<Mistake>) -> Tree {
    let name = path.to_string_lossy();
    match String::from_utf8(bytes) {
        Ok(text) => text::read(&text, &name, mistakes),
        Err(error) => {
            let line = text::line(error.as_bytes(), error.utf8_error().valid_up_to());
            mistakes.push(Mistake::new("", format!("{name}:{line}"), "not UTF-8"));
            Tree::new()
        }
    }
}
