//! Does a finding concern a proxy, or a value that comes from one?

use std::cell::RefCell;

use ruff_db::diagnostic as ty;
use ruff_db::parsed::{ParsedModuleRef, parsed_module};
use ruff_python_ast::find_node::{CoveringNode, covering_node};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_body, walk_expr};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::static_member_type_for_attribute;
use ty_python_semantic::{HasType, ResolvedDefinition, SemanticModel};

use super::Finding;
use super::assignability::{found_and_expected, quoted};
use super::certainty::Certainty;
use crate::db::{ProxyDb, is_on_disk, is_stub};
use crate::proxy::declared::{declaration, definitions};
use crate::proxy::display::{MARK, is_class_of_proxies, is_proxy};
use crate::proxy::model::{Proxiness, print};
use crate::proxy::repair::unwrapped;

/// How many assignments and calls a value is followed through.
const MAX_STEPS: usize = 8;

pub(super) struct Evidence<'a, 'db> {
    db: &'db dyn ProxyDb,
    model: &'a SemanticModel<'db>,
    module: &'a ParsedModuleRef,
    certainty: Certainty<'a, 'db>,
}

impl<'a, 'db> Evidence<'a, 'db> {
    pub(super) fn new(
        db: &'db dyn ProxyDb,
        model: &'a SemanticModel<'db>,
        module: &'a ParsedModuleRef,
        diagnostics: &[ty::Diagnostic],
    ) -> Self {
        Evidence {
            db,
            model,
            module,
            certainty: Certainty::new(db, model, diagnostics),
        }
    }

