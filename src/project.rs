//! A project as it is configured, for the command line and the editor.

use std::sync::Arc;

use ruff_db::system::{System as _, SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;
use rustc_hash::FxHashMap;

use crate::config::environment::Environment;
use crate::config::files::Selection;
use crate::config::{self, Config, Levels, roots, rules};
use crate::db::ProgramOptions;
use crate::diagnostics::{self, Diagnostic, Level, ReadError, RuleInfo, Source, suppression};
use crate::overlay::Overlay;
use crate::rules::Apis;

pub(crate) struct Project {
    /// The folder that paths are shown relative to.
    pub(crate) cwd: SystemPathBuf,
    /// The folder that the configuration is for.
    pub(crate) root: SystemPathBuf,
    pub(crate) config: Config,
    pub(crate) environment: Environment,
    pub(crate) python_version: PythonVersion,
}

/// A file that can be checked.
pub(crate) struct ReadFile {
    pub(crate) path: SystemPathBuf,
    /// Set if there may be comments in it that silence findings.
    pub(crate) commented: Option<Arc<Source>>,
}

impl Project {
    pub(crate) fn new(
        found: config::file::Project,
        environment: Environment,
        cwd: SystemPathBuf,
    ) -> Self {
        let python_version = (found.config.python_version)
            .or(found.requires_python)
            .or(environment.python_version)
            .unwrap_or(config::DEFAULT_PYTHON_VERSION);
        Project {
            cwd,
            root: found.root,
            config: found.config,
            environment,
            python_version,
        }
    }

    /// Which files are to be checked.
    ///
    /// # Errors
    /// A pattern that cannot be understood.
    pub(crate) fn selection(&self) -> anyhow::Result<Selection> {
        let config = &self.config;
        Selection::new(
            &self.root,
            &config.include,
            &config.exclude,
            config.respect_gitignore.unwrap_or(true),
        )
        .map_err(|(pattern, why)| anyhow::anyhow!("the pattern `{pattern}`: {why}"))
    }

    /// The files that are checked together.
    ///
    /// # Errors
    /// A configured folder that there is not.
    pub(crate) fn groups(
        &self,
        files: Vec<SystemPathBuf>,
        overlay: &Overlay,
    ) -> anyhow::Result<Vec<roots::Group>> {
        let project_roots = match &self.config.src {
            Some(src) => {
                for folder in src {
                    let shown = folder.strip_prefix(&self.cwd).unwrap_or(folder);
                    let exists = overlay.is_directory(folder);
                    anyhow::ensure!(exists, "the setting `src`: `{shown}` is no folder");
                }
                src.clone()
            }
            None => roots::project_roots(&self.root, overlay),
        };
        Ok(roots::groups(files, &self.root, &project_roots, overlay))
    }

    /// What the inference has to know of files whose modules are searched in `src`.
    pub(crate) fn program_options(&self, src: Vec<SystemPathBuf>) -> ProgramOptions {
        let config = &self.config;
        ProgramOptions {
            src,
            extra: Vec::new(),
            site_packages: self.environment.site_packages.clone(),
            python_version: self.python_version,
            proxy_classes: config.proxy_classes.clone(),
            platform: config.platform.clone(),
            enabled_rules: self.enabled_rules(),
            respect_type_ignore: config.respect_type_ignore.unwrap_or(false),
            respect_ty_ignore: config.respect_ty_ignore.unwrap_or(false),
        }
    }

    pub(crate) fn apis(&self) -> Apis {
        Apis::new(&self.config.functions, &self.config.operators)
    }

    /// Reads a file, to see whether it can be checked.
    ///
    /// # Errors
    /// The finding that stands in for those of the file.
    pub(crate) fn read(
        &self,
        path: &SystemPath,
        overlay: &Overlay,
    ) -> Result<ReadFile, Box<Diagnostic>> {
        let source = self.source(path, overlay);
        let source = source.map_err(|error| Box::new(error.into_diagnostic(path, &self.cwd)))?;
        self.checkable(path, Arc::new(source))
    }

    /// A file of this text, unless that cannot be checked.
    ///
    /// # Errors
    /// The finding that stands in for those of the file.
    pub(crate) fn checkable(
        &self,
        path: &SystemPath,
        source: Arc<Source>,
    ) -> Result<ReadFile, Box<Diagnostic>> {
        if is_nested_too_deeply(&source) {
            return Err(Box::new(
                ReadError::TooDeep.into_diagnostic(path, &self.cwd),
            ));
        }
        Ok(ReadFile {
            path: path.to_path_buf(),
            commented: suppression::may_have_comments(&source.text).then_some(source),
        })
    }

    /// The text of a file as the user wrote it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn source(&self, path: &SystemPath, overlay: &Overlay) -> Result<Source, ReadError> {
        match overlay.get(path) {
            Some(text) => Source::parse(path, &self.cwd, text.to_string()),
            None => Source::read(path, &self.cwd),
        }
    }

    /// Applies comments and levels, sorts, and drops what is said twice.
    pub(crate) fn finish(&self, diagnostics: &mut Vec<Diagnostic>, commented: Vec<Arc<Source>>) {
        let mut levels = FileLevels {
            project: self,
            plain: self.config.levels.clone(),
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
        let levels: Vec<&Levels> = self.config.all_levels().collect();
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
    project: &'a Project,
    /// Those of files that no override concerns.
    plain: Levels,
    by_path: FxHashMap<String, Levels>,
}

impl FileLevels<'_> {
    fn load(&mut self, path: &str) {
        if self.project.config.overrides.is_empty() || self.by_path.contains_key(path) {
            return;
        }
        let absolute = SystemPath::absolute(path, &self.project.cwd);
        let levels = self.project.config.levels_for(&absolute);
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
