//! One line a finding.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;

use super::Report;
use super::frame::printable;
use super::full::{message_color, severity_color};
use crate::diagnostics::{Diagnostic, Position};

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    for diagnostic in report.diagnostics {
        write!(out, "{}: ", location(diagnostic))?;
        out.set_color(&severity_color(diagnostic.severity))?;
        write!(out, "{}[{}]", diagnostic.severity.as_str(), diagnostic.rule)?;
        out.set_color(&message_color())?;
        write!(out, " {}", one_line(&diagnostic.message))?;
        out.reset()?;
        writeln!(out)?;
    }
    Ok(())
}

/// `path:line:column`, or `path:cell N:line:column` in a notebook.
pub(super) fn location(diagnostic: &Diagnostic) -> String {
    let source = &diagnostic.primary.source;
    let Position { cell, line, column } = source.position(diagnostic.primary.range.start());
    match cell {
        Some(cell) => format!("{}:cell {cell}:{line}:{column}", source.path),
        None => format!("{}:{line}:{column}", source.path),
    }
}

/// The text with its line breaks replaced by spaces, so that one finding stays one line, and without
/// characters that a terminal would act upon.
pub(super) fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    line.chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::super::OutputFormat;
    use super::super::testing::{notebook, render, sample};

    #[test]
    fn one_line_a_finding() {
        assert_eq!(
            render(OutputFormat::Concise, &sample()),
            "app/train.py:7:4: error[identity-check-on-proxy] `p is None` is always `False`\n\
             app/train.py:9:7: warning[possibly-unbound] Name `q` may be unbound\n"
        );
    }

    #[test]
    fn notebooks_name_the_cell() {
        assert_eq!(
            render(OutputFormat::Concise, &[notebook()]),
            "nb.ipynb:cell 3:2:1: info[revealed-type] Revealed type: `int`\n"
        );
    }

    #[test]
    fn line_breaks_in_messages_become_spaces() {
        let mut finding = notebook();
        finding.message = "first\n  second".into();
        assert_eq!(
            render(OutputFormat::Concise, &[finding]),
            "nb.ipynb:cell 3:2:1: info[revealed-type] first second\n"
        );
    }
}
