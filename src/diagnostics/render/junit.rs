//! JUnit XML, as continuous-integration servers read it.
//!
//! One test suite for each file with findings, one failed test case for each finding.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;

use super::Report;
use super::concise::one_line;
use crate::diagnostics::{Diagnostic, Severity};

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    let failures = report
        .diagnostics
        .iter()
        .filter(|it| is_failure(it))
        .count();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="proxycheck" tests="{}" failures="{failures}" errors="0">"#,
        report.diagnostics.len().max(1),
    )?;
    if report.diagnostics.is_empty() {
        // Servers take a report without a test for a broken one.
        writeln!(
            out,
            r#"  <testsuite name="proxycheck" tests="1" failures="0" errors="0">"#
        )?;
        writeln!(
            out,
            r#"    <testcase name="no findings" classname="proxycheck"/>"#
        )?;
        writeln!(out, "  </testsuite>")?;
    }
    let same_file = |a: &Diagnostic, b: &Diagnostic| a.primary.source.path == b.primary.source.path;
    for group in report.diagnostics.chunk_by(same_file) {
        let path = escape(&group[0].primary.source.path);
        let failures = group.iter().filter(|it| is_failure(it)).count();
        writeln!(
            out,
            r#"  <testsuite name="{path}" tests="{}" failures="{failures}" errors="0">"#,
            group.len(),
        )?;
        for diagnostic in group {
            write_case(diagnostic, &path, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn write_case(diagnostic: &Diagnostic, path: &str, out: &mut dyn WriteColor) -> io::Result<()> {
    let source = &diagnostic.primary.source;
    let start = source.position(diagnostic.primary.range.start());
    let place = match start.cell {
        Some(cell) => format!("cell {cell}, line {}, column {}", start.line, start.column),
        None => format!("line {}, column {}", start.line, start.column),
    };
    let rule = escape(&diagnostic.rule);
    let message = escape(&one_line(&diagnostic.message));
    write!(
        out,
        r#"    <testcase name="{rule}" classname="{path}" line="{}" column="{}">"#,
        start.line, start.column,
    )?;
    if is_failure(diagnostic) {
        let severity = diagnostic.severity.as_str();
        write!(
            out,
            r#"<failure message="{message}" type="{severity}">{place}: {message}</failure>"#
        )?;
    } else {
        write!(out, "<system-out>{place}: {message}</system-out>")?;
    }
    writeln!(out, "</testcase>")
}

fn is_failure(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity >= Severity::Warning
}

/// Escapes text for an attribute or an element, and leaves out what XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(char))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::OutputFormat;
    use super::super::testing::{notebook, render, sample};

    #[test]
    fn suites_and_cases() {
        let mut findings = sample();
        findings.push(notebook());
        assert_eq!(
            render(OutputFormat::Junit, &findings),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="proxycheck" tests="3" failures="2" errors="0">
  <testsuite name="app/train.py" tests="2" failures="2" errors="0">
    <testcase name="identity-check-on-proxy" classname="app/train.py" line="7" column="4"><failure message="`p is None` is always `False`" type="error">line 7, column 4: `p is None` is always `False`</failure></testcase>
    <testcase name="possibly-unbound" classname="app/train.py" line="9" column="7"><failure message="Name `q` may be unbound" type="warning">line 9, column 7: Name `q` may be unbound</failure></testcase>
  </testsuite>
  <testsuite name="nb.ipynb" tests="1" failures="0" errors="0">
    <testcase name="revealed-type" classname="nb.ipynb" line="2" column="1"><system-out>cell 3, line 2, column 1: Revealed type: `int`</system-out></testcase>
  </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn a_clean_run_is_one_passed_test() {
        let text = render(OutputFormat::Junit, &[]);
        assert!(text.contains(r#"tests="1" failures="0""#), "{text}");
        assert!(text.contains("<testcase name=\"no findings\""), "{text}");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            super::escape("a<b> & \"c\"\u{1b}\n"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}&#10;"
        );
    }
}
