//! Places in what is embedded in the program, for editors to open.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use proxycheck_lsp::file_url;
use ruff_db::files::{File, FilePath};
use ruff_db::source::source_text;

use crate::db::Db;
use crate::diagnostics::RuleInfo;
use crate::proxy::lower;

/// A file with the text of one that is embedded. It is written where it is not there yet.
pub(super) fn on_disk(db: &Db, file: File) -> Option<PathBuf> {
    let relative = match file.path(db) {
        FilePath::Vendored(path) => format!("typeshed/{path}"),
        FilePath::System(path) => path.as_str().trim_start_matches('/').to_owned(),
        FilePath::SystemVirtual(_) => return None,
    };
    let text = source_text(db, file);
    written(&relative, &lower::restore_names(text.as_str()))
}

/// The URL of a file with the page of a rule.
pub(super) fn page_url(rule: &'static RuleInfo) -> Option<String> {
    static WRITTEN: Mutex<BTreeMap<&str, Option<String>>> = Mutex::new(BTreeMap::new());
    let mut pages = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let page = pages.entry(rule.name).or_insert_with(|| {
        let path = written(&format!("rules/{}.md", rule.name), &page(rule))?;
        file_url(&path)
    });
    page.clone()
}

/// The page of a rule, in Markdown.
pub(super) fn page(rule: &RuleInfo) -> String {
    format!("# {}\n\n{}", rule.name, rule.page)
}

/// A file of the cache that holds this text.
fn written(relative: &str, text: &str) -> Option<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let path = cache().join(format!("proxycheck-{version}")).join(relative);
    if fs::read_to_string(&path).is_ok_and(|it| it == text) {
        return Some(path);
    }
    fs::create_dir_all(path.parent()?).ok()?;
    // Another server may write the same; what is read is whole at any time.
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&unfinished, text.as_bytes()).ok()?;
    fs::rename(&unfinished, &path).ok()?;
    Some(path)
}

/// Where users keep what can be made again.
fn cache() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty());
    if let Some(folder) = variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA")) {
        return PathBuf::from(folder);
    }
    match variable("HOME") {
        Some(home) => PathBuf::from(home).join(".cache"),
        None => std::env::temp_dir(),
    }
}
