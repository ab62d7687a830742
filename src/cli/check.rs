//! `proxycheck check`.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use codespan_reporting::term::termcolor::WriteColor;
use rayon::prelude::*;
use ruff_db::system::{System, SystemPath, SystemPathBuf};

use super::args::{CheckArgs, RuleName};
use super::fixes::{Changes, MAX_ROUNDS};
use super::progress::ProgressLine;
use super::{Message, Status, message, stderr, stdout};
use crate::check;
use crate::config::environment::{self, Environment};
use crate::config::{self, Config, Levels, rules};
use crate::diagnostics::render::{self, OutputFormat, Report};
use crate::diagnostics::{Diagnostic, Level, Outcome, Progress, RuleInfo, Severity};
use crate::overlay::Overlay;
use crate::project::{Project, ReadFile};

/// What the text on the standard input is checked as.
const STDIN_NAME: &str = "stdin.py";

/// One run, with the settings from all places where they can be set.
struct Run<'a> {
    args: &'a CheckArgs,
    project: Project,
    overlay: Overlay,
    stdin: Option<SystemPathBuf>,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Status> {
    let cwd = working_directory()?;
    let overlay = Overlay::new(&cwd);
    let mut status = Status::Clean;

    let start = match &args.project {
        Some(project) => {
            let project = SystemPath::absolute(project, &cwd);
            anyhow::ensure!(
                overlay.is_directory(&project),
                "--project: `{project}` is no folder"
            );
            project
        }
        None => cwd.clone(),
    };
    let project = match configure(args, &start, &cwd, &overlay) {
        Ok(project) => project,
        Err(errors) => {
            errors
                .iter()
                .for_each(|error| message(Message::Error, error));
            return Ok(Status::Usage);
        }
    };
    if let Some(error) = &project.broken {
        let text = format!("{error}; it is not used, everything is checked all the same");
        message(Message::Error, &text);
        status = Status::Usage;
    }
    let environment = find_environment(args, &project.config, &project.root, &cwd, &overlay)?;
    let file = project.file.clone();
    let mut run = Run {
        args,
        project: Project::new(project, environment, cwd),
        overlay,
        stdin: None,
    };
    if args.verbose {
        run.say_what_is_used(file.as_deref());
    }

    let files = run.find_files(&mut status)?;
    let mut outcome = run.check(&files)?;
    let mut changes = Changes::default();
    if args.fix || args.diff {
        let mut rounds = 0;
        while rounds < MAX_ROUNDS
            && changes.apply(
                &outcome.diagnostics,
                args.unsafe_fixes,
                &run.project.cwd,
                &run.overlay,
            )? > 0
        {
            outcome = run.check(&files)?;
            rounds += 1;
        }
    }
    if args.diff {
        return run.show_changes(&changes, status.max(unconditional(&outcome)));
    }
    changes.write(&run.overlay, run.stdin.as_deref())?;
    run.report(&outcome, changes.applied)?;
    let found = if args.exit_zero {
        unconditional(&outcome)
    } else {
        status_of(&outcome)
    };
    Ok(status.max(found))
}

/// The folder that paths are relative to.
fn working_directory() -> anyhow::Result<SystemPathBuf> {
    let cwd = std::env::current_dir().context("the working directory cannot be found")?;
    SystemPathBuf::from_path_buf(cwd).map_err(|path| {
        anyhow::anyhow!(
            "the path of the working directory is not UTF-8: {}",
            path.display()
        )
    })
}

/// Reads the configuration and lays the command line over it.
fn configure(
    args: &CheckArgs,
    start: &SystemPath,
    cwd: &SystemPath,
    system: &dyn System,
) -> Result<config::file::Project, Vec<String>> {
    let mut project = config::file::find(start, cwd, system)?;
    let config = &mut project.config;
    for argument in &args.config {
        config::file::apply(argument, cwd, system, config)?;
    }
    if args.all {
        config.all = Some(true);
    }
    if args.no_respect_gitignore {
        config.respect_gitignore = Some(false);
    }
    config.exclude.extend(args.exclude.iter().cloned());
    config.python_version = args.python_version.or(config.python_version);
    config.platform = args.platform.clone().or(config.platform.take());
    config.output_format = args.output_format.or(config.output_format);
    config.change_levels(|levels| set_levels(args, levels));
    Ok(project)
}

