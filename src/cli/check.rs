//! `proxycheck check`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use rayon::prelude::*;
use ruff_db::system::{OsSystem, System, SystemPath, SystemPathBuf};

use super::args::{CheckArgs, RuleName};
use super::progress::ProgressLine;
use super::{Message, Status, message, stdout};
use crate::config::environment::{self, Environment};
use crate::config::files::{Found, Selection};
use crate::config::{self, Config, roots};
use crate::diagnostics::render::{self, OutputFormat, Report};
use crate::diagnostics::{self, Diagnostic, Level, Outcome, Progress, Severity, Source};
use crate::{ProgramOptions, check};

/// The settings of one run, from all places where they can be set.
struct Run {
    cwd: SystemPathBuf,
    project: SystemPathBuf,
    config: Config,
    environment: Environment,
    system: Arc<dyn System>,
    quiet: bool,
    verbose: bool,
}

pub(super) fn run(args: CheckArgs) -> anyhow::Result<Status> {
    let cwd = working_directory()?;
    let system: Arc<dyn System> = Arc::new(OsSystem::new(&cwd));
    let mut status = Status::Clean;

    let project = match &args.project {
        Some(project) => SystemPath::absolute(project, &cwd),
        None => cwd.clone(),
    };
    let mut config = Config::default();
    apply_args(&mut config, &args);
    let environment = find_environment(&config, &args, &project, &cwd, &*system)?;
    let run = Run {
        cwd,
        project,
        config,
        environment,
        system,
        quiet: args.quiet,
        verbose: args.verbose,
    };

    let found = run.find_files(&args.paths)?;
    for error in &found.errors {
        message(Message::Error, error);
        status = Status::Usage;
    }
    for folder in &found.empty {
        message(Message::Warning, &format!("no Python files in `{folder}`"));
    }
    let mut outcome = run.check(found.files)?;
    diagnostics::sort(&mut outcome.diagnostics);
    run.report(&outcome, &args)?;
    let found = if args.exit_zero {
        status_of(&outcome).max(Status::Problems)
    } else {
        status_of(&outcome)
    };
    let found = if args.exit_zero && found == Status::Problems {
        Status::Clean
    } else {
        found
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

fn apply_args(config: &mut Config, args: &CheckArgs) {
    let or = |flag: bool, configured: Option<bool>| if flag { Some(true) } else { configured };
    config.all = or(args.all, config.all);
    if args.no_respect_gitignore {
        config.respect_gitignore = Some(false);
    }
    config.exclude.extend(args.exclude.iter().cloned());
    config.python_version = args.python_version.or(config.python_version);
    config.platform = args.platform.clone().or(config.platform.take());
    config.output_format = args.output_format.or(config.output_format);
    let rules = |names: &[RuleName]| {
        let one = names.iter().filter_map(|name| match name {
            RuleName::All => None,
            RuleName::One(rule) => Some(*rule),
        });
        let all = names.iter().any(|name| matches!(name, RuleName::All));
        if all {
            config::rules::all().to_vec()
        } else {
            one.collect()
        }
    };
    if !args.select.is_empty() {
        config.levels.select(&rules(&args.select));
    }
    for level in &args.level {
        match level.rule {
            RuleName::All => config.levels.set_all(level.level),
            RuleName::One(rule) => config.levels.set(rule, level.level),
        }
    }
    for rule in rules(&args.ignore) {
        config.levels.set(rule, Level::Ignore);
    }
}

fn find_environment(
    config: &Config,
    args: &CheckArgs,
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
            .map_err(|error| anyhow::anyhow!("`python` in the configuration: {error}"));
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

impl Run {
    fn find_files(&self, paths: &[SystemPathBuf]) -> anyhow::Result<Found> {
        let selection = Selection::new(
            &self.project,
            &self.config.include,
            &self.config.exclude,
            self.config.respect_gitignore.unwrap_or(true),
        )
        .map_err(|(pattern, why)| anyhow::anyhow!("the pattern `{pattern}`: {why}"))?;
        Ok(selection.find(paths, &self.cwd))
    }

    fn check(&self, files: Vec<SystemPathBuf>) -> anyhow::Result<Outcome> {
        let files_checked = files.len();
        let read: Vec<Result<SystemPathBuf, Diagnostic>> = files
            .into_par_iter()
            .map(|path| match Source::read(&path, &self.cwd) {
                Ok(_) => Ok(path),
                Err(error) => Err(error.into_diagnostic(&path, &self.cwd)),
            })
            .collect();
        let mut readable = Vec::with_capacity(read.len());
        let mut outcome = Outcome::default();
        for file in read {
            match file {
                Ok(path) => readable.push(path),
                Err(diagnostic) => outcome.diagnostics.push(diagnostic),
            }
        }

        let config = &self.config;
        let project_roots = match &config.src {
            Some(src) => src.clone(),
            None => roots::project_roots(&self.project, &*self.system),
        };
        let groups = roots::groups(readable, &self.project, &project_roots, &*self.system);
        let python_version = config
            .python_version
            .or(self.environment.python_version)
            .unwrap_or(config::DEFAULT_PYTHON_VERSION);
        if self.verbose {
            self.say_what_is_used(&groups, python_version);
        }
        let progress = ProgressLine::new(files_checked, !self.quiet);
        for group in groups {
            let options = ProgramOptions {
                src: group.src,
                extra: Vec::new(),
                site_packages: self.environment.site_packages.clone(),
                python_version,
                platform: config.platform.clone(),
                respect_type_ignore: config.respect_type_ignore.unwrap_or(false),
                respect_ty_ignore: config.respect_ty_ignore.unwrap_or(false),
            };
            let request = check::Request {
                options: &options,
                files: &group.files,
                all: config.all.unwrap_or(false),
            };
            let step = |Progress::FileChecked| progress.file_checked();
            outcome.extend(check::check(Arc::clone(&self.system), &request, &step)?);
        }
        outcome.files_checked = files_checked;
        outcome.diagnostics.retain_mut(|it| self.apply_level(it));
        Ok(outcome)
    }

    /// Whether the finding is to be reported; its severity becomes the one that is set.
    fn apply_level(&self, diagnostic: &mut Diagnostic) -> bool {
        if config::rules::is_fixed(&diagnostic.rule) {
            return true;
        }
        let Some(level) = self.config.levels.get(&diagnostic.rule) else {
            return true;
        };
        match level.severity() {
            Some(severity) => {
                diagnostic.severity = severity;
                true
            }
            None => false,
        }
    }

    fn say_what_is_used(
        &self,
        groups: &[roots::Group],
        python_version: ruff_python_ast::PythonVersion,
    ) {
        let info = |text: String| message(Message::Info, &text);
        info(format!("project: {}", self.project));
        info(format!("Python version: {python_version}"));
        for path in &self.environment.site_packages {
            info(format!("installed packages: {path}"));
        }
        for group in groups {
            let src: Vec<&str> = group.src.iter().map(|it| it.as_str()).collect();
            info(format!(
                "{} files with modules from {}",
                group.files.len(),
                src.join(", ")
            ));
        }
    }

    fn report(&self, outcome: &Outcome, args: &CheckArgs) -> anyhow::Result<()> {
        let format = self.config.output_format.unwrap_or_default();
        let width = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0));
        let report = Report {
            diagnostics: &outcome.diagnostics,
            files_checked: outcome.files_checked,
            fixed: 0,
            rules: config::rules::all(),
            width,
            quiet: self.quiet,
        };
        let mut out = stdout(args.output.color);
        if args.statistics {
            render::write_statistics(format, &report, &mut out)?;
        } else {
            render::write(format, &report, &mut out)?;
        }
        out.flush()?;
        // The lines of this format are for programs to read.
        if format == OutputFormat::Concise && !args.statistics && !self.quiet {
            let _ = writeln!(io::stderr(), "{}", render::summary(&report));
        }
        Ok(())
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
