//! The second step of lowering: edits that need types.
//!
//! At a few places the intersection `Proxy[T] & T` differs from run time. Where a method of `T`
//! returns `Self`, forwarding it returns a plain `T`, but `self` is the whole intersection. Where `T`
//! is an enum, the intersection is empty. Each such place is edited so that the inference of the
//! edited text is right; the edits are kept in an [`EditMap`](super::edit::EditMap).

use std::sync::Arc;

use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_comprehension, walk_expr, walk_stmt, walk_with_item,
};
use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;
use ty_python_core::ProgramFile;
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::call_signature_details;
use ty_python_semantic::{HasType, ProgramEnvironment, SemanticModel};

use super::display::{self, MARK};
use super::edit::Repair;
use super::foreign::{self, ProxyClass};
use super::model::{Proxiness, Proxy};
use crate::db::{ProxyDb, is_stub};

/// The names that repairs put into user files, as lines of `__builtins__.pyi`.
pub(crate) const BUILTINS: &str = "\
Zstrip = _proxycheck.strip
Zwiden = _proxycheck.widen
Zhole = _proxycheck.hole
Zopaque = _proxycheck.opaque
Znominal = _proxycheck.nominal
Ztask_argument = _proxycheck.task_argument
Zis_proxy_ = _proxycheck.is_proxy
ZOpaque = _proxycheck.OpaqueProxy
ZOpaqueOwned = _proxycheck.OpaqueOwnedProxy
ZOpaqueRef = _proxycheck.OpaqueRefProxy
ZOpaqueRefMut = _proxycheck.OpaqueRefMutProxy
";

/// Whether a name is one of those that stand for proxies of what cannot be an intersection.
pub(crate) fn is_opaque_proxy(name: &str) -> bool {
    name.starts_with("ZOpaque")
}

/// The functions that call a protocol method of their argument and return what it returns.
const PROTOCOL_FUNCTIONS: [&str; 8] = [
    "abs", "round", "divmod", "pow", "iter", "reversed", "aiter", "sum",
];

/// Classes that take what their elements are from the arguments of the constructor.
const BUILT_IN_CLASSES: [&str; 10] = [
    "dict",
    "enumerate",
    "filter",
    "frozenset",
    "list",
    "map",
    "reversed",
    "set",
    "tuple",
    "zip",
];

/// The edits that keep proxy types from being empty, in no order. They come first, because what
/// other repairs there are depends on the types.
#[salsa::tracked(returns(clone))]
pub(crate) fn empty_types<'db>(db: &'db dyn ProxyDb, file: ProgramFile<'db>) -> Arc<[Repair]> {
    let module = parsed_module(db, file.python_file(db)).load(db);
    let mut finder = EmptyTypes {
        finder: Finder::new(db, file),
    };
    finder.visit_body(module.suite());
    finder.finder.repairs.into()
}

/// The other repairs of one file, in no order.
#[salsa::tracked(returns(clone))]
pub(crate) fn repairs<'db>(db: &'db dyn ProxyDb, file: ProgramFile<'db>) -> Arc<[Repair]> {
    let module = parsed_module(db, file.python_file(db)).load(db);
    let mut finder = Finder::new(db, file);
    finder.visit_body(module.suite());
    finder.repairs.into()
}

struct EmptyTypes<'db> {
    finder: Finder<'db>,
}

impl<'ast> SourceOrderVisitor<'ast> for EmptyTypes<'_> {
    fn visit_stmt(&mut self, stmt: &'ast ast::Stmt) {
        if let ast::Stmt::ClassDef(class) = stmt {
            self.finder.visit_subclass(class);
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::Subscript(subscript) = expr {
            self.finder.visit_proxy_type(subscript);
        }
        walk_expr(self, expr);
    }
}

struct Finder<'db> {
    db: &'db dyn ProxyDb,
    env: ProgramEnvironment<'db>,
    model: SemanticModel<'db>,
    /// What stands around an expression since an earlier search: the function, and what it gets.
    present: FxHashSet<(String, TextRange)>,
    repairs: Vec<Repair>,
}

