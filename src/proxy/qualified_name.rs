//! The full name of a function, method or class, as its stub or source defines it.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
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

/// The full names of the class of `ty` and of all classes that it inherits from.
pub(crate) fn ancestors<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        let Some(place) = ty.definition(db, env).and_then(|it| it.focus_range(db)) else {
            continue;
        };
        let Some(name) = name_at(db, place).filter(|it| !found.contains(it)) else {
            continue;
        };
        found.push(name);
        let file = db.program_file(place.file());
        let parsed = parsed_module(db, file.python_file(db)).load(db);
        let covering = covering_node(AnyNodeRef::from(parsed.syntax()), place.range());
        if let Some(AnyNodeRef::StmtClassDef(class)) =
            covering.ancestors().find(|it| it.is_stmt_class_def())
        {
            let model = SemanticModel::new(db, file);
            open.extend(
                class
                    .bases()
                    .iter()
                    .filter_map(|it| it.inferred_type(&model)),
            );
        }
    }
    found
}

/// The declared type of a field of a class, which may be inherited.
pub(crate) fn field<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    class: Type<'db>,
    name: &str,
) -> Option<Type<'db>> {
    fields(db, env, class)
        .into_iter()
        .find(|(it, _)| it == name)
        .map(|(_, ty)| ty)
}

/// The fields that a class and its bases declare, the class's own first.
pub(crate) fn fields<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    class: Type<'db>,
) -> Vec<(String, Type<'db>)> {
    let mut found = Vec::new();
    let mut open = vec![class];
    let mut seen = Vec::new();
    while let Some(ty) = open.pop() {
        let Some(place) = ty.definition(db, env).and_then(|it| it.focus_range(db)) else {
            continue;
        };
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        let file = db.program_file(place.file());
        let parsed = parsed_module(db, file.python_file(db)).load(db);
        let covering = covering_node(AnyNodeRef::from(parsed.syntax()), place.range());
        let Some(AnyNodeRef::StmtClassDef(class)) =
            covering.ancestors().find(|it| it.is_stmt_class_def())
        else {
            continue;
        };
        let model = SemanticModel::new(db, file);
        for statement in &class.body {
            if let Stmt::AnnAssign(it) = statement
                && let Expr::Name(name) = &*it.target
                && let Some(ty) = it.annotation.inferred_type(&model)
            {
                found.push((name.id.to_string(), ty));
            }
        }
        open.extend(
            class
                .bases()
                .iter()
                .filter_map(|it| it.inferred_type(&model)),
        );
    }
    found
}
