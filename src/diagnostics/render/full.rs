//! The format for people: each finding with the code it is about.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{Diagnostic as Frame, LabelStyle, Severity as Style};
use codespan_reporting::files::Error;
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
use codespan_reporting::term::{
    Config, GeneralWriteResult, Renderer, RichDiagnostic, Styles, WriteStyle,
};
use rustc_hash::FxHashSet;
use similar::{ChangeTag, TextDiff};

use super::Report;
use super::frame::{Frames, TAB_WIDTH, digits, printable};
use crate::diagnostics::{
    Applicability, Diagnostic, Fix, Label, Position, RuleInfo, Severity, Source, fix,
};

/// Columns of code shown when the output is no terminal.
const DEFAULT_WIDTH: usize = 160;

/// More changed lines than this are not shown.
const MAX_DIFF_LINES: usize = 24;

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    let mut documented = FxHashSet::default();
    for diagnostic in report.diagnostics {
        let docs = documented
            .insert(&*diagnostic.rule)
            .then(|| documentation(diagnostic, report.rules))
            .flatten();
        write_diagnostic(diagnostic, docs.as_deref(), report.width, out)?;
        writeln!(out)?;
    }
    if report.quiet {
        return Ok(());
    }
    let summary = summary(report);
    if report
        .diagnostics
        .iter()
        .all(|it| it.severity == Severity::Info)
    {
        let mut green = ColorSpec::new();
        green.set_fg(Some(Color::Green)).set_bold(true);
        out.set_color(&green)?;
    } else {
        out.set_color(&message_color())?;
    }
    write!(out, "{summary}")?;
    out.reset()?;
    writeln!(out)
}

/// Where the rule of a finding is explained.
fn documentation(diagnostic: &Diagnostic, rules: &[&RuleInfo]) -> Option<String> {
    let is_known = || rules.iter().any(|rule| rule.name == diagnostic.rule);
    let explain = || is_known().then(|| format!("`proxycheck explain {}`", diagnostic.rule));
    diagnostic.url.clone().or_else(explain)
}

/// Says in one line what came out.
pub fn summary(report: &Report<'_>) -> String {
    let diagnostics = report.diagnostics;
    let fixed = match report.fixed {
        0 => String::new(),
        fixed => format!("Fixed {}. ", count(fixed, "problem")),
    };
    let number_of = |severity| {
        diagnostics
            .iter()
            .filter(|it| it.severity == severity)
            .count()
    };
    let problems = diagnostics.len() - number_of(Severity::Info);
    let mut details: Vec<String> = [
        (Severity::Fatal, "internal error"),
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
    ]
    .into_iter()
    .filter_map(|(severity, word)| match number_of(severity) {
        0 => None,
        number => Some(count(number, word)),
    })
    .collect();
    let notes = match number_of(Severity::Info) {
        0 => String::new(),
        number => format!(" and {}", count(number, "note")),
    };
    if problems == 0 {
        let files = count(report.files_checked, "file");
        return format!("{fixed}No problems{notes} in {files}");
    }
    let is_fixable = |it: &&Diagnostic, applicability| {
        it.fix
            .as_ref()
            .is_some_and(|fix| fix.applicability == applicability)
    };
    let fixable = |applicability| {
        diagnostics
            .iter()
            .filter(|it| is_fixable(it, applicability))
            .count()
    };
    let mut fixes = Vec::new();
    if let number @ 1.. = fixable(Applicability::Safe) {
        fixes.push(format!("{number} fixable with --fix"));
    }
    if let number @ 1.. = fixable(Applicability::Unsafe) {
        fixes.push(format!("{number} with --fix --unsafe-fixes"));
    }
    if let Some(first) = fixes.first_mut()
        && !first.contains("fixable")
    {
        *first = first.replacen(" with", " fixable with", 1);
    }
    details = vec![details.join(", ")];
    details.extend((!fixes.is_empty()).then(|| fixes.join(", ")));
    let mut paths: Vec<&str> = diagnostics
        .iter()
        .filter(|it| it.severity != Severity::Info)
        .map(|it| it.primary.source.path.as_str())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let files = match paths.len() {
        // A file that cannot be read is not among those that were checked.
        some if some < report.files_checked => {
            format!("{some} of {}", count(report.files_checked, "file"))
        }
        all => count(all, "file"),
    };
    let problems = count(problems, "problem");
    format!(
        "{fixed}Found {problems}{notes} in {files} ({})",
        details.join("; ")
    )
}

