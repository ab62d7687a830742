//! Reading `[tool.proxycheck]` and `proxycheck.toml`.

use std::ops::Range;

use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_python_ast::PythonVersion;
use ruff_source_file::LineIndex;
use ruff_text_size::TextSize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Config, Override, files, python_version, rules, unknown_level};
use crate::diagnostics::render::OutputFormat;
use crate::diagnostics::{Level, closest, shown};
use crate::proxy::foreign::{MAX_CLASSES, ProxyClass};
use crate::rules::{Function, Operator};

const FILE_NAME: &str = "proxycheck.toml";

const KEYS: &[&str] = &[
    "all",
    "exclude",
    "functions",
    "include",
    "operators",
    "output-format",
    "overrides",
    "platform",
    "proxy-classes",
    "python",
    "python-version",
    "respect-gitignore",
    "respect-ty-ignore",
    "respect-type-ignore",
    "rules",
    "src",
];

const OVERRIDE_KEYS: &[&str] = &["exclude", "include", "rules"];

/// What the files of a project say.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The folder that the configuration is in, or the nearest one with a `pyproject.toml`.
    pub root: SystemPathBuf,
    /// The file that the configuration is from.
    pub file: Option<SystemPathBuf>,
    pub config: Config,
    /// The lowest version that `requires-python` allows.
    pub requires_python: Option<PythonVersion>,
    /// A `pyproject.toml` that is no TOML, `path:line:column: message`.
    pub broken: Option<String>,
}

/// Looks for the configuration in `start` and the folders above it.
///
/// `cwd` is the folder to which paths in messages are relative.
///
/// # Errors
/// All that is wrong with the settings, each one line: `path:line:column: message`.
pub fn find(
    start: &SystemPath,
    cwd: &SystemPath,
    system: &dyn System,
) -> Result<Project, Vec<String>> {
    let mut nearest: Option<Project> = None;
    for folder in start.ancestors() {
        let own = folder.join(FILE_NAME);
        let pyproject = folder.join("pyproject.toml");
        let mut found = Project {
            root: folder.to_path_buf(),
            ..Project::default()
        };
        let has_own = system.is_file(&own);
        let mut is_configured = false;
        if system.is_file(&pyproject) {
            let text = read(&pyproject, cwd, system)?;
            let document = Document::new(&text, shown(&pyproject, cwd), folder);
            match document.parse() {
                Err(error) => found.broken = Some(error),
                Ok(table) => {
                    found.requires_python = requires_python(&table);
                    let section = at(&table, &["tool", "proxycheck"]);
                    if let Some(section) = section.filter(|_| !has_own) {
                        document.read(section, &mut found.config)?;
                        found.file = Some(pyproject.clone());
                        is_configured = true;
                    }
                }
            }
        } else if !has_own {
            continue;
        }
        if has_own {
            let text = read(&own, cwd, system)?;
            let document = Document::new(&text, shown(&own, cwd), folder);
            let table = document.parse().map_err(|error| vec![error])?;
            document.read_table(&table, &mut found.config)?;
            found.file = Some(own);
            is_configured = true;
        }
        if is_configured {
            return Ok(found);
        }
        // What is broken may be the configuration.
        let is_last = found.broken.is_some();
        nearest.get_or_insert(found);
        if is_last {
            break;
        }
    }
    Ok(nearest.unwrap_or_else(|| Project {
        root: start.to_path_buf(),
        ..Project::default()
    }))
}

