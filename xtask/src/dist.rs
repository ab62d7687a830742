//! `cargo xtask dist`: the program as it is published.
//!
//! Link-time optimization over all crates, guided by a profile of real runs: see "Profile-guided
//! Optimization" in The rustc book. ty's own binaries are made in the same way.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::process::succeed;
use crate::setup::PythonOptions;
use crate::{Outcome, root, target};

#[derive(Args)]
pub(crate) struct Options {
    /// Optimize without a profile, which takes half the time and no llvm-profdata
    #[arg(long)]
    no_profile: bool,
    /// The llvm-profdata that merges profiles [default: that of the toolchain, or on the PATH]
    #[arg(long, value_name = "FILE")]
    llvm_profdata: Option<PathBuf>,
    #[command(flatten)]
    python: PythonOptions,
}

/// The program that this command makes.
pub(crate) fn binary() -> PathBuf {
    target().join("dist/proxycheck")
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let flags = if options.no_profile {
        OsString::new()
    } else {
        let profile = profile(options)?;
        let mut flags = OsString::from("-Cprofile-use=");
        flags.push(profile);
        flags
    };
    println!("building {}", binary().display());
    build(&target(), &flags)?;
    println!("{} is complete", binary().display());
    Ok(Outcome::Success)
}

/// Builds a program that counts what it does, lets it work, and merges the counts.
fn profile(options: &Options) -> Result<PathBuf> {
    let profdata = match &options.llvm_profdata {
        Some(file) => file.clone(),
        None => find_profdata()?,
    };
    let environment = options.python.complete_environment()?;
    let folder = target().join("profile");
    let counts = folder.join("counts");
    if counts.exists() {
        fs::remove_dir_all(&counts)?;
    }
    println!("building the program that counts what it does");
    let mut flags = OsString::from("-Cprofile-generate=");
    flags.push(&counts);
    build(&folder, &flags)?;

    println!("running it");
    let installed = succeed(
        environment
            .command("python")
            .args(["-c", "import proxystore; print(proxystore.__path__[0])"]),
    )?;
    let corpora = ["fixtures/apps", "fixtures/typing", installed.trim()];
    for corpus in corpora {
        let mut command = Command::new(folder.join("dist/proxycheck"));
        command
            .args(["check", "--exit-zero", "--python"])
            .arg(environment.folder())
            .arg(corpus);
        succeed(&mut command)?;
    }

    let merged = folder.join("merged.profdata");
    let mut command = Command::new(&profdata);
    command.args(["merge", "--output"]).arg(&merged).arg(counts);
    succeed(&mut command)?;
    Ok(merged)
}

/// Counts are found again by the names of functions, which are others in another profile of Cargo's.
fn build(target: &Path, flags: &OsString) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--locked",
            "--bin",
            "proxycheck",
            "--profile",
            "dist",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root())
        .env("RUSTFLAGS", flags);
    succeed(&mut command).map(drop)
}

/// The llvm-profdata of the toolchain, or the newest on the PATH.
///
/// Profiles of a newer LLVM may be in a format that an older llvm-profdata cannot read; it says so.
fn find_profdata() -> Result<PathBuf> {
    let sysroot = succeed(Command::new("rustc").args(["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
    let hosts =
        fs::read_dir(&libraries).with_context(|| format!("cannot read {}", libraries.display()))?;
    let of_toolchain = hosts
        .flatten()
        .map(|it| it.path().join("bin/llvm-profdata"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let versions = (19..40).rev().map(|it| format!("llvm-profdata-{it}"));
    let on_path = versions
        .chain(["llvm-profdata".to_owned()])
        .flat_map(|name| folders.iter().map(move |folder| folder.join(&name)));
    match of_toolchain.chain(on_path).find(|it| it.is_file()) {
        Some(file) => Ok(file),
        None => bail!(
            "there is no llvm-profdata: install the component llvm-tools with rustup or the package llvm-19 \
             of Debian, or use --no-profile"
        ),
    }
}
