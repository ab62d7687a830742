//! Is there a proxy in this place, and how do we know?
//!
//! Types alone do not tell. A `Proxy[T]` is a `T`, so the union that `ProxyOr[T]` means is just `T` for
//! the inference. What the user declared is read from the annotation instead.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::helpers::any_over_expr;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, ExprContext, Operator};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::ast_ids::HasScopedUseId as _;
use ty_python_core::definition::{
    Definition, DefinitionKind, ParameterDefinitionNodeKind, TargetKind,
};
use ty_python_core::use_def_map;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, ProgramEnvironment, ResolvedDefinition, SemanticModel};

use super::declared::{definitions, with_article};
use super::display;
use super::lower::{self, Form};
use super::model::{Kind, Proxiness, Proxy, print};
use super::passed::{Passed, with_argument};
use super::repair::{is_opaque_proxy, unwrapped};
use crate::db::{ProxyDb, is_on_disk};

/// How many definitions are followed back from an expression.
const MAX_STEPS: usize = 8;

/// A place in which there is a proxy, or may be one by what the user says.
#[derive(Debug, Clone)]
pub(crate) struct Sighting<'db> {
    /// What the proxies may be; at least one.
    pub(crate) proxies: Vec<Proxy<'db>>,
    /// The type of the proxy as users write it.
    pub(crate) printed: String,
    pub(crate) evidence: Evidence,
}

/// How it is known that there is a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Each value is a proxy.
    Type,
    /// The user declared, here, that it may be a proxy or not: `ProxyOr[T]`, `T | Proxy[T]`.
    Declared(FileRange),
    /// A call passes this argument, a proxy, to the parameter that it comes from.
    Passed(FileRange),
    /// The executor that is made here returns proxies of such results.
    Returned(FileRange),
}

impl<'db> Sighting<'db> {
    /// What there is to be said of the values of `expr`; `None` if nothing speaks for a proxy.
    ///
    /// Locked proxies are none: they do not forward to their target.
    pub(crate) fn of(
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        passed: &Passed,
        expr: &Expr,
    ) -> Option<Self> {
        let expr = unwrapped(expr);
        let env = model.program_environment();
        let ty = expr.inferred_type(model)?;
        let proxiness = Proxiness::of(db, &env, ty);
        if proxiness.is_transparent() {
            if is_rebound(db, model, expr) {
                return None;
            }
            return Some(Sighting {
                proxies: proxiness.proxies,
                printed: print(db, &env, ty),
                evidence: Evidence::Type,
            });
        }
        let ty = expanded(db, ty);
        if matches!(ty, Type::Never) || excludes_proxies(db, &env, ty) {
            return None;
        }
        let evidence = Declarations { db, passed }.may_be_proxy(model, expr, MAX_STEPS)?;
        if let Evidence::Passed(argument) = evidence {
            if depends_on_other_parameter(db, model, expr) {
                return None;
            }
            return Self::passed(db, &env, argument, ty);
        }
        let mut proxies = proxiness.proxies;
        proxies.retain(|it| it.kind != Kind::Locked && !it.hides_target());
        if proxies.is_empty() {
            let targets = proxiness.others.into_iter();
            let targets = targets.filter(|it| !matches!(it, Type::Never));
            proxies.extend(targets.map(|target| Proxy {
                kind: Kind::Plain,
                target: vec![target],
            }));
        }
        Some(Sighting {
            printed: print_proxies(db, &env, &proxies)?,
            proxies,
            evidence,
        })
    }

