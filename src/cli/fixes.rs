//! `--fix` and `--diff`.

use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use codespan_reporting::term::termcolor::{Color as Ink, ColorSpec, WriteColor};
use ruff_db::system::{SystemPath, SystemPathBuf};
use ruff_notebook::Notebook;
use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use rustc_hash::FxHashMap;
use similar::TextDiff;

use super::{Message, message};
use crate::diagnostics::{Diagnostic, Source, fix};
use crate::overlay::Overlay;

/// One fix can make room for the next; so many times it may.
pub(super) const MAX_ROUNDS: usize = 20;

/// The files that fixes have changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// How many fixes were applied.
    pub(super) applied: usize,
    /// What each file held before the first fix, in the order of the first change.
    before: Vec<(SystemPathBuf, Arc<Source>)>,
}

impl Changes {
    /// Applies the fixes of `diagnostics` to the texts in `overlay`; gives their number.
    pub(super) fn apply(
        &mut self,
        diagnostics: &[Diagnostic],
        unsafe_fixes: bool,
        cwd: &SystemPath,
        overlay: &Overlay,
    ) -> anyhow::Result<usize> {
        let mut by_path: FxHashMap<&str, Vec<&Diagnostic>> = FxHashMap::default();
        for diagnostic in diagnostics.iter().filter(|it| it.fix.is_some()) {
            by_path
                .entry(&diagnostic.primary.source.path)
                .or_default()
                .push(diagnostic);
        }
        let mut by_path: Vec<_> = by_path.into_iter().collect();
        by_path.sort_unstable_by_key(|(path, _)| *path);
        let mut applied = 0;
        for (shown, diagnostics) in by_path {
            let source = &diagnostics[0].primary.source;
            let fixed = fix::apply(source, diagnostics.iter().copied(), unsafe_fixes);
            if fixed.applied == 0 {
                continue;
            }
            let is_notebook = !source.cells.is_empty();
            if breaks(&source.text, &fixed.text, is_notebook) {
                let text = format!(
                    "the fixes of `{shown}` would make its syntax invalid, so it stays as it is; \
                     this is a bug, please report it"
                );
                message(Message::Error, &text);
                continue;
            }
            let path = SystemPath::absolute(shown, cwd);
            let text = if is_notebook {
                let mut notebook = notebook(&path, overlay)
                    .with_context(|| format!("`{shown}` cannot be read again"))?;
                notebook.update(&fixed.map, fixed.text);
                json(&notebook)?
            } else {
                fixed.text
            };
            overlay.insert(path.clone(), text);
            if self.before.iter().all(|(known, _)| *known != path) {
                self.before.push((path, Arc::clone(source)));
            }
            applied += fixed.applied;
        }
        self.applied += applied;
        Ok(applied)
    }

    /// Writes the changed files to disk, except those in `kept`, whose text goes to `out`.
    pub(super) fn write(
        &self,
        overlay: &Overlay,
        stdin: Option<&SystemPath>,
    ) -> anyhow::Result<()> {
        for (path, source) in &self.before {
            let Some(text) = overlay.get(path).filter(|_| stdin != Some(path.as_path())) else {
                continue;
            };
            std::fs::write(path.as_std_path(), text.as_bytes())
                .with_context(|| format!("`{}` cannot be written", source.path))?;
        }
        Ok(())
    }

    /// Whether nothing was changed.
    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty()
    }

    /// How many files were changed.
    pub(super) fn files(&self) -> usize {
        self.before.len()
    }

    /// Prints what was changed as a patch.
    pub(super) fn write_diff(
        &self,
        overlay: &Overlay,
        out: &mut dyn WriteColor,
    ) -> anyhow::Result<()> {
        for (path, before) in &self.before {
            let Some(text) = overlay.get(path) else {
                continue;
            };
            if before.cells.is_empty() {
                diff(&before.path, &before.text, &text, out)?;
                continue;
            }
            let notebook = Notebook::from_source_code(&text)?;
            let after = Source::from_notebook(before.path.clone(), &notebook);
            for (index, cell) in before.cells.iter().enumerate() {
                let name = format!("{}:cell {}", before.path, cell.number);
                diff(
                    &name,
                    cell_text(before, index),
                    cell_text(&after, index),
                    out,
                )?;
            }
        }
        Ok(())
    }
}

/// Whether a text that could be parsed cannot be any more.
fn breaks(before: &str, after: &str, is_notebook: bool) -> bool {
    let source_type = if is_notebook {
        PySourceType::Ipynb
    } else {
        PySourceType::Python
    };
    let is_valid = |text: &str| parse_unchecked_source(text, source_type).has_valid_syntax();
    !is_valid(after) && is_valid(before)
}

fn notebook(path: &SystemPath, overlay: &Overlay) -> anyhow::Result<Notebook> {
    Ok(match overlay.get(path) {
        Some(text) => Notebook::from_source_code(&text)?,
        None => Notebook::from_path(path.as_std_path())?,
    })
}

fn json(notebook: &Notebook) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    notebook.write(&mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}

fn cell_text(source: &Source, index: usize) -> &str {
    let Some(cell) = source.cells.get(index) else {
        return "";
    };
    let end = source
        .cells
        .get(index + 1)
        .map_or(source.text.len(), |next| next.start.to_usize());
    &source.text[cell.start.to_usize()..end]
}

fn diff(name: &str, before: &str, after: &str, out: &mut dyn WriteColor) -> io::Result<()> {
    if before == after {
        return Ok(());
    }
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().header(name, name).to_string();
    for line in text.split_inclusive('\n') {
        let ink = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => None,
            [b'-', ..] => Some(Ink::Red),
            [b'+', ..] => Some(Ink::Green),
            [b'@', ..] => Some(Ink::Cyan),
            _ => None,
        };
        match ink {
            Some(ink) => {
                out.set_color(ColorSpec::new().set_fg(Some(ink)))?;
                write!(out, "{}", line.trim_end_matches('\n'))?;
                out.reset()?;
                writeln!(out)?;
            }
            None => write!(out, "{line}")?,
        }
    }
    Ok(())
}
