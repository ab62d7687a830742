//! What is shown in the text: types of proxies, and where they are resolved.

use std::ops::Range;

use proxycheck_lsp as lsp;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged as _, TextRange};
use rustc_hash::FxHashSet;
use ty_python_semantic::{HasType as _, SemanticModel};

use super::question::Question;
use crate::proxy::model::{Kind, Proxiness, print};
use crate::proxy::repair::unwrapped;

/// Types of variables that are proxies, and marks where a proxy is first resolved.
pub(super) fn inlay_hints(question: &Question, range: &Range<usize>) -> Vec<lsp::InlayHint> {
    let module = question.module();
    let mut hints = Hints {
        question,
        model: question.model(),
        wanted: range,
        found: Vec::new(),
        resolved: vec![FxHashSet::default()],
    };
    hints.visit_body(module.suite());
    hints.found.sort_by_key(|it| it.offset);
    hints.found
}

struct Hints<'a> {
    question: &'a Question,
    model: SemanticModel<'a>,
    wanted: &'a Range<usize>,
    found: Vec<lsp::InlayHint>,
    /// The variables that are resolved for certain, for each function around.
    resolved: Vec<FxHashSet<String>>,
}

impl Hints<'_> {
    fn user_range(&self, range: TextRange) -> Option<Range<usize>> {
        self.question.user_range_in(range, self.wanted)
    }

    /// The type of a variable behind its name.
    fn add_type(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let Some(ty) = target.inferred_type(&self.model) else {
                    return;
                };
                let db = &self.question.view.db;
                let env = self.model.program_environment();
                if !Proxiness::of(db, &env, ty).is_possible() {
                    return;
                }
                let Some(range) = self.user_range(name.range()) else {
                    return;
                };
                self.found.push(lsp::InlayHint {
                    offset: range.end,
                    kind: lsp::HintKind::Type,
                    label: format!(": {}", print(db, &env, ty)),
                    tooltip: None,
                });
            }
            Expr::Tuple(it) => it.elts.iter().for_each(|it| self.add_type(it)),
            Expr::List(it) => it.elts.iter().for_each(|it| self.add_type(it)),
            _ => {}
        }
    }

    /// Marks a proxy that is used as its target, if no use before has resolved it.
    fn add_resolve(&mut self, operand: &Expr) {
        let expr = unwrapped(operand);
        if !matches!(expr, Expr::Name(_) | Expr::Attribute(_)) {
            return;
        }
        let db = &self.question.view.db;
        let proxiness = Proxiness::of_expr(db, &self.model, expr);
        if !proxiness.is_transparent() {
            return;
        }
        let Some(range) = self.user_range(expr.range()) else {
            return;
        };
        let Some(text) = self.question.source.text.get(range.clone()) else {
            return;
        };
        let is_new = self
            .resolved
            .last_mut()
            .is_none_or(|it| it.insert(text.to_owned()));
        if !is_new {
            return;
        }
        let target = match proxiness.proxies.first().map(|it| it.kind) {
            Some(Kind::Owned | Kind::Ref | Kind::RefMut) => "borrowed or owned object",
            _ => "target",
        };
        self.found.push(lsp::InlayHint {
            offset: range.end,
            kind: lsp::HintKind::Resolve,
            label: "⟲".to_owned(),
            tooltip: Some(format!("Resolves `{text}`: the {target} is fetched here")),
        });
    }

    /// Forgets a variable that is assigned to.
    fn assign(&mut self, target: &Expr) {
        if let Some(range) = self.question.user_range(target.range())
            && let Some(text) = self.question.source.text.get(range)
            && let Some(resolved) = self.resolved.last_mut()
        {
            resolved.remove(text);
        }
    }
}

/// Attributes of the proxy itself, which do not resolve it.
fn is_own(name: &str) -> bool {
    name.starts_with("__proxy_") || matches!(name, "__factory__" | "__resolved__")
}

impl<'a> SourceOrderVisitor<'a> for Hints<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {
                self.resolved.push(FxHashSet::default());
                walk_stmt(self, stmt);
                self.resolved.pop();
                return;
            }
            Stmt::Assign(it) => {
                self.visit_expr(&it.value);
                for target in &it.targets {
                    self.add_type(target);
                    self.assign(target);
                    self.visit_expr(target);
                }
                return;
            }
            Stmt::For(it) => {
                self.add_resolve(&it.iter);
                self.add_type(&it.target);
            }
            Stmt::With(it) => {
                for item in &it.items {
                    if let Some(target) = &item.optional_vars {
                        self.add_type(target);
                    }
                }
            }
            Stmt::If(it) => self.add_resolve(&it.test),
            Stmt::While(it) => self.add_resolve(&it.test),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Attribute(it) if it.ctx == ExprContext::Load && !is_own(&it.attr) => {
                self.add_resolve(&it.value);
            }
            Expr::Subscript(it) => self.add_resolve(&it.value),
            Expr::Call(it) => {
                self.add_resolve(&it.func);
                if let (Expr::Name(name), [argument]) = (&*it.func, &*it.arguments.args)
                    && matches!(
                        name.id.as_str(),
                        "len"
                            | "iter"
                            | "list"
                            | "tuple"
                            | "sum"
                            | "sorted"
                            | "abs"
                            | "str"
                            | "bool"
                            | "int"
                            | "float"
                            | "hash"
                            | "next"
                            | "reversed"
                            | "repr"
                    )
                {
                    self.add_resolve(argument);
                }
            }
            Expr::BinOp(it) => {
                self.add_resolve(&it.left);
                self.add_resolve(&it.right);
            }
            Expr::UnaryOp(it) => self.add_resolve(&it.operand),
            Expr::Compare(it) => {
                let is_identity =
                    |op: &ast::CmpOp| matches!(op, ast::CmpOp::Is | ast::CmpOp::IsNot);
                if !it.ops.iter().any(is_identity) {
                    self.add_resolve(&it.left);
                    it.comparators.iter().for_each(|it| self.add_resolve(it));
                }
            }
            Expr::Named(it) => self.add_type(&it.target),
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_annotation(&mut self, _annotation: &'a Expr) {}
}

/// The variables that are proxies.
pub(super) fn proxies(question: &Question, range: &Range<usize>) -> Vec<Range<usize>> {
    struct Find<'a> {
        question: &'a Question,
        model: SemanticModel<'a>,
        wanted: &'a Range<usize>,
        found: Vec<Range<usize>>,
    }
    impl<'a> SourceOrderVisitor<'a> for Find<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(name) = expr
                && let Some(range) = self.question.user_range_in(name.range(), self.wanted)
                && Proxiness::of_expr(&self.question.view.db, &self.model, expr).is_certain()
            {
                self.found.push(range);
            }
            walk_expr(self, expr);
        }

        fn visit_annotation(&mut self, _annotation: &'a Expr) {}
    }
    let module = question.module();
    let mut find = Find {
        question,
        model: question.model(),
        wanted: range,
        found: Vec::new(),
    };
    find.visit_body(module.suite());
    let mut found = find.found;
    found.sort_by_key(|it| it.start);
    found.dedup_by(|next, last| next.start < last.end);
    found
}