impl<'db> Finder<'db> {
    fn new(db: &'db dyn ProxyDb, file: ProgramFile<'db>) -> Self {
        let model = SemanticModel::new(db, file);
        Finder {
            db,
            env: model.program_environment(),
            model,
            present: FxHashSet::default(),
            repairs: Vec::new(),
        }
    }

    fn is_proxy(&self, expr: &Expr) -> bool {
        Proxiness::of_expr(self.db, &self.model, expr).is_transparent()
    }

    /// Whether a type has no values.
    fn is_empty(&self, ty: Type<'db>) -> bool {
        match ty {
            Type::Never => true,
            Type::TypeAlias(alias) => match alias.value_type(self.db) {
                // An alias of an alias may be one of itself.
                Type::TypeAlias(_) => false,
                value => self.is_empty(value),
            },
            _ => false,
        }
    }

    fn is_sometimes_proxy(&self, expr: &Expr) -> bool {
        Proxiness::of_expr(self.db, &self.model, expr).is_possible()
    }

    /// Whether the result of a forwarded operation mentions a proxy, as that of a method that returns
    /// `Self` does.
    fn mentions_proxy(&self, expr: &Expr) -> bool {
        expr.inferred_type(&self.model).is_some_and(|ty| {
            let printed = ty.display(self.db, &self.env).to_string();
            self.is_empty(ty) || printed.contains("Proxy[") || printed.contains(MARK)
        })
    }

    /// Doubly parenthesised: a bare `yield` is no argument.
    fn wrap(&mut self, function: &str, expr: &Expr) {
        let is_there = self.present.contains(&(function.to_owned(), expr.range()));
        if !is_there && !is_wrapped_in(expr, function) {
            self.surround(expr, &format!("{function}(("));
        }
    }

    /// Puts `before` and two closing parentheses around an expression.
    fn surround(&mut self, expr: &Expr, before: &str) {
        self.repairs.extend(wrapped(expr, before));
    }

    /// An expression in what an earlier search put around it.
    fn visit_wrapped(&mut self, function: &str, inner: &Expr) {
        self.present.insert((function.to_owned(), inner.range()));
        self.visit_expr(inner);
    }

    fn strip_if_needed(&mut self, operands: &[&Expr], result: &Expr) {
        let proxies: Vec<&Expr> = operands
            .iter()
            .copied()
            .filter(|it| !is_type_expression(it) && self.is_sometimes_proxy(it))
            .collect();
        let is_opaque = |it: &&Expr| {
            Proxiness::of_expr(self.db, &self.model, it)
                .proxies
                .iter()
                .any(|it| it.hides_target())
        };
        if !proxies.is_empty() && (self.mentions_proxy(result) || proxies.iter().any(is_opaque)) {
            for proxy in proxies {
                self.wrap("Zstrip", proxy);
            }
        }
    }

    fn visit_call_expr(&mut self, call: &ast::ExprCall, expr: &Expr) {
        match &*call.func {
            Expr::Attribute(attribute) if !is_own_attribute(&attribute.attr) => {
                self.strip_if_needed(&[&*attribute.value], expr);
            }
            Expr::Name(name) if name.id == "isinstance" => self.visit_isinstance(call, name),
            Expr::Name(name) if PROTOCOL_FUNCTIONS.contains(&name.id.as_str()) => {
                let arguments: Vec<&Expr> = call.arguments.args.iter().collect();
                self.strip_if_needed(&arguments, expr);
            }
            func if self.is_proxy(func) => self.strip_if_needed(&[func], expr),
            _ => {}
        }
        self.visit_foreign_constructor(call, expr);
        self.widen_arguments(call, expr);
        self.detach_lambdas(call, expr);
        self.visit_generic_call(call);
        self.visit_submission(call);
    }

