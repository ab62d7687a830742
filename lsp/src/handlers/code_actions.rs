//! What can be done.

use lsp_types as lt;
use serde_json::{Value, json};

use super::diagnostics::{FixData, SOURCE};
use super::{Answer, Context};
use crate::backend::{Action, ActionKind, Effect, FileEdits, Snapshot};
use crate::capabilities::{FIX_ALL, SHOW_RULE};

pub fn code_actions<S: Snapshot>(
    context: &Context<S>,
    params: lt::CodeActionParams,
) -> Answer<Option<Vec<lt::CodeAction>>> {
    let uri = params.text_document.uri;
    let Some((path, file)) = context.file_of(&uri)? else {
        return Ok(None);
    };
    let Some(range) = file.offsets(&uri, params.range) else {
        return Ok(None);
    };
    if !context.view.client.code_action_literals {
        return Ok(None);
    }
    let only = params.context.only.as_deref();
    let ours: Vec<_> = params
        .context
        .diagnostics
        .into_iter()
        .filter(|it| it.source.as_deref() == Some(SOURCE))
        .collect();

    let mut results: Vec<lt::CodeAction> = Vec::new();
    if is_wanted("quickfix", only) || is_wanted("refactor.rewrite", only) {
        for action in context.snapshot.actions(&path, range)? {
            let kind = match action.kind {
                ActionKind::QuickFix => "quickfix",
                ActionKind::Rewrite => "refactor.rewrite",
            };
            if is_wanted(kind, only) {
                let remedied = ours.iter().filter(|it| {
                    let place = |range| file.range_in(&uri, range);
                    let is_it = |(rule, range): &(String, std::ops::Range<usize>)| {
                        code(it) == Some(rule) && place(range.clone()) == Some(it.range)
                    };
                    action.remedies.iter().any(is_it)
                });
                let remedied = remedied.cloned().collect();
                results.extend(code_action(context, action, kind.into(), remedied)?);
            }
        }
    }
    if is_wanted("quickfix", only) {
        for diagnostic in &ours {
            let Some(fix) = fix_data(diagnostic) else {
                continue;
            };
            let Some(edits) = fix.text_edits(context)? else {
                continue;
            };
            let edit = context.workspace_edit(edits);
            // The analysis usually offers the same.
            if results.iter().all(|it| it.edit.as_ref() != Some(&edit)) {
                results.push(lt::CodeAction {
                    title: fix.title,
                    kind: Some(lt::CodeActionKind::QuickFix),
                    diagnostics: Some(vec![diagnostic.clone()]),
                    is_preferred: fix.is_safe.then_some(true),
                    edit: Some(edit),
                    ..Default::default()
                });
            }
        }
    }
    if is_wanted(FIX_ALL, only) {
        let edits = context.snapshot.fix_all(&path)?;
        if !edits.is_empty()
            && let Ok(edits) = context.text_edits(&[FileEdits { path, edits }])?
        {
            results.push(lt::CodeAction {
                title: "Apply all safe fixes of proxycheck".into(),
                kind: Some(lt::CodeActionKind::Custom(FIX_ALL.into())),
                edit: Some(context.workspace_edit(edits)),
                ..Default::default()
            });
        }
    }
    Ok(Some(results))
}

/// Whether the client asks for actions of a kind: for all, for it, or for a kind that it is part of.
fn is_wanted(kind: &str, only: Option<&[lt::CodeActionKind]>) -> bool {
    let Some(only) = only else {
        return true;
    };
    only.iter().any(|wanted| {
        let wanted = json!(wanted);
        let wanted = wanted.as_str().unwrap_or_default();
        wanted.is_empty()
            || kind
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn code(diagnostic: &lt::Diagnostic) -> Option<&String> {
    match &diagnostic.code {
        Some(lt::Code::String(code)) => Some(code),
        _ => None,
    }
}

fn fix_data(diagnostic: &lt::Diagnostic) -> Option<FixData> {
    // Whatever else a client may have put there is no fix.
    serde_json::from_value(diagnostic.data.clone()?).ok()
}

fn code_action<S: Snapshot>(
    context: &Context<S>,
    action: Action,
    kind: String,
    remedied: Vec<lt::Diagnostic>,
) -> Answer<Option<lt::CodeAction>> {
    let mut result = lt::CodeAction {
        title: action.title.clone(),
        kind: Some(lt::CodeActionKind::Custom(kind.into())),
        diagnostics: (!remedied.is_empty()).then_some(remedied),
        is_preferred: action.is_preferred.then_some(true),
        ..Default::default()
    };
    match action.effect {
        Effect::Edit(files) => match context.text_edits(&files)? {
            Ok(edits) => result.edit = Some(context.workspace_edit(edits)),
            Err(_) => return Ok(None),
        },
        Effect::ShowRule(rule) => {
            result.command = Some(lt::Command {
                title: action.title,
                tooltip: None,
                command: SHOW_RULE.into(),
                arguments: Some(vec![Value::String(rule)]),
            });
        }
    }
    Ok(Some(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_includes_its_parts() {
        let wanted = |kind: &str, only: &str| {
            let only: lt::CodeActionKind = serde_json::from_value(json!(only)).unwrap();
            is_wanted(kind, Some(&[only]))
        };
        assert!(is_wanted("quickfix", None));
        assert!(!is_wanted("quickfix", Some(&[])));
        assert!(wanted("quickfix", ""));
        assert!(wanted(FIX_ALL, "source"));
        assert!(wanted(FIX_ALL, "source.fixAll"));
        assert!(wanted(FIX_ALL, FIX_ALL));
        assert!(!wanted(FIX_ALL, "source.fixAll.ruff"));
        assert!(!wanted("refactor.rewrite", "refactor.re"));
        assert!(!wanted("refactor.rewrite", "quickfix"));
    }
}