/// Reads a configuration file that the user named, or a setting such as `all = true`.
///
/// # Errors
/// All that is wrong with it, each one line.
pub fn apply(
    argument: &str,
    cwd: &SystemPath,
    system: &dyn System,
    config: &mut Config,
) -> Result<(), Vec<String>> {
    let path = SystemPath::absolute(argument, cwd);
    if argument.contains('=') && !system.is_file(&path) {
        let document = Document::new(argument, "--config".to_owned(), cwd);
        let table = document.parse().map_err(|error| vec![error])?;
        return document.read_table(&table, config);
    }
    let text = read(&path, cwd, system)?;
    let folder = path.parent().unwrap_or(cwd);
    let document = Document::new(&text, shown(&path, cwd), folder);
    let table = document.parse().map_err(|error| vec![error])?;
    if path.file_name() == Some("pyproject.toml") {
        return match at(&table, &["tool", "proxycheck"]) {
            Some(section) => document.read(section, config),
            None => Err(vec![format!(
                "{}: there is no `[tool.proxycheck]`",
                document.name
            )]),
        };
    }
    document.read_table(&table, config)
}

fn read(path: &SystemPath, cwd: &SystemPath, system: &dyn System) -> Result<String, Vec<String>> {
    system.read_to_string(path).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::InvalidData => "the file is not valid UTF-8".to_owned(),
            _ => crate::diagnostics::io_reason(&error),
        };
        vec![format!("{}: {why}", shown(path, cwd))]
    })
}

fn at<'a, 'i>(table: &'a DeTable<'i>, keys: &[&str]) -> Option<&'a Spanned<DeValue<'i>>> {
    let (first, rest) = keys.split_first()?;
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        at(value.get_ref().as_table()?, rest)
    }
}

/// The entries of a table, in the order in which they are written.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(
    &'a Spanned<std::borrow::Cow<'i, str>>,
    &'a Spanned<DeValue<'i>>,
)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The lowest Python version that the project's metadata allow.
fn requires_python(table: &DeTable<'_>) -> Option<PythonVersion> {
    at(table, &["project", "requires-python"])
        .or_else(|| at(table, &["tool", "poetry", "dependencies", "python"]))
        .and_then(|it| it.get_ref().as_str())
        .and_then(lower_bound)
}

/// The lowest version that a specifier such as `>=3.10,<4` allows.
fn lower_bound(specifier: &str) -> Option<PythonVersion> {
    specifier
        .split(',')
        .filter_map(|clause| {
            let clause = clause.trim();
            let version = ["===", "==", ">=", "~=", ">", "^", "~"]
                .iter()
                .find_map(|operator| clause.strip_prefix(operator))?;
            let mut parts = version.trim().split('.');
            let major: u8 = parts.next()?.parse().ok()?;
            let minor = parts.next().unwrap_or("0").parse().ok()?;
            let wanted = PythonVersion { major, minor };
            // The versions between which there is a difference to the inference.
            let known = || PythonVersion::iter();
            known().find(|it| *it >= wanted).or_else(|| known().last())
        })
        .max()
}

