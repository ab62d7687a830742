//! Applying fixes to text.

use ruff_diagnostics::SourceMap;
use ruff_text_size::{TextRange, TextSize};

use super::{Applicability, Diagnostic, Edit, Fix, Source};

/// The whole lines that a fix changes, before and after.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// The number of the first line, from 1; in a notebook, in its cell.
    pub(crate) first_line: usize,
    pub(crate) old: String,
    pub(crate) new: String,
}

impl Hunk {
    /// The lines from the first to the last edit; `None` for a fix without edits.
    pub(crate) fn of(source: &Source, fix: &Fix) -> Option<Self> {
        let first = fix.edits.first()?.range.start();
        let last = fix.edits.iter().map(|edit| edit.range.end()).max()?;
        let first_line = source.line_range(source.line_index(first));
        let last_line = source.line_index(last);
        let end = if last_line + 1 < source.line_count() {
            source.line_range(last_line + 1).start()
        } else {
            source.line_range(last_line).end()
        };
        let range = TextRange::new(first_line.start(), end);
        let mut new = String::new();
        let mut at = range.start();
        for edit in &fix.edits {
            new.push_str(&source.text[TextRange::new(at, edit.range.start())]);
            new.push_str(&edit.text);
            at = edit.range.end();
        }
        new.push_str(&source.text[TextRange::new(at, range.end())]);
        Some(Hunk {
            first_line: source.position(range.start()).line,
            old: source.text[range].to_string(),
            new,
        })
    }
}

/// What came out of applying the fixes of one file.
pub struct Fixed {
    pub text: String,
    /// How many fixes were applied. Those that overlap an earlier one wait for the next run.
    pub applied: usize,
    /// Which offset of the old text went where.
    pub map: SourceMap,
}

/// The edits of as many fixes as can be applied at once, sorted by offset, not overlapping.
pub(crate) fn compatible<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    unsafe_fixes: bool,
) -> Vec<&'a Edit> {
    chosen(diagnostics, unsafe_fixes).0
}

/// These edits, and the number of the fixes.
fn chosen<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    unsafe_fixes: bool,
) -> (Vec<&'a Edit>, usize) {
    let mut fixes: Vec<&Fix> = diagnostics
        .into_iter()
        .filter_map(|diagnostic| diagnostic.fix.as_ref())
        .filter(|fix| unsafe_fixes || fix.applicability == Applicability::Safe)
        .filter(|fix| !fix.edits.is_empty())
        .collect();
    fixes.sort_by_key(|fix| (fix.edits[0].range.start(), fix.edits[0].range.end()));

    let mut edits: Vec<&Edit> = Vec::new();
    let mut applied = 0;
    let mut end = None;
    for fix in fixes {
        // The same edit may be part of several fixes: an import that each of them needs.
        let wanted: Vec<&Edit> = fix
            .edits
            .iter()
            .filter(|edit| !edits.contains(edit))
            .collect();
        let starts_later = |edit: &&Edit| end.is_none_or(|end: TextSize| edit.range.start() >= end);
        let touches = |edit: &&Edit| {
            edits
                .iter()
                .any(|other| other.range.start() == edit.range.start() && other.range.is_empty())
        };
        if !wanted.iter().all(starts_later) || wanted.iter().any(touches) {
            continue;
        }
        end = wanted.iter().map(|edit| edit.range.end()).max().or(end);
        edits.extend(wanted);
        applied += 1;
    }
    (edits, applied)
}

