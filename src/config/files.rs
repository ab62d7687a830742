//! Finding the files to check.

use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ruff_db::system::{SystemPath, SystemPathBuf};

/// Folders that hold no code of the project.
pub const DEFAULT_EXCLUDE: &[&str] = &[
    ".bzr/",
    ".direnv/",
    ".eggs/",
    ".git/",
    ".hg/",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".nox/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".svn/",
    ".tox/",
    ".venv/",
    "__pycache__/",
    "__pypackages__/",
    "build/",
    "dist/",
    "node_modules/",
    "site-packages/",
    "venv/",
];

/// Which files to check.
#[derive(Debug)]
pub struct Selection {
    include: Option<Gitignore>,
    exclude: Gitignore,
    respect_gitignore: bool,
}

/// What was found at the paths that the user named.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Absolute, sorted, each once.
    pub files: Vec<SystemPathBuf>,
    /// What could not be looked at, each one line.
    pub errors: Vec<String>,
    /// The named folders in which there is nothing to check.
    pub empty: Vec<SystemPathBuf>,
}

impl Selection {
    /// Patterns are those of `.gitignore` files, relative to `root`. Without `include`, it is all
    /// Python files.
    ///
    /// # Errors
    /// A pattern cannot be understood: its text, and why.
    pub fn new(
        root: &SystemPath,
        include: &[String],
        exclude: &[String],
        respect_gitignore: bool,
    ) -> Result<Self, (String, String)> {
        let include = if include.is_empty() {
            None
        } else {
            Some(patterns(root, include)?)
        };
        let defaults = DEFAULT_EXCLUDE.iter().map(|it| (*it).to_owned());
        let exclude: Vec<String> = defaults.chain(exclude.iter().cloned()).collect();
        Ok(Selection {
            include,
            exclude: patterns(root, &exclude)?,
            respect_gitignore,
        })
    }

    /// All files to check at `paths`, which are relative to `cwd`. Files that are named themselves
    /// are always among them.
    pub fn find(&self, paths: &[SystemPathBuf], cwd: &SystemPath) -> Found {
        let mut found = Found::default();
        for path in paths {
            let absolute = SystemPath::absolute(path, cwd);
            match std::fs::metadata(absolute.as_std_path()) {
                Err(error) => {
                    let why = crate::diagnostics::io_reason(&error);
                    found.errors.push(format!("`{path}`: {why}"));
                }
                Ok(metadata) if metadata.is_dir() => {
                    let before = found.files.len();
                    self.walk(&absolute, cwd, &mut found);
                    if found.files.len() == before {
                        found.empty.push(path.clone());
                    }
                }
                Ok(_) => found.files.push(absolute),
            }
        }
        found.files.sort_unstable();
        found.files.dedup();
        found
    }

    fn walk(&self, folder: &SystemPath, cwd: &SystemPath, found: &mut Found) {
        let exclude = self.exclude.clone();
        let walk = WalkBuilder::new(folder.as_std_path())
            .hidden(false)
            .ignore(false)
            .git_ignore(self.respect_gitignore)
            .git_exclude(self.respect_gitignore)
            .git_global(self.respect_gitignore)
            .parents(self.respect_gitignore)
            .require_git(false)
            .filter_entry(move |entry| {
                let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
                entry.depth() == 0
                    || !(exclude.matched(entry.path(), is_folder).is_ignore()
                        || is_folder && entry.path().join("pyvenv.cfg").exists())
            })
            .build();
        for entry in walk {
            match entry {
                Ok(entry) => {
                    let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
                    let path = entry.path();
                    if is_folder || !self.includes(path) {
                        continue;
                    }
                    match SystemPathBuf::from_path_buf(path.to_path_buf()) {
                        Ok(path) => found.files.push(path),
                        Err(path) => found
                            .errors
                            .push(format!("`{}`: the path is not valid UTF-8", path.display())),
                    }
                }
                Err(error) => found.errors.push(walk_error(&error, cwd)),
            }
        }
    }

    fn includes(&self, path: &std::path::Path) -> bool {
        // Editors lock a file by a link to nowhere beside it.
        let is_lock = path
            .file_name()
            .is_some_and(|it| it.as_encoded_bytes().starts_with(b".#"));
        let is_python = path
            .extension()
            .is_some_and(|it| it == "py" || it == "pyi" || it == "ipynb");
        match &self.include {
            Some(include) => {
                !is_lock && include.matched_path_or_any_parents(path, false).is_ignore()
            }
            None => !is_lock && is_python,
        }
    }
}

/// What the operating system said, after the path it is about.
fn walk_error(error: &ignore::Error, cwd: &SystemPath) -> String {
    let mut at = None;
    let mut inner = error;
    loop {
        match inner {
            ignore::Error::WithPath { path, err } => {
                at = Some(path.strip_prefix(cwd.as_std_path()).unwrap_or(path));
                inner = err;
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                inner = err;
            }
            ignore::Error::Io(io) => {
                let why = crate::diagnostics::io_reason(io);
                return at.map_or(why.clone(), |at| format!("`{}`: {why}", at.display()));
            }
            other => {
                return at.map_or(other.to_string(), |at| {
                    format!("`{}`: {other}", at.display())
                });
            }
        }
    }
}

/// Patterns as in a `.gitignore` file in `root`.
pub(super) fn patterns(
    root: &SystemPath,
    patterns: &[String],
) -> Result<Gitignore, (String, String)> {
    let mut builder = GitignoreBuilder::new(root.as_std_path());
    for pattern in patterns {
        builder
            .add_line(None, pattern.strip_prefix("./").unwrap_or(pattern))
            .map_err(|error| (pattern.clone(), reason(&error)))?;
    }
    builder
        .build()
        .map_err(|error| (String::new(), reason(&error)))
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}
