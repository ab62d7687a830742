//! How many findings each rule has.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::Report;
use super::full::{severity_color, summary};
use crate::diagnostics::Severity;

#[derive(Serialize)]
struct Row<'a> {
    rule: &'a str,
    /// The worst of its findings.
    severity: Severity,
    count: usize,
    /// How many of them carry a fix.
    fixable: usize,
}

fn rows<'a>(report: &Report<'a>) -> Vec<Row<'a>> {
    let mut rows: FxHashMap<&str, Row> = FxHashMap::default();
    for diagnostic in report.diagnostics {
        let row = rows.entry(&diagnostic.rule).or_insert(Row {
            rule: &diagnostic.rule,
            severity: diagnostic.severity,
            count: 0,
            fixable: 0,
        });
        row.severity = row.severity.max(diagnostic.severity);
        row.count += 1;
        row.fixable += usize::from(diagnostic.fix.is_some());
    }
    let mut rows: Vec<_> = rows.into_values().collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.rule.cmp(b.rule)));
    rows
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    let rows = rows(report);
    let width = rows.first().map_or(0, |row| row.count.to_string().len());
    for row in &rows {
        write!(out, "{:>width$}  ", row.count)?;
        out.set_color(&severity_color(row.severity))?;
        write!(out, "{:7}", row.severity.as_str())?;
        out.reset()?;
        write!(out, "  {}", row.rule)?;
        if row.fixable > 0 {
            write!(out, " ({} with a fix)", row.fixable)?;
        }
        writeln!(out)?;
    }
    if !report.quiet {
        writeln!(out, "{}", summary(report))?;
    }
    Ok(())
}

pub(super) fn write_json(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &rows(report))?;
    writeln!(out)
}
