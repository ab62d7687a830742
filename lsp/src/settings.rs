//! What the user set in the editor.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::backend::Settings;

/// What the settings come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Those that the backend takes.
    pub settings: Settings,
    pub type_hints: bool,
    pub resolve_hints: bool,
    pub semantic_tokens: bool,
    /// Whether files that are not open are reported, too.
    pub workspace_diagnostics: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            type_hints: true,
            resolve_hints: true,
            semantic_tokens: true,
            workspace_diagnostics: true,
        }
    }
}

/// Settings of the client's side of this server, which clients send along.
const OF_CLIENT: &[&str] = &["enable", "path", "trace"];

impl Options {
    /// Takes what is set in `value`, an object with keys as in `inlayHints.types`, nested or not.
    /// Relative paths are in `folder`. Problems are added to `problems`.
    pub fn update(&mut self, value: &Value, folder: &Path, problems: &mut Vec<String>) {
        match value {
            Value::Null => (),
            Value::Object(_) => self.update_key("", value, folder, problems),
            _ => problems.push("The settings of proxycheck are not an object".into()),
        }
    }

    fn update_key(&mut self, key: &str, value: &Value, folder: &Path, problems: &mut Vec<String>) {
        // What is not set is sent as null.
        if value.is_null() || OF_CLIENT.iter().any(|it| key.split('.').next() == Some(it)) {
            return;
        }
        let mut boolean = |to: &mut bool| match value.as_bool() {
            Some(value) => *to = value,
            None => problems.push(format!(
                "The setting `proxycheck.{key}` is not true or false"
            )),
        };
        match (key, value) {
            ("inlayHints.types", _) => boolean(&mut self.type_hints),
            ("inlayHints.resolves", _) => boolean(&mut self.resolve_hints),
            ("semanticTokens", _) => boolean(&mut self.semantic_tokens),
            ("diagnostics.workspace", _) => boolean(&mut self.workspace_diagnostics),
            ("all", _) => {
                let mut all = self.settings.all.unwrap_or_default();
                boolean(&mut all);
                self.settings.all = value.as_bool().or(self.settings.all);
            }
            ("python", Value::String(path)) => self.settings.python = to_path(path, folder),
            ("config", Value::String(path)) => self.settings.config = to_path(path, folder),
            ("python" | "config", _) => {
                problems.push(format!("The setting `proxycheck.{key}` is not a string"));
            }
            ("" | "inlayHints" | "diagnostics", Value::Object(map)) => {
                for (name, value) in map {
                    let key = if key.is_empty() {
                        name.clone()
                    } else {
                        format!("{key}.{name}")
                    };
                    self.update_key(&key, value, folder, problems);
                }
            }
            ("inlayHints" | "diagnostics", _) => {
                problems.push(format!("The setting `proxycheck.{key}` is not an object"));
            }
            _ => problems.push(format!("There is no setting `proxycheck.{key}`")),
        }
    }
}

/// An empty string is what editors send for a setting that was cleared.
fn to_path(path: &str, folder: &Path) -> Option<PathBuf> {
    let path = path.trim();
    if path.is_empty() {
        return None;
    }
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => Some(home.join(rest)),
        _ => Some(folder.join(path)),
    }
}

/// Our section of settings that may be those of all servers.
pub fn section(value: &Value) -> &Value {
    match value {
        Value::Object(map) => map.get("proxycheck").unwrap_or(value),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> (Options, Vec<String>) {
        let mut options = Options::default();
        let mut problems = Vec::new();
        options.update(section(&value), Path::new("/w"), &mut problems);
        (options, problems)
    }

    #[test]
    fn keys_are_nested_or_not() {
        let nested = json!({"proxycheck": {
            "python": ".venv", "config": "/c.toml", "all": true,
            "inlayHints": {"types": false}, "diagnostics": {"workspace": false},
        }});
        let flat = json!({
            "python": ".venv", "config": "/c.toml", "all": true,
            "inlayHints.types": false, "diagnostics.workspace": false,
        });
        let (options, problems) = read(nested);
        assert_eq!((options.clone(), problems), read(flat));
        assert_eq!(options.settings.python, Some("/w/.venv".into()));
        assert_eq!(options.settings.config, Some("/c.toml".into()));
        assert_eq!(options.settings.all, Some(true));
        assert!(!options.type_hints && options.resolve_hints && !options.workspace_diagnostics);
    }

    #[test]
    fn what_is_not_set_is_as_it_was() {
        let value = json!({"python": null, "config": "", "path": "x", "trace": {"server": "off"}});
        assert_eq!(read(value), (Options::default(), Vec::new()));
        assert_eq!(read(Value::Null), (Options::default(), Vec::new()));
    }

    #[test]
    fn a_problem_names_the_key() {
        let value = json!({"all": "yes", "python": 3, "inlayHints": true, "pyhton": "x"});
        let (options, problems) = read(value);
        assert_eq!(options, Options::default());
        for key in ["all", "python", "inlayHints", "pyhton"] {
            let key = format!("`proxycheck.{key}`");
            assert_eq!(problems.iter().filter(|it| it.contains(&key)).count(), 1);
        }
        assert_eq!(read(json!(true)).1.len(), 1);
    }
}
