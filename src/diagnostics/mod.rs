//! What the checker says, as plain data: no database, no AST, so that every renderer, the baseline
//! and the editor read the same thing.

use std::borrow::Cow;
use std::sync::Arc;

use ruff_text_size::{TextRange, TextSize};

pub mod fix;
pub mod render;
mod rule;
mod source;
pub mod suppression;

pub use rule::{Confidence, Level, RuleInfo, closest};
pub(crate) use source::io_reason;
pub(crate) use source::shown;
pub use source::{Cell, Position, ReadError, Source};

/// How bad a finding is. Any finding of severity `Error` or `Warning` makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
    /// The checker itself failed on this file.
    Fatal,
}

impl Severity {
    /// The word that the user reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }
}

/// A place in a source file, with an optional text that says what is to be seen there.
#[derive(Debug, Clone)]
pub struct Label {
    pub source: Arc<Source>,
    /// Byte offsets into [`Source::text`].
    pub range: TextRange,
    pub message: Option<String>,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The rule's name, in kebab-case.
    pub rule: Cow<'static, str>,
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    pub primary: Label,
    pub secondary: Vec<Label>,
    /// Facts that explain the message, each one line.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    pub fix: Option<Fix>,
    /// The page that documents the rule.
    pub url: Option<String>,
}

impl Diagnostic {
    /// A finding without labels, notes and fix.
    pub fn new(
        rule: impl Into<Cow<'static, str>>,
        severity: Severity,
        message: impl Into<String>,
        source: &Arc<Source>,
        range: TextRange,
    ) -> Self {
        Diagnostic {
            rule: rule.into(),
            severity,
            message: message.into(),
            primary: Label {
                source: Arc::clone(source),
                range,
                message: None,
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
            url: None,
        }
    }
}

/// Puts findings in the order in which every output format shows them: path, position, rule.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |it: &Diagnostic| (it.primary.range.start(), it.primary.range.end());
        (a.primary.source.path.cmp(&b.primary.source.path))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.message.cmp(&b.message))
    });
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In any order. Without the suppressed ones and those whose level is [`Level::Ignore`].
    pub diagnostics: Vec<Diagnostic>,
    /// How many files were read, including those that could not be parsed.
    pub files_checked: usize,
    /// In how many files the checker itself failed; each has a finding of severity [`Severity::Fatal`].
    pub internal_errors: usize,
}

impl Outcome {
    pub fn extend(&mut self, other: Outcome) {
        self.diagnostics.extend(other.diagnostics);
        self.files_checked += other.files_checked;
        self.internal_errors += other.internal_errors;
    }
}

/// What the check tells while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// One more file is done.
    FileChecked,
}

/// Whether a fix can change what a correct program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    Safe,
    Unsafe,
}

/// A change of the file that holds the finding's primary range.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What the change does, as an imperative: "Compare the target with `extract`".
    pub title: String,
    pub applicability: Applicability,
    /// Sorted by offset, not overlapping.
    pub edits: Vec<Edit>,
}

/// Replaces the text of `range` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub range: TextRange,
    pub text: String,
}

impl Edit {
    pub fn insertion(offset: TextSize, text: impl Into<String>) -> Self {
        Edit {
            range: TextRange::empty(offset),
            text: text.into(),
        }
    }

    pub fn replacement(range: TextRange, text: impl Into<String>) -> Self {
        Edit {
            range,
            text: text.into(),
        }
    }
}
