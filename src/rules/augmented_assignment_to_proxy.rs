use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, Operator, StmtAugAssign};
use ruff_text_size::Ranged as _;
use ty_python_semantic::HasType as _;

use super::checker::Checker;
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::model::{Proxiness, Proxy, print};
use crate::proxy::repair::unwrapped;

pub(super) static AUGMENTED_ASSIGNMENT_TO_PROXY: RuleInfo = RuleInfo {
    name: "augmented-assignment-to-proxy",
    summary: "detects augmented assignments that change a shared proxy of an immutable object",
    level: Level::Warn,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/augmented-assignment-to-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, assignment: &StmtAugAssign) {
    let target = unwrapped(&assignment.target);
    let Some((proxies, printed)) = proxies_of(cx, target) else {
        return;
    };
    let Some(in_place) = cx.trait_type(method(assignment.op)) else {
        return;
    };
    // What changes in place does so without a proxy, too.
    if !proxies.iter().all(|it| cx.lacks(it, in_place)) {
        return;
    }
    let Some(shared) = sharing(cx, target) else {
        return;
    };
    let text = cx.text(target);
    let (op, value) = (assignment.op.as_str(), cx.text(&*assignment.value));
    let file = cx.model.file();
    let finding = cx.report(
        &AUGMENTED_ASSIGNMENT_TO_PROXY,
        assignment,
        format_args!(
            "`{op}=` changes the `{printed}` that `{text}` shares with others, instead of making a new value"
        ),
    );
    finding.label("changes what the proxy stands for, in place");
    if !value.contains('\n') {
        finding.help(format!("Make a new value: `{text} = {text} {op} {value}`"));
    }
    if let Some(range) = shared {
        finding
            .secondary
            .push((ruff_db::files::FileRange::new(file, range), "the proxy is shared here".to_owned()));
    }
}

const fn method(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__iadd__",
        Operator::Sub => "__isub__",
        Operator::Mult => "__imul__",
        Operator::MatMult => "__imatmul__",
        Operator::Div => "__itruediv__",
        Operator::Mod => "__imod__",
        Operator::Pow => "__ipow__",
        Operator::LShift => "__ilshift__",
        Operator::RShift => "__irshift__",
        Operator::BitOr => "__ior__",
        Operator::BitXor => "__ixor__",
        Operator::BitAnd => "__iand__",
        Operator::FloorDiv => "__ifloordiv__",
    }
}

/// The proxies that the target of an assignment is, and their type.
fn proxies_of<'db>(
    cx: &Checker<'_, 'db>,
    target: &Expr,
) -> Option<(Vec<Proxy<'db>>, String)> {
    let of_type = |ty| {
        let proxiness = Proxiness::of(cx.db, cx.env(), ty);
        proxiness.is_transparent().then(|| (proxiness.proxies, print(cx.db, cx.env(), ty)))
    };
    let Expr::Name(name) = target else {
        return of_type(target.inferred_type(cx.model)?);
    };
    // The type of a variable is widened by the assignment itself, so its other bindings tell.
    let scope = cx.scope_of(target);
    let bindings = Bindings::of(name.id.as_str(), scope);
    if bindings.is_unknown {
        return None;
    }
    let mut types = bindings.values.iter().map(|it| match it {
        Binding::Value(it) => it.inferred_type(cx.model),
        Binding::Declared(it) => it.inferred_type(cx.model),
        Binding::Parameter(it) => it.inferred_type(cx.model),
    });
    let first = of_type(types.next()??)?;
    types.all(|it| it.is_some_and(|it| of_type(it).is_some())).then_some(first)
}

/// Where the proxy gets to others; `Some(None)` if it came from others, `None` if it is alone.
fn sharing(cx: &Checker<'_, '_>, target: &Expr) -> Option<Option<ruff_text_size::TextRange>> {
    let Expr::Name(name) = target else {
        return Some(None);
    };
    let scope = cx.scope_of(target);
    let bindings = Bindings::of(name.id.as_str(), scope);
    if bindings.values.iter().any(|it| matches!(it, Binding::Parameter(_))) {
        return Some(None);
    }
    let mut uses = Uses {
        cx,
        name: name.id.as_str(),
        found: None,
    };
    match scope {
        AnyNodeRef::StmtFunctionDef(it) => uses.visit_body(&it.body),
        AnyNodeRef::ModModule(it) => uses.visit_body(&it.body),
        _ => {}
    }
    uses.found.map(Some)
}