/// The number and the word, in the plural if need be.
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Writes one finding, without a blank line after it.
///
/// `docs` says where the rule is explained. `width` is the width of the terminal in columns, if the
/// output goes to one.
///
/// # Errors
/// Those of the writer.
pub fn write_diagnostic(
    diagnostic: &Diagnostic,
    docs: Option<&str>,
    width: Option<usize>,
    out: &mut dyn WriteColor,
) -> io::Result<()> {
    out.set_color(&severity_color(diagnostic.severity))?;
    write!(out, "{}", diagnostic.severity.as_str())?;
    if !diagnostic.rule.is_empty() {
        write!(out, "[{}]", diagnostic.rule)?;
    }
    out.set_color(&message_color())?;
    let message: String = diagnostic.message.chars().map(printable_or_break).collect();
    write!(out, ": {message}")?;
    out.reset()?;
    writeln!(out)?;

    // The border and the line numbers take some columns too.
    let width = width.map_or(DEFAULT_WIDTH, |width| width.saturating_sub(12).max(40));
    let (frames, labels) = Frames::new(diagnostic, width);
    let gutter = frames.gutter();
    let has_code = !labels.is_empty();
    let config = Config {
        tab_width: TAB_WIDTH,
        ..Config::default()
    };
    let style = style(diagnostic.severity);
    let mut body = Body {
        styles: Styles::default(),
        out,
        skip_line: true,
        held_newline: false,
    };
    let mut renderer = Renderer::new(&mut body, &config);
    let frame = Frame::new(style).with_labels(labels);
    RichDiagnostic::new(&frame, &config)
        .render(&frames, &mut renderer)
        .map_err(unwrap_io)?;
    body.held_newline = false;

    let mut renderer = Renderer::new(&mut body, &config);
    if !has_code {
        let at = &diagnostic.primary;
        write_locus(&mut renderer, gutter, &config, at).map_err(unwrap_io)?;
    }
    let mut notes: Vec<String> = diagnostic
        .notes
        .iter()
        .map(|note| format!("note: {note}"))
        .collect();
    notes.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    notes.extend(docs.map(|docs| format!("docs: {docs}")));
    notes.extend(diagnostic.fix.iter().map(|fix| {
        let how = match fix.applicability {
            Applicability::Safe => "--fix",
            Applicability::Unsafe => "--fix --unsafe-fixes",
        };
        format!("fix: {} (`{how}`)", fix.title)
    }));
    if !notes.is_empty() {
        renderer
            .render_snippet_empty(gutter, style, 0, &[])
            .map_err(unwrap_io)?;
    }
    for note in &notes {
        renderer
            .render_snippet_note(gutter, note)
            .map_err(unwrap_io)?;
    }
    body.release()?;
    if let Some(fix) = &diagnostic.fix {
        write_diff(&diagnostic.primary.source, fix, gutter, width, body.out)?;
    }
    Ok(())
}

fn printable_or_break(char: char) -> char {
    if char == '\n' { char } else { printable(char) }
}

/// The line that says where a finding is, when there is no code to show.
fn write_locus(
    renderer: &mut Renderer<'_, '_>,
    gutter: usize,
    config: &Config,
    at: &Label,
) -> Result<(), Error> {
    write!(renderer, "{:gutter$} ", "")?;
    renderer.set_source_border()?;
    write!(renderer, "{}", config.chars.snippet_start)?;
    WriteStyle::reset(renderer)?;
    let Position { line, column, .. } = at.source.position(at.range.start());
    writeln!(renderer, " {}:{line}:{column}", at.source.path)?;
    Ok(())
}

