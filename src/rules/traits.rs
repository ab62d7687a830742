//! Can a target do something? Compares it with the types in `stubs/_proxycheck/traits.pyi`.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, Stmt};
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, SemanticModel};

use super::checker::Checker;
use crate::proxy::model::Proxy;
use crate::proxy::sighting::Sighting;

impl<'db> Checker<'_, 'db> {
    /// The type of a variable of the stub.
    pub(super) fn trait_type(&self, name: &str) -> Option<Type<'db>> {
        let module = self.model.resolve_module(Some("_proxycheck.traits"), 0)?;
        let file = self.db.program_file(module.file(self.db)?);
        let parsed = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let declaration = parsed.suite().iter().find_map(|stmt| match stmt {
            Stmt::AnnAssign(it) if it.target.as_name_expr().is_some_and(|it| it.id == name) => {
                Some(&*it.target)
            }
            _ => None,
        })?;
        declaration.inferred_type(&SemanticModel::new(self.db, file))
    }

    /// Whether a known target is certainly not of a type: what is said of nothing, of anything, or of all
    /// objects tells nothing.
    pub(super) fn lacks(&self, proxy: &Proxy<'db>, wanted: Type<'db>) -> bool {
        !proxy.target.is_empty()
            && !proxy.target.iter().any(|it| self.is_vague(*it))
            && !proxy
                .target
                .iter()
                .any(|it| it.is_assignable_to(self.db, self.env(), wanted))
    }

    /// Whether no target has a method, for certain.
    pub(super) fn all_lack(&self, sighting: &Sighting<'db>, method: &str) -> bool {
        self.trait_type(method)
            .is_some_and(|wanted| sighting.proxies.iter().all(|it| self.lacks(it, wanted)))
    }

    /// Whether a target can be of a type: it is, or it is declared as something more general.
    pub(super) fn may_be(&self, proxy: &Proxy<'db>, wanted: Type<'db>) -> bool {
        proxy.target.iter().all(|it| {
            it.is_assignable_to(self.db, self.env(), wanted)
                || wanted.is_assignable_to(self.db, self.env(), *it)
        })
    }

    fn is_vague(&self, target: Type<'db>) -> bool {
        matches!(target, Type::Dynamic(_) | Type::TypeVar(_))
            || target.display(self.db, self.env()).to_string() == "object"
    }
}

/// Whether an expression is a string, and which one.
pub(super) fn string(expr: &Expr) -> Option<&str> {
    expr.as_string_literal_expr().map(|it| it.value.to_str())
}