enum Binding<'a> {
    Value(&'a Expr),
    Declared(&'a Expr),
    Parameter(&'a ruff_python_ast::Parameter),
}

/// What a variable is bound to in one scope.
#[derive(Default)]
struct Bindings<'a> {
    name: &'a str,
    values: Vec<Binding<'a>>,
    /// Whether there are bindings of other kinds.
    is_unknown: bool,
}

impl<'a> Bindings<'a> {
    fn of(name: &'a str, scope: AnyNodeRef<'a>) -> Self {
        let mut bindings = Bindings {
            name,
            ..Bindings::default()
        };
        bindings.collect(scope);
        bindings
    }

    fn collect(&mut self, scope: AnyNodeRef<'a>) {
        match scope {
            AnyNodeRef::StmtFunctionDef(function) => {
                let parameters = function.parameters.iter_non_variadic_params();
                let parameter = parameters.map(|it| &it.parameter).find(|it| it.name.as_str() == self.name);
                self.values.extend(parameter.map(Binding::Parameter));
                self.visit_body(&function.body);
            }
            AnyNodeRef::ModModule(module) => self.visit_body(&module.body),
            _ => self.is_unknown = true,
        }
    }
}

impl<'a> SourceOrderVisitor<'a> for Bindings<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        let is_name = |it: &Expr| it.as_name_expr().is_some_and(|it| it.id == self.name);
        match node {
            AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_) | AnyNodeRef::ExprLambda(_) => {
                return TraversalSignal::Skip;
            }
            AnyNodeRef::StmtAssign(it) => {
                if it.targets.iter().any(is_name) {
                    self.values.push(Binding::Value(&it.value));
                }
                self.visit_expr(&it.value);
                for target in it.targets.iter().filter(|it| !it.is_name_expr()) {
                    self.visit_expr(target);
                }
                return TraversalSignal::Skip;
            }
            AnyNodeRef::StmtAnnAssign(it) if is_name(&it.target) => {
                self.values.push(Binding::Declared(&it.target));
                return TraversalSignal::Skip;
            }
            AnyNodeRef::StmtAugAssign(it) if is_name(&it.target) => {
                self.visit_expr(&it.value);
                return TraversalSignal::Skip;
            }
            AnyNodeRef::ExprName(it) => {
                self.is_unknown |= it.id == self.name && !it.ctx.is_load();
            }
            AnyNodeRef::StmtGlobal(it) => {
                self.is_unknown |= it.names.iter().any(|it| it.as_str() == self.name);
            }
            AnyNodeRef::StmtNonlocal(it) => {
                self.is_unknown |= it.names.iter().any(|it| it.as_str() == self.name);
            }
            _ => {}
        }
        TraversalSignal::Traverse
    }
}

/// Looks for a place at which a variable's object gets another reference.
struct Uses<'a, 'b, 'db> {
    cx: &'a Checker<'b, 'db>,
    name: &'a str,
    found: Option<ruff_text_size::TextRange>,
}

impl Uses<'_, '_, '_> {
    fn keep(&mut self, expr: &Expr) {
        let expr = match unwrapped(expr) {
            Expr::Starred(it) => &*it.value,
            expr => expr,
        };
        if self.found.is_none() && expr.as_name_expr().is_some_and(|it| it.id == self.name) {
            self.found = Some(expr.range());
        }
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Uses<'_, '_, '_> {
    fn enter_node(&mut self, node: AnyNodeRef<'ast>) -> TraversalSignal {
        match node {
            AnyNodeRef::StmtAssign(it) => self.keep(&it.value),
            AnyNodeRef::StmtAnnAssign(it) => it.value.iter().for_each(|it| self.keep(it)),
            AnyNodeRef::StmtReturn(it) => it.value.iter().for_each(|it| self.keep(it)),
            AnyNodeRef::ExprYield(it) => it.value.iter().for_each(|it| self.keep(it)),
            AnyNodeRef::ExprList(it) => it.elts.iter().for_each(|it| self.keep(it)),
            AnyNodeRef::ExprTuple(it) => it.elts.iter().for_each(|it| self.keep(it)),
            AnyNodeRef::ExprDict(it) => it.items.iter().for_each(|it| self.keep(&it.value)),
            AnyNodeRef::ExprCall(call) => {
                let name = self.cx.qualified_name_of(&call.func);
                let only_reads = name.is_none_or(|it| {
                    let method = it.rsplit('.').next().unwrap_or(&it);
                    let stores = ["append", "add", "extend", "insert", "setdefault", "update"];
                    it.starts_with("_proxycheck")
                        || it.starts_with("typing.")
                        || (it.starts_with("builtins.") && !stores.contains(&method))
                        || it.starts_with("proxystore.proxy.")
                        || it.starts_with("proxyrt.proxy.")
                });
                if !only_reads {
                    for argument in call.arguments.iter_source_order() {
                        self.keep(argument.value());
                    }
                }
            }
            AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_) => return TraversalSignal::Skip,
            _ => {}
        }
        TraversalSignal::Traverse
    }
}