/// The lines that a fix removes and adds.
fn write_diff(
    source: &Source,
    fix: &Fix,
    gutter: usize,
    width: usize,
    out: &mut dyn WriteColor,
) -> io::Result<()> {
    let Some(hunk) = fix::Hunk::of(source, fix) else {
        return Ok(());
    };
    let diff = TextDiff::from_lines(hunk.old.as_str(), hunk.new.as_str());
    let changes: Vec<_> = diff
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal)
        .collect();
    let shown = &changes[..changes.len().min(MAX_DIFF_LINES)];
    let number = |change: &similar::Change<&str>| {
        let index = change.old_index().or(change.new_index());
        hunk.first_line + index.unwrap_or_default()
    };
    let widest = shown.iter().map(|change| digits(number(change))).max();
    let gutter = gutter.max(widest.unwrap_or_default());
    for change in shown {
        let (sign, color) = match change.tag() {
            ChangeTag::Delete => ('-', Color::Red),
            _ => ('+', Color::Green),
        };
        let mut spec = ColorSpec::new();
        spec.set_fg(Some(color));
        write!(out, "{:>gutter$} ", number(change))?;
        out.set_color(&spec)?;
        write!(out, "{sign} {}", cut(change.value(), width))?;
        out.reset()?;
        writeln!(out)?;
    }
    if changes.len() > shown.len() {
        let more = changes.len() - shown.len();
        writeln!(out, "{:>gutter$} … and {}", "", count(more, "more line"))?;
    }
    Ok(())
}

/// The line without its ending, and no longer than `width` characters.
fn cut(line: &str, width: usize) -> String {
    let line = line.trim_end_matches(['\n', '\r']).replace('\t', "    ");
    if line.chars().count() <= width {
        return line;
    }
    let mut cut: String = line.chars().take(width - 1).collect();
    cut.push('…');
    cut
}

fn unwrap_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Info => Style::Note,
        Severity::Warning => Style::Warning,
        Severity::Error => Style::Error,
        Severity::Fatal => Style::Bug,
    }
}

pub(super) fn severity_color(severity: Severity) -> ColorSpec {
    Styles::default().header(style(severity)).clone()
}

pub(super) fn message_color() -> ColorSpec {
    Styles::default().header_message().clone()
}

/// Lets through what `codespan-reporting` draws below its header, without the blank line at its
/// end: its header has other words for the severities than ours.
struct Body<'a> {
    styles: Styles,
    out: &'a mut dyn WriteColor,
    skip_line: bool,
    held_newline: bool,
}

impl Body<'_> {
    fn release(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.held_newline) {
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn set(&mut self, color: impl FnOnce(&Styles) -> &ColorSpec) -> GeneralWriteResult {
        if self.skip_line {
            return Ok(());
        }
        self.release()?;
        self.out.set_color(color(&self.styles))
    }
}

impl Write for Body<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut rest = buffer;
        if self.skip_line {
            match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.skip_line = false;
                    rest = &rest[end + 1..];
                }
                None => return Ok(buffer.len()),
            }
        }
        if !rest.is_empty() {
            self.release()?;
            self.held_newline = rest.ends_with(b"\n");
            self.out
                .write_all(&rest[..rest.len() - usize::from(self.held_newline)])?;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl WriteStyle for Body<'_> {
    fn set_header(&mut self, severity: Style) -> GeneralWriteResult {
        self.set(|styles| styles.header(severity))
    }

    fn set_header_message(&mut self) -> GeneralWriteResult {
        self.set(Styles::header_message)
    }

    fn set_line_number(&mut self) -> GeneralWriteResult {
        self.set(Styles::line_number)
    }

    fn set_note_bullet(&mut self) -> GeneralWriteResult {
        self.set(Styles::note_bullet)
    }

    fn set_source_border(&mut self) -> GeneralWriteResult {
        self.set(Styles::source_border)
    }

    fn set_label(&mut self, severity: Style, label_style: LabelStyle) -> GeneralWriteResult {
        self.set(|styles| styles.label(severity, label_style))
    }

    fn reset(&mut self) -> GeneralWriteResult {
        if self.skip_line {
            return Ok(());
        }
        self.out.reset()
    }
}

#[cfg(test)]
mod tests;
