//! Where else something is, and what it is called there.

use lsp_types as lt;
use serde_json::{Value, json};

use super::{Answer, Context, Failure};
use crate::backend::{ReferenceKind, Snapshot, Target};

pub fn definition<S: Snapshot>(
    context: &Context<S>,
    params: lt::DefinitionParams,
) -> Answer<Option<Value>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let found = context.snapshot.definition(&place.path, place.offset)?;
    targets(context, &place, found, context.view.client.definition_links)
}

pub fn type_definition<S: Snapshot>(
    context: &Context<S>,
    params: lt::TypeDefinitionParams,
) -> Answer<Option<Value>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let found = context
        .snapshot
        .type_definition(&place.path, place.offset)?;
    targets(
        context,
        &place,
        found,
        context.view.client.type_definition_links,
    )
}

fn targets<S: Snapshot>(
    context: &Context<S>,
    place: &super::Place,
    found: Vec<Target>,
    with_links: bool,
) -> Answer<Option<Value>> {
    let mut results = Vec::new();
    for target in found {
        let focus = context.location(&target.path, target.focus)?;
        let whole = context.location(&target.path, target.range)?;
        let (Some(focus), Some(whole)) = (focus, whole) else {
            continue;
        };
        results.push(if with_links {
            json!(lt::LocationLink {
                origin_selection_range: place.file.range_in(&place.uri, target.origin),
                target_uri: focus.uri,
                target_range: whole.range,
                target_selection_range: focus.range,
            })
        } else {
            json!(focus)
        });
    }
    Ok((!results.is_empty()).then(|| json!(results)))
}

pub fn references<S: Snapshot>(
    context: &Context<S>,
    params: lt::ReferenceParams,
) -> Answer<Option<Vec<lt::Location>>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let mut locations = Vec::new();
    for reference in context.snapshot.references(&place.path, place.offset)? {
        if reference.kind == ReferenceKind::Definition && !params.context.include_declaration {
            continue;
        }
        locations.extend(context.location(&reference.path, reference.range)?);
    }
    Ok(Some(locations))
}

pub fn highlights<S: Snapshot>(
    context: &Context<S>,
    params: lt::DocumentHighlightParams,
) -> Answer<Option<Vec<lt::DocumentHighlight>>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let found = context.snapshot.highlights(&place.path, place.offset)?;
    let highlights = found.into_iter().filter_map(|reference| {
        Some(lt::DocumentHighlight {
            range: place.file.range_in(&place.uri, reference.range)?,
            kind: Some(match reference.kind {
                ReferenceKind::Read => lt::DocumentHighlightKind::Read,
                ReferenceKind::Definition | ReferenceKind::Write => {
                    lt::DocumentHighlightKind::Write
                }
            }),
        })
    });
    Ok(Some(highlights.collect()))
}

pub fn prepare_rename<S: Snapshot>(
    context: &Context<S>,
    params: lt::PrepareRenameParams,
) -> Answer<Option<lt::Range>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let name = context.snapshot.prepare_rename(&place.path, place.offset)?;
    let name = name.map_err(Failure::refused)?;
    Ok(place.file.range_in(&place.uri, name))
}

pub fn rename<S: Snapshot>(
    context: &Context<S>,
    params: lt::RenameParams,
) -> Answer<Option<lt::WorkspaceEdit>> {
    let Some(place) = context.place(params.text_document_position_params)? else {
        return Ok(None);
    };
    let snapshot = &context.snapshot;
    let edits = snapshot.rename(&place.path, place.offset, &params.new_name)?;
    let edits = edits.map_err(Failure::refused)?;
    let edits = context.text_edits(&edits)?.map_err(Failure::refused)?;
    Ok(Some(context.workspace_edit(edits)))
}
