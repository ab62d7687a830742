//! JSON: an array of objects, or one object a line.
//!
//! Every finding is an object with these keys, which are always there:
//!
//! | key | value |
//! | --- | --- |
//! | `rule` | the rule's name |
//! | `severity` | `"info"`, `"warning"`, `"error"` or `"fatal"` |
//! | `message` | one sentence without a full stop |
//! | `path` | relative to the working directory where it lies below it |
//! | `cell` | the number of the notebook cell, from 1; `null` in an ordinary file |
//! | `range` | `{"start": {"line", "column"}, "end": {"line", "column"}}`; lines and columns count from 1, columns in Unicode code points, the end is exclusive; in a notebook, lines are those of the cell |
//! | `label` | what is to be seen at the range, or `null` |
//! | `labels` | other places: `{"path", "cell", "range", "message"}` |
//! | `notes` | strings that explain the message |
//! | `help` | what to do about it, or `null` |
//! | `fix` | `null`, or `{"title", "applicability", "edits"}`, where the applicability is `"safe"` or `"unsafe"` and an edit is `{"cell", "range", "text"}` in the file of the finding |
//! | `url` | the page that documents the rule, or `null` |
//!
//! Keys may be added; none is removed or given another meaning without a new major version.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;
use ruff_text_size::TextRange;
use serde::Serialize;

use super::Report;
use crate::diagnostics::{Applicability, Diagnostic, Fix, Label, Severity, Source};

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    path: &'a str,
    cell: Option<usize>,
    range: Range,
    label: Option<&'a str>,
    labels: Vec<Place<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fix: Option<Change<'a>>,
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Range {
    start: At,
    end: At,
}

#[derive(Serialize)]
struct At {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    cell: Option<usize>,
    range: Range,
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct Change<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    cell: Option<usize>,
    range: Range,
    text: &'a str,
}

fn place(source: &Source, range: TextRange) -> (Option<usize>, Range) {
    let start = source.position(range.start());
    let mut end = source.position(range.end());
    if end.cell != start.cell {
        // The end of a cell is the start of the next one in the joined text.
        let last = source.line_range(source.line_index(range.end()).saturating_sub(1));
        end = source.position(last.end());
    }
    let at = |line, column| At { line, column };
    (
        start.cell,
        Range {
            start: at(start.line, start.column),
            end: at(end.line, end.column),
        },
    )
}

impl<'a> From<&'a Label> for Place<'a> {
    fn from(label: &'a Label) -> Self {
        let (cell, range) = place(&label.source, label.range);
        Place {
            path: &label.source.path,
            cell,
            range,
            message: label.message.as_deref(),
        }
    }
}

impl<'a> Change<'a> {
    fn new(source: &Source, fix: &'a Fix) -> Self {
        let edits = fix.edits.iter().map(|edit| {
            let (cell, range) = place(source, edit.range);
            Replacement {
                cell,
                range,
                text: &edit.text,
            }
        });
        Change {
            title: &fix.title,
            applicability: fix.applicability,
            edits: edits.collect(),
        }
    }
}

impl<'a> From<&'a Diagnostic> for Finding<'a> {
    fn from(it: &'a Diagnostic) -> Self {
        let primary = Place::from(&it.primary);
        Finding {
            rule: &it.rule,
            severity: it.severity,
            message: &it.message,
            path: primary.path,
            cell: primary.cell,
            range: primary.range,
            label: primary.message,
            labels: it.secondary.iter().map(Place::from).collect(),
            notes: &it.notes,
            help: it.help.as_deref(),
            fix: (it.fix.as_ref()).map(|fix| Change::new(&it.primary.source, fix)),
            url: it.url.as_deref(),
        }
    }
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    let findings: Vec<Finding> = report.diagnostics.iter().map(Finding::from).collect();
    serde_json::to_writer_pretty(&mut *out, &findings)?;
    writeln!(out)
}

pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    for diagnostic in report.diagnostics {
        serde_json::to_writer(&mut *out, &Finding::from(diagnostic))?;
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::OutputFormat;
    use super::super::testing::{notebook, render, sample};

    #[test]
    fn schema() {
        let value: Value =
            serde_json::from_str(&render(OutputFormat::Json, &sample()[..1])).unwrap();
        assert_eq!(
            value,
            json!([{
                "rule": "identity-check-on-proxy",
                "severity": "error",
                "message": "`p is None` is always `False`",
                "path": "app/train.py",
                "cell": null,
                "range": {"start": {"line": 7, "column": 4}, "end": {"line": 7, "column": 13}},
                "label": "compares the proxy, not its target",
                "labels": [{
                    "path": "app/train.py",
                    "cell": null,
                    "range": {"start": {"line": 4, "column": 5}, "end": {"line": 4, "column": 22}},
                    "message": "`p` is a `Proxy[None]`",
                }],
                "notes": ["a proxy is an object of its own"],
                "help": "compare the target",
                "fix": {
                    "title": "Compare the target with `extract`",
                    "applicability": "unsafe",
                    "edits": [{
                        "cell": null,
                        "range": {"start": {"line": 7, "column": 4}, "end": {"line": 7, "column": 5}},
                        "text": "extract(p)",
                    }],
                },
                "url": "https://example.org/rules/identity-check-on-proxy",
            }])
        );
    }

    #[test]
    fn no_findings_are_an_empty_array() {
        assert_eq!(render(OutputFormat::Json, &[]), "[]\n");
        assert_eq!(render(OutputFormat::JsonLines, &[]), "");
    }

    #[test]
    fn a_line_for_each_finding() {
        let lines = render(
            OutputFormat::JsonLines,
            &[sample(), vec![notebook()]].concat(),
        );
        let values: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(values.len(), 3);
        assert_eq!(values[2]["cell"], 3);
        assert_eq!(values[2]["range"]["start"], json!({"line": 2, "column": 1}));
    }
}
