//! From ty's diagnostics, about the text that ty read, to ours, about the text that the user wrote.

use std::borrow::Cow;
use std::sync::Arc;

use ruff_db::diagnostic as ty;
use ruff_db::files::{File, FilePath, FileRange};
use ruff_python_ast::PySourceType;
use ruff_text_size::{Ranged as _, TextRange, TextSize};
use rustc_hash::FxHashMap;

use super::assignability;
use crate::db::Db;
use crate::diagnostics::{Diagnostic, Edit, Fix, Label, Severity, Source, shown};
use crate::proxy::edit::EditMap;
use crate::proxy::{display, lower};
use crate::rules::{Finding, FixEdit};

/// Where ty's rules are documented.
const TY_RULES: &str = "https://docs.astral.sh/ty/reference/rules/";

/// Translates places and words of the findings of one file.
pub(crate) struct Translator<'a> {
    db: &'a Db,
    edits: &'a FxHashMap<File, EditMap>,
    sources: FxHashMap<File, Option<Arc<Source>>>,
}

impl<'a> Translator<'a> {
    pub(crate) fn new(db: &'a Db, edits: &'a FxHashMap<File, EditMap>) -> Self {
        Translator {
            db,
            edits,
            sources: FxHashMap::default(),
        }
    }

    /// `None` if the finding has no place in a file that the user can see.
    pub(crate) fn of_ty(&mut self, finding: &super::Finding) -> Option<Diagnostic> {
        let diagnostic = &finding.diagnostic;
        let annotation = diagnostic.primary_annotation()?;
        if diagnostic.id().is_lint_named("invalid-return-type")
            && diagnostic
                .secondary_annotations()
                .any(|it| self.is_inserted(it))
        {
            // The function has no return annotation but ours.
            return None;
        }
        let mut primary = self.label(annotation)?;
        let is_lint = diagnostic.id().is_lint();
        let mut message = match &finding.message {
            Some(message) => message.clone(),
            None => words(&diagnostic.concise_message().to_str()),
        };
        if let Some((target, proxy)) = &finding.renamed {
            message = message.replacen(&format!("`{target}`"), &format!("`{proxy}`"), 1);
        }
        if is_lint && assignability::denies_what_holds(&message) {
            return None;
        }
        if diagnostic.id().is_lint_named("invalid-assignment")
            && finding.is_rebinding
            && assignability::is_about_target_for_proxy(&message)
        {
            return None;
        }
        if diagnostic.id() == ty::DiagnosticId::RevealedType {
            // The message says it already.
            primary.message = None;
        }
        let mut secondary: Vec<Label> = diagnostic
            .secondary_annotations()
            .filter_map(|it| self.label(it))
            .collect();
        if let Some((place, text)) = &finding.declaration {
            secondary.extend(self.label_at(*place, text.clone()));
        }
        let mut notes = Vec::new();
        let mut help = None;
        for sub in diagnostic.sub_diagnostics() {
            let text = words(sub.headline_message());
            let mut labels: Vec<Label> = sub
                .annotations()
                .iter()
                .filter_map(|it| self.label(it))
                .collect();
            match (labels.first_mut(), sub.severity()) {
                (Some(first), _) => {
                    // A note with a place is a label there.
                    let says_more = first.message.as_ref().is_none_or(|it| it.is_empty());
                    if says_more {
                        first.message = Some(text);
                    } else {
                        notes.push(text);
                    }
                    secondary.append(&mut labels);
                }
                (None, ty::SubDiagnosticSeverity::Help) if help.is_none() => help = Some(text),
                (None, _) => {
                    if !is_internal_note(&text) {
                        notes.push(text);
                    }
                }
            }
        }
        Some(without_mark(Diagnostic {
            rule: Cow::Borrowed(diagnostic.id().as_str()),
            severity: match diagnostic.severity() {
                ty::Severity::Info => Severity::Info,
                ty::Severity::Warning => Severity::Warning,
                ty::Severity::Error => Severity::Error,
                ty::Severity::Fatal => Severity::Fatal,
            },
            message,
            primary,
            secondary,
            notes,
            help,
            fix: None,
            url: is_lint.then(|| format!("{TY_RULES}#{}", diagnostic.id().as_str())),
        }))
    }

    /// `None` if the file cannot be shown.
    pub(crate) fn finding(&mut self, file: File, finding: Finding) -> Option<Diagnostic> {
        let source = self.source(file)?;
        // The level that is configured is applied later, also to a rule that is off by default.
        let severity = finding.rule.level.severity().unwrap_or(Severity::Warning);
        let range = self.range(file, finding.range, &source)?;
        let mut diagnostic =
            Diagnostic::new(finding.rule.name, severity, finding.message, &source, range);
        diagnostic.primary.message = finding.label;
        for (place, message) in finding.secondary {
            diagnostic.secondary.extend(self.label_at(place, message));
        }
        diagnostic.notes = finding.notes;
        diagnostic.help = finding.help;
        diagnostic.fix = finding.fix.map(|fix| Fix {
            title: fix.title,
            applicability: fix.applicability,
            edits: self.edits(file, fix.edits, &source),
        });
        diagnostic.url = finding.rule.url.map(str::to_owned);
        Some(without_mark(diagnostic))
    }

