//! What is to be checked and how: `[tool.proxycheck]`, `proxycheck.toml`, the Python environment.

use ignore::gitignore::Gitignore;
use ruff_db::system::{SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;

use crate::diagnostics::render::OutputFormat;
use crate::diagnostics::{Level, closest};
use crate::proxy::foreign::ProxyClass;
use crate::rules::{Function, Operator};

pub mod environment;
pub mod file;
pub mod files;
pub mod roots;
pub mod rules;

pub use rules::Levels;

/// What the user can set. Paths are absolute.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Patterns of the files to check, as in `.gitignore`.
    pub include: Vec<String>,
    /// Patterns of files not to check, beside the usual ones.
    pub exclude: Vec<String>,
    /// Where first-party modules are searched.
    pub src: Option<Vec<SystemPathBuf>>,
    /// An interpreter, or the folder of an environment.
    pub python: Option<String>,
    pub python_version: Option<PythonVersion>,
    /// The value of `sys.platform`, or `all`.
    pub platform: Option<String>,
    /// Classes of other libraries that are transparent proxies of their parameter.
    pub proxy_classes: Vec<ProxyClass>,
    pub levels: Levels,
    pub all: Option<bool>,
    pub respect_type_ignore: Option<bool>,
    pub respect_ty_ignore: Option<bool>,
    pub respect_gitignore: Option<bool>,
    pub output_format: Option<OutputFormat>,
    /// Functions that do not take proxies, beside those that are known.
    pub functions: Vec<Function>,
    /// Operators that do not take proxies, beside those that are known.
    pub operators: Vec<Operator>,
    /// Levels for some files; later ones win.
    pub overrides: Vec<Override>,
}

/// Levels of rules in some files.
#[derive(Debug, Clone)]
pub struct Override {
    include: Gitignore,
    exclude: Gitignore,
    levels: Levels,
}

impl Config {
    /// The levels that the configuration sets, for all files and for some.
    pub fn all_levels(&self) -> impl Iterator<Item = &Levels> {
        std::iter::once(&self.levels).chain(self.overrides.iter().map(|it| &it.levels))
    }

    /// Lays levels over all those that the configuration sets.
    pub fn change_levels(&mut self, change: impl Fn(&mut Levels)) {
        change(&mut self.levels);
        for it in &mut self.overrides {
            change(&mut it.levels);
        }
    }

    /// The levels of rules in a file, which is named by its absolute path.
    pub fn levels_for(&self, path: &SystemPath) -> Levels {
        let matches = |patterns: &Gitignore| {
            path.as_std_path().starts_with(patterns.path())
                && patterns
                    .matched_path_or_any_parents(path.as_std_path(), false)
                    .is_ignore()
        };
        let mut levels = self.levels.clone();
        for it in &self.overrides {
            if matches(&it.include) && !matches(&it.exclude) {
                levels = levels.with(&it.levels);
            }
        }
        levels
    }
}

/// The version that is assumed where nothing says which one.
pub const DEFAULT_PYTHON_VERSION: PythonVersion = PythonVersion::PY312;

/// The Python version that a text such as `3.12` names.
///
/// # Errors
/// It is none, or none that is supported.
pub fn python_version(text: &str) -> Result<PythonVersion, String> {
    let version = text.parse::<PythonVersion>().ok();
    version
        .filter(|it| PythonVersion::iter().any(|known| known == *it))
        .ok_or_else(|| {
            let known: Vec<String> = PythonVersion::iter().map(|it| it.to_string()).collect();
            let first = known.first().map_or("", String::as_str);
            let last = known.last().map_or("", String::as_str);
            format!("`{text}` is no Python version from {first} to {last}")
        })
}

/// Says that a level has a name that none has.
pub(crate) fn unknown_level(name: &str) -> String {
    let longer = || Level::NAMES.into_iter().find(|it| name.starts_with(it));
    let meant = match closest(name, Level::NAMES).or_else(longer) {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("the levels are {}", Level::NAMES.join(", ")),
    };
    format!("there is no level `{name}`; {meant}")
}