/// Lays the levels that the command line sets over those of the configuration.
fn set_levels(args: &CheckArgs, levels: &mut Levels) {
    let rules = |names: &[RuleName]| -> Vec<&'static RuleInfo> {
        if names.iter().any(|name| matches!(name, RuleName::All)) {
            return rules::all().to_vec();
        }
        let one = |name: &RuleName| match name {
            RuleName::All => None,
            RuleName::One(rule) => Some(*rule),
        };
        names.iter().filter_map(one).collect()
    };
    if !args.select.is_empty() {
        levels.select(&rules(&args.select));
    }
    for level in &args.level {
        match level.rule {
            RuleName::All => levels.set_all(level.level),
            RuleName::One(rule) => levels.set(rule, level.level),
        }
    }
    for rule in rules(&args.ignore) {
        levels.set(rule, Level::Ignore);
    }
}

fn find_environment(
    args: &CheckArgs,
    config: &Config,
    project: &SystemPath,
    cwd: &SystemPath,
    system: &dyn System,
) -> anyhow::Result<Environment> {
    if let Some(path) = &args.python {
        return environment::at(path, cwd, system)
            .map_err(|error| anyhow::anyhow!("--python: {error}"));
    }
    if let Some(path) = &config.python {
        return environment::at(path, project, system)
            .map_err(|error| anyhow::anyhow!("the setting `python`: {error}"));
    }
    let found = environment::discover(project, system);
    for warning in &found.warnings {
        message(Message::Warning, warning);
    }
    Ok(found.environment.unwrap_or_else(|| {
        message(
            Message::Warning,
            "no Python environment found, so imports of installed packages are not resolved; \
             activate one or name it with `--python`",
        );
        Environment::default()
    }))
}

