//! What the editor shows in the text.

use lsp_types as lt;

use super::{Answer, Context};
use crate::backend::{HintKind, Snapshot};

pub fn inlay_hints<S: Snapshot>(
    context: &Context<S>,
    params: lt::InlayHintParams,
) -> Answer<Option<Vec<lt::InlayHint>>> {
    let uri = params.text_document.uri;
    let Some((path, file)) = context.file_of(&uri)? else {
        return Ok(None);
    };
    let Some(range) = file.offsets(&uri, params.range) else {
        return Ok(None);
    };
    let options = &context.view.options;
    if !options.type_hints && !options.resolve_hints {
        return Ok(Some(Vec::new()));
    }
    let mut hints = Vec::new();
    for hint in context.snapshot.inlay_hints(&path, range)? {
        let is_wanted = match hint.kind {
            HintKind::Type => options.type_hints,
            HintKind::Resolve => options.resolve_hints,
        };
        let position = file.range_in(&uri, hint.offset..hint.offset);
        if let (true, Some(position)) = (is_wanted, position) {
            hints.push(lt::InlayHint {
                position: position.start,
                label: hint.label.into(),
                kind: (hint.kind == HintKind::Type).then_some(lt::InlayHintKind::Type),
                text_edits: None,
                tooltip: hint.tooltip.map(Into::into),
                padding_left: Some(hint.kind == HintKind::Resolve),
                padding_right: None,
                data: None,
            });
        }
    }
    Ok(Some(hints))
}

pub fn tokens<S: Snapshot>(
    context: &Context<S>,
    params: lt::SemanticTokensParams,
) -> Answer<Option<lt::SemanticTokens>> {
    semantic_tokens(context, &params.text_document.uri, None)
}

pub fn tokens_in_range<S: Snapshot>(
    context: &Context<S>,
    params: lt::SemanticTokensRangeParams,
) -> Answer<Option<lt::SemanticTokens>> {
    semantic_tokens(context, &params.text_document.uri, Some(params.range))
}

/// Each token is relative to the one before.
fn semantic_tokens<S: Snapshot>(
    context: &Context<S>,
    uri: &lt::Uri,
    range: Option<lt::Range>,
) -> Answer<Option<lt::SemanticTokens>> {
    let mut tokens = lt::SemanticTokens {
        result_id: None,
        data: Vec::new(),
    };
    if !context.view.options.semantic_tokens {
        return Ok(Some(tokens));
    }
    let Some((path, file)) = context.file_of(uri)? else {
        return Ok(None);
    };
    let span = match range {
        Some(range) => file.offsets(uri, range),
        None => file.span(uri),
    };
    let Some(span) = span else {
        return Ok(None);
    };
    let mut last = lt::Position::new(0, 0);
    for proxy in context.snapshot.proxies(&path, span)? {
        for line in file.lines_in(uri, proxy) {
            let start = line.start;
            let delta_line = start.line - last.line;
            tokens.data.push(lt::SemanticToken {
                delta_line,
                delta_start: if delta_line == 0 {
                    start.character - last.character
                } else {
                    start.character
                },
                length: line.end.character - start.character,
                token_type: 0,
                token_modifiers_bitset: 1,
            });
            last = start;
        }
    }
    Ok(Some(tokens))
}
