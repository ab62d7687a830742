//! Python environments with pinned packages, made once and then kept.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{capture, succeed};

/// The oldest Python that the tests run on.
const MINIMUM: (u32, u32) = (3, 11);

/// What the runtime's extension module is built from.
const RUNTIME: [&str; 7] = [
    "Cargo.lock",
    "Cargo.toml",
    "runtime/Cargo.toml",
    "runtime/build.rs",
    "runtime/pyproject.toml",
    "runtime/python",
    "runtime/src",
];

/// A virtual environment.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment in a folder, made or completed by `python -m venv` if it has no pip.
    ///
    /// # Errors
    ///
    /// If there is no suitable Python, or it cannot make environments and nothing can be installed
    /// that lets it.
    pub(crate) fn open(folder: &Path, python: &str) -> Result<Self> {
        let environment = Self {
            folder: crate::root().join(folder),
        };
        // What Debian's Python makes while it lacks ensurepip has an interpreter only.
        if !environment.python().exists() || !environment.folder.join("bin/pip").exists() {
            require_version(python)?;
            println!("making {}", folder.display());
            if let Err(error) = environment.create(python) {
                install_venv(python).context(error)?;
                environment.create(python)?;
            }
        }
        Ok(environment)
    }

    fn create(&self, python: &str) -> Result<()> {
        succeed(Command::new(python).args(["-m", "venv"]).arg(&self.folder)).map(drop)
    }

    /// Installs the packages of a requirements file unless they are there.
    ///
    /// # Errors
    ///
    /// If pip fails.
    pub(crate) fn install(&self, requirements: &str) -> Result<()> {
        let pinned = fs::read_to_string(requirements)
            .with_context(|| format!("cannot read {requirements}"))?;
        self.once(requirements, &pinned, || {
            println!("installing {requirements}");
            succeed(
                self.pip()
                    .args(["install", "--quiet", "--requirement", requirements]),
            )
            .map(drop)
        })
    }

    /// Builds the runtime and installs it unless it is there as its sources are now.
    ///
    /// # Errors
    ///
    /// If maturin or pip fails.
    pub(crate) fn install_runtime(&self) -> Result<()> {
        let sources = fingerprint(crate::root(), &RUNTIME)?;
        self.once("runtime", &sources, || {
            println!("building the runtime");
            let wheels = crate::target().join("wheels").join(&sources);
            succeed(
                self.command("maturin")
                    .args(["build", "--quiet", "--locked", "--profile", "release"])
                    .args(["--manifest-path", "runtime/Cargo.toml"])
                    .arg("--interpreter")
                    .arg(self.python())
                    // The interpreter is part of what PyO3 is built for: in the folder of the other
                    // builds, each would undo the other's.
                    .arg("--target-dir")
                    .arg(crate::target().join("runtime"))
                    .arg("--out")
                    .arg(&wheels),
            )?;
            let wheel = only_wheel(&wheels)?;
            succeed(
                self.pip()
                    .args(["install", "--quiet", "--no-deps", "--force-reinstall"])
                    .arg(wheel),
            )?;
            Ok(fs::remove_dir_all(wheels)?)
        })
    }

    /// Does something unless it was done with the same input before.
    fn once(&self, name: &str, input: &str, action: impl FnOnce() -> Result<()>) -> Result<()> {
        let stamps = self.folder.join("xtask");
        let stamp = stamps.join(name.replace('/', "-"));
        if fs::read_to_string(&stamp).is_ok_and(|done| done == input) {
            return Ok(());
        }
        action()?;
        fs::create_dir_all(&stamps)?;
        fs::write(&stamp, input).with_context(|| format!("cannot write {}", stamp.display()))
    }

    /// The interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// The folder of the environment.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// pip, run by the environment's interpreter.
    pub(crate) fn pip(&self) -> Command {
        let mut command = self.command("python");
        command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        command
    }

    /// A program of the environment, with the environment activated.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let bin = self.folder.join("bin");
        let mut command = Command::new(bin.join(program.as_ref()));
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(bin).chain(env::split_paths(&inherited)));
        command
            .env("VIRTUAL_ENV", &self.folder)
            .env("PATH", path.unwrap_or(inherited))
            .env_remove("CONDA_PREFIX")
            .env_remove("PYTHONHOME");
        command
    }
}

