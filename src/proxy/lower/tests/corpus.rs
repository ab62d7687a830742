//! Real files: the fixtures of the repository, the standard library of the Python that is found, and
//! the folders that the variable `PROXYCHECK_CORPUS` lists.

use std::path::{Path, PathBuf};
use std::process::Command;

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::Project;

/// Gives the names of builtins, which real code uses in all positions, to the proxy types.
const RENAMED: &str = "\
from proxystore.proxy import Proxy as int, ProxyOr as str; \
from proxystore.store.ref import OwnedProxy as bytes, RefProxy as float; \
from proxystore.store.ref import RefMutProxy as bool, BaseRefProxy as object; ";

#[test]
fn fixtures() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    assert!(check_folder(&fixtures) > 0);
}

#[test]
fn standard_library() {
    let script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let Ok(output) = Command::new("python3").args(["-c", script]).output() else {
        return;
    };
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() {
        assert!(
            check_folder(&folder) > 0,
            "{} has no replacements",
            folder.display()
        );
    }
}

#[test]
fn corpus() {
    if let Some(folders) = std::env::var_os("PROXYCHECK_CORPUS") {
        for folder in std::env::split_paths(&folders) {
            assert!(
                check_folder(&folder) > 0,
                "{} has no replacements",
                folder.display()
            );
        }
    }
}

/// Checks each Python file of a folder that is UTF-8 text and returns the number of replacements.
fn check_folder(folder: &Path) -> usize {
    let files = WalkBuilder::new(folder).standard_filters(false).build();
    let paths = files.map(|entry| entry.expect("the folder can be read").into_path());
    let is_python = |path: &PathBuf| path.extension().is_some_and(|it| it == "py" || it == "pyi");
    let paths: Vec<_> = paths.filter(is_python).collect();
    let check = |path: &PathBuf| match std::fs::read_to_string(path) {
        Ok(text) => check_file(path, &text),
        Err(_) => 0,
    };
    paths.par_iter().map(check).sum()
}

fn check_file(path: &Path, text: &str) -> usize {
    let _name = NameOnPanic(path);
    let renamed = format!("{RENAMED}{text}");
    // Half of a file is often no valid Python.
    let half = &renamed[..renamed.floor_char_boundary(renamed.len() / 2)];
    [text, half, &renamed].into_iter().map(check_text).sum()
}

fn check_text(text: &str) -> usize {
    let lowered = Project::new(&[]).lower(text, "/src/main.py");
    lowered.map_or(0, |it| it.replacements.len())
}

/// Tells which file it was.
struct NameOnPanic<'p>(&'p Path);

impl Drop for NameOnPanic<'_> {
    #[expect(clippy::print_stderr, reason = "the output of a test that fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {}", self.0.display());
        }
    }
}