/// A TOML text and where it is from.
struct Document<'a> {
    text: &'a str,
    name: String,
    /// What paths in it are relative to.
    folder: &'a SystemPath,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl<'a> Document<'a> {
    fn new(text: &'a str, name: String, folder: &'a SystemPath) -> Self {
        Document { text, name, folder }
    }

    fn parse(&self) -> Result<DeTable<'a>, String> {
        DeTable::parse(self.text)
            .map(Spanned::into_inner)
            .map_err(|error| {
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                self.error(&error.span().unwrap_or(0..0), &message)
            })
    }

    fn error(&self, span: &Range<usize>, message: &str) -> String {
        let start = TextSize::try_from(span.start.min(self.text.len())).unwrap_or_default();
        let at = LineIndex::from_source_text(self.text).line_column(start, self.text);
        format!("{}:{}:{}: {message}", self.name, at.line, at.column)
    }

    fn read(&self, section: &Value<'_>, config: &mut Config) -> Result<(), Vec<String>> {
        match section.get_ref().as_table() {
            Some(table) => self.read_table(table, config),
            None => {
                Err(vec![self.error(
                    &section.span(),
                    "`[tool.proxycheck]` has to be a table",
                )])
            }
        }
    }

    fn read_table(&self, table: &DeTable<'_>, config: &mut Config) -> Result<(), Vec<String>> {
        let mut errors = Vec::new();
        for (key, value) in in_order(table) {
            if let Err(error) = self.setting(key, value, config, &mut errors) {
                errors.push(error);
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    fn setting(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        config: &mut Config,
        errors: &mut Vec<String>,
    ) -> Result<(), String> {
        match &**key.get_ref() {
            "all" => config.all = Some(self.boolean(value)?),
            "respect-gitignore" => config.respect_gitignore = Some(self.boolean(value)?),
            "respect-ty-ignore" => config.respect_ty_ignore = Some(self.boolean(value)?),
            "respect-type-ignore" => config.respect_type_ignore = Some(self.boolean(value)?),
            "include" => config.include = self.patterns(value)?,
            "exclude" => config.exclude = self.patterns(value)?,
            "src" => {
                let folders = self.strings(value)?;
                let absolute = |it: String| SystemPath::absolute(it, self.folder);
                config.src = Some(folders.into_iter().map(absolute).collect());
            }
            "python" => {
                let path = self.string(value)?;
                // A bare name may be that of a program on the search path.
                let is_path = path.contains(['/', '\\']) || path.starts_with('.');
                config.python = Some(if is_path {
                    SystemPath::absolute(path, self.folder).to_string()
                } else {
                    path.to_owned()
                });
            }
            "python-version" => {
                let version = python_version(self.string(value)?);
                config.python_version =
                    Some(version.map_err(|error| self.error(&value.span(), &error))?);
            }
            "platform" => config.platform = Some(self.string(value)?.to_owned()),
            "proxy-classes" => config.proxy_classes = self.proxy_classes(value)?,
            "output-format" => {
                let name = self.string(value)?;
                let format = <OutputFormat as clap::ValueEnum>::from_str(name, false);
                config.output_format = Some(format.map_err(|_| {
                    let names: Vec<String> = OutputFormat::names().collect();
                    let message = format!(
                        "there is no output format `{name}`; {}",
                        meant(name, names.iter().map(String::as_str)),
                    );
                    self.error(&value.span(), &message)
                })?);
            }
            "functions" => {
                config.functions = self.entries(value, Function::validate, errors)?;
            }
            "operators" => {
                config.operators = self.entries(value, Operator::validate, errors)?;
            }
            "rules" => {
                for (rule, level) in self.rules(value, errors)? {
                    match rule {
                        Some(rule) => config.levels.set(rule, level),
                        None => config.levels.set_all(level),
                    }
                }
            }
            "overrides" => {
                let Some(list) = value.get_ref().as_array() else {
                    return Err(self.expected("a list of tables", value));
                };
                for item in list {
                    match self.override_of(item, errors) {
                        Ok(it) => config.overrides.push(it),
                        Err(error) => errors.push(error),
                    }
                }
            }
            unknown => return Err(self.unknown_key(unknown, &key.span(), KEYS)),
        }
        Ok(())
    }

    /// A list of tables, each of which is an entry of its own.
    fn entries<T: DeserializeOwned>(
        &self,
        value: &Value<'_>,
        validate: impl Fn(&T) -> Result<(), String>,
        errors: &mut Vec<String>,
    ) -> Result<Vec<T>, String> {
        let Some(list) = value.get_ref().as_array() else {
            return Err(self.expected("a list of tables", value));
        };
        let mut entries = Vec::new();
        for item in list {
            let entry = T::deserialize(ValueDeserializer::from(item.clone()))
                .map_err(|error| (error.span(), error.message().replace('\n', ", ")))
                .and_then(|entry| match validate(&entry) {
                    Ok(()) => Ok(entry),
                    Err(message) => Err((None, message)),
                });
            match entry {
                Ok(entry) => entries.push(entry),
                Err((span, message)) => {
                    errors.push(self.error(&span.unwrap_or_else(|| item.span()), &message));
                }
            }
        }
        Ok(entries)
    }

    fn override_of(&self, value: &Value<'_>, errors: &mut Vec<String>) -> Result<Override, String> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.expected("a table", value));
        };
        let mut include = Vec::new();
        let mut exclude = Vec::new();
        let mut levels = Vec::new();
        for (key, value) in in_order(table) {
            match &**key.get_ref() {
                "include" => include = self.patterns(value)?,
                "exclude" => exclude = self.patterns(value)?,
                "rules" => levels = self.rules(value, errors)?,
                unknown => return Err(self.unknown_key(unknown, &key.span(), OVERRIDE_KEYS)),
            }
        }
        if include.is_empty() {
            return Err(self.error(&value.span(), "an override needs `include`"));
        }
        let compiled = |patterns: &[String]| {
            files::patterns(self.folder, patterns)
                .map_err(|(pattern, why)| self.error(&value.span(), &format!("`{pattern}`: {why}")))
        };
        let mut result = Override {
            include: compiled(&include)?,
            exclude: compiled(&exclude)?,
            levels: rules::Levels::default(),
        };
        for (rule, level) in levels {
            match rule {
                Some(rule) => result.levels.set(rule, level),
                None => result.levels.set_all(level),
            }
        }
        Ok(result)
    }

    /// The levels of rules; `all` goes first, whatever its place.
    #[allow(clippy::type_complexity)]
    fn rules(
        &self,
        value: &Value<'_>,
        errors: &mut Vec<String>,
    ) -> Result<Vec<(Option<&'static crate::diagnostics::RuleInfo>, Level)>, String> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.expected("a table, such as `{ unresolved-import = \"warn\" }`", value));
        };
        let mut found = Vec::new();
        for (key, value) in in_order(table) {
            let name = &**key.get_ref();
            let rule = match name {
                "all" => None,
                name => match rules::find(name) {
                    Some(rule) => Some(rule),
                    None => {
                        errors.push(self.error(&key.span(), &rules::unknown(name)));
                        continue;
                    }
                },
            };
            let level = self.string(value)?;
            match Level::from_name(level) {
                Some(level) => found.push((rule, level)),
                None => errors.push(self.error(&value.span(), &unknown_level(level))),
            }
        }
        found.sort_by_key(|(rule, _)| rule.is_some());
        Ok(found)
    }

    fn boolean(&self, value: &Value<'_>) -> Result<bool, String> {
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.expected("true or false", value))
    }

    fn string<'v>(&self, value: &'v Value<'_>) -> Result<&'v str, String> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.expected("a string", value))
    }

    fn strings(&self, value: &Value<'_>) -> Result<Vec<String>, String> {
        let Some(list) = value.get_ref().as_array() else {
            return Err(self.expected("a list of strings", value));
        };
        list.iter()
            .map(|it| self.string(it).map(str::to_owned))
            .collect()
    }

    fn proxy_classes(&self, value: &Value<'_>) -> Result<Vec<ProxyClass>, String> {
        let paths = self.strings(value)?;
        if paths.len() > MAX_CLASSES {
            let message = format!("there can be {MAX_CLASSES} of them at most");
            return Err(self.error(&value.span(), &message));
        }
        paths
            .iter()
            .map(|it| ProxyClass::parse(it).map_err(|error| self.error(&value.span(), &error)))
            .collect()
    }

    fn patterns(&self, value: &Value<'_>) -> Result<Vec<String>, String> {
        let patterns = self.strings(value)?;
        files::patterns(self.folder, &patterns)
            .map_err(|(pattern, why)| self.error(&value.span(), &format!("`{pattern}`: {why}")))?;
        Ok(patterns)
    }

    fn expected(&self, what: &str, value: &Value<'_>) -> String {
        let found = match value.get_ref().type_str() {
            it @ ("array" | "integer") => format!("an {it}"),
            it => format!("a {it}"),
        };
        self.error(&value.span(), &format!("expected {what}, found {found}"))
    }

    fn unknown_key(&self, key: &str, span: &Range<usize>, known: &[&str]) -> String {
        let meant = meant(key, known.iter().copied());
        self.error(span, &format!("there is no setting `{key}`; {meant}"))
    }
}

fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match closest(word, known.clone()) {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use ruff_db::system::{InMemorySystem, MemoryFileSystem};

    use super::*;

    fn load(files: &[(&str, &str)]) -> Result<Project, Vec<String>> {
        let disk = MemoryFileSystem::with_current_directory("/p");
        let files = files
            .iter()
            .map(|(path, text)| (SystemPathBuf::from(*path), *text));
        disk.write_files_all(files).unwrap();
        let system = InMemorySystem::from_memory_fs(disk);
        find(SystemPath::new("/p/sub"), SystemPath::new("/p"), &system)
    }

    fn errors(text: &str) -> Vec<String> {
        load(&[("/p/sub/a.py", ""), ("/p/proxycheck.toml", text)]).unwrap_err()
    }

    #[test]
    fn functions_and_operators_can_be_added() {
        let project = load(&[
            ("/p/sub/a.py", ""),
            (
                "/p/pyproject.toml",
                "[[tool.proxycheck.functions]]\nnames = [\"engine.load\"]\n\
                 parameters = [{ position = 0, name = \"buffer\" }]\nraises = \"ValueError\"\n\
                 [[tool.proxycheck.operators]]\noperation = \"[]\"\nclasses = [\"engine.Table\"]\n",
            ),
        ])
        .unwrap();
        assert_eq!(project.config.functions.len(), 1);
        assert_eq!(project.config.operators.len(), 1);
    }

    #[test]
    fn each_entry_that_is_wrong_gets_one_message() {
        let errors = errors(
            "functions = [\n\
             { names = [\"engine.load\"], parameters = [{ position = \"0\" }] },\n\
             { names = [\"load\"], parameters = [{ position = 0 }] },\n\
             { names = [\"engine.load\"], parameter = [{ position = 0 }] },\n\
             { names = [\"engine.load\"], parameters = [{ position = 0 }], rule = \"none\" },\n\
             { names = [\"engine.load\"], parameters = [{ position = 0 }], raises = \"A\", does = \"b\" },\n\
             { names = [\"engine.load\"], parameters = [{ targets = [\"str\"] }] },\n\
             ]\noperators = 3\n",
        );
        assert_eq!(
            errors,
            [
                "proxycheck.toml:2:55: invalid type: string \"0\", expected usize",
                "proxycheck.toml:3:1: `names` has to list functions with their modules: `module.function`",
                "proxycheck.toml:4:28: unknown field `parameter`, expected one of `names`, `parameters`, \
                 `unless`, `only-with`, `raises`, `raises-in-proxyrt`, `does`, `rule`, `accepts-proxyrt`, \
                 `plain-only`, `unless-target-has`",
                "proxycheck.toml:5:1: there is no rule `none`",
                "proxycheck.toml:6:1: it is either `raises` or `does`",
                "proxycheck.toml:7:1: a parameter needs a `position`, a `name`, or `keywords`",
                "proxycheck.toml:9:13: expected a list of tables, found an integer",
            ]
        );
    }

    #[test]
    fn the_nearest_configuration_counts() {
        let project = load(&[
            (
                "/p/pyproject.toml",
                "[tool.proxycheck]\nall = true\n[project]\nrequires-python = \">=3.9\"\n",
            ),
            (
                "/p/sub/pyproject.toml",
                "[project]\nrequires-python = \">=3.13\"\n",
            ),
        ])
        .unwrap();
        assert_eq!(project.root, SystemPathBuf::from("/p"));
        assert_eq!(project.config.all, Some(true));
        assert_eq!(project.requires_python, Some(PythonVersion::PY39));
    }

    #[test]
    fn without_configuration_the_nearest_project_counts() {
        let project = load(&[
            ("/p/pyproject.toml", ""),
            (
                "/p/sub/pyproject.toml",
                "[project]\nrequires-python = \"~=3.11.2\"\n",
            ),
        ])
        .unwrap();
        assert_eq!(project.root, SystemPathBuf::from("/p/sub"));
        assert_eq!(project.requires_python, Some(PythonVersion::PY311));
    }

    #[test]
    fn its_own_file_wins_over_the_section() {
        let project = load(&[
            (
                "/p/pyproject.toml",
                "[tool.proxycheck]\nall = 3\n[project]\nrequires-python = \">=3.10\"\n",
            ),
            ("/p/proxycheck.toml", "python-version = \"3.11\"\n"),
        ])
        .unwrap();
        assert_eq!(project.config.all, None);
        assert_eq!(project.config.python_version, Some(PythonVersion::PY311));
        assert_eq!(project.requires_python, Some(PythonVersion::PY310));
    }

    #[test]
    fn a_broken_project_file_is_reported_and_passed_over() {
        let project = load(&[("/p/pyproject.toml", "[project\nname = 1\n")]).unwrap();
        let broken = project.broken.unwrap();
        assert!(broken.starts_with("pyproject.toml:1:9: "), "{broken}");
    }

    #[test]
    fn every_mistake_is_reported_with_its_place() {
        assert_eq!(
            errors(
                "pyhton = \"x\"\nall = 1\nexclude = \"a\"\npython-version = \"2.7\"\n\
                 output-format = \"jason\"\n[rules]\nunresolved-imports = \"warn\"\nunresolved-import = \"warning\"\n"
            ),
            [
                "proxycheck.toml:1:1: there is no setting `pyhton`; did you mean `python`?",
                "proxycheck.toml:2:7: expected true or false, found an integer",
                "proxycheck.toml:3:11: expected a list of strings, found a string",
                "proxycheck.toml:4:18: `2.7` is no Python version from 3.7 to 3.15",
                "proxycheck.toml:5:17: there is no output format `jason`; did you mean `json`?",
                "proxycheck.toml:7:1: there is no rule `unresolved-imports`; did you mean `unresolved-import`?",
                "proxycheck.toml:8:21: there is no level `warning`; did you mean `warn`?",
            ]
        );
    }

    #[test]
    fn overrides_concern_the_files_they_name() {
        let project = load(&[(
            "/p/proxycheck.toml",
            "rules = { unresolved-import = \"warn\" }\n\
             [[overrides]]\ninclude = [\"tests/\"]\nexclude = [\"tests/a.py\"]\nrules = { unresolved-import = \"ignore\" }\n",
        )])
        .unwrap();
        let level = |path: &str| {
            project
                .config
                .levels_for(SystemPath::new(path))
                .get("unresolved-import")
        };
        assert_eq!(level("/p/b.py"), Some(Level::Warn));
        assert_eq!(level("/p/tests/b.py"), Some(Level::Ignore));
        assert_eq!(level("/p/tests/a.py"), Some(Level::Warn));
    }

    #[test]
    fn overrides_need_files() {
        assert_eq!(
            errors("[[overrides]]\nrules = { all = \"warn\" }\n"),
            ["proxycheck.toml:1:1: an override needs `include`"]
        );
    }

    #[test]
    fn lower_bounds() {
        let bound = |text| lower_bound(text).map(|it| it.to_string());
        assert_eq!(bound(">=3.10,<4").as_deref(), Some("3.10"));
        assert_eq!(bound("^3.9").as_deref(), Some("3.9"));
        assert_eq!(bound(">=3.6").as_deref(), Some("3.7"));
        assert_eq!(bound("==3.12.*").as_deref(), Some("3.12"));
        assert_eq!(bound(">=3").as_deref(), Some("3.7"));
        assert_eq!(bound("<4"), None);
        assert_eq!(bound("nonsense"), None);
    }
}
