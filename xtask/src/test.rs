//! `cargo xtask test`

use std::env;
use std::io::{self, Write as _};
use std::ops::AddAssign;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::editors;
use crate::environment::Environment;
use crate::process::{capture, display};
use crate::setup::PythonOptions;
use crate::{Outcome, target};

#[derive(Args)]
pub(crate) struct Options {
    /// Run this step only; can be given several times
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Show what each step prints, not only what a failing one does [default: if CI is set]
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    python: PythonOptions,
}

/// A part of the tests. The order is the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The layout of the Rust code
    Fmt,
    /// The Python environment, which the steps after it need
    Setup,
    /// The lints of the Rust code
    Clippy,
    /// The tests of the Rust code
    Rust,
    /// The layout and the lints of the Python code
    Ruff,
    /// The types of the Python code
    Mypy,
    /// The tests of the applications, of the stubs and of the literate pages' tools
    Pytest,
    /// What the literate pages claim about run time
    Proof,
    /// The tests of the runtime
    Runtime,
    /// The extension for Visual Studio Code, and the server in the hands of real clients
    Editors,
}

/// Rules for Python code without a configuration of its own.
const RUFF: [&str; 6] = [
    "--no-cache",
    "--line-length=100",
    "--target-version=py311",
    "--select=B,E4,E7,E9,F,I,SIM,UP",
    // The mistakes of the mistaken applications are there to be found.
    "--per-file-ignores=fixtures/apps/*/mistaken/*:E721",
    "tests",
];

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let verbose = options.verbose || env::var_os("CI").is_some();
    let start = Instant::now();
    let mut total = Count::default();
    for step in Step::value_variants() {
        if !options.only.is_empty() && !options.only.contains(step) {
            continue;
        }
        match run_step(*step, &options.python, verbose)? {
            Some(count) => total += count,
            None => return Ok(Outcome::Failure),
        }
    }
    println!("all good in {:.1} s", start.elapsed().as_secs_f64());
    if total.run() > 0 {
        println!("{}", total.describe());
    }
    Ok(Outcome::Success)
}

/// Runs the commands of a step up to the first that fails, and counts their tests.
fn run_step(step: Step, python: &PythonOptions, verbose: bool) -> Result<Option<Count>> {
    let name = step
        .to_possible_value()
        .map_or_else(String::new, |it| it.get_name().to_owned());
    print!("{name:<8}{}", if verbose { "\n" } else { "" });
    io::stdout().flush()?;

    let start = Instant::now();
    let mut count = Count::default();
    for mut command in step.commands(python)? {
        if verbose {
            println!("$ {}", display(&command));
        }
        let finished = capture(&mut command, verbose)?;
        if !finished.status.success() {
            println!(
                "failed after {:.1} s: {}",
                start.elapsed().as_secs_f64(),
                display(&command)
            );
            if !verbose {
                println!("{}", finished.output.trim_end());
            }
            println!(
                "{name} failed ({}): cargo xtask test --only {name}",
                finished.status
            );
            return Ok(None);
        }
        count += Count::of(&finished.output);
    }
    if verbose {
        print!("{name:<8}");
    }
    let tests = if count.run() > 0 {
        format!("  {}", count.describe())
    } else {
        String::new()
    };
    println!("{:7.1} s{tests}", start.elapsed().as_secs_f64());
    Ok(Some(count))
}

impl Step {
    fn commands(self, python: &PythonOptions) -> Result<Vec<Command>> {
        let cargo = |line: &str| {
            let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            command.args(line.split(' '));
            command
        };
        Ok(match self {
            Self::Fmt => vec![cargo("fmt --all --check")],
            Self::Setup => {
                python.complete_environment()?;
                Vec::new()
            }
            Self::Clippy => {
                let environment = python.environment()?;
                let mut runtime =
                    cargo("clippy --release --all-targets --package proxyrt -- -D warnings");
                runtime.env("PYO3_PYTHON", environment.python());
                vec![
                    cargo("clippy --release --all-targets -- -D warnings"),
                    runtime,
                ]
            }
            Self::Rust => vec![cargo("test --release")],
            Self::Editors => {
                let mut commands = vec![cargo("build --release")];
                commands.extend(editors::checks(&python.complete_environment()?)?);
                commands
            }
            _ => self.python_commands(&python.complete_environment()?),
        })
    }

