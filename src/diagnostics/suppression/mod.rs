//! Comments that silence findings: `# proxycheck: ignore[rule]` and `# proxycheck: ignore-file[rule]`.

use std::sync::Arc;

use ruff_text_size::{TextRange, TextSize};

use super::{Applicability, Confidence, Diagnostic, Edit, Fix, Level, RuleInfo, Severity, Source};

mod comment;
mod lines;

use comment::{Comment, Reach};
use lines::Lines;

/// What is wrong with a comment that silences findings is a finding of one of these rules.
pub static SUPPRESSION_RULES: &[&RuleInfo] = &[&INVALID, &UNKNOWN_RULE, &UNUSED];

static UNUSED: RuleInfo = rule(
    "unused-ignore-comment",
    "detects comments that silence nothing",
    include_str!("unused-ignore-comment.md"),
    true,
);

static UNKNOWN_RULE: RuleInfo = rule(
    "unknown-rule-in-ignore-comment",
    "detects comments that silence a rule that there is not",
    include_str!("unknown-rule-in-ignore-comment.md"),
    false,
);

static INVALID: RuleInfo = rule(
    "invalid-ignore-comment",
    "detects comments that are meant to silence a finding but cannot be understood",
    include_str!("invalid-ignore-comment.md"),
    false,
);

const fn rule(
    name: &'static str,
    summary: &'static str,
    page: &'static str,
    fixable: bool,
) -> RuleInfo {
    RuleInfo {
        name,
        summary,
        level: Level::Warn,
        confidence: Confidence::High,
        fixable,
        page,
        url: None,
        inference: false,
    }
}

/// Whether a text can hold a comment that silences findings.
pub fn may_have_comments(text: &str) -> bool {
    text.contains("proxycheck")
}

/// What the comments have to know about rules.
pub trait Rules {
    /// `None` if the comment may name the rule; else why not, as a sentence without a full stop.
    fn objection(&self, name: &str) -> Option<String>;
    /// Whether findings of the rule can be silenced.
    fn is_silenceable(&self, name: &str) -> bool;
    /// Whether findings of the rule are reported in the file of this path.
    fn is_on(&self, path: &str, name: &str) -> bool;
}

/// Takes the findings away that the comments of `source` silence, and adds those about the comments.
///
/// All of `diagnostics` belong to `source`.
pub fn apply(source: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>, rules: &dyn Rules) {
    let (mut comments, lines) = comment::find(source);
    if comments.is_empty() {
        return;
    }
    // A comment that cannot be understood silences nothing, not even what is said about it.
    for comment in &comments {
        diagnostics.extend(about(comment, source, rules));
    }
    diagnostics.retain(|it| !silence(it, &mut comments, source, &lines, rules));

    let mut unused: Vec<Diagnostic> = comments
        .iter()
        .filter_map(|it| unused(it, source, rules))
        .collect();
    unused.retain(|it| !silence(it, &mut comments, source, &lines, rules));
    diagnostics.append(&mut unused);
}

/// Marks the comment that silences a finding as used. One on the line goes before one for the file.
fn silence(
    diagnostic: &Diagnostic,
    comments: &mut [Comment],
    source: &Source,
    lines: &Lines,
    rules: &dyn Rules,
) -> bool {
    let rule = &*diagnostic.rule;
    if !rules.is_silenceable(rule) {
        return false;
    }
    let range = diagnostic.primary.range;
    let first = source.line_index(range.start());
    let last = source.line_index(last_offset(range));
    // Else a comment without a list would silence that it is of no use.
    let only_by_name = rule == UNUSED.name;
    let mut covering = |is_line: bool| {
        comments.iter_mut().any(|comment| {
            let covers = match comment.reach {
                Reach::File => !is_line,
                Reach::Line(line) => {
                    is_line && [first, last].iter().any(|it| lines.joined(line, *it))
                }
                Reach::Nothing => false,
            };
            covers && comment.objection.is_none() && comment.take(rule, only_by_name)
        })
    };
    covering(true) || covering(false)
}

/// The offset of the last character.
fn last_offset(range: TextRange) -> TextSize {
    if range.is_empty() {
        range.end()
    } else {
        range.end() - TextSize::from(1)
    }
}

/// What is wrong with the words of a comment.
fn about(comment: &Comment, source: &Arc<Source>, rules: &dyn Rules) -> Vec<Diagnostic> {
    if let Some(objection) = &comment.objection {
        let mut diagnostic = Diagnostic::new(
            INVALID.name,
            Severity::Warning,
            objection.message.clone(),
            source,
            comment.range,
        );
        diagnostic.help = Some(objection.help.clone());
        return vec![diagnostic];
    }
    let mut found = Vec::new();
    for code in comment.codes.iter().flatten() {
        if let Some(message) = rules.objection(&code.name) {
            found.push(Diagnostic::new(
                UNKNOWN_RULE.name,
                Severity::Warning,
                message,
                source,
                code.range,
            ));
        }
    }
    found
}

/// Says which part of a comment silences nothing.
fn unused(comment: &Comment, source: &Arc<Source>, rules: &dyn Rules) -> Option<Diagnostic> {
    if comment.objection.is_some() {
        return None;
    }
    let Some(codes) = &comment.codes else {
        if comment.is_used {
            return None;
        }
        let mut diagnostic = Diagnostic::new(
            UNUSED.name,
            Severity::Warning,
            "This comment silences nothing",
            source,
            comment.range,
        );
        diagnostic.fix = Some(removal("Remove the comment", comment.removal(source)));
        return Some(diagnostic);
    };
    let is_unused = |name: &str, used: bool| {
        !used && rules.objection(name).is_none() && rules.is_on(&source.path, name)
    };
    let unused: Vec<&comment::Code> = codes
        .iter()
        .filter(|it| is_unused(&it.name, it.is_used))
        .collect();
    let [first, rest @ ..] = unused.as_slice() else {
        return None;
    };
    let is_all = unused.len() == codes.len();
    let names: Vec<String> = unused.iter().map(|it| format!("`{}`", it.name)).collect();
    let range = match rest.last() {
        _ if is_all => comment.range,
        Some(last) => first.range.cover(last.range),
        None => first.range,
    };
    let mut diagnostic = Diagnostic::new(
        UNUSED.name,
        Severity::Warning,
        format!(
            "There is no finding of {} to silence here",
            names.join(", ")
        ),
        source,
        range,
    );
    if is_all {
        diagnostic.fix = Some(removal("Remove the comment", comment.removal(source)));
        return Some(diagnostic);
    }
    let kept: Vec<&str> = codes
        .iter()
        .filter(|it| !is_unused(&it.name, it.is_used))
        .map(|it| it.name.as_str())
        .collect();
    if let (Some(first), Some(last)) = (codes.first(), codes.last()) {
        let list = first.range.cover(last.range);
        diagnostic.fix = Some(Fix {
            title: format!("Remove {}", names.join(", ")),
            applicability: Applicability::Safe,
            edits: vec![Edit::replacement(list, kept.join(", "))],
        });
    }
    Some(diagnostic)
}

fn removal(title: &str, range: TextRange) -> Fix {
    Fix {
        title: title.to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit::replacement(range, "")],
    }
}

#[cfg(test)]
mod tests;
