//! The project's automation, called as `cargo xtask COMMAND`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to its user is what this program is for"
)]

mod bench;
mod corpus;
mod dist;
mod ecosystem;
mod editors;
mod environment;
mod process;
mod setup;
mod test;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

/// Build, test and measure proxycheck
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(after_help = "Exit codes: 0 success, 1 a check failed, 2 something could not be run.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the Python environment that the tests use, with the runtime installed
    Setup(setup::Options),
    /// Run every check and test, in the order of what fails soonest
    Test(test::Options),
    /// Check published packages and compare the findings with the accepted ones
    Ecosystem(ecosystem::Options),
    /// Build the program as it is published: optimized as a whole, guided by a profile of real runs
    Dist(dist::Options),
    /// Measure proxycheck beside other type checkers, or the runtime beside other proxies
    Bench(bench::Options),
}

/// How a command ended that could be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Success,
    Failure,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome> {
    let root = root();
    env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))?;
    match &cli.command {
        Command::Setup(options) => setup::run(options),
        Command::Test(options) => test::run(options),
        Command::Ecosystem(options) => ecosystem::run(options),
        Command::Dist(options) => dist::run(options),
        Command::Bench(options) => bench::run(options),
    }
}

/// The folder of the workspace, which is the working directory of every command.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the manifest's folder is inside the workspace")
}

/// The folder that cargo builds in.
fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
}
