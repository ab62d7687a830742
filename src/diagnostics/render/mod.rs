//! The output formats.

use std::io;

use clap::ValueEnum as _;
use codespan_reporting::term::termcolor::WriteColor;

use super::{Diagnostic, RuleInfo};

mod concise;
mod frame;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;
mod statistics;

pub use full::{count, summary, write_diagnostic};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputFormat {
    /// With the code that each finding is about
    #[default]
    Full,
    /// One line a finding: `path:line:column: severity[rule] message`
    Concise,
    /// An array of objects
    Json,
    /// One object a line
    JsonLines,
    /// Annotations of a GitHub workflow run
    Github,
    /// A GitLab code quality report
    Gitlab,
    /// JUnit XML
    Junit,
    /// SARIF 2.1.0
    Sarif,
}

impl OutputFormat {
    /// The names that the command line and the configuration take.
    pub fn names() -> impl Iterator<Item = String> {
        Self::value_variants()
            .iter()
            .filter_map(|it| Some(it.to_possible_value()?.get_name().to_owned()))
    }
}

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Sorted by [`super::sort`].
    pub diagnostics: &'a [Diagnostic],
    pub files_checked: usize,
    /// How many findings were fixed and are not among the diagnostics any more.
    pub fixed: usize,
    pub rules: &'a [&'static RuleInfo],
    /// The width of the terminal in columns, if the output goes to one.
    pub width: Option<usize>,
    /// Whether to leave out the line that sums up.
    pub quiet: bool,
}

/// Writes a report in one of the formats.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: OutputFormat,
    report: &Report<'_>,
    out: &mut dyn WriteColor,
) -> io::Result<()> {
    match format {
        OutputFormat::Full => full::write(report, out),
        OutputFormat::Concise => concise::write(report, out),
        OutputFormat::Json => json::write(report, out),
        OutputFormat::JsonLines => json::write_lines(report, out),
        OutputFormat::Github => github::write(report, out),
        OutputFormat::Gitlab => gitlab::write(report, out),
        OutputFormat::Junit => junit::write(report, out),
        OutputFormat::Sarif => sarif::write(report, out),
    }
}

/// Writes how many findings each rule has instead of the findings.
///
/// # Errors
/// Those of the writer.
pub fn write_statistics(
    format: OutputFormat,
    report: &Report<'_>,
    out: &mut dyn WriteColor,
) -> io::Result<()> {
    match format {
        OutputFormat::Full | OutputFormat::Concise => statistics::write(report, out),
        _ => statistics::write_json(report, out),
    }
}

#[cfg(test)]
mod testing;