    /// The nodes at the place of a finding.
    fn covering(&self, diagnostic: &ty::Diagnostic) -> Option<CoveringNode<'a>> {
        let root = AnyNodeRef::from(self.module.syntax());
        let range = diagnostic
            .range()
            .filter(|it| root.range().contains_range(*it))?;
        Some(covering_node(root, range))
    }

    /// Whether a finding is about a proxy, or about a value that was computed from one.
    pub(super) fn concerns_proxy(&self, diagnostic: &ty::Diagnostic) -> bool {
        if !is_about_a_value(diagnostic) {
            return false;
        }
        let Some(covering) = self.covering(diagnostic) else {
            return false;
        };
        let mut nodes = covering.ancestors().filter(|it| {
            !matches!(
                it,
                AnyNodeRef::StringLiteral(_) | AnyNodeRef::ExprStringLiteral(_)
            )
        });
        let Some(node) = nodes.next() else {
            return false;
        };
        if !self.certainty.is_certain(diagnostic, node, &covering) {
            return false;
        }
        if texts(diagnostic).any(mentions_proxy_type) || takes_future_for_value(diagnostic) {
            return true;
        }
        let origin = Origin::new(self.db);
        let is_proxy = |expr: &Expr| origin.is_proxy(self.model, expr, MAX_STEPS);
        let holds_here = match node {
            AnyNodeRef::ExprCall(call) => {
                is_proxy(&call.func)
                    || arguments(call)
                        .any(|it| Proxiness::of_expr(self.db, self.model, it).is_possible())
            }
            AnyNodeRef::ExprAttribute(it) => is_proxy(&it.value) || self.is_of_subclass(&it.value),
            AnyNodeRef::ExprSubscript(it) => is_proxy(&it.value) || is_proxy(&it.slice),
            _ => node
                .as_expr_ref()
                .is_some_and(|it| origin.reaches_children(self.model, it)),
        };
        if holds_here || diagnostic.id().is_lint_named("unresolved-attribute") {
            return holds_here;
        }
        // A finding about an argument may be due to the function, one about a target to the value.
        let parent = nodes.find(|it| {
            !matches!(
                it,
                AnyNodeRef::Keyword(_)
                    | AnyNodeRef::Arguments(_)
                    | AnyNodeRef::ExprStarred(_)
                    | AnyNodeRef::WithItem(_)
                    | AnyNodeRef::ExprTuple(_)
                    | AnyNodeRef::ExprList(_)
            )
        });
        let parent = if node.is_statement() {
            Some(node)
        } else {
            parent
        };
        match parent {
            Some(AnyNodeRef::ExprCall(call)) => {
                is_proxy(&call.func) || self.sets_target(&call.func)
            }
            Some(AnyNodeRef::ExprSubscript(it)) => is_proxy(&it.value),
            Some(AnyNodeRef::StmtAssign(it)) => {
                is_proxy(&it.value) || it.targets.iter().any(is_proxy)
            }
            Some(AnyNodeRef::StmtAnnAssign(it)) => it.value.as_deref().is_some_and(is_proxy),
            Some(AnyNodeRef::StmtAugAssign(it)) => is_proxy(&it.target) || is_proxy(&it.value),
            Some(AnyNodeRef::StmtReturn(it)) => it.value.as_deref().is_some_and(is_proxy),
            _ => false,
        }
    }

    /// Whether an expression is of a class of the user's that derives from `Proxy[T]`.
    fn is_of_subclass(&self, expr: &Expr) -> bool {
        let env = self.model.program_environment();
        let Some(ty @ Type::NominalInstance(_)) = unwrapped(expr).inferred_type(self.model) else {
            return false;
        };
        let place = ty
            .definition(self.db, &env)
            .and_then(|it| it.focus_range(self.db));
        let Some(place) = place.filter(|it| is_on_disk(self.db, it.file())) else {
            return false;
        };
        let file = self.db.program_file(place.file());
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
        let model = SemanticModel::new(self.db, file);
        let is_proxy_class = |base: &Expr| {
            base.as_subscript_expr()
                .filter(|it| it.slice.as_name_expr().is_none_or(|it| it.id != "Any"))
                .and_then(|it| it.value.inferred_type(&model))
                .is_some_and(|ty| is_class_of_proxies(&print(self.db, &env, ty)))
        };
        covering.ancestors().any(|it| match it {
            AnyNodeRef::StmtClassDef(it) => it.bases().iter().any(is_proxy_class),
            _ => false,
        })
    }

    /// Whether an expression is the method of a future of ProxyStore's that gives its proxies a target.
    fn sets_target(&self, func: &Expr) -> bool {
        let Some(attribute) = func
            .as_attribute_expr()
            .filter(|it| &it.attr == "set_result")
        else {
            return false;
        };
        definitions(self.model, attribute.into())
            .iter()
            .any(|it| is_stub(self.db, it.focus_range(self.db).file()))
    }

    /// Says of the proxy that a finding is about what it is, and where that was declared.
    pub(super) fn explain(&self, diagnostic: ty::Diagnostic) -> Finding {
        let mut finding = Finding {
            diagnostic,
            declaration: None,
            renamed: None,
            message: None,
            is_rebinding: false,
        };
        if !finding.diagnostic.id().is_lint() {
            return finding;
        }
        let Some(covering) = self.covering(&finding.diagnostic) else {
            return finding;
        };
        finding.is_rebinding = covering
            .ancestors()
            .find(|it| it.is_statement())
            .is_some_and(|it| {
                matches!(it, AnyNodeRef::StmtAssign(it) if it.targets.iter().all(Expr::is_name_expr))
            });
        let receiver = match covering.node() {
            AnyNodeRef::ExprAttribute(it) => Some(&*it.value),
            AnyNodeRef::ExprSubscript(it) => Some(&*it.value),
            AnyNodeRef::ExprCall(it) => match &*it.func {
                Expr::Attribute(func) => Some(&*func.value),
                func => Some(func),
            },
            AnyNodeRef::ExprBinOp(it) => [&*it.left, &*it.right]
                .into_iter()
                .find(|it| Proxiness::of_expr(self.db, self.model, unwrapped(it)).is_possible()),
            _ => None,
        };
        let Some(receiver) = receiver else {
            return finding;
        };
        let written = unwrapped(receiver);
        if !Proxiness::of_expr(self.db, self.model, written).is_possible() {
            return finding;
        }
        finding.declaration = declaration(self.db, self.model, written);
        if let AnyNodeRef::ExprAttribute(attribute) = covering.node()
            && attribute.ctx.is_store()
            && finding.diagnostic.id().is_lint_named("invalid-assignment")
            && static_member_type_for_attribute(self.model, attribute).is_none()
            && let Some(ty) = written.inferred_type(self.model)
        {
            finding.message = Some(format!(
                "`{}` declares no attribute `{}`: this gives its target a new one",
                print(self.db, &self.model.program_environment(), ty),
                attribute.attr
            ));
        }
        if written.range() != receiver.range() {
            let printed = |expr: &Expr| {
                let ty = expr.inferred_type(self.model)?;
                Some(print(self.db, &self.model.program_environment(), ty))
            };
            finding.renamed = printed(receiver).zip(printed(written));
        }
        finding
    }

    /// Whether a finding exists only because a proxy is modelled as an intersection.
    pub(super) fn is_artefact(&self, diagnostic: &ty::Diagnostic) -> bool {
        if !diagnostic.id().is_lint() || !is_about_a_value(diagnostic) {
            return false;
        }
        let message = diagnostic.concise_message().to_str();
        let is_unknown = match found_and_expected(&message) {
            // What a function of a proxy of anything expects is printed as a proxy of the unknown.
            // Which kind of proxy is wanted there is the matter of a rule of ours.
            Some((found, expected)) => {
                is_about_unknown_target(found)
                    || (is_proxy(found) && expected == "OwnedProxy[Unknown]")
            }
            None => texts(diagnostic).any(is_about_unknown_target),
        };
        if is_unknown || is_about_type_variables(diagnostic) {
            return true;
        }
        let Some(covering) = self.covering(diagnostic) else {
            return false;
        };
        // `p += 1` leaves a proxy in `p`.
        diagnostic.id().is_lint_named("invalid-assignment")
            && covering
                .ancestors()
                .find(|it| it.is_statement())
                .is_some_and(|statement| {
                    matches!(statement, AnyNodeRef::StmtAugAssign(it)
                    if Proxiness::of_expr(self.db, self.model, &it.target).is_possible()
                        || texts(diagnostic).any(mentions_proxy_type))
                })
    }
}

