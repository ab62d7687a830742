//! `proxycheck check`.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use codespan_reporting::term::termcolor::WriteColor;
use rayon::prelude::*;
use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;
use rustc_hash::FxHashMap;

use super::args::{CheckArgs, RuleName};
use super::fixes::{Changes, MAX_ROUNDS};
use super::overlay::Overlay;
use super::progress::ProgressLine;
use super::{Message, Status, message, stderr, stdout};
use crate::config::environment::{self, Environment};
use crate::config::files::Selection;
use crate::config::{self, Config, Levels, roots, rules};
use crate::diagnostics::render::{self, OutputFormat, Report};
use crate::diagnostics::suppression;
use crate::diagnostics::{
    self, Diagnostic, Level, Outcome, Progress, ReadError, RuleInfo, Severity, Source,
};
use crate::{Apis, ProgramOptions, check};

/// What the text on the standard input is checked as.
const STDIN_NAME: &str = "stdin.py";

/// One run, with the settings from all places where they can be set.
struct Run<'a> {
    args: &'a CheckArgs,
    cwd: SystemPathBuf,
    project: SystemPathBuf,
    config: Config,
    environment: Environment,
    python_version: PythonVersion,
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
    let config = project.config;
    let environment = find_environment(args, &config, &project.root, &cwd, &overlay)?;
    let python_version = config
        .python_version
        .or(project.requires_python)
        .or(environment.python_version)
        .unwrap_or(config::DEFAULT_PYTHON_VERSION);
    let mut run = Run {
        args,
        cwd,
        project: project.root,
        config,
        environment,
        python_version,
        overlay,
        stdin: None,
    };
    if args.verbose {
        run.say_what_is_used(project.file.as_deref());
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
                &run.cwd,
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
        let selection = Selection::new(
            &self.project,
            &self.config.include,
            &self.config.exclude,
            self.config.respect_gitignore.unwrap_or(true),
        )
        .map_err(|(pattern, why)| anyhow::anyhow!("the pattern `{pattern}`: {why}"))?;
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
        let mut found = selection.find(&paths, &self.cwd);
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
            let path = SystemPath::absolute(name, &self.cwd);
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
        let read: Vec<Result<File, Box<Diagnostic>>> =
            files.par_iter().map(|path| self.read(path)).collect();
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

        let config = &self.config;
        let project_roots = match &config.src {
            Some(src) => {
                for folder in src {
                    let shown = folder.strip_prefix(&self.cwd).unwrap_or(folder);
                    let exists = self.overlay.is_directory(folder);
                    anyhow::ensure!(exists, "the setting `src`: `{shown}` is no folder");
                }
                src.clone()
            }
            None => roots::project_roots(&self.project, &self.overlay),
        };
        let groups = roots::groups(readable, &self.project, &project_roots, &self.overlay);
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
        let enabled_rules = self.enabled_rules();
        let apis = Apis::new(&config.functions, &config.operators);
        let progress = ProgressLine::new(files.len(), !self.args.quiet);
        for group in groups {
            let options = ProgramOptions {
                src: group.src,
                extra: Vec::new(),
                site_packages: self.environment.site_packages.clone(),
                python_version: self.python_version,
                proxy_classes: config.proxy_classes.clone(),
                platform: config.platform.clone(),
                enabled_rules: enabled_rules.clone(),
                respect_type_ignore: config.respect_type_ignore.unwrap_or(false),
                respect_ty_ignore: config.respect_ty_ignore.unwrap_or(false),
            };
            let request = check::Request {
                options: &options,
                files: &group.files,
                all: config.all.unwrap_or(false),
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
        self.settle(&mut outcome.diagnostics, commented);
        Ok(outcome)
    }

    fn read(&self, path: &SystemPath) -> Result<File, Box<Diagnostic>> {
        let read = match self.overlay.get(path) {
            Some(text) => Source::parse(path, &self.cwd, text.to_string()),
            None => Source::read(path, &self.cwd),
        };
        let source = read.map_err(|error| Box::new(error.into_diagnostic(path, &self.cwd)))?;
        if is_nested_too_deeply(&source) {
            return Err(Box::new(
                ReadError::TooDeep.into_diagnostic(path, &self.cwd),
            ));
        }
        Ok(File {
            path: path.to_path_buf(),
            commented: suppression::may_have_comments(&source.text).then(|| Arc::new(source)),
        })
    }

    /// Applies comments and levels, sorts, and drops what is said twice.
    fn settle(&self, diagnostics: &mut Vec<Diagnostic>, commented: Vec<Arc<Source>>) {
        let mut levels = FileLevels {
            run: self,
            plain: self.levels(&self.config.levels),
            by_path: FxHashMap::default(),
        };
        for source in &commented {
            levels.load(&source.path);
        }
        for diagnostic in &*diagnostics {
            levels.load(&diagnostic.primary.source.path);
        }
        for source in commented {
            let path = &source.path;
            let mut of_file: Vec<Diagnostic> = diagnostics
                .extract_if(.., |it| it.primary.source.path == *path)
                .collect();
            suppression::apply(&source, &mut of_file, &levels);
            diagnostics.append(&mut of_file);
        }
        diagnostics.retain_mut(|it| levels.apply(it));
        diagnostics::sort(diagnostics);
        diagnostics.dedup_by(|a, b| {
            a.rule == b.rule
                && a.message == b.message
                && a.primary.range == b.primary.range
                && a.primary.source.path == b.primary.source.path
        });
    }

    /// The rules of the inference that are off by default and are on in some file.
    fn enabled_rules(&self) -> Vec<&'static str> {
        let levels: Vec<Levels> = self.config.all_levels().map(|it| self.levels(it)).collect();
        let is_on = |rule: &RuleInfo| {
            levels
                .iter()
                .any(|it| it.of(rule.name, rule.level) != Level::Ignore)
        };
        rules::all()
            .iter()
            .filter(|rule| rule.inference && rule.level == Level::Ignore && is_on(rule))
            .map(|rule| rule.name)
            .collect()
    }

    fn levels(&self, configured: &Levels) -> Levels {
        let mut levels = configured.clone();
        set_levels(self.args, &mut levels);
        levels
    }

    fn say_what_is_used(&self, configuration: Option<&SystemPath>) {
        let info = |text: String| message(Message::Info, &text);
        info(format!("project: {}", self.project));
        match configuration {
            Some(file) => info(format!("configuration: {file}")),
            None => info("configuration: none".to_owned()),
        }
        info(format!("Python version: {}", self.python_version));
        for path in &self.environment.site_packages {
            info(format!("installed packages: {path}"));
        }
    }

    fn report(&self, outcome: &Outcome, fixed: usize) -> anyhow::Result<()> {
        let format = self.config.output_format.unwrap_or_default();
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

struct File {
    path: SystemPathBuf,
    /// Set if there may be comments in it that silence findings.
    commented: Option<Arc<Source>>,
}

/// Python itself gives up at this depth.
const MAX_OPEN_BRACKETS: usize = 200;

fn is_nested_too_deeply(source: &Source) -> bool {
    use ruff_python_ast::token::TokenKind::{EndOfFile, Lbrace, Lpar, Lsqb, Rbrace, Rpar, Rsqb};
    use ruff_python_parser::{Mode, lexer};

    // Brackets in strings and comments count here, so that few files have to be looked at closely.
    let opening = |it: &u8| matches!(it, b'(' | b'[' | b'{');
    if source
        .text
        .bytes()
        .filter(opening)
        .take(MAX_OPEN_BRACKETS + 1)
        .count()
        <= MAX_OPEN_BRACKETS
    {
        return false;
    }
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in source.text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest <= MAX_OPEN_BRACKETS {
        return false;
    }
    let mode = if source.cells.is_empty() {
        Mode::Module
    } else {
        Mode::Ipython
    };
    let mut tokens = lexer::lex(&source.text, mode);
    let mut depth = 0_usize;
    loop {
        match tokens.next_token() {
            EndOfFile => return false,
            Lpar | Lsqb | Lbrace => depth += 1,
            Rpar | Rsqb | Rbrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_OPEN_BRACKETS {
            return true;
        }
    }
}

/// The levels of rules in each file.
struct FileLevels<'a> {
    run: &'a Run<'a>,
    /// Those of files that no override concerns.
    plain: Levels,
    by_path: FxHashMap<String, Levels>,
}

impl FileLevels<'_> {
    fn load(&mut self, path: &str) {
        if self.run.config.overrides.is_empty() || self.by_path.contains_key(path) {
            return;
        }
        let absolute = SystemPath::absolute(path, &self.run.cwd);
        let levels = self.run.levels(&self.run.config.levels_for(&absolute));
        self.by_path.insert(path.to_owned(), levels);
    }

    fn of(&self, path: &str) -> &Levels {
        self.by_path.get(path).unwrap_or(&self.plain)
    }

    /// Whether the finding is to be reported; its severity becomes the one that is set.
    fn apply(&self, diagnostic: &mut Diagnostic) -> bool {
        if rules::is_fixed(&diagnostic.rule) {
            return true;
        }
        let levels = self.of(&diagnostic.primary.source.path);
        let Some(level) = levels.get(&diagnostic.rule) else {
            // A rule of our own runs even if it is off by default.
            let is_off = rules::find(&diagnostic.rule)
                .is_some_and(|it| !it.inference && it.level == Level::Ignore);
            return !is_off;
        };
        match level.severity() {
            Some(severity) => {
                diagnostic.severity = severity;
                true
            }
            None => false,
        }
    }
}

impl suppression::Rules for FileLevels<'_> {
    fn objection(&self, name: &str) -> Option<String> {
        if rules::is_fixed(name) {
            return Some(format!("Findings of `{name}` cannot be ignored"));
        }
        if rules::find(name).is_some() {
            return None;
        }
        let text = rules::unknown(name);
        Some(text.replacen("there", "There", 1))
    }

    fn is_silenceable(&self, name: &str) -> bool {
        !rules::is_fixed(name)
    }

    fn is_on(&self, path: &str, name: &str) -> bool {
        rules::find(name)
            .is_some_and(|rule| self.of(path).of(rule.name, rule.level) != Level::Ignore)
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
