//! `cargo xtask bench`

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::corpus::{Size, unpack};
use crate::environment::Environment;
use crate::process::{Cost, display, measure, succeed};
use crate::setup::PythonOptions;
use crate::{Outcome, dist, root, target};

/// The pinned peers.
const REQUIREMENTS: &str = "bench/requirements.txt";

/// At most this many times the wall time and the memory of ty.
const TIMES_TY: f64 = 1.3;
/// At least this many times faster than mypy.
const FASTER_THAN_MYPY: f64 = 10.0;

/// The package whose source is checked.
const PROXYSTORE: (&str, &str) = ("proxystore", "1.1.0");

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Option<Subject>,
    #[command(flatten)]
    checkers: CheckerOptions,
}

#[derive(Subcommand)]
enum Subject {
    /// Type checkers on the same files (what happens without a subject)
    Checkers(CheckerOptions),
    /// Language servers on the same project: runs bench/editor.py
    Editor(Measured),
    /// Proxies in the interpreter: runs runtime/bench/proxies.py
    Runtime {
        #[command(flatten)]
        python: BenchPython,
        /// Arguments for the script
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Stores and serialization of the runtime: runs runtime/bench/stores.py
    Stores {
        #[command(flatten)]
        python: BenchPython,
        /// Arguments for the script
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

#[derive(Args)]
struct BenchPython {
    /// The folder of the environment that the peers are installed in
    #[arg(long, value_name = "FOLDER", default_value = "target/bench-venv")]
    bench_venv: PathBuf,
}

/// The program that is measured, its peers, and the environment of what they check.
#[derive(Args)]
struct Measured {
    /// The proxycheck to run [default: what `cargo xtask dist` made, or else a release build]
    #[arg(long, value_name = "FILE")]
    proxycheck: Option<PathBuf>,
    #[command(flatten)]
    bench: BenchPython,
    #[command(flatten)]
    python: PythonOptions,
}

#[derive(Args)]
struct CheckerOptions {
    /// How often each checker is run; one more run before these is not counted
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Run this checker only; can be given several times
    #[arg(long, value_name = "NAME")]
    tool: Vec<String>,
    /// Check these files only: `proxystore` or `apps`; can be given several times
    #[arg(long, value_name = "NAME")]
    corpus: Vec<String>,
    /// Fail if a limit is exceeded
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    measured: Measured,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    match &options.subject {
        None => checkers(&options.checkers),
        Some(Subject::Checkers(options)) => checkers(options),
        Some(Subject::Editor(measured)) => editor(measured),
        Some(Subject::Runtime { python, arguments }) => runtime("proxies.py", python, arguments),
        Some(Subject::Stores { python, arguments }) => runtime("stores.py", python, arguments),
    }
}

fn runtime(script: &str, python: &BenchPython, arguments: &[String]) -> Result<Outcome> {
    let environment = peers(python)?;
    environment.install_runtime()?;
    let status = environment
        .command("python")
        .arg(Path::new("runtime/bench").join(script))
        .arg("--output")
        .arg(target().join("bench/runtime"))
        .args(arguments)
        .status()?;
    Ok(if status.success() {
        Outcome::Success
    } else {
        Outcome::Failure
    })
}

fn peers(python: &BenchPython) -> Result<Environment> {
    let environment = Environment::open(&python.bench_venv, "python3")?;
    environment.install(REQUIREMENTS)?;
    Ok(environment)
}

/// A type checker and how it is run on the folder that it is started in.
struct Tool {
    name: &'static str,
    version: String,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Tool {
    fn command(&self, environment: &Environment, folder: &Path) -> Command {
        let mut command = environment.command(&self.program);
        command.args(&self.arguments).current_dir(folder);
        // A checker would take these for the environment of the program that it checks.
        command.env_remove("VIRTUAL_ENV");
        command
    }
}

/// The program to measure, by its absolute path.
fn find_proxycheck(named: Option<&Path>) -> Result<PathBuf> {
    let release = target().join("release/proxycheck");
    let made = [dist::binary(), release.clone()]
        .into_iter()
        .find(|it| it.exists())
        .unwrap_or(release);
    let path = named.map_or(made, Path::to_path_buf);
    path.canonicalize()
        .with_context(|| format!("no proxycheck at {}: run cargo xtask dist", path.display()))
}

/// The files that are edited: one on which much depends, one in the middle, one on which nothing does.
const EDITED: [&str; 3] = [
    "proxystore/store/base.py",
    "proxystore/store/executor.py",
    "tests/store/executor_test.py",
];

/// A type in the first of these files, which a proxy is completed as.
const COMPLETED: &str = "Store[Any]";

/// The size of the project that editors are measured on.
const EDITOR_FILES: usize = 200;
const EDITOR_LINES: usize = 40_000;

fn editor(measured: &Measured) -> Result<Outcome> {
    let checked = measured.python.complete_environment()?;
    let peers = peers(&measured.bench)?;
    let proxycheck = find_proxycheck(measured.proxycheck.as_deref())?;
    let scratch = tempfile::tempdir()?;
    make_corpus("proxystore", &checked, scratch.path())?;
    let mut copies = 0;
    loop {
        let size = Size::of(scratch.path())?;
        if size.files >= EDITOR_FILES && size.lines >= EDITOR_LINES {
            break;
        }
        make_corpus(
            "apps",
            &checked,
            &scratch.path().join(format!("apps_{copies}")),
        )?;
        copies += 1;
    }
    let output = target().join("bench/editor.json");
    let mut command = peers.command("python");
    command.arg("bench/editor.py");
    command.arg("--project").arg(scratch.path());
    command.arg("--python").arg(checked.folder());
    command.arg("--output").arg(&output);
    for file in EDITED {
        command.args(["--file", file]);
    }
    command.args(["--target", COMPLETED]);
    let bin = peers.folder().join("bin");
    let servers = [
        ("proxycheck", format!("{} server", proxycheck.display())),
        ("ty", format!("{} server", bin.join("ty").display())),
        (
            "pyright",
            format!("{} --stdio", bin.join("pyright-langserver").display()),
        ),
    ];
    for (name, line) in servers {
        command.arg("--server").arg(format!("{name}={line}"));
    }
    let status = command.status()?;
    println!("written to {}", output.display());
    Ok(if status.success() {
        Outcome::Success
    } else {
        Outcome::Failure
    })
}

/// All checkers, on the same environment, without caches and each with its own defaults otherwise.
fn tools(
    options: &CheckerOptions,
    peers: &Environment,
    checked: &Environment,
) -> Result<Vec<Tool>> {
    let proxycheck = find_proxycheck(options.measured.proxycheck.as_deref())?;
    println!("measuring {}", proxycheck.display());
    let version = succeed(Command::new(&proxycheck).arg("--version"))?;
    let version = version
        .split_whitespace()
        .last()
        .unwrap_or_default()
        .to_owned();

    let python = checked.python().display().to_string();
    let folder = checked.folder().display().to_string();
    let mypy = root().join("bench/mypy.ini").display().to_string();
    let peer = |name: &'static str, line: &str| {
        let script =
            "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
        let version = succeed(peers.command("python").args(["-c", script, name]))?;
        let arguments = line
            .split(' ')
            .map(|word| {
                word.replace("{python}", &python)
                    .replace("{folder}", &folder)
                    .replace("{mypy}", &mypy)
            })
            .collect();
        Ok::<_, anyhow::Error>(Tool {
            name,
            version: version.trim().to_owned(),
            program: name.into(),
            arguments,
        })
    };
    let mut tools = vec![
        Tool {
            name: "proxycheck",
            version,
            program: proxycheck,
            arguments: ["check", "--output-format=concise", "--python", &folder, "."]
                .map(str::to_owned)
                .to_vec(),
        },
        peer("ty", "check --output-format=concise --python {folder} .")?,
        peer(
            "pyrefly",
            "check --output-format=min-text --python-interpreter-path={python} .",
        )?,
        peer("zuban", "check --python-executable={python} .")?,
        peer("pyright", "--pythonpath {python} .")?,
        peer(
            "mypy",
            "--config-file={mypy} --cache-dir=/dev/null --no-incremental --python-executable={python} .",
        )?,
    ];
    if let Some(unknown) = options
        .tool
        .iter()
        .find(|it| tools.iter().all(|tool| tool.name != **it))
    {
        bail!("no checker is called {unknown}");
    }
    if !options.tool.is_empty() {
        tools.retain(|tool| options.tool.iter().any(|it| it == tool.name));
    }
    Ok(tools)
}

fn checkers(options: &CheckerOptions) -> Result<Outcome> {
    let checked = options.measured.python.complete_environment()?;
    let peers = peers(&options.measured.bench)?;
    let tools = tools(options, &peers, &checked)?;
    // Outside of the repository, where no checker finds a configuration or an ignore file.
    let scratch = tempfile::tempdir()?;
    let results = target().join("bench");
    fs::create_dir_all(&results)?;

    let mut outcome = Outcome::Success;
    for name in ["proxystore", "apps"] {
        if !options.corpus.is_empty() && !options.corpus.iter().any(|it| it == name) {
            continue;
        }
        let folder = scratch.path().join(name);
        make_corpus(name, &checked, &folder)?;
        let size = Size::of(&folder)?;
        println!(
            "\n{name}: {} files, {} lines; cold, median of {} interleaved rounds",
            size.files, size.lines, options.rounds
        );
        let costs = rounds(&tools, &peers, &folder, options.rounds, &results.join(name))?;
        let rows: Vec<Row> = tools
            .iter()
            .zip(&costs)
            .map(|(tool, costs)| Row::new(tool, costs))
            .collect();
        print!("{}", table(&rows));
        for limit in limits(&rows) {
            println!("{limit}");
            if options.check && !limit.holds() {
                outcome = Outcome::Failure;
            }
        }
        let file = results.join(format!("{name}.json"));
        fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")?;
        println!(
            "written to {}; what each checker printed is beside it",
            file.display()
        );
    }
    Ok(outcome)
}

/// Lays out the files to be checked, without configuration of any checker.
fn make_corpus(name: &str, environment: &Environment, folder: &Path) -> Result<()> {
    if name == "apps" {
        return copy_python(Path::new("fixtures/apps"), folder);
    }
    let (package, version) = PROXYSTORE;
    let source = unpack(
        environment,
        &target().join("bench/source"),
        package,
        version,
        true,
    )?
    .join(format!("{package}-{version}"));
    for part in ["proxystore", "testing", "tests"] {
        copy_python(&source.join(part), &folder.join(part))?;
    }
    Ok(())
}

fn copy_python(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            if !name.to_string_lossy().starts_with(['.', '_']) {
                copy_python(&path, &to.join(name))?;
            }
        } else if path.extension().is_some_and(|it| it == "py") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// Measures the tools in turns, beginning with another one each time. The first turn only warms
/// the machine up; what is printed then goes to `PREFIX-TOOL.txt`.
fn rounds(
    tools: &[Tool],
    peers: &Environment,
    folder: &Path,
    rounds: u32,
    prefix: &Path,
) -> Result<Vec<Vec<Cost>>> {
    let mut costs = vec![Vec::new(); tools.len()];
    for round in 0..=rounds {
        for turn in 0..tools.len() {
            let index = (turn + round as usize) % tools.len();
            let tool = &tools[index];
            let output = PathBuf::from(format!("{}-{}.txt", prefix.display(), tool.name));
            let mut command = tool.command(peers, folder);
            let (status, cost) = measure(&mut command, File::create(&output)?)?;
            if !matches!(status.code(), Some(0 | 1)) {
                let printed = fs::read_to_string(&output).unwrap_or_default();
                bail!("{} failed ({status}):\n{printed}", display(&command));
            }
            if round > 0 {
                costs[index].push(cost);
            }
        }
    }
    Ok(costs)
}

/// What the runs of one checker have cost.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    version: String,
    /// Medians.
    wall_seconds: f64,
    user_seconds: f64,
    system_seconds: f64,
    peak_bytes: f64,
    /// Each run, in the order of the rounds.
    walls: Vec<f64>,
}

impl Row {
    fn new(tool: &Tool, costs: &[Cost]) -> Self {
        let of = |value: fn(&Cost) -> f64| costs.iter().map(value).collect::<Vec<_>>();
        let walls = of(|cost| cost.wall.as_secs_f64());
        Self {
            name: tool.name,
            version: tool.version.clone(),
            wall_seconds: median(&walls),
            user_seconds: median(&of(|cost| cost.user.as_secs_f64())),
            system_seconds: median(&of(|cost| cost.system.as_secs_f64())),
            #[expect(clippy::cast_precision_loss, reason = "no memory has 2^53 bytes")]
            peak_bytes: median(&of(|cost| cost.memory as f64)),
            walls,
        }
    }

    /// How many times the wall time of another checker: the median over the rounds, because a
    /// busy machine slows neighbouring runs down alike.
    fn times(&self, other: &Self) -> f64 {
        let ratios: Vec<f64> = self
            .walls
            .iter()
            .zip(&other.walls)
            .map(|(a, b)| a / b)
            .collect();
        median(&ratios)
    }
}

/// The middle value, or the mean of the two in the middle; NaN if there is none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

fn table(rows: &[Row]) -> String {
    let ty = rows.iter().find(|row| row.name == "ty");
    let mut lines = format!(
        "{:<11} {:<9} {:>8} {:>7} {:>8} {:>8} {:>8} {:>7}\n",
        "checker", "version", "wall s", "x ty", "user s", "system s", "peak MB", "x ty"
    );
    for row in rows {
        let times = |ratio: Option<f64>| ratio.map_or_else(|| "-".into(), |it| format!("{it:.2}"));
        lines += &format!(
            "{:<11} {:<9} {:>8.3} {:>7} {:>8.3} {:>8.3} {:>8.0} {:>7}\n",
            row.name,
            row.version,
            row.wall_seconds,
            times(ty.map(|ty| row.times(ty))),
            row.user_seconds,
            row.system_seconds,
            row.peak_bytes / 1e6,
            times(ty.map(|ty| row.peak_bytes / ty.peak_bytes)),
        );
    }
    lines
}

/// A ratio that proxycheck is to keep.
struct Limit {
    name: &'static str,
    ratio: f64,
    at_most: f64,
}

impl Limit {
    fn holds(&self) -> bool {
        self.ratio <= self.at_most
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.holds() { "kept" } else { "EXCEEDED" };
        write!(
            f,
            "{}: {:.2}, at most {:.2}: {verdict}",
            self.name, self.ratio, self.at_most
        )
    }
}

fn limits(rows: &[Row]) -> Vec<Limit> {
    let by_name: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.name, row)).collect();
    let Some(ours) = by_name.get("proxycheck") else {
        return Vec::new();
    };
    let mut limits = Vec::new();
    if let Some(ty) = by_name.get("ty") {
        limits.push(Limit {
            name: "wall time, times ty's",
            ratio: ours.times(ty),
            at_most: TIMES_TY,
        });
        limits.push(Limit {
            name: "peak memory, times ty's",
            ratio: ours.peak_bytes / ty.peak_bytes,
            at_most: TIMES_TY,
        });
    }
    if let Some(mypy) = by_name.get("mypy") {
        limits.push(Limit {
            name: "wall time, times mypy's",
            ratio: ours.times(mypy),
            at_most: 1.0 / FASTER_THAN_MYPY,
        });
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, walls: &[f64], peak: f64) -> Row {
        Row {
            name,
            version: "1".into(),
            wall_seconds: median(walls),
            user_seconds: 0.0,
            system_seconds: 0.0,
            peak_bytes: peak,
            walls: walls.to_vec(),
        }
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn ratios_are_taken_within_rounds() {
        let ours = row("proxycheck", &[1.0, 10.0, 2.0], 1.0);
        let ty = row("ty", &[1.0, 5.0, 2.0], 1.0);
        assert_eq!(ours.times(&ty), 1.0);
    }

    #[test]
    fn limits_tell_good_from_bad() {
        let verdicts = |rows: &[Row]| limits(rows).iter().map(Limit::holds).collect::<Vec<_>>();
        let ty = || row("ty", &[1.0], 100.0);
        let mypy = || row("mypy", &[12.0], 100.0);
        assert_eq!(
            verdicts(&[row("proxycheck", &[1.2], 129.0), ty(), mypy()]),
            [true, true, true]
        );
        assert_eq!(
            verdicts(&[row("proxycheck", &[1.4], 131.0), ty(), mypy()]),
            [false, false, false]
        );
        assert!(verdicts(&[ty(), mypy()]).is_empty());
    }

    #[test]
    fn the_table_has_a_line_for_each_checker() {
        let rows = [row("proxycheck", &[1.5], 2e6), row("ty", &[1.0], 1e6)];
        let table = table(&rows);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("1.50") && table.contains("2.00"), "{table}");
    }
}
