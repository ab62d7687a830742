//! Where the members of a proxy's target are defined.

use ruff_db::files::FileRange;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{Expr, ExprAttribute, Stmt, StmtClassDef};
use ruff_text_size::{Ranged as _, TextRange};
use ty_python_semantic::types::Type;
use ty_python_semantic::{
    HasDefinition as _, ResolvedDefinition, SemanticModel, definitions_for_attribute,
};

use crate::db::Db;
use crate::proxy::class::mro;
use crate::proxy::model::Proxiness;
use crate::proxy::repair::unwrapped;

/// The definitions of the attribute `name` of an expression; where that is a proxy, those of its target.
pub(super) fn definitions_of_member<'db>(
    db: &'db Db,
    model: &SemanticModel<'db>,
    attribute: &ExprAttribute,
) -> Vec<ResolvedDefinition<'db>> {
    let found = definitions_for_attribute(model, attribute);
    if !found.is_empty() {
        return found;
    }
    let receiver = Proxiness::of_expr(db, model, unwrapped(&attribute.value));
    let targets = receiver.proxies.iter().flat_map(|it| &it.target);
    targets
        .copied()
        .chain(receiver.others.iter().copied())
        .flat_map(|target| in_class(db, model, target, &attribute.attr))
        .collect()
}

/// What the class of `ty` or the first of its bases that knows `name` says of it.
fn in_class<'db>(
    db: &'db Db,
    model: &SemanticModel<'db>,
    ty: Type<'db>,
    name: &str,
) -> Vec<ResolvedDefinition<'db>> {
    let look = |model: &SemanticModel<'db>, class: &StmtClassDef| {
        let mut members = Members {
            name,
            model,
            functions: 0,
            found: Vec::new(),
            assigned: Vec::new(),
        };
        members.visit_body(&class.body);
        if members.found.is_empty() {
            let first = members.assigned.first();
            members.found.extend(first.map(|range| at(model, *range)));
        }
        members.found
    };
    mro(db, &model.program_environment(), ty)
        .into_iter()
        .filter_map(|it| it.inspect(db, look))
        .find(|it| !it.is_empty())
        .unwrap_or_default()
}

fn at<'db>(model: &SemanticModel<'db>, range: TextRange) -> ResolvedDefinition<'db> {
    ResolvedDefinition::FileWithRange(FileRange::new(model.file(), range))
}

/// Looks for what defines a member in the body of a class.
struct Members<'a, 'db> {
    name: &'a str,
    model: &'a SemanticModel<'db>,
    /// How many functions there are around.
    functions: usize,
    found: Vec<ResolvedDefinition<'db>>,
    /// Assignments to the attribute of an object, in methods.
    assigned: Vec<TextRange>,
}

impl Members<'_, '_> {
    fn assignment(&mut self, target: &Expr) {
        match target {
            Expr::Name(it) if self.functions == 0 && it.id == self.name => {
                self.found.push(at(self.model, it.range()));
            }
            Expr::Attribute(it)
                if self.functions == 1 && *it.attr == *self.name && it.value.is_name_expr() =>
            {
                self.assigned.push(it.attr.range());
            }
            Expr::Tuple(it) => it.elts.iter().for_each(|it| self.assignment(it)),
            _ => {}
        }
    }
}

impl<'a> SourceOrderVisitor<'a> for Members<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(it) => {
                if self.functions == 0 && *it.name == *self.name {
                    let definition = it.definition(self.model);
                    self.found.push(ResolvedDefinition::Definition(definition));
                }
                self.functions += 1;
                walk_stmt(self, stmt);
                self.functions -= 1;
            }
            Stmt::ClassDef(it) => {
                if self.functions == 0 && *it.name == *self.name {
                    let definition = it.definition(self.model);
                    self.found.push(ResolvedDefinition::Definition(definition));
                }
            }
            Stmt::Assign(it) => it.targets.iter().for_each(|it| self.assignment(it)),
            Stmt::AnnAssign(it) => self.assignment(&it.target),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _expr: &'a Expr) {}
}

/// The member of a proxy as one of its target: `Proxy[Model].predict(…)` becomes `Model.predict(…)`.
pub(super) fn of_target(printed: &str, name: &str) -> String {
    let printed = printed.strip_prefix("bound method ").unwrap_or(printed);
    let member = format!("].{name}(");
    if let Some(at) = printed.find(&member)
        && let Some(open) = printed[..at].find("Proxy[")
        && printed[..open].chars().all(char::is_alphanumeric)
    {
        let target = &printed[open + "Proxy[".len()..at];
        return format!("{target}{}", &printed[at + 1..]);
    }
    printed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::of_target;

    #[test]
    fn members_are_those_of_the_target() {
        let check = |printed: &str, expected: &str| assert_eq!(of_target(printed, "f"), expected);
        check(
            "bound method Proxy[A[int]].f(x: int) -> str",
            "A[int].f(x: int) -> str",
        );
        check("bound method OwnedProxy[A].f() -> A", "A.f() -> A");
        check(
            "bound method A.f(p: Proxy[A]) -> A",
            "A.f(p: Proxy[A]) -> A",
        );
        check("int", "int");
    }
}