impl Run<'_> {
    /// All files to check. What is wrong with the named paths is said at once.
    fn find_files(&mut self, status: &mut Status) -> anyhow::Result<Vec<SystemPathBuf>> {
        let selection = self.project.selection()?;
        let is_stdin = |path: &&SystemPathBuf| path.as_str() == "-";
        let has_stdin = self.args.paths.iter().any(|path| is_stdin(&path));
        let paths: Vec<SystemPathBuf> = match &self.args.project {
            Some(project) if self.args.paths.is_empty() => vec![project.clone()],
            _ if self.args.paths.is_empty() => vec![SystemPathBuf::from(".")],
            _ => self
                .args
                .paths
                .iter()
                .filter(|path| !is_stdin(path))
                .cloned()
                .collect(),
        };
        let mut found = selection.find(&paths, &self.project.cwd);
        for error in &found.errors {
            message(Message::Error, error);
            *status = Status::Usage;
        }
        for folder in &found.empty {
            message(
                Message::Warning,
                &format!("there are no Python files in `{folder}`"),
            );
        }
        if has_stdin {
            let name = self.args.stdin_filename.clone();
            let name = name.unwrap_or_else(|| SystemPathBuf::from(STDIN_NAME));
            let path = SystemPath::absolute(name, &self.project.cwd);
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .context("the standard input")?;
            self.overlay.insert(path.clone(), text);
            if !found.files.contains(&path) {
                found.files.push(path.clone());
            }
            self.stdin = Some(path);
        }
        Ok(found.files)
    }

    /// What is to be reported, in the order in which it is.
    fn check(&self, files: &[SystemPathBuf]) -> anyhow::Result<Outcome> {
        let project = &self.project;
        let read: Vec<Result<ReadFile, Box<Diagnostic>>> = files
            .par_iter()
            .map(|path| project.read(path, &self.overlay))
            .collect();
        let mut outcome = Outcome::default();
        let mut readable = Vec::with_capacity(read.len());
        let mut commented = Vec::new();
        for file in read {
            match file {
                Ok(file) => {
                    readable.push(file.path);
                    commented.extend(file.commented);
                }
                Err(diagnostic) => outcome.diagnostics.push(*diagnostic),
            }
        }
        let groups = project.groups(readable, &self.overlay)?;
        if self.args.verbose {
            for group in &groups {
                let src: Vec<&str> = group.src.iter().map(|it| it.as_str()).collect();
                let number = render::count(group.files.len(), "file");
                message(
                    Message::Info,
                    &format!("{number} with modules from {}", src.join(", ")),
                );
            }
        }
        let apis = project.apis();
        let progress = ProgressLine::new(files.len(), !self.args.quiet);
        for group in groups {
            let options = project.program_options(group.src);
            let request = check::Request {
                options: &options,
                files: &group.files,
                all: project.config.all.unwrap_or(false),
                apis: &apis,
            };
            let step = |Progress::FileChecked| progress.file_checked();
            outcome.extend(check::check(
                Arc::new(self.overlay.clone()),
                &request,
                &step,
            )?);
        }
        drop(progress);
        outcome.files_checked = files.len();
        project.finish(&mut outcome.diagnostics, commented);
        Ok(outcome)
    }

    fn say_what_is_used(&self, configuration: Option<&SystemPath>) {
        let info = |text: String| message(Message::Info, &text);
        info(format!("project: {}", self.project.root));
        match configuration {
            Some(file) => info(format!("configuration: {file}")),
            None => info("configuration: none".to_owned()),
        }
        info(format!("Python version: {}", self.project.python_version));
        for path in &self.project.environment.site_packages {
            info(format!("installed packages: {path}"));
        }
    }

    fn report(&self, outcome: &Outcome, fixed: usize) -> anyhow::Result<()> {
        let format = self.project.config.output_format.unwrap_or_default();
        let width = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0));
        let report = Report {
            diagnostics: &outcome.diagnostics,
            files_checked: outcome.files_checked,
            fixed,
            rules: rules::all(),
            width,
            quiet: self.args.quiet,
        };
        // The standard output is for the fixed text.
        let fixed_text = self.stdin.as_ref().filter(|_| self.args.fix);
        let color = self.args.output.color;
        let mut out = if fixed_text.is_some() {
            stderr(color)
        } else {
            stdout(color)
        };
        if self.args.statistics {
            render::write_statistics(format, &report, &mut out)?;
        } else {
            render::write(format, &report, &mut out)?;
        }
        out.flush()?;
        if let Some(text) = fixed_text.and_then(|path| self.overlay.get(path)) {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()?;
        }
        // The lines of this format are for programs to read.
        if format == OutputFormat::Concise && !self.args.statistics && !self.args.quiet {
            let _ = writeln!(io::stderr(), "{}", render::summary(&report));
        }
        Ok(())
    }

    fn show_changes(&self, changes: &Changes, status: Status) -> anyhow::Result<Status> {
        let mut out = stdout(self.args.output.color);
        changes.write_diff(&self.overlay, &mut out as &mut dyn WriteColor)?;
        out.flush()?;
        if !self.args.quiet {
            let text = match changes.applied {
                0 => "Nothing to fix".to_owned(),
                applied => format!(
                    "Would fix {} in {}",
                    render::count(applied, "problem"),
                    render::count(changes.files(), "file"),
                ),
            };
            let _ = writeln!(io::stderr(), "{text}");
        }
        let is_clean = changes.is_empty() || self.args.exit_zero;
        Ok(if is_clean {
            status
        } else {
            status.max(Status::Problems)
        })
    }
}

/// What the findings say about the run.
fn status_of(outcome: &Outcome) -> Status {
    let of = |it: &Diagnostic| match (it.severity, &*it.rule) {
        (Severity::Fatal, _) => Status::Internal,
        (_, "io-error") => Status::Usage,
        (Severity::Error | Severity::Warning, _) => Status::Problems,
        (Severity::Info, _) => Status::Clean,
    };
    outcome
        .diagnostics
        .iter()
        .map(of)
        .max()
        .unwrap_or(Status::Clean)
}

/// What the findings say about the run if problems in the program are none.
fn unconditional(outcome: &Outcome) -> Status {
    match status_of(outcome) {
        Status::Problems => Status::Clean,
        other => other,
    }
}