    /// The proxy that a call passes to a parameter, in a place where the parameter is a `ty`.
    fn passed(
        db: &'db dyn ProxyDb,
        env: &ProgramEnvironment<'db>,
        argument: FileRange,
        ty: Type<'db>,
    ) -> Option<Self> {
        let (proxies, printed) = with_argument(db, argument, |model, expr| {
            let expr = unwrapped(expr);
            let printed = print(db, env, expr.inferred_type(model)?);
            Some((Proxiness::of_expr(db, model, expr).proxies, printed))
        })??;
        // Code for another type than that of the target does not see the proxy.
        let comes_here = |target: &Type<'db>| {
            matches!(ty, Type::Dynamic(_))
                || target.is_assignable_to(db, env, ty)
                || ty.is_assignable_to(db, env, *target)
        };
        let comes_here = proxies.iter().any(|it| it.target.iter().all(comes_here));
        comes_here.then_some(Sighting {
            proxies,
            printed,
            evidence: Evidence::Passed(argument),
        })
    }

    /// The proxy as the object of a sentence: "a `Proxy[int]`", "the `Proxy[int]` that `x` may be".
    pub(crate) fn phrase(&self, text: &str) -> String {
        let subject = if text.contains(['\n', '`']) {
            "this".to_owned()
        } else {
            format!("`{text}`")
        };
        match self.evidence {
            // Nothing is gained by saying that its target is unknown.
            Evidence::Type if self.printed.ends_with("Proxy[Unknown]") => with_article("Proxy"),
            Evidence::Type => with_article(&self.printed),
            Evidence::Declared(_) => format!("the `{}` that {subject} may be", self.printed),
            Evidence::Returned(_) => format!("the `{}` that the executor returns", self.printed),
            Evidence::Passed(_) => format!("the `{}` that is passed as {subject}", self.printed),
        }
    }

    /// What the proxy stands for: `int` for a `Proxy[int]`.
    pub(crate) fn printed_target(&self) -> &str {
        let arguments = self.printed.split_once('[').map(|(_, it)| it);
        arguments
            .and_then(|it| it.strip_suffix(']'))
            .unwrap_or(&self.printed)
    }

    /// Whether each value is a proxy.
    pub(crate) fn is_certain(&self) -> bool {
        self.evidence == Evidence::Type
    }
}

/// Whether an annotation allows both proxies and what they stand for, or is that of a proxy.
pub(crate) fn allows_proxy<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    passed: &Passed,
    annotation: &Expr,
) -> bool {
    Declarations { db, passed }.allows_proxy(model, annotation, MAX_STEPS)
        || annotation.inferred_type(model).is_some_and(|ty| {
            let printed = print(db, &model.program_environment(), ty);
            printed.contains("Proxy[")
        })
}

/// Whether the function around `expr` asks somewhere whether `expr` is a proxy.
pub(crate) fn is_tested<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> bool {
    let subject = unwrapped(expr);
    tests(db, model, subject, |tests, call| {
        tests.is_test(call) && last_name(&call.func) != Some("is_resolved")
    })
}

/// Whether a variable that is declared as a proxy is assigned something else: `p = extract(p)`. It keeps its
/// declared type for the inference.
fn is_rebound<'db>(db: &'db dyn ProxyDb, model: &SemanticModel<'db>, expr: &Expr) -> bool {
    local_definitions(db, model, expr).iter().any(|definition| {
        let DefinitionKind::Assignment(assignment) = definition.kind(db) else {
            return false;
        };
        let module = parsed_module(db, definition.python_file(db)).load(db);
        let value = assignment.value(&module);
        assignment.unpack().is_none()
            && value
                .inferred_type(model)
                .is_some_and(|ty| !matches!(ty, Type::Dynamic(_) | Type::Never))
            && !Proxiness::of_expr(db, model, value).is_possible()
    })
}

