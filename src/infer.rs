//! The types in one file, inferred on all threads.

use rayon::prelude::*;
use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ty_python_semantic::{Db as _, HasType as _, SemanticModel};

use crate::db::{Db, caught};

/// Infers what one thread alone would infer later, a function after the other. For many files at once
/// there is nothing to be gained.
pub(crate) fn infer_in_parallel(db: &Db, file: File) {
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let mut samples = Samples::default();
    samples.visit_body(module.suite());
    samples
        .found
        .into_par_iter()
        .for_each_with(db.clone(), |db, expr| {
            // What goes wrong does so again where it is reported.
            let _ = caught(|| {
                let model = SemanticModel::new(db, program_file);
                expr.inferred_type(&model);
            });
        });
}

/// An expression of each function that is not in another one. Its type is inferred together with all
/// others of the function.
#[derive(Default)]
struct Samples<'a> {
    found: Vec<&'a Expr>,
}

impl<'a> SourceOrderVisitor<'a> for Samples<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.found.extend(sample(function)),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _expr: &'a Expr) {}
}

fn sample(function: &StmtFunctionDef) -> Option<&Expr> {
    struct First<'a>(Option<&'a Expr>);

    impl<'a> SourceOrderVisitor<'a> for First<'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            // What is in an inner function is not of this one.
            if self.0.is_none() && !stmt.is_function_def_stmt() && !stmt.is_class_def_stmt() {
                walk_stmt(self, stmt);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 = self.0.or(Some(expr));
        }

        fn visit_annotation(&mut self, _expr: &'a Expr) {}
    }

    let mut first = First(None);
    first.visit_body(&function.body);
    first.0
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;
    use ruff_text_size::Ranged as _;

    use super::*;

    #[test]
    fn each_function_has_a_sample() {
        let text = "\
def f(x=0):
    def inner():
        return 1
    if 2:
        return 3
class A:
    y: int = 4
    def g(self): return 5
    async def h(self):
        pass
";
        let parsed = parse_module(text).unwrap();
        let mut samples = Samples::default();
        samples.visit_body(&parsed.syntax().body);
        let found: Vec<&str> = samples.found.iter().map(|it| &text[it.range()]).collect();
        assert_eq!(found, ["2", "5"]);
    }
}
