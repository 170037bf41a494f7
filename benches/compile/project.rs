//! A generated crate, and what it takes to build it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, io};

/// A folder for generated crates, gone at the drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("steadfast-compile-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a temporary folder is the system's to clear.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Project {
    name: String,
    folder: PathBuf,
    /// The crates of one folder share what they depend on.
    target: PathBuf,
}

/// What a command took, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// By the clock.
    pub(crate) wall: f64,
    /// Of the processor, by all processes.
    pub(crate) cpu: f64,
}

/// Where the crates of this workspace are.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder is one of the workspace")
}

impl Project {
    /// A binary crate with these dependencies, each a line of its manifest.
    pub(crate) fn new(root: &Folder, name: &str, dependencies: &str, main: &str) -> io::Result<Self> {
        let folder = root.0.join(name);
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), main)?;
        fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let project = Self { name: name.to_owned(), folder, target: root.0.join("target") };
        project.cargo(&["fetch", "--quiet"])?;
        Ok(project)
    }

    /// The line of a manifest that takes this workspace's crate.
    pub(crate) fn steadfast() -> String {
        format!("steadfast = {{ path = '{}' }}", workspace().join("runtime").display())
    }

    /// Runs `cargo` to its end.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> io::Result<Took> {
        let (start, before) = (Instant::now(), cpu_of_children()?);
        let run = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .arg("--manifest-path")
            .arg(self.folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", &self.target)
            // As a whole each time; what was left from before would make rounds differ.
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("RUSTFLAGS")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()?;
        if !run.status.success() {
            let what = arguments.join(" ");
            return Err(io::Error::other(format!("cargo {what}: {}", String::from_utf8_lossy(&run.stderr))));
        }
        Ok(Took { wall: start.elapsed().as_secs_f64(), cpu: cpu_of_children()? - before })
    }

    /// Builds all of it, as if for the first time.
    pub(crate) fn clean_build(&self) -> io::Result<Took> {
        if self.target.exists() {
            fs::remove_dir_all(&self.target)?;
        }
        self.cargo(&["build", "--quiet", "--offline"])
    }

    /// Builds this crate alone: what it depends on is there already, the second time.
    pub(crate) fn again(&self, arguments: &[&str]) -> io::Result<Took> {
        let main = self.folder.join("src/main.rs");
        let text = fs::read(&main)?;
        fs::write(&main, text)?;
        self.cargo(&[&["--quiet", "--offline"], arguments].concat())
    }

    /// How many other crates it needs, those that run at compile time included.
    pub(crate) fn dependencies(&self) -> io::Result<usize> {
        let tree =
            self.output("cargo", &["tree", "--quiet", "--offline", "--prefix", "none", "--edges", "normal,build"])?;
        let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        crates.sort_unstable();
        crates.dedup();
        Ok(crates.len() - 1)
    }

    /// Bytes of machine code in the release binary.
    pub(crate) fn text(&self) -> io::Result<u64> {
        let binary = self.target.join("release").join(&self.name);
        let sizes = self.output("size", &["-A", &binary.to_string_lossy()])?;
        let text = sizes.lines().find_map(|line| line.strip_prefix(".text")?.split_whitespace().next()?.parse().ok());
        text.ok_or_else(|| io::Error::other("no .text"))
    }

    fn output(&self, program: &str, arguments: &[&str]) -> io::Result<String> {
        let output = Command::new(program).args(arguments).current_dir(&self.folder).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The middle one of the rounds, of each kind of time by itself.
pub(crate) fn median(rounds: &[Took]) -> Took {
    let middle = |of: fn(&Took) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2])
    };
    Took { wall: middle(|took| took.wall), cpu: middle(|took| took.cpu) }
}

/// Processor seconds of all processes that this one has started, and they in turn, and that have ended.
fn cpu_of_children() -> io::Result<f64> {
    // From after the name, which may hold anything: field 3 is the first, 16 and 17 are what we want, in ticks.
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.iter().skip(13).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum::<u32>();
    // A tick is a hundredth of a second, whatever the kernel is built with: this is what it tells programs.
    Ok(f64::from(ticks) / 100.0)
}