fn arguments(call: &ast::ExprCall) -> impl Iterator<Item = &Expr> {
    call.arguments
        .args
        .iter()
        .chain(call.arguments.keywords.iter().map(|it| &it.value))
}

/// Findings about names, imports, classes, definitions and the form of annotations concern no value.
fn is_about_a_value(diagnostic: &ty::Diagnostic) -> bool {
    const OTHERS: [&str; 30] = [
        "blanket-ignore-comment",
        "call-top-callable",
        "conflicting-declarations",
        "conflicting-metaclass",
        "deprecated",
        "duplicate-base",
        "empty-body",
        "ignore-comment-unknown-rule",
        "inconsistent-mro",
        "instance-layout-conflict",
        "invalid-base",
        "invalid-generic-class",
        "invalid-ignore-comment",
        "invalid-legacy-type-variable",
        "invalid-method-override",
        "invalid-overload",
        "invalid-parameter-default",
        "invalid-type-form",
        "possibly-missing-import",
        "possibly-unresolved-reference",
        "redundant-cast",
        "subclass-of-final-class",
        "undefined-reveal",
        "unresolved-global",
        "unresolved-import",
        "unresolved-reference",
        "unsupported-base",
        "unused-awaitable",
        "unused-ignore-comment",
        "unused-type-ignore-comment",
    ];
    !OTHERS
        .iter()
        .any(|name| diagnostic.id().is_lint_named(name))
        // A function that returns nothing returns no proxy.
        && !diagnostic
            .concise_message()
            .to_str()
            .contains("implicitly return")
}

/// Whether a finding compares type variables, of which the inference does not know that a
/// `Proxy[T]` is a `T`.
fn is_about_type_variables(diagnostic: &ty::Diagnostic) -> bool {
    let message = diagnostic.concise_message().to_str();
    found_and_expected(&message).is_some()
        && message.contains("Proxy")
        && quoted(&message).any(|it| it.contains('@'))
}

/// Whether a message names a proxy of which the target is not known, or not in full.
fn is_about_unknown_target(text: &str) -> bool {
    text.match_indices("Proxy[").any(|(start, _)| {
        let rest = &text[start + "Proxy[".len()..];
        let end = rest.find(']').unwrap_or(rest.len());
        rest[..end]
            .split(" | ")
            .any(|part| matches!(part, "Unknown" | "Any" | "object"))
    })
}

/// Everything that a finding says.
fn texts(diagnostic: &ty::Diagnostic) -> impl Iterator<Item = &str> {
    std::iter::once(diagnostic.headline_message())
        .chain(
            diagnostic
                .annotations()
                .iter()
                .filter_map(ty::Annotation::get_message),
        )
        .chain(
            diagnostic
                .sub_diagnostics()
                .iter()
                .map(ty::SubDiagnostic::headline_message),
        )
}

/// Whether a future is used as what it stands for, which a proxy would be right for: `future + 1`.
fn takes_future_for_value(diagnostic: &ty::Diagnostic) -> bool {
    const USES: [&str; 4] = [
        "not-iterable",
        "not-subscriptable",
        "unresolved-attribute",
        "unsupported-operator",
    ];
    USES.iter().any(|it| diagnostic.id().is_lint_named(it))
        && diagnostic.concise_message().to_str().contains("`Future[")
}

fn mentions_proxy_type(text: &str) -> bool {
    if text.contains(MARK) {
        return true;
    }
    text.match_indices("Proxy").any(|(start, _)| {
        let before = &text[..start];
        let name_start = before
            .rfind(|it: char| !it.is_alphanumeric() && it != '_')
            .map_or(0, |position| position + 1);
        // The key of a store is no proxy; its type remembers one.
        if before.ends_with("Key[") {
            return false;
        }
        let is_known = matches!(
            &before[name_start..],
            "" | "Owned" | "Ref" | "RefMut" | "BaseRef"
        );
        let after = &text[start + "Proxy".len()..];
        is_known && (after.starts_with('[') || after.starts_with("Or["))
    })
}

