//! Where a proxy comes from, for people.

use ruff_db::files::FileRange;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;
use ty_python_semantic::{
    HasType, ImportAliasResolution, SemanticModel, definitions_for_attribute, definitions_for_name,
};

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
    let (name, definitions) = match expr {
        Expr::Name(name) => {
            let resolution = ImportAliasResolution::ResolveAliases;
            (
                name.id.to_string(),
                definitions_for_name(model, name.id.as_str(), name.into(), resolution),
            )
        }
        Expr::Attribute(attribute) => (
            attribute.attr.to_string(),
            definitions_for_attribute(model, attribute),
        ),
        _ => return None,
    };
    let [definition] = definitions.as_slice() else {
        return None;
    };
    let place = definition.focus_range(db);
    let printed = print(db, &model.program_environment(), expr.inferred_type(model)?);
    (place.range() != expr.range())
        .then(|| (place, format!("`{name}` is {}", with_article(&printed))))
}

/// A printed type with its article.
pub(crate) fn with_article(printed: &str) -> String {
    let article = if printed.starts_with('O') { "an" } else { "a" };
    format!("{article} `{printed}`")
}