    fn edits(&self, file: File, edits: Vec<FixEdit>, source: &Source) -> Vec<Edit> {
        let mut edits: Vec<Edit> = edits
            .into_iter()
            .filter_map(|edit| {
                let range = |range| self.range(file, range, source);
                Some(match edit {
                    FixEdit::Before(place, text) => Edit::insertion(range(place)?.start(), text),
                    FixEdit::After(place, text) => Edit::insertion(range(place)?.end(), text),
                })
            })
            .collect();
        edits.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
        edits
    }

    fn label_at(&mut self, place: FileRange, message: String) -> Option<Label> {
        let source = self.source(place.file())?;
        let range = self.range(place.file(), place.range(), &source)?;
        Some(Label {
            source,
            range,
            message: Some(message),
        })
    }

    fn is_inserted(&self, annotation: &ty::Annotation) -> bool {
        let span = annotation.get_span();
        match (self.edits.get(&span.expect_ty_file()), span.range()) {
            (Some(edits), Some(range)) => edits.before(range).is_none(),
            _ => false,
        }
    }

    fn label(&mut self, annotation: &ty::Annotation) -> Option<Label> {
        let span = annotation.get_span();
        let file = span.expect_ty_file();
        let source = self.source(file)?;
        let range = span.range().unwrap_or_default();
        Some(Label {
            range: self.range(file, range, &source)?,
            source,
            message: annotation.get_message().map(words),
        })
    }

    /// The place in the user's text of a place in the text that ty read; `None` if there is none.
    fn range(&self, file: File, range: TextRange, source: &Source) -> Option<TextRange> {
        let range = match self.edits.get(&file) {
            Some(edits) => edits.before(range)?,
            None => range,
        };
        let end = TextSize::of(source.text.as_str());
        Some(TextRange::new(range.start().min(end), range.end().min(end)))
    }

    /// The text of a file as the user wrote it; `None` for the embedded stubs.
    pub(crate) fn source(&mut self, file: File) -> Option<Arc<Source>> {
        self.sources
            .entry(file)
            .or_insert_with(|| source_of(self.db, file).map(Arc::new))
            .clone()
    }
}

/// Names the classes that are proxies by configuration as users do.
fn without_mark(mut diagnostic: Diagnostic) -> Diagnostic {
    let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.secondary);
    let texts = std::iter::once(&mut diagnostic.message)
        .chain(&mut diagnostic.notes)
        .chain(&mut diagnostic.help)
        .chain(labels.filter_map(|it| it.message.as_mut()));
    for text in texts {
        text.retain(|it| it != display::MARK);
    }
    diagnostic
}

/// A message of ty's in the user's words: proxies folded, lowered names restored.
fn words(message: &str) -> String {
    let message = display::merge_numbers(message);
    let message = display::fold_message(&lower::restore_names(&message));
    target_in_words(&message)
        .or_else(|| key_in_words(&message))
        .unwrap_or(message)
}

/// A key that a container does not take, without the signature of its `__getitem__`.
fn key_in_words(message: &str) -> Option<String> {
    let rest = message.strip_prefix("Method `__getitem__` of type `")?;
    let (_, rest) = rest.split_once("` cannot be called with key of type `")?;
    let (key, rest) = rest.split_once("` on object of type `")?;
    let container = rest.strip_suffix('`')?;
    Some(format!(
        "Object of type `{container}` takes no key of type `{key}`"
    ))
}

/// What ty says of a part of a proxy, said of its target: "``on `Proxy[None]` in union
/// `Proxy[Model | None]` ``" becomes "``on `None`, which the target of `Proxy[Model | None]` may be``".
fn target_in_words(message: &str) -> Option<String> {
    let (before, rest) = message.split_once("on `Proxy[")?;
    let (part, rest) = rest.split_once("]` in union `Proxy[")?;
    let whole = rest.strip_suffix("]`")?;
    (!part.contains('`') && !whole.contains('`'))
        .then(|| format!("{before}on `{part}`, which the target of `Proxy[{whole}]` may be"))
}

/// Whether a note explains how ty compares types, part by part.
fn is_internal_note(note: &str) -> bool {
    note.contains(['└', '├', '│'])
        || note.starts_with("rule `")
        || (note.starts_with("element ") && note.contains("is not assignable to"))
}

/// The text of a file as the user wrote it; `None` for the embedded stubs.
fn source_of(db: &Db, file: File) -> Option<Source> {
    let FilePath::System(path) = file.path(db) else {
        return None;
    };
    let user = db.lowering_system().user();
    let shown = shown(path, user.current_directory());
    let source_type = path.extension().and_then(PySourceType::try_from_extension);
    if source_type.is_some_and(PySourceType::is_ipynb) {
        let notebook = user.read_to_notebook(path).ok()?;
        return Some(Source::from_notebook(shown, &notebook));
    }
    // The embedded stubs are no files of the user's.
    user.read_to_string(path)
        .ok()
        .map(|text| Source::new(shown, text, Vec::new()))
}
