//! The findings of a file, in the editor's words.

use std::sync::Arc;

use proxycheck_lsp as lsp;
use ruff_text_size::TextRange;

use super::place;
use super::question::{Question, clamped};
use crate::check::check_file;
use crate::config::rules;
use crate::diagnostics::{self, Applicability, Diagnostic, Edit, Label, Severity};

/// The findings as the command line has them.
pub(super) fn findings(question: &Question) -> Vec<Diagnostic> {
    if !question.is_checked {
        return Vec::new();
    }
    let project = &question.project;
    let source = Arc::clone(&question.source);
    let read = match project.checkable(&question.path, source) {
        Ok(read) => read,
        Err(diagnostic) => return vec![*diagnostic],
    };
    let all = project.config.all.unwrap_or(false);
    let mut found = check_file(&question.view, question.file, all, &question.apis);
    project.finish(&mut found, Vec::from_iter(read.commented));
    diagnostics::sort(&mut found);
    found
}

pub(super) fn diagnostics(question: &Question) -> Vec<lsp::Diagnostic> {
    let found = findings(question);
    found.iter().map(|it| diagnostic(question, it)).collect()
}

fn diagnostic(question: &Question, found: &Diagnostic) -> lsp::Diagnostic {
    let mut message = found.message.clone();
    let label = found.primary.message.iter().filter(|it| !it.is_empty());
    for line in label.chain(&found.notes) {
        message.push('\n');
        message.push_str(line);
    }
    if let Some(help) = &found.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    lsp::Diagnostic {
        range: clamped(found.primary.range, &question.source.text),
        severity: match found.severity {
            Severity::Fatal | Severity::Error => lsp::Severity::Error,
            Severity::Warning => lsp::Severity::Warning,
            Severity::Info => lsp::Severity::Information,
        },
        rule: found.rule.to_string(),
        message,
        url: found
            .url
            .clone()
            .or_else(|| place::page_url(rules::find(&found.rule)?)),
        is_unnecessary: found.rule == "unused-ignore-comment",
        is_deprecated: found.rule == "deprecated",
        related: (found.secondary.iter())
            .filter_map(|it| related(question, it))
            .collect(),
        fix: found.fix.as_ref().map(|fix| lsp::Fix {
            title: fix.title.clone(),
            is_safe: fix.applicability == Applicability::Safe,
            edits: fix.edits.iter().map(edit).collect(),
        }),
    }
}

fn related(question: &Question, label: &Label) -> Option<lsp::Related> {
    let message = label.message.clone().filter(|it| !it.is_empty())?;
    Some(lsp::Related {
        path: question.absolute(&label.source.path),
        range: clamped(label.range, &label.source.text),
        message,
    })
}

pub(super) fn edit(edit: &Edit) -> lsp::Edit {
    lsp::Edit {
        range: edit.range.to_std_range(),
        text: edit.text.clone(),
    }
}

/// Whether two ranges have a place in common, if only an end.
pub(super) fn touches(range: TextRange, other: &std::ops::Range<usize>) -> bool {
    range.start().to_usize() <= other.end && other.start <= range.end().to_usize()
}
