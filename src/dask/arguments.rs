//! What tasks get for their arguments: Dask puts values in the place of futures.

use std::sync::Arc;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ty_python_core::ProgramFile;
use ty_python_semantic::{HasType, SemanticModel};

use super::task::TaskCall;
use crate::db::ProxyDb;
use crate::proxy::edit::Repair;
use crate::proxy::repair::{is_wrapped_in, wrapped};
use crate::proxy::returns;

/// The edits that keep the type of what a task gets beside that of what is passed, in no order.
#[salsa::tracked(returns(clone))]
pub(crate) fn task_arguments<'db>(db: &'db dyn ProxyDb, file: ProgramFile<'db>) -> Arc<[Repair]> {
    let module = parsed_module(db, file.python_file(db)).load(db);
    let mut finder = Finder {
        db,
        model: SemanticModel::new(db, file),
        repairs: Vec::new(),
    };
    finder.visit_body(module.suite());
    finder.repairs.into()
}

struct Finder<'db> {
    db: &'db dyn ProxyDb,
    model: SemanticModel<'db>,
    repairs: Vec<Repair>,
}

impl Finder<'_> {
    fn visit_call(&mut self, call: &ExprCall) {
        let mut arguments = call.arguments.iter_source_order();
        if !arguments.any(|it| self.holds_futures(it.value())) {
            return;
        }
        let Some(task) = TaskCall::of(self.db, &self.model, call) else {
            return;
        };
        if !task.may_unwrap_futures() {
            return;
        }
        let keywords = task.keywords.iter().map(|it| &it.value);
        for argument in task.positional.iter().copied().chain(keywords) {
            if !argument.is_starred_expr()
                && self.holds_futures(argument)
                && !is_wrapped_in(argument, "Ztask_argument")
            {
                self.repairs.extend(wrapped(argument, "Ztask_argument(("));
            }
        }
    }

    fn holds_futures(&self, expr: &Expr) -> bool {
        expr.inferred_type(&self.model).is_some_and(|ty| {
            let env = self.model.program_environment();
            let printed = ty.display(self.db, &env).to_string();
            printed.contains("Future[") || printed.contains("Delayed[")
        })
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Finder<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if !stmt.as_class_def_stmt().is_some_and(returns::is_twin) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::Call(call) = expr {
            self.visit_call(call);
        }
        walk_expr(self, expr);
    }
}