    /// A call of a configured class that has type parameters, which its constructor solves.
    fn visit_foreign_constructor(&mut self, call: &ast::ExprCall, expr: &Expr) {
        let classes = self.db.proxy_classes();
        if classes.is_empty()
            || !matches!(
                call.func.inferred_type(&self.model),
                Some(Type::ClassLiteral(_) | Type::GenericAlias(_))
            )
        {
            return;
        }
        let Some(Type::NominalInstance(instance)) = expr.inferred_type(&self.model) else {
            return;
        };
        let name = instance.class_name(self.db, &self.env).as_str();
        let module = instance.class_module_name(self.db, &self.env);
        let is_it = |it: &ProxyClass| {
            it.name == name && module.is_some_and(|module| it.module == module.as_str())
        };
        let position = classes.iter().position(is_it);
        if let Some(position) = position.and_then(|it| u8::try_from(it).ok()) {
            self.wrap(&format!("Zforeign_{}", foreign::letter(position)), expr);
        }
    }

    /// `client.submit(f, x)` has the result of `f`, but of overloads the inference takes any one, and
    /// it leaves the type variables of a generic function or class unsolved.
    fn visit_submission(&mut self, call: &ast::ExprCall) {
        let is_submission = call
            .func
            .as_attribute_expr()
            .is_some_and(|it| matches!(it.attr.as_str(), "submit" | "map"));
        let Some(function) = call.arguments.args.first().filter(|_| is_submission) else {
            return;
        };
        let Some(ty) = function.inferred_type(&self.model) else {
            return;
        };
        let printed = ty.display(self.db, &self.env).to_string();
        let is_generic_class = matches!(ty, Type::ClassLiteral(_))
            && BUILT_IN_CLASSES
                .iter()
                .any(|it| printed == format!("<class '{it}'>"));
        let is_generic_function = printed.starts_with("def ")
            && printed
                .split('(')
                .next()
                .is_some_and(|header| header.contains('['));
        if is_generic_class || is_generic_function || printed.contains("Overload[") {
            self.wrap("Zhole", function);
        }
    }

    /// Whether a function is one that our own stubs declare.
    fn is_of_stubs(&self, func: &Expr) -> bool {
        func.inferred_type(&self.model)
            .and_then(|ty| ty.definition(self.db, &self.env)?.focus_range(self.db))
            .is_some_and(|place| is_stub(self.db, place.file()))
    }

    /// A type variable in `Proxy[T]` or `ProxyOr[T]` is solved by the argument as a whole: for the one
    /// by each part of a union, for the other by the proxy instead of its target.
    fn visit_generic_call(&mut self, call: &ast::ExprCall) {
        let arguments = &call.arguments;
        let is_union = |it: &Expr| Proxiness::of_expr(self.db, &self.model, it).proxies.len() > 1;
        if !arguments
            .iter_source_order()
            .any(|it| self.is_proxy(it.value()))
        {
            return;
        }
        if self.is_of_stubs(&call.func) {
            // The parameters of those take any part of a proxy, but not what hides its target.
            for argument in arguments.iter_source_order().map(|it| it.value()) {
                let proxies = Proxiness::of_expr(self.db, &self.model, argument).proxies;
                if proxies.iter().any(Proxy::hides_target) {
                    self.wrap("Znominal", argument);
                }
            }
            return;
        }
        let is_generic = call.func.inferred_type(&self.model).is_some_and(|ty| {
            let printed = ty.display(self.db, &self.env).to_string();
            let header = printed.split('(').next().unwrap_or(&printed);
            printed.contains("Proxy") && (header.contains('[') || printed.contains('@'))
        });
        if !is_generic {
            return;
        }
        let signatures = call_signature_details(&self.model, call);
        let [signature] = signatures.as_slice() else {
            return;
        };
        let mapping = &signature.argument_to_displayed_parameter_mapping;
        let mut repairs = Vec::new();
        for (argument, parameter) in arguments.iter_source_order().zip(mapping) {
            let value = argument.value();
            let Some(parameter) = parameter.and_then(|it| signature.parameters.get(it)) else {
                continue;
            };
            let Some((_, declared)) = parameter.label.split_once(": ") else {
                continue;
            };
            if !declared.contains("Proxy") || !self.is_proxy(value) {
                continue;
            }
            let declared = display::fold(declared);
            let alternatives = display::split(&declared, " | ");
            let takes_target = alternatives.iter().any(|it| {
                it.starts_with("ProxyOr[")
                    || (!display::is_proxy(it)
                        && alternatives.contains(&format!("Proxy[{it}]").as_str()))
            });
            if takes_target {
                repairs.push(("Zstrip", value));
            } else if is_union(value) {
                repairs.push(("Zopaque", value));
            }
        }
        for (function, value) in repairs {
            self.wrap(function, value);
        }
    }

