//! What is known at the cursor.

use lsp_types as lt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Context, Failure, markup};
use crate::backend::{CompletionKind, Snapshot};

pub fn hover<S: Snapshot>(
    context: &Context<S>,
    params: lt::HoverParams,
) -> Answer<Option<lt::Hover>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let hover = context.snapshot.hover(&place.path, place.offset)?;
    Ok(hover.map(|it| lt::Hover {
        contents: markup(it.markdown, context.view.client.hover_markdown).into(),
        range: place.file.range_in(&place.uri, it.range),
    }))
}

/// What is needed to find the documentation of a completion later.
#[derive(Serialize, Deserialize)]
struct CompletionData {
    uri: lt::Uri,
    position: lt::Position,
}

pub fn completion<S: Snapshot>(
    context: &Context<S>,
    params: lt::CompletionParams,
) -> Answer<Option<Value>> {
    let at = params.text_document_position_params;
    let data = CompletionData {
        uri: at.text_document.uri.clone(),
        position: at.position,
    };
    let Some(place) = context.place(at)? else {
        return Ok(None);
    };
    let client = &context.view.client;
    let mut items = Vec::new();
    for completion in context.snapshot.completions(&place.path, place.offset)? {
        let Some(range) = place.file.range_in(&place.uri, completion.replaces) else {
            continue;
        };
        let mut item = lt::CompletionItem {
            kind: Some(completion_kind(completion.kind)),
            detail: completion.detail,
            sort_text: Some(format!("{:03} {}", completion.rank, completion.label)),
            text_edit: Some(
                lt::TextEdit {
                    range,
                    new_text: completion.label.clone(),
                }
                .into(),
            ),
            data: Some(json!(data)),
            label: completion.label,
            ..Default::default()
        };
        if completion.is_deprecated && client.completion_tags {
            item.tags = Some(vec![lt::CompletionItemTag::Deprecated]);
        }
        items.push(item);
    }
    Ok(Some(json!({ "isIncomplete": false, "items": items })))
}

fn completion_kind(kind: CompletionKind) -> lt::CompletionItemKind {
    match kind {
        CompletionKind::Class => lt::CompletionItemKind::Class,
        CompletionKind::Constant => lt::CompletionItemKind::Constant,
        CompletionKind::Field => lt::CompletionItemKind::Field,
        CompletionKind::Function => lt::CompletionItemKind::Function,
        CompletionKind::Keyword => lt::CompletionItemKind::Keyword,
        CompletionKind::Method => lt::CompletionItemKind::Method,
        CompletionKind::Module => lt::CompletionItemKind::Module,
        CompletionKind::Property => lt::CompletionItemKind::Property,
        CompletionKind::Variable => lt::CompletionItemKind::Variable,
    }
}

pub fn resolve_completion<S: Snapshot>(
    context: &Context<S>,
    mut item: lt::CompletionItem,
) -> Answer<lt::CompletionItem> {
    let Some(data) = &item.data else {
        return Ok(item);
    };
    let data: CompletionData = serde_json::from_value(data.clone()).map_err(Failure::invalid)?;
    let place = context.place(lt::TextDocumentPositionParams {
        text_document: lt::TextDocumentIdentifier { uri: data.uri },
        position: data.position,
    })?;
    if let Some(place) = place {
        let snapshot = &context.snapshot;
        let text = snapshot.completion_documentation(&place.path, place.offset, &item.label)?;
        let is_markdown = context.view.client.completion_markdown;
        item.documentation = text.map(|it| markup(it, is_markdown).into());
    }
    Ok(item)
}

pub fn signature_help<S: Snapshot>(
    context: &Context<S>,
    params: lt::SignatureHelpParams,
) -> Answer<Option<Value>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let Some(help) = context.snapshot.signature_help(&place.path, place.offset)? else {
        return Ok(None);
    };
    let client = &context.view.client;
    let documentation =
        |text: Option<String>| text.map(|it| json!(markup(it, client.signature_markdown)));
    // Without a parameter to point at, clients that cannot be told so point at the first.
    let active = |parameter: Option<usize>| match parameter {
        None if !client.no_active_parameter => None,
        parameter => Some(json!(parameter)),
    };
    let mut active_parameter = None;
    let mut signatures = Vec::new();
    for (index, signature) in help.signatures.into_iter().enumerate() {
        let label = signature.label;
        let parameters = signature.parameters.into_iter().map(|it| {
            let text = |end: usize| label.get(..end).unwrap_or(&label);
            let mut parameter = if client.label_offsets {
                // Always UTF-16, whatever positions are.
                let units = |end: usize| text(end).encode_utf16().count();
                json!({ "label": [units(it.range.start), units(it.range.end)] })
            } else {
                json!({ "label": label.get(it.range).unwrap_or_default() })
            };
            if let Some(text) = documentation(it.documentation) {
                parameter["documentation"] = text;
            }
            parameter
        });
        let parameters: Vec<_> = parameters.collect();
        let mut result = json!({ "label": label, "parameters": parameters });
        if let Some(text) = documentation(signature.documentation) {
            result["documentation"] = text;
        }
        if let Some(parameter) = active(signature.active) {
            if index == help.active {
                active_parameter = Some(parameter.clone());
            }
            if client.active_parameter {
                result["activeParameter"] = parameter;
            }
        }
        signatures.push(result);
    }
    let mut result = json!({ "signatures": signatures, "activeSignature": help.active });
    if let Some(parameter) = active_parameter {
        result["activeParameter"] = parameter;
    }
    Ok(Some(result))
}
