//! The parameters of the call around the cursor, where it concerns proxies.

use proxycheck_lsp as lsp;
use ruff_python_ast::{self as ast, AnyNodeRef, ArgOrKeyword, Expr};
use ruff_text_size::Ranged as _;
use ty_python_semantic::types::ide_support::{
    CallSignatureDetails, call_signature_details, find_active_signature_from_details,
};
use ty_python_semantic::{HasType as _, ResolvedDefinition};

use super::hover::documentation;
use super::question::Question;
use crate::db::is_stub;
use crate::proxy::display;
use crate::proxy::lower;

pub(super) fn signature_help(question: &Question, offset: usize) -> Option<lsp::SignatureHelp> {
    let module = question.module();
    let at = question.offset(offset);
    let range = ruff_text_size::TextRange::empty(at.min(module.syntax().range().end()));
    let covering = ruff_python_ast::find_node::covering_node(module.syntax().into(), range);
    let call = covering.ancestors().find_map(|node| match node {
        AnyNodeRef::ExprCall(call)
            // What was put around something that the user wrote ends at no place of the user's.
            if call.arguments.start() < at
                && at <= call.arguments.end()
                && question.user_range(call.func.range()).is_some() =>
        {
            Some(call)
        }
        _ => None,
    })?;
    if !concerns_proxies(question, call) {
        return None;
    }
    let model = question.model();
    let details = call_signature_details(&model, call);
    let active = find_active_signature_from_details(&details).unwrap_or(0);
    let arguments: Vec<ArgOrKeyword> = call.arguments.iter_source_order().collect();
    let before = arguments.iter().filter(|it| it.value().end() < at).count();
    let name = match &*call.func {
        Expr::Attribute(it) => it.attr.to_string(),
        Expr::Name(it) => it.id.to_string(),
        _ => String::new(),
    };
    let signatures: Vec<lsp::Signature> = details
        .iter()
        .map(|it| signature(question, &name, it, &arguments, before))
        .collect();
    (!signatures.is_empty()).then_some(lsp::SignatureHelp {
        active: active.min(signatures.len() - 1),
        signatures,
    })
}

/// Whether a method is called through a proxy, or the function takes, returns or makes proxies.
fn concerns_proxies(question: &Question, call: &ast::ExprCall) -> bool {
    let model = question.model();
    let db = &question.view.db;
    let env = model.program_environment();
    if let Expr::Attribute(attribute) = &*call.func
        && question.sighting(&model, &attribute.value).is_some()
    {
        return true;
    }
    let Some(ty) = call.func.inferred_type(&model) else {
        return false;
    };
    let is_of_stubs = ty
        .definition(db, &env)
        .and_then(|it| it.focus_range(db))
        .is_some_and(|it| is_stub(db, it.file()));
    is_of_stubs || ty.display(db, &env).to_string().contains("Proxy")
}

fn signature<'db>(
    question: &'db Question,
    name: &str,
    details: &CallSignatureDetails<'db>,
    arguments: &[ArgOrKeyword],
    before: usize,
) -> lsp::Signature {
    let words = |text: &str| display::fold(&lower::restore_names(&display::merge_numbers(text)));
    let mut label = format!("{name}(");
    let mut parameters = Vec::new();
    for (index, parameter) in details.parameters.iter().enumerate() {
        if index > 0 {
            label.push_str(", ");
        }
        let start = label.len();
        label.push_str(&words(&parameter.label));
        parameters.push(lsp::SignatureParameter {
            range: start..label.len(),
            documentation: None,
        });
    }
    label.push(')');
    if let Some((_, returned)) = details.label.rsplit_once(" -> ") {
        label.push_str(" -> ");
        label.push_str(&words(returned));
    }
    let mapping = &details.argument_to_displayed_parameter_mapping;
    let reached = mapping.get(before).copied().flatten();
    let active = reached.or_else(|| {
        // Nothing is written there yet: the parameter behind the last one, unless that takes all.
        let is_keyword = |it: &ArgOrKeyword| matches!(it, ArgOrKeyword::Keyword(_));
        if arguments.iter().take(before).any(is_keyword) {
            return None;
        }
        let last = before
            .checked_sub(1)
            .and_then(|it| mapping.get(it))
            .copied()
            .flatten();
        let next = last.map_or(0, |it| {
            let is_variadic = details.parameters.get(it).is_some_and(|it| it.is_variadic);
            if is_variadic { it } else { it + 1 }
        });
        (next < parameters.len()).then_some(next)
    });
    let definition = details.definition.map(ResolvedDefinition::Definition);
    lsp::Signature {
        label,
        documentation: definition.and_then(|it| documentation(&question.view.db, &[it])),
        parameters,
        active,
    }
}