    /// `Proxy(lambda: max(xs, key=lambda x: x.y))`: the inference, which looks for the target, finds
    /// nothing in the inner function and settles for `object`. An assignment keeps it from looking.
    fn detach_lambdas(&mut self, call: &ast::ExprCall, expr: &Expr) {
        if !call.arguments.args.iter().any(Expr::is_lambda_expr) {
            return;
        }
        let is_unknown = expr.inferred_type(&self.model).is_some_and(|ty| {
            ty.display(self.db, &self.env)
                .to_string()
                .contains("Proxy[object]")
        });
        if !is_unknown {
            return;
        }
        for argument in &call.arguments.args {
            if let Expr::Lambda(lambda) = argument
                && !lambda.body.is_named_expr()
            {
                self.surround(&lambda.body, "(Zbody := (");
            }
        }
    }

    /// `p is None` is false for each proxy, so it tells nothing about the target.
    fn visit_identity(&mut self, comparison: &ast::ExprCompare) {
        for (left, op, right) in comparisons(comparison) {
            if !matches!(op, ast::CmpOp::Is | ast::CmpOp::IsNot) {
                continue;
            }
            for operand in [left, right] {
                if self.is_proxy(operand) {
                    self.wrap("Zhole", operand);
                }
            }
        }
    }

    /// `type(p) is T` is false for each proxy, so a comprehension with that condition is empty. Its
    /// elements have a type all the same.
    fn visit_condition(&mut self, condition: &Expr) {
        let Expr::Compare(comparison) = condition else {
            return;
        };
        for operand in std::iter::once(&*comparison.left).chain(&comparison.comparators) {
            if let Expr::Call(call) = operand
                && is_named(&call.func, "type")
                && let [argument] = &*call.arguments.args
                && self.is_proxy(argument)
            {
                self.wrap("Zhole", argument);
            }
        }
    }

    /// `isinstance(x, Proxy)` where `x` is declared as a `T` tells that `x` is a `Proxy[T]`.
    fn visit_isinstance(&mut self, call: &ast::ExprCall, name: &ast::ExprName) {
        let [object, class] = &*call.arguments.args else {
            return;
        };
        let Some(ty) = object.inferred_type(&self.model) else {
            return;
        };
        let is_known = !matches!(ty, Type::Dynamic(_));
        let printed = class
            .inferred_type(&self.model)
            .map(|ty| ty.display(self.db, &self.env).to_string());
        if is_known
            && Proxiness::of_expr(self.db, &self.model, object).is_proxy_or_target()
            && printed.is_some_and(|it| it == "<class 'Proxy'>" || it.starts_with("<class 'Proxy["))
        {
            self.repairs.push(Repair {
                range: name.range(),
                text: "Zis_proxy_".to_owned(),
            });
        }
    }

    /// A literal's type has no subclasses, so a proxy of it would be empty.
    fn widen_arguments(&mut self, call: &ast::ExprCall, expr: &Expr) {
        if !expr
            .inferred_type(&self.model)
            .is_some_and(|ty| self.is_empty(ty))
        {
            return;
        }
        let returns_proxy = call
            .func
            .inferred_type(&self.model)
            .is_some_and(|ty| ty.display(self.db, &self.env).to_string().contains("Proxy"));
        if !returns_proxy {
            return;
        }
        for argument in &call.arguments.args {
            let Some(ty) = argument.inferred_type(&self.model) else {
                continue;
            };
            match ty {
                Type::LiteralValue(_) => {
                    let printed = ty.display(self.db, &self.env).to_string();
                    let has_class = [
                        "Literal[\"",
                        "Literal[b\"",
                        "Literal[True]",
                        "Literal[False]",
                    ]
                    .iter()
                    .any(|it| printed.starts_with(it))
                        || printed.strip_prefix("Literal[").is_some_and(|it| {
                            it.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                        });
                    self.wrap(if has_class { "Zwiden" } else { "Zhole" }, argument);
                }
                Type::TypedDict(_) | Type::EnumComplement(_) => self.wrap("Zhole", argument),
                _ => {}
            }
        }
    }

