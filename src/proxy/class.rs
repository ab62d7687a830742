//! Classes as they are written, with what they inherit.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::helpers::map_callable;
use ruff_python_ast::{AnyNodeRef, Decorator, Expr, Stmt, StmtClassDef};
use ruff_text_size::Ranged as _;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType as _, ProgramEnvironment, SemanticModel};

use super::qualified_name::name_at;
use crate::db::ProxyDb;

/// A class statement, by the place of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    place: FileRange,
}

impl Class {
    /// The class of `ty`, or the class that it is.
    pub(crate) fn of<'db>(
        db: &'db dyn ProxyDb,
        env: &ProgramEnvironment<'db>,
        ty: Type<'db>,
    ) -> Option<Self> {
        let place = ty.definition(db, env)?.focus_range(db)?;
        Some(Class { place })
    }

    /// Looks at the statement, with the types of its file.
    pub(crate) fn inspect<'db, R>(
        self,
        db: &'db dyn ProxyDb,
        look: impl FnOnce(&SemanticModel<'db>, &StmtClassDef) -> R,
    ) -> Option<R> {
        let file = db.program_file(self.place.file());
        let module = parsed_module(db, file.python_file(db)).load(db);
        let covering = covering_node(AnyNodeRef::from(module.syntax()), self.place.range());
        match covering.ancestors().find(|it| it.is_stmt_class_def())? {
            AnyNodeRef::StmtClassDef(class) => Some(look(&SemanticModel::new(db, file), class)),
            _ => None,
        }
    }

    fn bases<'db>(self, db: &'db dyn ProxyDb) -> Vec<Type<'db>> {
        let bases = self.inspect(db, |model, class| {
            let bases = class.bases().iter();
            bases.filter_map(|it| it.inferred_type(model)).collect()
        });
        bases.unwrap_or_default()
    }
}

/// Whether a class with this decorator is a dataclass, with or without arguments.
pub(crate) fn makes_dataclass(decorator: &Decorator) -> bool {
    match map_callable(&decorator.expression) {
        Expr::Name(name) => name.id == "dataclass",
        Expr::Attribute(attribute) => &attribute.attr == "dataclass",
        _ => false,
    }
}

/// The class of `ty` and those that it inherits from, in the order in which Python looks for attributes:
/// <https://docs.python.org/3/howto/mro.html>.
pub(crate) fn mro<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Vec<Class> {
    linearization(db, env, ty, &mut Vec::new())
}

fn linearization<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
    open: &mut Vec<Class>,
) -> Vec<Class> {
    let Some(class) = Class::of(db, env, ty) else {
        return Vec::new();
    };
    // A class that inherits from itself.
    if open.contains(&class) {
        return Vec::new();
    }
    open.push(class);
    let bases: Vec<Vec<Class>> = class
        .bases(db)
        .into_iter()
        .map(|it| linearization(db, env, it, open))
        .filter(|it| !it.is_empty())
        .collect();
    open.pop();
    let mut found = vec![class];
    found.extend(merge(bases));
    found
}

/// The first head of a list that is in no tail comes first. Python refuses bases of which there is none;
/// here any is taken.
fn merge<T: Copy + PartialEq>(mut lists: Vec<Vec<T>>) -> Vec<T> {
    let heads: Vec<T> = lists.iter().filter_map(|it| it.first().copied()).collect();
    lists.push(heads);
    let mut merged = Vec::new();
    loop {
        lists.retain(|it| !it.is_empty());
        let heads = lists.iter().map(|it| it[0]);
        let is_next = |head: &T| lists.iter().all(|it| !it[1..].contains(head));
        let Some(next) = heads.clone().find(is_next).or_else(|| heads.clone().next()) else {
            return merged;
        };
        merged.push(next);
        for list in &mut lists {
            list.retain(|it| *it != next);
        }
    }
}

/// The full names of the class of `ty` and of all classes that it inherits from.
pub(crate) fn ancestors<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Vec<String> {
    let classes = mro(db, env, ty).into_iter();
    classes.filter_map(|it| name_at(db, it.place)).collect()
}

/// The declared type of a field of a class, which may be inherited.
pub(crate) fn field<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    class: Type<'db>,
    name: &str,
) -> Option<Type<'db>> {
    let mut fields = fields(db, env, class).into_iter();
    fields.find_map(|(it, ty)| (it == name).then_some(ty))
}

/// The fields that a class and its bases declare, what hides another one first.
pub(crate) fn fields<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    class: Type<'db>,
) -> Vec<(String, Type<'db>)> {
    let classes = mro(db, env, class).into_iter();
    let fields = classes.filter_map(|it| {
        it.inspect(db, |model, class| -> Vec<(String, Type<'db>)> {
            let declarations = class.body.iter().filter_map(Stmt::as_ann_assign_stmt);
            declarations
                .filter_map(|it| match &*it.target {
                    Expr::Name(name) => {
                        Some((name.id.to_string(), it.annotation.inferred_type(model)?))
                    }
                    _ => None,
                })
                .collect()
        })
    });
    fields.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn a_base_comes_after_all_that_inherit_from_it() {
        // `class D(B, C)`, where B and C inherit from A.
        assert_eq!(merge(vec![vec!['B', 'A'], vec!['C', 'A']]), ['B', 'C', 'A']);
        // The order of bases counts before their depth.
        let deep = vec![vec!['B', 'X'], vec!['C']];
        assert_eq!(merge(deep), ['B', 'X', 'C']);
        assert!(merge::<char>(Vec::new()).is_empty());
    }

    #[test]
    fn bases_without_an_order_have_some() {
        let found = merge(vec![vec!['A', 'B'], vec!['B', 'A']]);
        assert_eq!(found, ['A', 'B']);
    }
}
