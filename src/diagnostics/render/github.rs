//! Annotations of a GitHub workflow run.
//!
//! See <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;

use super::Report;
use super::concise::{location, one_line};
use crate::diagnostics::{Diagnostic, Severity};

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    for diagnostic in report.diagnostics {
        writeln!(out, "{}", annotation(diagnostic))?;
    }
    Ok(())
}

fn annotation(diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Info => "notice",
        Severity::Warning => "warning",
        Severity::Error | Severity::Fatal => "error",
    };
    let source = &diagnostic.primary.source;
    let start = source.position(diagnostic.primary.range.start());
    let end = source.position(diagnostic.primary.range.end());
    let title = format!("proxycheck ({})", diagnostic.rule);
    let mut properties = format!("title={},file={}", escape(&title), escape(&source.path));
    // The lines of a notebook's file are not those of its cells.
    if start.cell.is_none() {
        properties.push_str(&format!(",line={},endLine={}", start.line, end.line));
        if start.line == end.line {
            properties.push_str(&format!(",col={},endColumn={}", start.column, end.column));
        }
    }
    let message = one_line(&diagnostic.message);
    let location = location(diagnostic);
    let text = format!("{location}: {}: {message}", diagnostic.rule);
    format!("::{command} {properties}::{}", escape_data(&text))
}

/// Escapes the text of an annotation.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn escape(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::OutputFormat;
    use super::super::testing::{notebook, render, sample};

    #[test]
    fn annotations() {
        assert_eq!(
            render(OutputFormat::Github, &sample()),
            "::error title=proxycheck (identity-check-on-proxy),file=app/train.py,line=7,endLine=7,col=4,endColumn=13::app/train.py:7:4: identity-check-on-proxy: `p is None` is always `False`\n\
             ::warning title=proxycheck (possibly-unbound),file=app/train.py,line=9,endLine=9,col=7,endColumn=8::app/train.py:9:7: possibly-unbound: Name `q` may be unbound\n"
        );
    }

    #[test]
    fn special_characters_are_escaped() {
        let mut finding = notebook();
        finding.message = "100%".into();
        assert_eq!(
            render(OutputFormat::Github, &[finding]),
            "::notice title=proxycheck (revealed-type),file=nb.ipynb::nb.ipynb:cell 3:2:1: revealed-type: 100%25\n"
        );
        assert_eq!(super::escape("a:b,c"), "a%3Ab%2Cc");
    }
}
