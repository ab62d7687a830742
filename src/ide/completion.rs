//! The members of a proxy's target.

use proxycheck_lsp as lsp;
use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_text_size::{Ranged as _, TextSize};
use ty_python_semantic::types::Type;
use ty_python_semantic::{NameKind, definitions_for_attribute};

use super::hover::documentation as documentation_of;
use super::navigation::attribute_at;
use super::question::Question;
use crate::proxy::model::{Proxiness, print};
use crate::proxy::repair::unwrapped;

/// What can be written behind the dot of `p.`, where `p` is or may be a proxy.
pub(super) fn completions(question: &Question, offset: usize) -> Vec<lsp::Completion> {
    let module = question.module();
    let at = question.offset(offset);
    let Some(attribute) = attribute_at(&module, at) else {
        return Vec::new();
    };
    let model = question.model();
    let db = &question.view.db;
    let is_proxy = question.sighting(&model, &attribute.value).is_some()
        || Proxiness::of_expr(db, &model, unwrapped(&attribute.value)).is_possible();
    if !is_proxy {
        return Vec::new();
    }
    let replaces = replaced(question, attribute, at).unwrap_or(offset..offset);
    let env = model.program_environment();
    let mut found: Vec<lsp::Completion> = model
        .attribute_completions(attribute)
        .into_iter()
        .filter(|it| !it.is_type_check_only)
        .map(|member| {
            let label = member.name.to_string();
            lsp::Completion {
                kind: kind(&label, member.ty.as_ref()),
                detail: member.ty.map(|ty| {
                    let printed = print(db, &env, ty);
                    let printed = printed.strip_prefix("bound method ").unwrap_or(&printed);
                    printed.strip_prefix("def ").unwrap_or(printed).to_owned()
                }),
                replaces: replaces.clone(),
                is_deprecated: false,
                rank: match NameKind::classify(&label) {
                    NameKind::Normal => 0,
                    NameKind::Sunder => 1,
                    NameKind::Dunder => 2,
                },
                label,
            }
        })
        .collect();
    found.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    found
}

/// The part of the name that is written already, in the user's text.
fn replaced(
    question: &Question,
    attribute: &ast::ExprAttribute,
    at: TextSize,
) -> Option<std::ops::Range<usize>> {
    let name = attribute.attr.range();
    if name.is_empty() || !name.contains_inclusive(at) {
        return None;
    }
    question.user_range(name)
}

fn kind(name: &str, ty: Option<&Type>) -> lsp::CompletionKind {
    match ty {
        Some(Type::BoundMethod(_) | Type::KnownBoundMethod(_) | Type::FunctionLiteral(_)) => {
            lsp::CompletionKind::Method
        }
        Some(Type::Callable(_)) => lsp::CompletionKind::Function,
        Some(Type::ClassLiteral(_) | Type::GenericAlias(_) | Type::SubclassOf(_)) => {
            lsp::CompletionKind::Class
        }
        Some(Type::ModuleLiteral(_)) => lsp::CompletionKind::Module,
        Some(Type::PropertyInstance(_)) => lsp::CompletionKind::Property,
        _ if name.chars().all(|it| it.is_uppercase() || it == '_') => lsp::CompletionKind::Constant,
        _ => lsp::CompletionKind::Field,
    }
}

/// What the target's class says of a member.
pub(super) fn documentation(question: &Question, offset: usize, label: &str) -> Option<String> {
    let module = question.module();
    let attribute = attribute_at(&module, question.offset(offset))?;
    let model = question.model();
    // Types are found by the index of a node, which a copy keeps.
    let wanted = ast::ExprAttribute {
        attr: ast::Identifier::new(Name::new(label), attribute.attr.range()),
        ..attribute.clone()
    };
    documentation_of(
        &question.view.db,
        &definitions_for_attribute(&model, &wanted),
    )
}
