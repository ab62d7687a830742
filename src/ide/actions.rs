//! What can be done about findings and proxies.

use std::ops::Range;

use proxycheck_lsp as lsp;
use ruff_python_ast as ast;
use ruff_text_size::{Ranged as _, TextRange};

use super::diagnostics::{edit, findings, touches};
use super::navigation::expr_at;
use super::question::{Question, parameter_at};
use crate::diagnostics::{Applicability, Diagnostic, Source, fix};
use crate::rules::{Checker, FixEdit};

pub(super) fn actions(question: &Question, range: &Range<usize>) -> Vec<lsp::Action> {
    let found = findings(question);
    let concerned: Vec<&Diagnostic> = found
        .iter()
        .filter(|it| touches(it.primary.range, range))
        .collect();
    let mut actions: Vec<lsp::Action> = Vec::new();
    actions.extend(concerned.iter().filter_map(|it| mend(question, it)));
    actions.extend(extract_target(question, range.start));
    actions.extend(allow_proxies(question, range.start));
    actions.extend(concerned.iter().filter_map(|it| ignore(question, it)));
    let mut shown: Vec<&str> = Vec::new();
    for finding in &concerned {
        if !shown.contains(&&*finding.rule) {
            shown.push(&finding.rule);
            actions.extend(show(finding));
        }
    }
    actions
}

fn remedy(finding: &Diagnostic) -> (String, Range<usize>) {
    let range = finding.primary.range.to_std_range();
    (finding.rule.to_string(), range)
}

fn own_edits(question: &Question, edits: Vec<lsp::Edit>) -> lsp::Effect {
    lsp::Effect::Edit(vec![lsp::FileEdits {
        path: question.path.as_std_path().to_path_buf(),
        edits,
    }])
}

fn mend(question: &Question, finding: &Diagnostic) -> Option<lsp::Action> {
    let fix = finding.fix.as_ref().filter(|it| !it.edits.is_empty())?;
    let is_safe = fix.applicability == Applicability::Safe;
    let mut title = fix.title.clone();
    if !is_safe {
        title.push_str(" (may change what the program does)");
    }
    Some(lsp::Action {
        title,
        kind: lsp::ActionKind::QuickFix,
        remedies: vec![remedy(finding)],
        is_preferred: is_safe,
        effect: own_edits(question, fix.edits.iter().map(edit).collect()),
    })
}

fn show(finding: &Diagnostic) -> Option<lsp::Action> {
    let rule = crate::config::rules::find(&finding.rule)?;
    Some(lsp::Action {
        title: format!("Show the rule `{}`", rule.name),
        kind: lsp::ActionKind::QuickFix,
        remedies: vec![remedy(finding)],
        is_preferred: false,
        effect: lsp::Effect::ShowRule(rule.name.to_owned()),
    })
}

fn ignore(question: &Question, finding: &Diagnostic) -> Option<lsp::Action> {
    if crate::config::rules::is_fixed(&finding.rule) {
        return None;
    }
    let range = finding.primary.range;
    Some(lsp::Action {
        title: format!("Ignore `{}` here", finding.rule),
        kind: lsp::ActionKind::QuickFix,
        remedies: vec![remedy(finding)],
        is_preferred: false,
        effect: own_edits(question, vec![comment(question, range, &finding.rule)?]),
    })
}

/// The comment that silences a rule, at the end of the line of a finding or on the line before.
fn comment(question: &Question, range: TextRange, rule: &str) -> Option<lsp::Edit> {
    let source: &Source = &question.source;
    let line = source.line_range(source.line_index(range.start()));
    let text = &source.text[line];
    if let Some(at) = text.find("# proxycheck: ignore[")
        && let Some(end) = text[at..].find(']')
    {
        let offset = line.start().to_usize() + at + end;
        return Some(insertion(offset, format!(", {rule}")));
    }
    let module = question.module();
    let end = question.offset(line.end().to_usize());
    let is_in_token = module
        .tokens()
        .iter()
        .any(|it| it.range().start() < end && end < it.range().end());
    if is_in_token || text.trim_end().ends_with('\\') {
        let indentation = &text[..text.len() - text.trim_start().len()];
        let comment = format!("{indentation}# proxycheck: ignore[{rule}]\n");
        return Some(insertion(line.start().to_usize(), comment));
    }
    let written = text.trim_end().len();
    let start = line.start().to_usize() + written;
    Some(lsp::Edit {
        range: start..line.end().to_usize(),
        text: format!("  # proxycheck: ignore[{rule}]"),
    })
}

fn insertion(offset: usize, text: String) -> lsp::Edit {
    lsp::Edit {
        range: offset..offset,
        text,
    }
}

/// `extract(p)` in the place of the proxy under the cursor.
fn extract_target(question: &Question, offset: usize) -> Option<lsp::Action> {
    let module = question.module();
    let (expr, _) = expr_at(&module, question.offset(offset))?;
    let is_read = match expr {
        ast::Expr::Name(it) => it.ctx == ast::ExprContext::Load,
        ast::Expr::Attribute(it) => it.ctx == ast::ExprContext::Load,
        _ => false,
    };
    if !is_read {
        return None;
    }
    let edits = question.with_checker(|cx| {
        let sighting = cx.sighting(expr)?;
        user_edits(question, cx.extract_edits(expr, &sighting))
    })?;
    Some(lsp::Action {
        title: "Extract the target first".to_owned(),
        kind: lsp::ActionKind::Rewrite,
        remedies: Vec::new(),
        is_preferred: false,
        effect: own_edits(question, edits),
    })
}

/// `x: ProxyOr[T]` in the place of `x: T`.
fn allow_proxies(question: &Question, offset: usize) -> Option<lsp::Action> {
    let module = question.module();
    let parameter = parameter_at(&module, question.offset(offset))?;
    let annotation = parameter.annotation.as_deref()?;
    let edits = question.with_checker(|cx: &mut Checker| {
        let makes_proxies = ["proxystore", "proxyrt"].iter().any(|it| cx.imports(it));
        let is_passed = cx.passed_argument(parameter.name.range()).is_some();
        if cx.allows_proxy(annotation) || !(makes_proxies || is_passed) {
            return None;
        }
        let ([class], import) = cx.proxy_names(["ProxyOr"])?;
        let around = [
            FixEdit::Before(annotation.range(), format!("{class}[")),
            FixEdit::After(annotation.range(), "]".to_owned()),
        ];
        user_edits(question, import.into_iter().chain(around).collect())
    })?;
    Some(lsp::Action {
        title: format!("Let `{}` be a proxy, too: `ProxyOr[…]`", parameter.name),
        kind: lsp::ActionKind::Rewrite,
        remedies: Vec::new(),
        is_preferred: false,
        effect: own_edits(question, edits),
    })
}

fn user_edits(question: &Question, edits: Vec<FixEdit>) -> Option<Vec<lsp::Edit>> {
    let mut found = Vec::with_capacity(edits.len());
    for edit in edits {
        found.push(match edit {
            FixEdit::Before(place, text) => insertion(question.user_range(place)?.start, text),
            FixEdit::After(place, text) => insertion(question.user_range(place)?.end, text),
        });
    }
    found.sort_by_key(|it| it.range.start);
    (!found.is_empty()).then_some(found)
}

/// The edits of all safe fixes that do not overlap.
pub(super) fn fix_all(question: &Question) -> Vec<lsp::Edit> {
    let found = findings(question);
    fix::compatible(&found, false)
        .iter()
        .map(|it| edit(it))
        .collect()
}