/// Whether an expression is in a branch that is taken or not by another parameter of its function: a call
/// that passes a proxy may not come there.
fn depends_on_other_parameter<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> bool {
    let module = parsed_module(db, model.python_file()).load(db);
    let root = AnyNodeRef::from(module.syntax());
    if !root.range().contains_range(expr.range()) {
        return false;
    }
    let subject = root_name(expr);
    let mut tested = Vec::new();
    for node in covering_node(root, expr.range()).ancestors() {
        match node {
            AnyNodeRef::StmtIf(it) => {
                tested.push(&*it.test);
                tested.extend(
                    it.elif_else_clauses
                        .iter()
                        .filter_map(|it| it.test.as_ref()),
                );
            }
            AnyNodeRef::ExprIf(it) => tested.push(&*it.test),
            AnyNodeRef::StmtMatch(it) => tested.push(&*it.subject),
            AnyNodeRef::StmtFunctionDef(function) => {
                let others: Vec<&str> = function
                    .parameters
                    .iter()
                    .map(|it| it.name().as_str())
                    .filter(|it| Some(*it) != subject)
                    .collect();
                return tested
                    .iter()
                    .filter(|it| !it.range().contains_range(expr.range()))
                    .any(|it| {
                        any_over_expr(it, |it| {
                            it.as_name_expr()
                                .is_some_and(|it| others.contains(&it.id.as_str()))
                        })
                    });
            }
            _ => {}
        }
    }
    false
}

/// `job` in `job.data.rows`
fn root_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => root_name(&it.value),
        _ => None,
    }
}

fn expanded<'db>(db: &'db dyn ProxyDb, ty: Type<'db>) -> Type<'db> {
    match ty {
        Type::TypeAlias(alias) => expanded(db, alias.value_type(db)),
        ty => ty,
    }
}