    /// An instance of `class P(Proxy[Foo])` has the members of `Foo`, as if that were a base.
    fn visit_subclass(&mut self, class: &ast::StmtClassDef) {
        let source = source_text(self.db, self.model.file());
        let is_base = |text: &str| class.bases().iter().any(|it| &source[it.range()] == text);
        for base in class.bases() {
            let Expr::Subscript(subscript) = base else {
                continue;
            };
            let is_proxy_class = subscript
                .value
                .inferred_type(&self.model)
                .is_some_and(|ty| {
                    let printed = ty.display(self.db, &self.env).to_string();
                    matches!(ty, Type::ClassLiteral(_)) && display::is_class_of_proxies(&printed)
                });
            let ty = subscript.slice.inferred_type(&self.model);
            let can_be_base = matches!(&*subscript.slice, Expr::Name(_) | Expr::Attribute(_))
                && ty.is_some_and(|ty| {
                    matches!(ty, Type::ClassLiteral(_) | Type::NominalInstance(_))
                });
            let target = &source[subscript.slice.range()];
            if is_proxy_class && can_be_base && !is_base(target) {
                self.repairs.push(Repair {
                    range: TextRange::empty(base.end()),
                    text: format!(", {target}"),
                });
            }
        }
    }

    /// A declared proxy type that is empty would make every use of it unreachable.
    fn visit_proxy_type(&mut self, subscript: &ast::ExprSubscript) {
        let Expr::Name(name) = &*subscript.value else {
            return;
        };
        let Some(opaque) = opaque_alias(&name.id) else {
            return;
        };
        if subscript
            .inferred_type(&self.model)
            .is_some_and(|ty| self.is_empty(ty))
        {
            self.repairs.push(Repair {
                range: name.range(),
                text: opaque,
            });
        }
    }
}

/// The pairs of operands of a comparison, with their operators.
pub(crate) fn comparisons(
    comparison: &ast::ExprCompare,
) -> impl Iterator<Item = (&Expr, ast::CmpOp, &Expr)> {
    std::iter::once(&*comparison.left)
        .chain(&comparison.comparators)
        .zip(&comparison.ops)
        .zip(&comparison.comparators)
        .map(|((left, op), right)| (left, *op, right))
}

/// The function that a repair puts around an expression, and the expression.
fn wrapper(expr: &Expr) -> Option<(&str, &Expr)> {
    const FUNCTIONS: [&str; 6] = [
        "Zstrip",
        "Zwiden",
        "Zhole",
        "Zopaque",
        "Znominal",
        "Ztask_argument",
    ];
    let call = expr.as_call_expr()?;
    let name = call.func.as_name_expr()?.id.as_str();
    let [inner] = &*call.arguments.args else {
        return None;
    };
    (FUNCTIONS.contains(&name) || name.starts_with("Zforeign_")).then_some((name, inner))
}

/// What repairs put around an expression, from the outside.
fn wrappers(expr: &Expr) -> impl Iterator<Item = (&str, &Expr)> {
    std::iter::successors(wrapper(expr), |(_, inner)| wrapper(inner))
}

/// The expression that the user wrote, without the functions that repairs put around it.
pub(crate) fn unwrapped(expr: &Expr) -> &Expr {
    wrappers(expr).last().map_or(expr, |(_, inner)| inner)
}

/// Whether `function` is one of those that repairs put around an expression.
pub(crate) fn is_wrapped_in(expr: &Expr, function: &str) -> bool {
    wrappers(expr).any(|(name, _)| name == function)
}

/// Puts `before` and two closing parentheses around an expression.
pub(crate) fn wrapped(expr: &Expr, before: &str) -> [Repair; 2] {
    let insertion = |offset: TextSize, text: &str| Repair {
        range: TextRange::empty(offset),
        text: text.to_owned(),
    };
    [insertion(expr.start(), before), insertion(expr.end(), "))")]
}

