//! Published packages, downloaded and unpacked for the checker to read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::environment::Environment;
use crate::process::succeed;

/// Unpacks what a package publishes into `folder/NAME-VERSION`, unless it is there.
///
/// With `source`, that is the source distribution, otherwise the wheel.
///
/// # Errors
///
/// If pip finds no such distribution or it cannot be unpacked.
pub(crate) fn unpack(
    environment: &Environment,
    folder: &Path,
    name: &str,
    version: &str,
    source: bool,
) -> Result<PathBuf> {
    let target = folder.join(format!("{name}-{version}"));
    if target.is_dir() {
        return Ok(target);
    }
    println!("downloading {name} {version}");
    let partial = folder.join(format!("{name}-{version}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    let download = partial.join("download");
    let kind = if source {
        "--no-binary=:all:"
    } else {
        "--only-binary=:all:"
    };
    succeed(
        environment
            .pip()
            .args(["download", "--quiet", "--no-deps", kind, "--dest"])
            .arg(&download)
            .arg(format!("{name}=={version}")),
    )?;
    let mut archives = fs::read_dir(&download)?;
    let (Some(archive), None) = (archives.next(), archives.next()) else {
        bail!("not exactly one distribution of {name} {version}");
    };
    let content = partial.join("content");
    succeed(
        environment
            .command("python")
            .args([
                "-c",
                "import shutil, sys; shutil.unpack_archive(*sys.argv[1:])",
            ])
            .arg(archive?.path())
            .arg(&content)
            .arg(if source { "gztar" } else { "zip" }),
    )?;
    // A folder of the final name is complete: only this names one so.
    fs::rename(&content, &target).with_context(|| format!("cannot make {}", target.display()))?;
    fs::remove_dir_all(&partial)?;
    Ok(target)
}

/// How much Python code a folder holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Size {
    pub(crate) files: usize,
    pub(crate) lines: usize,
}

impl Size {
    /// # Errors
    ///
    /// If a folder or file cannot be read.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut size = Self::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                let inner = Self::of(&path)?;
                size.files += inner.files;
                size.lines += inner.lines;
            } else if path.extension().is_some_and(|it| it == "py" || it == "pyi") {
                size.files += 1;
                size.lines += fs::read(&path)?
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count();
            }
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_folder_is_that_of_its_python_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a.py"), "x\ny\n").unwrap();
        fs::write(folder.path().join("inner/b.pyi"), "z\n").unwrap();
        fs::write(folder.path().join("inner/c.txt"), "z\n").unwrap();
        assert_eq!(
            Size::of(folder.path()).unwrap(),
            Size { files: 2, lines: 3 }
        );
    }
}