/// Applies the fixes of `diagnostics`, which all belong to `source`, to its text.
///
/// Inserted lines get the line ending of the file.
pub fn apply<'a>(
    source: &Source,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    unsafe_fixes: bool,
) -> Fixed {
    let (edits, applied) = chosen(diagnostics, unsafe_fixes);
    let mut text = String::with_capacity(source.text.len());
    let mut map = SourceMap::default();
    let crlf = source.text.contains("\r\n");
    let mut at = TextSize::default();
    for edit in edits {
        text.push_str(&source.text[TextRange::new(at, edit.range.start())]);
        map.push_marker(edit.range.start(), TextSize::of(text.as_str()));
        if crlf {
            text.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        } else {
            text.push_str(&edit.text);
        }
        at = edit.range.end();
        map.push_marker(at, TextSize::of(text.as_str()));
    }
    text.push_str(&source.text[usize::from(at)..]);
    Fixed { text, applied, map }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::Severity;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source::new("a.py".into(), text.into(), Vec::new()))
    }

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    fn finding(source: &Arc<Source>, applicability: Applicability, edits: Vec<Edit>) -> Diagnostic {
        let mut it = Diagnostic::new("r", Severity::Error, "m", source, edits[0].range);
        it.fix = Some(Fix {
            title: "Do it".into(),
            applicability,
            edits,
        });
        it
    }

    #[test]
    fn applies_in_order_whatever_the_order_of_findings() {
        let source = source("abc\n");
        let findings = [
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::replacement(range(2, 3), "C")],
            ),
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::replacement(range(0, 1), "A")],
            ),
        ];
        let fixed = apply(&source, &findings, false);
        assert_eq!((fixed.text.as_str(), fixed.applied), ("AbC\n", 2));
    }

    #[test]
    fn unsafe_fixes_only_when_asked_for() {
        let source = source("abc\n");
        let findings = [finding(
            &source,
            Applicability::Unsafe,
            vec![Edit::replacement(range(0, 1), "A")],
        )];
        assert_eq!(apply(&source, &findings, false).applied, 0);
        assert_eq!(apply(&source, &findings, true).text, "Abc\n");
    }

    #[test]
    fn overlapping_fixes_wait() {
        let source = source("abcdef\n");
        let findings = [
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::replacement(range(0, 3), "X")],
            ),
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::replacement(range(2, 4), "Y")],
            ),
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::insertion(4.into(), "1")],
            ),
            finding(
                &source,
                Applicability::Safe,
                vec![Edit::insertion(4.into(), "2")],
            ),
        ];
        let fixed = apply(&source, &findings, false);
        assert_eq!((fixed.text.as_str(), fixed.applied), ("Xd1ef\n", 2));
    }

    #[test]
    fn a_shared_edit_is_applied_once() {
        let source = source("f(p)\ng(p)\n");
        let import = || Edit::insertion(0.into(), "import e\n");
        let findings = [
            finding(
                &source,
                Applicability::Safe,
                vec![import(), Edit::replacement(range(2, 3), "e(p)")],
            ),
            finding(
                &source,
                Applicability::Safe,
                vec![import(), Edit::replacement(range(7, 8), "e(p)")],
            ),
        ];
        let fixed = apply(&source, &findings, false);
        assert_eq!(fixed.text, "import e\nf(e(p))\ng(e(p))\n");
        assert_eq!(fixed.applied, 2);
    }

    #[test]
    fn inserted_lines_get_the_line_ending_of_the_file() {
        let source = source("a\r\nb\r\n");
        let findings = [finding(
            &source,
            Applicability::Safe,
            vec![Edit::insertion(0.into(), "x\ny\n")],
        )];
        assert_eq!(
            apply(&source, &findings, false).text,
            "x\r\ny\r\na\r\nb\r\n"
        );
    }

    #[test]
    fn hunks_are_whole_lines() {
        let source = source("one\ntwo\nthree");
        let fix = Fix {
            title: String::new(),
            applicability: Applicability::Safe,
            edits: vec![
                Edit::replacement(range(5, 6), "W"),
                Edit::insertion(13.into(), "!"),
            ],
        };
        assert_eq!(
            Hunk::of(&source, &fix),
            Some(Hunk {
                first_line: 2,
                old: "two\nthree".into(),
                new: "tWo\nthree!".into()
            })
        );
    }
}