/// Follows values back to where they come from.
struct Origin<'db> {
    db: &'db dyn ProxyDb,
    /// Definitions on the way, so that loops end.
    visited: RefCell<FxHashSet<Definition<'db>>>,
}

impl<'db> Origin<'db> {
    fn new(db: &'db dyn ProxyDb) -> Self {
        Origin {
            db,
            visited: RefCell::default(),
        }
    }

    /// Whether an operand of `expr` is or comes from a proxy, or `expr` itself.
    fn reaches_children(&self, model: &SemanticModel<'db>, expr: ast::ExprRef<'_>) -> bool {
        if expr.is_name_expr() {
            return self.type_is_proxy(model, expr.inferred_type(model))
                || self.comes_from_proxy(definitions(model, expr), MAX_STEPS);
        }
        let mut children = Children::default();
        AnyNodeRef::from(expr).visit_source_order(&mut children);
        self.type_is_proxy(model, expr.inferred_type(model))
            || children
                .0
                .iter()
                .any(|it| self.is_proxy(model, it, MAX_STEPS))
    }

    fn type_is_proxy(&self, model: &SemanticModel<'db>, ty: Option<Type<'db>>) -> bool {
        ty.is_some_and(|ty| {
            Proxiness::of(self.db, &model.program_environment(), ty).is_possible()
                || mentions_proxy_type(
                    &ty.display(self.db, &model.program_environment())
                        .to_string(),
                )
        })
    }

    /// Whether `expr` is a proxy, holds one, or was computed from one.
    fn is_proxy(&self, model: &SemanticModel<'db>, expr: &Expr, steps: usize) -> bool {
        if self.type_is_proxy(model, expr.inferred_type(model)) {
            return true;
        }
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        match expr {
            Expr::Name(_) => self.comes_from_proxy(definitions(model, expr.into()), steps),
            Expr::Attribute(attribute) => {
                self.is_proxy(model, &attribute.value, steps)
                    || self.comes_from_proxy(definitions(model, expr.into()), steps)
            }
            Expr::Call(call) => {
                self.is_proxy(model, &call.func, steps)
                    || arguments(call).any(|it| self.is_proxy(model, it, steps))
            }
            Expr::Lambda(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_) => false,
            _ => {
                let mut children = Children::default();
                walk_expr(&mut children, expr);
                children.0.iter().any(|it| self.is_proxy(model, it, steps))
            }
        }
    }

    fn comes_from_proxy(&self, definitions: Vec<ResolvedDefinition<'db>>, steps: usize) -> bool {
        definitions
            .iter()
            .filter_map(ResolvedDefinition::definition)
            .any(|it| self.definition_is_proxy(it, steps))
    }

    fn definition_is_proxy(&self, definition: Definition<'db>, steps: usize) -> bool {
        let is_user_code = is_on_disk(self.db, definition.file(self.db));
        if !is_user_code || !self.visited.borrow_mut().insert(definition) {
            return false;
        }
        let module = parsed_module(self.db, definition.python_file(self.db)).load(self.db);
        let model = SemanticModel::new(self.db, definition.program_file(self.db));
        let is_proxy = |expr: &Expr| self.is_proxy(&model, expr, steps);
        match definition.kind(self.db) {
            DefinitionKind::Assignment(it) => is_proxy(it.value(&module)),
            DefinitionKind::AnnotatedAssignment(it) => it.value(&module).is_some_and(is_proxy),
            DefinitionKind::NamedExpression(it) => is_proxy(&it.node(&module).value),
            DefinitionKind::AugmentedAssignment(it) => is_proxy(&it.node(&module).value),
            DefinitionKind::For(it) => is_proxy(it.iterable(&module)),
            DefinitionKind::Comprehension(it) => is_proxy(it.iterable(&module)),
            DefinitionKind::WithItem(it) => is_proxy(it.context_expr(&module)),
            // What an undeclared function returns is inferred from its body.
            DefinitionKind::Function(it) => {
                let function = it.node(&module);
                let mut returned = Returned::default();
                if function.returns.is_none() {
                    walk_body(&mut returned, &function.body);
                }
                returned.0.iter().any(|it| is_proxy(it))
            }
            _ => false,
        }
    }
}

/// The direct subexpressions of a node.
#[derive(Default)]
struct Children<'a>(Vec<&'a Expr>);

impl<'a> SourceOrderVisitor<'a> for Children<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0.push(expr);
    }
}

/// What a function returns or yields.
#[derive(Default)]
struct Returned<'a>(Vec<&'a Expr>);

impl<'a> SourceOrderVisitor<'a> for Returned<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(it) => self.0.extend(it.value.as_deref()),
            _ => ast::visitor::source_order::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(it) => self.0.extend(it.value.as_deref()),
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expr),
        }
    }
}