/// Some proxies as one: `Proxy[int | str]`. `None` if there are none.
fn print_proxies<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    proxies: &[Proxy<'db>],
) -> Option<String> {
    let class = proxies.first()?.kind.class();
    let mut targets: Vec<String> = Vec::new();
    for proxy in proxies {
        let parts: Vec<String> = proxy.target.iter().map(|it| print(db, env, *it)).collect();
        let target = parts.join(" & ");
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    // A declared `float` is also an `int`.
    if targets.iter().any(|it| it == "float") {
        targets.retain(|it| it != "int");
    }
    Some(format!("{class}[{}]", targets.join(" | ")))
}

/// Whether a type was narrowed to what is no proxy.
fn excludes_proxies<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> bool {
    match ty {
        Type::Intersection(_) => {
            let printed = ty.display(db, env).to_string();
            display::split(&printed, " & ")
                .iter()
                .any(|it| it.strip_prefix('~').is_some_and(display::is_proxy))
        }
        Type::Union(it) => it
            .elements(db)
            .iter()
            .any(|it| excludes_proxies(db, env, *it)),
        _ => false,
    }
}

/// Reads what the user declared.
#[derive(Clone, Copy)]
struct Declarations<'a, 'db> {
    db: &'db dyn ProxyDb,
    passed: &'a Passed,
}

impl<'db> Declarations<'_, 'db> {
    /// What says that the values of `expr` are proxies or not.
    fn may_be_proxy(
        self,
        model: &SemanticModel<'db>,
        expr: &Expr,
        steps: usize,
    ) -> Option<Evidence> {
        let steps = steps.checked_sub(1)?;
        match unwrapped(expr) {
            expr @ (Expr::Name(_) | Expr::Attribute(_)) => {
                if self.is_tested(model, expr) {
                    return None;
                }
                let definitions = self.reaching(model, expr);
                let mut places = definitions
                    .iter()
                    .map(|it| self.definition_may_be_proxy(*it, steps));
                let first = places.next()??;
                places.all(|it| it.is_some()).then_some(first)
            }
            Expr::Call(call) => {
                let function = self.function(model, call)?;
                let file = self.db.program_file(function.file());
                let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
                let covering = covering_node(AnyNodeRef::from(module.syntax()), function.range());
                let returns = covering.ancestors().find_map(|it| match it {
                    AnyNodeRef::StmtFunctionDef(it) => Some(it.returns.as_deref()),
                    _ => None,
                })??;
                let model = SemanticModel::new(self.db, file);
                let place = FileRange::new(function.file(), returns.range());
                self.allows_proxy(&model, returns, steps)
                    .then_some(Evidence::Declared(place))
            }
            Expr::Named(it) => self.may_be_proxy(model, &it.value, steps),
            _ => None,
        }
    }

    /// The name of the function of the user's that a call is of.
    fn function(self, model: &SemanticModel<'db>, call: &ast::ExprCall) -> Option<FileRange> {
        let ty = call.func.inferred_type(model)?;
        let env = model.program_environment();
        let place = ty.definition(self.db, &env)?.focus_range(self.db)?;
        is_on_disk(self.db, place.file()).then_some(place)
    }

    /// The definitions that reach the use of a variable or an attribute.
    fn reaching(self, model: &SemanticModel<'db>, expr: &Expr) -> Vec<Definition<'db>> {
        let local = local_definitions(self.db, model, expr);
        if !local.is_empty() {
            return local;
        }
        let mut found: Vec<Definition> = definitions(model, expr.into())
            .iter()
            .filter_map(ResolvedDefinition::definition)
            .collect();
        // What a class declares of an attribute holds for what its methods assign.
        let is_declaration =
            |it: &Definition| matches!(it.kind(self.db), DefinitionKind::AnnotatedAssignment(_));
        if expr.is_attribute_expr() && found.iter().any(is_declaration) {
            found.retain(is_declaration);
        }
        found
    }

    fn definition_may_be_proxy(
        self,
        definition: Definition<'db>,
        steps: usize,
    ) -> Option<Evidence> {
        let file = definition.program_file(self.db);
        if !is_on_disk(self.db, file.file(self.db)) {
            return None;
        }
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let model = SemanticModel::new(self.db, file);
        let declared = |annotation: Option<&Expr>, name: TextRange| {
            let file = file.file(self.db);
            if annotation.is_some_and(|it| self.allows_proxy(&model, it, steps)) {
                return Some(Evidence::Declared(FileRange::new(file, name)));
            }
            self.passed.argument(file, name).map(Evidence::Passed)
        };
        match definition.kind(self.db) {
            DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(it)) => {
                let parameter = it.node(&module);
                declared(parameter.annotation(), parameter.name().range())
            }
            DefinitionKind::AnnotatedAssignment(it) => {
                declared(Some(it.annotation(&module)), it.target(&module).range())
            }
            DefinitionKind::Assignment(it) if it.unpack().is_none() => {
                self.may_be_proxy(&model, it.value(&module), steps)
            }
            DefinitionKind::NamedExpression(it) => {
                self.may_be_proxy(&model, &it.node(&module).value, steps)
            }
            DefinitionKind::For(it) if matches!(it.target_kind(), TargetKind::Single) => {
                self.elements_may_be_proxies(&model, it.iterable(&module))
            }
            DefinitionKind::Comprehension(it) if matches!(it.target_kind(), TargetKind::Single) => {
                self.elements_may_be_proxies(&model, it.iterable(&module))
            }
            _ => None,
        }
    }

    /// `list[ProxyOr[T]]`: the alias is kept in the argument of a container.
    fn elements_may_be_proxies(
        self,
        model: &SemanticModel<'db>,
        container: &Expr,
    ) -> Option<Evidence> {
        let printed = print(
            self.db,
            &model.program_environment(),
            unwrapped(container).inferred_type(model)?,
        );
        let (class, arguments) = printed.split_once('[')?;
        let is_container = matches!(
            class,
            "list" | "set" | "frozenset" | "deque" | "Sequence" | "Iterable" | "Iterator"
        ) || (class == "tuple" && arguments.ends_with(", ...]"));
        let place = FileRange::new(model.file(), container.range());
        (is_container && arguments.starts_with("ProxyOr[")).then_some(Evidence::Declared(place))
    }

    /// Whether an annotation allows both proxies and what they stand for.
    fn allows_proxy(self, model: &SemanticModel<'db>, annotation: &Expr, steps: usize) -> bool {
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        match annotation {
            Expr::StringLiteral(it) => model
                .enter_string_annotation(it)
                .is_some_and(|(parsed, inner)| self.allows_proxy(&inner, parsed.expr(), steps)),
            Expr::Subscript(it) if form(&it.value) == Some(Form::ProxyOr) => true,
            Expr::Subscript(it) => match last_name(&it.value) {
                Some("Optional" | "Annotated" | "Final" | "ClassVar" | "Required") => {
                    let inner = match &*it.slice {
                        Expr::Tuple(tuple) => tuple.elts.first(),
                        slice => Some(slice),
                    };
                    inner.is_some_and(|it| self.allows_proxy(model, it, steps))
                }
                Some("Union") => match &*it.slice {
                    Expr::Tuple(tuple) => {
                        self.some_allow_proxy(model, &tuple.elts.iter().collect::<Vec<_>>(), steps)
                    }
                    slice => self.allows_proxy(model, slice, steps),
                },
                // A generic alias of the user's.
                _ => self.allows_proxy(model, &it.value, steps),
            },
            Expr::BinOp(it) if it.op == Operator::BitOr => {
                let mut parts = Vec::new();
                flatten(annotation, &mut parts);
                self.some_allow_proxy(model, &parts, steps)
            }
            Expr::Name(_) | Expr::Attribute(_) => definitions(model, annotation.into())
                .iter()
                .filter_map(ResolvedDefinition::definition)
                .any(|it| self.alias_allows_proxy(it, steps)),
            _ => false,
        }
    }

    fn some_allow_proxy(self, model: &SemanticModel<'db>, parts: &[&Expr], steps: usize) -> bool {
        let (proxies, others): (Vec<&Expr>, Vec<&Expr>) =
            parts.iter().partition(|it| is_proxy_type(it));
        let has_target = others.iter().any(|it| !it.is_none_literal_expr());
        (!proxies.is_empty() && has_target)
            || others.iter().any(|it| self.allows_proxy(model, it, steps))
    }

    /// `Data = ProxyOr[ndarray]`, `type Data = …`.
    fn alias_allows_proxy(self, definition: Definition<'db>, steps: usize) -> bool {
        let file = definition.program_file(self.db);
        if !is_on_disk(self.db, file.file(self.db)) {
            return false;
        }
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let value = match definition.kind(self.db) {
            DefinitionKind::Assignment(it) => Some(it.value(&module)),
            DefinitionKind::AnnotatedAssignment(it) => it.value(&module),
            DefinitionKind::TypeAlias(it) => Some(&*it.node(&module).value),
            _ => None,
        };
        let model = SemanticModel::new(self.db, file);
        value.is_some_and(|it| self.allows_proxy(&model, it, steps))
    }

    /// Whether the function around `expr` asks what `expr` is: `isinstance(x, Proxy)`, `is_proxy(x)`.
    /// The answer is then often known in ways that types do not tell.
    fn is_tested(self, model: &SemanticModel<'db>, expr: &Expr) -> bool {
        tests(self.db, model, expr, |tests, call| tests.is_test(call))
    }
}

