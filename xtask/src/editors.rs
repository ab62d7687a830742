//! The extension for Visual Studio Code, and clients that others wrote.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::environment::Environment;
use crate::process::{capture, succeed};
use crate::target;

/// The oldest Node that the packages run on.
const MINIMUM_NODE: u32 = 20;

const EXTENSION: &str = "editors/vscode";
const CLIENTS: &str = "tests/editors";

/// The commands of the checks, when what they need is installed.
///
/// # Errors
///
/// If something cannot be installed.
pub(crate) fn checks(environment: &Environment) -> Result<Vec<Command>> {
    environment.install("tests/editors/requirements.txt")?;
    let has_node = has_node();
    if !has_node {
        environment.install("tests/editors/requirements-node.txt")?;
    }
    let npm = |folder: &str, line: &str| {
        // The environment's programs come first in its search path, where `npm` looks for `node`.
        let mut command = if has_node {
            Command::new("npm")
        } else {
            environment.command("npm")
        };
        command.current_dir(folder).args(line.split(' '));
        command
    };
    for folder in [EXTENSION, CLIENTS] {
        install(folder, &mut npm(folder, "ci"))?;
    }
    let test = |folder: &str| {
        let mut command = npm(folder, "test");
        command.env("PROXYCHECK", target().join("release/proxycheck"));
        command
    };
    let mut clients = test(CLIENTS);
    clients.env("NEOVIM", neovims(environment)?);
    Ok(vec![
        npm(EXTENSION, "run check"),
        test(EXTENSION),
        npm(EXTENSION, "run package"),
        npm(CLIENTS, "run check"),
        clients,
    ])
}

/// Whether a recent Node and its package manager are installed.
fn has_node() -> bool {
    let answer = |program: &str| {
        let finished = capture(Command::new(program).arg("--version"), false).ok()?;
        finished.status.success().then_some(finished.output)
    };
    let major = answer("node").and_then(|it| node_major(&it));
    major.is_some_and(|it| it >= MINIMUM_NODE) && answer("npm").is_some()
}

/// Reads `v20.1.0`.
fn node_major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Installs what the lock file of a folder names unless it is there.
fn install(folder: &str, ci: &mut Command) -> Result<()> {
    let path = Path::new(folder).join("package-lock.json");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // Where it goes with the packages.
    let stamp = Path::new(folder).join("node_modules/.xtask");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing {}", path.display());
    succeed(ci)?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

/// The Neovims to be tried: the environment's, which is recent, and the system's, which may be old.
fn neovims(environment: &Environment) -> Result<OsString> {
    let mut paths = vec![environment.folder().join("bin/nvim")];
    let search = env::var_os("PATH").unwrap_or_default();
    match env::split_paths(&search)
        .map(|it| it.join("nvim"))
        .find(|it| it.is_file())
    {
        Some(path) => paths.push(path),
        None if env::var_os("CI").is_some() => bail!("no Neovim: install it (apt install neovim)"),
        None => println!("no Neovim is installed: only a recent one is tested"),
    }
    env::join_paths(paths).context("the path of a Neovim cannot be in a list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        assert_eq!(node_major("v6"), Some(6));
        assert_eq!(node_major("node: not found"), None);
    }
}