/// What a task gets for one of its arguments: `expr`, or the values of the futures in it.
pub(crate) fn task_argument(expr: &Expr) -> &Expr {
    let mut outer = expr;
    for (function, inner) in wrappers(expr) {
        if function == "Ztask_argument" {
            return outer;
        }
        outer = inner;
    }
    outer
}

/// Whether an expression names a lowered proxy type, as in `Proxy[Foo] | None`.
fn is_type_expression(expr: &Expr) -> bool {
    match expr {
        Expr::Name(name) => super::lower::form_of(&name.id).is_some(),
        Expr::Subscript(subscript) => is_type_expression(&subscript.value),
        Expr::BinOp(it) => is_type_expression(&it.left) || is_type_expression(&it.right),
        _ => false,
    }
}

/// Whether a name, or the last part of a dotted name, is `name`.
fn is_named(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Name(it) => it.id == name,
        Expr::Attribute(it) => &it.attr == name,
        _ => false,
    }
}

/// Attributes of the proxy itself, which are not forwarded.
fn is_own_attribute(name: &str) -> bool {
    name.starts_with("__proxy_")
}

fn opaque_alias(lowered: &str) -> Option<String> {
    use super::lower::Form;
    match super::lower::form_of(lowered)? {
        Form::Proxy => Some("ZOpaque".to_owned()),
        Form::OwnedProxy => Some("ZOpaqueOwned".to_owned()),
        Form::RefProxy | Form::BaseRefProxy => Some("ZOpaqueRef".to_owned()),
        Form::RefMutProxy => Some("ZOpaqueRefMut".to_owned()),
        Form::Foreign(position) => Some(format!("Zopaque_{}", foreign::letter(position))),
        Form::ProxyOr => None,
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Call(call) if is_named(&call.func, "TypeAliasType") => return,
            Expr::Call(call) => {
                if let Some((function, inner)) = wrapper(expr) {
                    self.visit_wrapped(function, inner);
                    return;
                }
                self.visit_call_expr(call, expr);
                // The receiver of a method call has been looked at together with its result.
                if let Expr::Attribute(attribute) = &*call.func {
                    self.visit_expr(&attribute.value);
                    self.visit_arguments(&call.arguments);
                    return;
                }
            }
            Expr::Attribute(attribute)
                if attribute.ctx == ExprContext::Load && !is_own_attribute(&attribute.attr) =>
            {
                self.strip_if_needed(&[&*attribute.value], expr);
            }
            Expr::Subscript(subscript) if subscript.ctx == ExprContext::Load => {
                self.strip_if_needed(&[&*subscript.value], expr);
            }
            Expr::BinOp(operation) => {
                self.strip_if_needed(&[&*operation.left, &*operation.right], expr);
            }
            Expr::UnaryOp(operation) => self.strip_if_needed(&[&*operation.operand], expr),
            Expr::Await(awaited) => self.strip_if_needed(&[&*awaited.value], expr),
            Expr::Compare(comparison) => {
                self.visit_identity(comparison);
                let operands: Vec<&Expr> = std::iter::once(&*comparison.left)
                    .chain(&comparison.comparators)
                    .collect();
                self.strip_if_needed(&operands, expr);
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_stmt(&mut self, stmt: &'ast ast::Stmt) {
        match stmt {
            ast::Stmt::For(statement) => {
                self.strip_if_needed(&[&*statement.iter], &statement.target);
            }
            ast::Stmt::TypeAlias(_) => return,
            ast::Stmt::AnnAssign(it) if is_named(&it.annotation, "TypeAlias") => return,
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_annotation(&mut self, _annotation: &'ast Expr) {}

    fn visit_comprehension(&mut self, comprehension: &'ast ast::Comprehension) {
        self.strip_if_needed(&[&comprehension.iter], &comprehension.target);
        for condition in &comprehension.ifs {
            self.visit_condition(condition);
        }
        walk_comprehension(self, comprehension);
    }

    fn visit_with_item(&mut self, item: &'ast ast::WithItem) {
        if let Some(target) = &item.optional_vars {
            self.strip_if_needed(&[&item.context_expr], target);
        }
        walk_with_item(self, item);
    }
}
