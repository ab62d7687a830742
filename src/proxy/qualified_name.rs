//! The full name of a function, method or class, as its stub or source defines it.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr};
use ruff_text_size::Ranged as _;
use ty_module_resolver::file_to_module;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, ProgramEnvironment, SemanticModel, definitions_for_attribute};

use crate::db::ProxyDb;

/// For example `json.dumps`, `builtins.str.join` or `_io.StringIO`.
pub(crate) fn qualified_name<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Option<String> {
    name_at(db, ty.definition(db, env)?.focus_range(db)?)
}

/// The full name of what an expression names; a method of a literal has a type without a name.
pub(crate) fn qualified_name_of<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<String> {
    // The type of some methods of a literal is a class of its own.
    let definition = expr
        .as_attribute_expr()
        .and_then(|it| definitions_for_attribute(model, it).into_iter().next());
    match definition {
        Some(definition) => name_at(db, definition.focus_range(db)),
        None => qualified_name(db, &model.program_environment(), expr.inferred_type(model)?),
    }
}

pub(crate) fn name_at(db: &dyn ProxyDb, place: FileRange) -> Option<String> {
    let file = db.program_file(place.file());
    let module = file_to_module(db, file.resolver_file(db))?;
    let parsed = parsed_module(db, file.python_file(db)).load(db);
    let mut names = vec![module.name(db).to_string()];
    let root = AnyNodeRef::from(parsed.syntax());
    let covering = covering_node(root, place.range());
    for node in covering.ancestors().rev() {
        match node {
            AnyNodeRef::StmtClassDef(it) => names.push(it.name.to_string()),
            AnyNodeRef::StmtFunctionDef(it) => names.push(it.name.to_string()),
            // A variable that holds a function: `zeros: Final[_Constructor]`.
            AnyNodeRef::ExprName(it) => names.push(it.id.to_string()),
            _ => {}
        }
    }
    Some(names.join("."))
}