fn tests<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
    is_test: fn(&Tests<'_>, &ast::ExprCall) -> bool,
) -> bool {
    let module = parsed_module(db, model.python_file()).load(db);
    let root = AnyNodeRef::from(module.syntax());
    if !root.range().contains_range(expr.range()) {
        return false;
    }
    let covering = covering_node(root, expr.range());
    let scope = covering
        .ancestors()
        .find(|it| matches!(it, AnyNodeRef::StmtFunctionDef(_)))
        .unwrap_or(root);
    let mut tests = Tests {
        subject: expr,
        is_test,
        found: false,
    };
    scope.visit_source_order(&mut tests);
    tests.found
}

/// The definitions in the scope of `expr` that reach it; none for other expressions than variables and
/// their attributes, and for the variables of other scopes.
pub(crate) fn local_definitions<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Vec<Definition<'db>> {
    let Some(scope) = model.scope(expr.into()).filter(|_| is_place_use(expr)) else {
        return Vec::new();
    };
    let file = model.program_file();
    let use_id = match expr {
        Expr::Name(it) => it.scoped_use_id(db, file),
        Expr::Attribute(it) => it.scoped_use_id(db, file),
        _ => return Vec::new(),
    };
    use_def_map(db, scope.to_scope_id(db, file))
        .bindings_at_use(use_id)
        .filter_map(|it| it.binding.definition())
        .collect()
}

