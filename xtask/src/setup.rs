//! `cargo xtask setup`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::Outcome;
use crate::environment::Environment;

/// The pinned packages of the tests.
const REQUIREMENTS: &str = "tests/requirements.txt";

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) python: PythonOptions,
}

#[derive(Args)]
pub(crate) struct PythonOptions {
    /// The folder of the environment; an existing one is kept and completed
    #[arg(long, value_name = "FOLDER", default_value = "target/venv")]
    venv: PathBuf,
    /// The Python that a new environment is made with, 3.11 or later
    #[arg(long, value_name = "PYTHON", default_value = "python3")]
    interpreter: String,
}

impl PythonOptions {
    /// The environment as it is, or a new one.
    pub(crate) fn environment(&self) -> Result<Environment> {
        Environment::open(&self.venv, &self.interpreter)
    }

    /// The environment with all that the tests need.
    pub(crate) fn complete_environment(&self) -> Result<Environment> {
        let environment = self.environment()?;
        environment.install(REQUIREMENTS)?;
        environment.install_runtime()?;
        Ok(environment)
    }
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let environment = options.python.complete_environment()?;
    println!("{} is complete", environment.folder().display());
    Ok(Outcome::Success)
}
