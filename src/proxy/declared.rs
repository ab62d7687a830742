//! Where a proxy comes from, for people.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprCall, ExprRef};
use ruff_text_size::Ranged;
use ty_python_core::definition::{DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_semantic::{
    HasType, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_attribute,
    definitions_for_name,
};

use super::display::MARK;
use super::model::print;
use super::repair::unwrapped;
use crate::db::ProxyDb;

/// Where the variable or attribute that `expr` names was declared or first assigned, and what it is.
pub(crate) fn declaration<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<(FileRange, String)> {
    let expr = unwrapped(expr);
    let name = match expr {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return None,
    };
    let definitions = definitions(model, expr.into());
    let [definition] = definitions.as_slice() else {
        return None;
    };
    let place = definition.focus_range(db);
    let printed = print(db, &model.program_environment(), expr.inferred_type(model)?);
    (place.range() != expr.range())
        .then(|| (place, format!("`{name}` is {}", with_article(&printed))))
}

/// Whether the default of a parameter, or the declared value of a variable or an attribute, is `None`.
pub(crate) fn starts_as_none<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> bool {
    definitions(model, unwrapped(expr).into())
        .iter()
        .filter_map(ResolvedDefinition::definition)
        .any(|it| {
            let module = parsed_module(db, it.python_file(db)).load(db);
            let value = match it.kind(db) {
                DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(it)) => {
                    it.node(&module).default.as_deref()
                }
                DefinitionKind::AnnotatedAssignment(it) => it.value(&module),
                DefinitionKind::Assignment(it) => Some(it.value(&module)),
                _ => None,
            };
            value.is_some_and(Expr::is_none_literal_expr)
        })
}

/// Whether an expression is a call of some kind, or a variable that such a call is assigned to.
pub(crate) fn comes_from_call<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
    is_wanted: impl Fn(&ExprCall) -> bool,
) -> bool {
    let expr = unwrapped(expr);
    if let Expr::Call(call) = expr {
        return is_wanted(call);
    }
    definitions(model, expr.into())
        .iter()
        .filter_map(ResolvedDefinition::definition)
        .any(|it| {
            let module = parsed_module(db, it.python_file(db)).load(db);
            let value = match it.kind(db) {
                DefinitionKind::AnnotatedAssignment(it) => it.value(&module),
                DefinitionKind::Assignment(it) => Some(it.value(&module)),
                DefinitionKind::NamedExpression(it) => Some(&*it.node(&module).value),
                _ => None,
            };
            let call = value.map(unwrapped).and_then(Expr::as_call_expr);
            call.is_some_and(&is_wanted)
        })
}

/// What a variable or an attribute may be; nothing for other expressions.
pub(crate) fn definitions<'db>(
    model: &SemanticModel<'db>,
    expr: ExprRef<'_>,
) -> Vec<ResolvedDefinition<'db>> {
    match expr {
        ExprRef::Name(name) => {
            let resolution = ImportAliasResolution::ResolveAliases;
            definitions_for_name(model, name.id.as_str(), name.into(), resolution)
        }
        ExprRef::Attribute(attribute) => definitions_for_attribute(model, attribute),
        _ => Vec::new(),
    }
}

/// A printed type with its article.
pub(crate) fn with_article(printed: &str) -> String {
    let is_vowel = |it: char| matches!(it, 'a' | 'e' | 'i' | 'o' | 'A' | 'E' | 'I' | 'O');
    let article = if printed.trim_start_matches(MARK).starts_with(is_vowel) {
        "an"
    } else {
        "a"
    };
    format!("{article} `{printed}`")
}