/// Whether the inference records the use of an expression as that of a variable or of its attribute.
fn is_place_use(expr: &Expr) -> bool {
    match expr {
        Expr::Name(it) => it.ctx == ExprContext::Load,
        Expr::Attribute(it) => it.ctx == ExprContext::Load && is_place_use(&it.value),
        _ => false,
    }
}

fn form(expr: &Expr) -> Option<Form> {
    lower::form_of(&expr.as_name_expr()?.id)
}

/// Whether an annotation is a lowered proxy type, or what replaces one that would be empty.
fn is_proxy_type(expr: &Expr) -> bool {
    let class = match expr {
        Expr::Subscript(it) => &it.value,
        expr => expr,
    };
    let is_opaque = || {
        class
            .as_name_expr()
            .is_some_and(|it| is_opaque_proxy(&it.id))
    };
    form(class).is_some_and(|it| !matches!(it, Form::ProxyOr | Form::Foreign(_))) || is_opaque()
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.as_str()),
        _ => None,
    }
}

fn flatten<'a>(annotation: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match annotation {
        Expr::BinOp(it) if it.op == Operator::BitOr => {
            flatten(&it.left, parts);
            flatten(&it.right, parts);
        }
        part => parts.push(part),
    }
}

/// Looks for a call that asks of `subject` whether it is a proxy.
struct Tests<'a> {
    subject: &'a Expr,
    is_test: fn(&Tests<'_>, &ast::ExprCall) -> bool,
    found: bool,
}

impl Tests<'_> {
    fn is_subject(&self, call: &ast::ExprCall) -> bool {
        let first = call.arguments.args.first();
        first.is_some_and(|it| is_same_place(unwrapped(it), self.subject))
    }

    fn is_test(&self, call: &ast::ExprCall) -> bool {
        let name = last_name(&call.func).unwrap_or_default();
        self.is_subject(call)
            && (name.to_lowercase().contains("proxy")
                || name == "is_resolved"
                || (matches!(name, "isinstance" | "issubclass")
                    && call.arguments.args.get(1).is_some_and(names_proxy)))
    }

    /// `type(x) is Proxy`
    fn compares_type(&self, comparison: &ast::ExprCompare) -> bool {
        let operands = || std::iter::once(&*comparison.left).chain(&comparison.comparators);
        let asks_type = |it: &Expr| {
            it.as_call_expr()
                .is_some_and(|it| last_name(&it.func) == Some("type") && self.is_subject(it))
        };
        operands().any(asks_type) && operands().any(names_proxy)
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Tests<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.found |= match expr {
            Expr::Call(call) => (self.is_test)(self, call),
            Expr::Compare(comparison) => self.compares_type(comparison),
            _ => false,
        };
        if !self.found {
            walk_expr(self, expr);
        }
    }
}

/// Whether an expression names a class of proxies, alone or in a tuple.
fn names_proxy(class: &Expr) -> bool {
    match class {
        Expr::Tuple(it) => it.elts.iter().any(names_proxy),
        class => last_name(class).is_some_and(|it| it.contains("Proxy")),
    }
}

fn is_same_place(left: &Expr, right: &Expr) -> bool {
    match (left, right) {
        (Expr::Name(left), Expr::Name(right)) => left.id == right.id,
        (Expr::Attribute(left), Expr::Attribute(right)) => {
            left.attr == right.attr && is_same_place(&left.value, &right.value)
        }
        _ => false,
    }
}