fn require_version(python: &str) -> Result<()> {
    let script = "import sys; print(*sys.version_info[:2])";
    let printed = succeed(Command::new(python).args(["-c", script])).with_context(|| {
        format!(
            "no Python: install Python {}.{} or later",
            MINIMUM.0, MINIMUM.1
        )
    })?;
    let mut numbers = printed.split_whitespace().map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= MINIMUM => Ok(()),
        _ => bail!(
            "{python} is Python {}; {}.{} or later is needed: name another with --interpreter",
            printed.trim().replace(' ', "."),
            MINIMUM.0,
            MINIMUM.1
        ),
    }
}

/// Installs what Debian and Ubuntu leave out of their Python.
fn install_venv(python: &str) -> Result<()> {
    if capture(Command::new(python).args(["-c", "import ensurepip"]), false)?
        .status
        .success()
    {
        bail!("cannot make an environment");
    }
    // SAFETY: the function has no preconditions.
    let root = unsafe { libc::geteuid() } == 0;
    if !root || !Path::new("/usr/bin/apt-get").exists() {
        bail!("{python} has no module ensurepip; install it (on Debian: apt install python3-venv)");
    }
    println!("installing python3-venv");
    succeed(Command::new("apt-get").args(["update", "--quiet"]))?;
    succeed(
        Command::new("apt-get")
            .args([
                "install",
                "--yes",
                "--no-install-recommends",
                "python3-venv",
            ])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    Ok(())
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    let mut wheels =
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .filter(|path: &Result<PathBuf>| {
                path.as_ref()
                    .is_ok_and(|path| path.extension().is_some_and(|it| it == "whl"))
            });
    match (wheels.next(), wheels.next()) {
        (Some(wheel), None) => wheel,
        _ => bail!("not exactly one wheel in {}", folder.display()),
    }
}

/// A name for the state of files and folders below `root`.
fn fingerprint(root: &Path, paths: &[&str]) -> Result<String> {
    let mut files = BTreeSet::new();
    for path in paths {
        collect(&root.join(path), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
        content.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Finds the sources in a folder; what building and running leave there are none.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|it| it != "__pycache__") {
                collect(&path, files)?;
            }
        }
    } else if path.extension().is_none_or(|it| it != "so") {
        files.insert(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_fingerprint_changes_with_names_and_contents_of_sources_only() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let current = || fingerprint(folder.path(), &["src", "setup"]).unwrap();
        fs::create_dir_all(folder.path().join("src/__pycache__")).unwrap();
        write("src/a", "1");
        write("setup", "2");
        let before = current();

        write("src/__pycache__/a.pyc", "x");
        write("src/a.so", "x");
        write("elsewhere", "x");
        assert_eq!(current(), before);

        write("src/a", "3");
        assert_ne!(current(), before);
        write("src/a", "1");
        assert_eq!(current(), before);

        fs::rename(folder.path().join("src/a"), folder.path().join("src/b")).unwrap();
        assert_ne!(current(), before);
    }

    #[test]
    fn a_missing_source_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = fingerprint(folder.path(), &["gone"]).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }

    #[test]
    fn something_is_done_again_only_when_its_input_changes() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment {
            folder: folder.path().to_path_buf(),
        };
        let done = Cell::new(0);
        let act = || {
            done.set(done.get() + 1);
            Ok(())
        };
        for (input, expected) in [("a", 1), ("a", 1), ("b", 2), ("b", 2)] {
            environment.once("tests/x", input, act).unwrap();
            assert_eq!(done.get(), expected);
        }
        assert!(environment.once("y", "a", || bail!("no")).is_err());
        environment.once("y", "a", act).unwrap();
        assert_eq!(done.get(), 3, "what failed is not done");
    }

    #[test]
    fn an_old_python_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("python");
        fs::write(&python, "#!/bin/sh\necho 3 10\n").unwrap();
        succeed(Command::new("chmod").arg("+x").arg(&python)).unwrap();
        let error = require_version(python.to_str().unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains("3.10") && error.contains("3.11"), "{error}");
    }
}