    fn python_commands(self, environment: &Environment) -> Vec<Command> {
        let run = |line: &str| {
            let mut words = line.split(' ');
            let mut command = environment.command(words.next().unwrap_or_default());
            command.args(words).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        };
        let within = |folder: &str, line: &str| {
            let mut command = run(line);
            command.current_dir(folder);
            command
        };
        let pytest = "pytest --quiet -p no:cacheprovider";
        match self {
            Self::Ruff => {
                let mut check = run("ruff check --quiet");
                check.args(RUFF).arg("fixtures/apps");
                vec![
                    check,
                    run("ruff format --no-cache --line-length=100 --check tests fixtures/apps"),
                    within("runtime", "ruff check --no-cache"),
                    within("runtime", "ruff format --no-cache --check"),
                ]
            }
            Self::Mypy => {
                let cache = target().join("mypy");
                let mypy = |folder: &str, arguments: &str| {
                    let mut command = within(folder, &format!("mypy{arguments}"));
                    command
                        .arg("--cache-dir")
                        .arg(cache.join(folder.replace('/', "-")));
                    command
                };
                vec![
                    mypy("tests/apis", " --strict ."),
                    mypy("tests/apps", " --strict ."),
                    mypy("tests/literate", " --strict ."),
                    mypy("tests/proxy_classes", " --strict ."),
                    mypy("tests/stubs", " --strict ."),
                    mypy("runtime", ""),
                    within(
                        "runtime",
                        "python -m mypy.stubtest proxyrt --allowlist stubtest-allowlist.txt \
                         --mypy-config-file pyproject.toml",
                    ),
                ]
            }
            Self::Pytest => vec![run(&format!(
                "{pytest} tests/apis tests/literate tests/apps tests/proxy_classes tests/stubs"
            ))],
            Self::Proof => vec![
                run("python tests/literate/proof.py fixtures/rules"),
                run("python tests/literate/proof.py --package proxyrt fixtures/rules"),
            ],
            Self::Runtime => vec![within("runtime", pytest)],
            Self::Fmt | Self::Setup | Self::Clippy | Self::Rust | Self::Editors => Vec::new(),
        }
    }
}

/// How many tests have run, as cargo, pytest and Node report it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    fn of(output: &str) -> Self {
        let mut count = Self::default();
        for line in output.lines() {
            count += Self::of_line(line).unwrap_or_default();
        }
        count
    }

    /// Reads `test result: ok. 3 passed; 0 failed; …`, `==== 3 passed, 1 skipped in 0.2s ====`, and the
    /// lines `ℹ pass 3`, each of which counts one kind.
    fn of_line(line: &str) -> Option<Self> {
        if let Some((kind, number)) = line.strip_prefix("ℹ ").and_then(|it| it.split_once(' ')) {
            let number = number.parse().ok()?;
            let mut count = Self::default();
            match kind {
                "pass" => count.passed = number,
                "fail" | "cancelled" => count.failed = number,
                "skipped" => count.skipped = number,
                _ => return None,
            }
            return Some(count);
        }
        let summary = match line.strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ")?.1,
            None => {
                let (summary, duration) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
                duration
                    .split(' ')
                    .next()?
                    .strip_suffix('s')?
                    .parse::<f64>()
                    .ok()?;
                summary
            }
        };
        let mut count = Self::default();
        for part in summary.split([',', ';']) {
            let Some((number, kind)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match kind {
                "passed" | "xfailed" => count.passed += number,
                "failed" | "error" | "errors" | "xpassed" => count.failed += number,
                "skipped" | "ignored" => count.skipped += number,
                _ => {}
            }
        }
        Some(count)
    }

    fn run(self) -> usize {
        self.passed + self.failed
    }

    fn describe(self) -> String {
        let skipped = match self.skipped {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_cargo_pytest_and_node_are_counted() {
        let output = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s
12 passed, 2 skipped, 7 deselected, 1 xfailed, 3 warnings in 1.52s
=========== 1 failed, 4 passed, 1 error in 65.20s (0:01:05) ===========
test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s
ℹ tests 9
ℹ suites 0
ℹ pass 5
ℹ fail 1
ℹ cancelled 1
ℹ skipped 2
ℹ duration_ms 35.5
";
        assert_eq!(
            Count::of(output),
            Count {
                passed: 3 + 13 + 4 + 5,
                failed: 2 + 2 + 2,
                skipped: 1 + 2 + 2
            }
        );
    }

    #[test]
    fn other_lines_are_no_tests() {
        let output = "\
test result: what 5 passed
finished in 3s
5 passed in silence
3 pages, 17 sections, 61 errors proved, 0 left unproven, 0 failures
";
        assert_eq!(Count::of(output), Count::default());
    }
}
