//! The names that a scope binds, as far as lowering has to know them.

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Pattern, Stmt, UnaryOp};
use rustc_hash::{FxHashMap, FxHashSet};

use super::parse::deeply;

/// `a.b.c`, the parts of a dotted name.
pub(super) type Chain = Box<[Name]>;

/// Longer chains are not names of modules or types.
const MAX_CHAIN: usize = 32;

/// The module in `from .a.b import …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ImportPath {
    /// The number of leading dots.
    pub(super) level: u32,
    /// Empty in `from . import …`.
    pub(super) module: Name,
}

/// One way in which a scope gives a name its value.
#[derive(Debug)]
pub(super) enum Binding {
    /// `import a.b as c`; for `import a.b` it is `a`.
    Module(Name),
    /// `from m import name`.
    Member { module: ImportPath, name: Name },
    /// `X = a.b`.
    Alias(Chain),
    /// `X = a.b[c.d]`. Without `argument` it is something more than a dotted name.
    Subscript {
        base: Chain,
        argument: Option<Chain>,
    },
    /// `X = a.b(…)`.
    Call(Chain),
    /// A class, `type X = …` or a union of types.
    Type,
    /// `def f[T]`.
    TypeVar,
    /// Anything else.
    Value,
}

#[derive(Debug)]
pub(super) struct Bound {
    pub(super) binding: Binding,
    /// Only there for when the real thing is not: `except ImportError`, the `else` of
    /// `if TYPE_CHECKING`, `Proxy = None`.
    pub(super) is_fallback: bool,
    /// Whether a stub file exports the name. Its imports are private unless spelled `a as a`.
    pub(super) is_exported: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    /// Also lambdas and comprehensions.
    Function,
    /// The type parameters of a function, class or alias.
    TypeParams,
}

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    names: FxHashMap<Name, Vec<Bound>>,
    /// The modules of `from m import *`.
    pub(super) stars: Vec<ImportPath>,
    /// The names that the scope declares `global`, and how it binds them.
    globals: FxHashMap<Name, Vec<Bound>>,
}

impl Scope {
    fn new(kind: ScopeKind) -> Self {
        Scope {
            kind,
            names: FxHashMap::default(),
            stars: Vec::new(),
            globals: FxHashMap::default(),
        }
    }

    /// How the scope binds a name; empty if it does not.
    pub(super) fn bounds(&self, name: &str) -> &[Bound] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_global(&self, name: &str) -> bool {
        self.globals.contains_key(name)
    }

    pub(super) fn of_module(body: &[Stmt], syntax: Syntax) -> Self {
        let mut scope = Collector::collect(ScopeKind::Module, body, syntax);
        if syntax.has_global {
            scope.take_globals(body, syntax);
        }
        scope
    }

    pub(super) fn of_class(class: &ast::StmtClassDef, syntax: Syntax) -> Self {
        Collector::collect(ScopeKind::Class, &class.body, syntax)
    }

    pub(super) fn of_function(function: &ast::StmtFunctionDef, syntax: Syntax) -> Self {
        let mut collector = Collector::new(ScopeKind::Function);
        collector.parameters(&function.parameters);
        collector.finish(&function.body, syntax)
    }

    pub(super) fn of_lambda(lambda: &ast::ExprLambda) -> Self {
        let mut collector = Collector::new(ScopeKind::Function);
        if let Some(parameters) = &lambda.parameters {
            collector.parameters(parameters);
        }
        collector.scope
    }

    pub(super) fn of_comprehension(generators: &[ast::Comprehension]) -> Self {
        let mut collector = Collector::new(ScopeKind::Function);
        for generator in generators {
            collector.target(&generator.target);
        }
        collector.scope
    }

    pub(super) fn of_type_params(params: &ast::TypeParams) -> Self {
        let mut collector = Collector::new(ScopeKind::TypeParams);
        for param in params.iter() {
            collector.bind(param.name().id.clone(), Binding::TypeVar);
        }
        collector.scope
    }

    /// Functions bind the names that they declare `global` in the module.
    fn take_globals(&mut self, body: &[Stmt], syntax: Syntax) {
        struct Functions<'s> {
            module: &'s mut Scope,
            syntax: Syntax,
        }
        impl<'a> Visitor<'a> for Functions<'_> {
            fn visit_stmt(&mut self, stmt: &'a Stmt) {
                let globals = match stmt {
                    Stmt::FunctionDef(function) => {
                        Scope::of_function(function, self.syntax).globals
                    }
                    Stmt::ClassDef(class) => Scope::of_class(class, self.syntax).globals,
                    _ => FxHashMap::default(),
                };
                for (name, bounds) in globals {
                    if !bounds.is_empty() {
                        self.module.names.entry(name).or_default().extend(bounds);
                    }
                }
                deeply(|| visitor::walk_stmt(self, stmt));
            }

            fn visit_expr(&mut self, _: &'a Expr) {}
        }
        Functions {
            module: self,
            syntax,
        }
        .visit_body(body);
    }
}

/// Which rare statements a text may contain, so that nothing is done for them in the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    has_global: bool,
    has_walrus: bool,
}

impl Syntax {
    pub(super) fn of(text: &str) -> Self {
        Syntax {
            has_global: text.contains("global"),
            has_walrus: text.contains(":="),
        }
    }
}

/// The parts of a dotted name.
pub(super) fn chain(expr: &Expr) -> Option<Chain> {
    let mut parts = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            // Where a name is missing, as in `a..b`, the parser puts an empty one.
            Expr::Attribute(attribute)
                if parts.len() < MAX_CHAIN && !attribute.attr.id.is_empty() =>
            {
                parts.push(attribute.attr.id.clone());
                expr = &attribute.value;
            }
            Expr::Name(name) => {
                parts.push(name.id.clone());
                parts.reverse();
                return Some(parts.into_boxed_slice());
            }
            _ => return None,
        }
    }
}

/// Whether an annotation is `TypeAlias`, however it was imported.
pub(super) fn is_type_alias_annotation(annotation: &Expr) -> bool {
    match annotation {
        Expr::Name(name) => name.id == "TypeAlias",
        Expr::Attribute(attribute) => attribute.attr.id == "TypeAlias",
        Expr::StringLiteral(string) => string.value.to_str() == "TypeAlias",
        _ => false,
    }
}

struct Collector {
    scope: Scope,
    in_fallback: bool,
}

impl Collector {
    fn new(kind: ScopeKind) -> Self {
        Collector {
            scope: Scope::new(kind),
            in_fallback: false,
        }
    }

    fn collect(kind: ScopeKind, body: &[Stmt], syntax: Syntax) -> Scope {
        Collector::new(kind).finish(body, syntax)
    }

    fn finish(mut self, body: &[Stmt], syntax: Syntax) -> Scope {
        self.body(body);
        if syntax.has_walrus {
            NamedTargets(&mut self).visit_body(body);
        }
        let Scope { names, globals, .. } = &mut self.scope;
        for (name, bounds) in globals {
            *bounds = names.remove(name).unwrap_or_default();
        }
        self.scope
    }

    fn bind(&mut self, name: Name, binding: Binding) {
        self.bind_import(name, binding, true);
    }

    fn bind_import(&mut self, name: Name, binding: Binding, is_exported: bool) {
        let bound = Bound {
            binding,
            is_fallback: self.in_fallback,
            is_exported,
        };
        self.scope.names.entry(name).or_default().push(bound);
    }

    fn as_fallback(&mut self, is_fallback: bool, collect: impl FnOnce(&mut Self)) {
        let outer = self.in_fallback;
        self.in_fallback |= is_fallback;
        collect(self);
        self.in_fallback = outer;
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters {
            self.bind(parameter.name().id.clone(), Binding::Value);
        }
    }

    /// An assignment target that says nothing about its value.
    fn target(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => self.bind(name.id.clone(), Binding::Value),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                deeply(|| elts.iter().for_each(|element| self.target(element)));
            }
            Expr::Starred(starred) => deeply(|| self.target(&starred.value)),
            _ => {}
        }
    }

    fn assign(&mut self, name: &Name, value: &Expr) {
        self.as_fallback(value.is_none_literal_expr(), |it| {
            it.bind(name.clone(), binding_of(value));
        });
    }

    fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn blocks<'a>(&mut self, blocks: impl IntoIterator<Item = &'a [Stmt]>) {
        deeply(|| blocks.into_iter().for_each(|body| self.body(body)));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => self.assign(&name.id, &assign.value),
                        _ => self.target(target),
                    }
                }
            }
            Stmt::AnnAssign(assign) => match (&*assign.target, assign.value.as_deref()) {
                (Expr::Name(name), Some(value))
                    if is_type_alias_annotation(&assign.annotation)
                        || value.is_none_literal_expr() =>
                {
                    self.assign(&name.id, value);
                }
                (target, _) => self.target(target),
            },
            Stmt::AugAssign(assign) => self.target(&assign.target),
            Stmt::FunctionDef(function) => self.bind(function.name.id.clone(), Binding::Value),
            Stmt::ClassDef(class) => self.bind(class.name.id.clone(), Binding::Type),
            Stmt::TypeAlias(alias) => {
                if let Expr::Name(name) = &*alias.name {
                    self.bind(name.id.clone(), Binding::Type);
                }
            }
            Stmt::For(stmt) => {
                self.target(&stmt.target);
                self.blocks([&stmt.body[..], &stmt.orelse]);
            }
            Stmt::While(stmt) => self.blocks([&stmt.body[..], &stmt.orelse]),
            Stmt::If(stmt) => self.if_stmt(stmt),
            Stmt::With(stmt) => {
                for target in stmt
                    .items
                    .iter()
                    .filter_map(|it| it.optional_vars.as_deref())
                {
                    self.target(target);
                }
                self.blocks([&stmt.body[..]]);
            }
            Stmt::Match(stmt) => {
                for case in &stmt.cases {
                    PatternNames(self).visit_pattern(&case.pattern);
                    self.blocks([&case.body[..]]);
                }
            }
            Stmt::Try(stmt) => self.try_stmt(stmt),
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.target(target)),
            Stmt::Global(global) => {
                let names = global
                    .names
                    .iter()
                    .map(|name| (name.id.clone(), Vec::new()));
                self.scope.globals.extend(names);
            }
            // Which function binds it does not matter: it is not certain to be a proxy type here.
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.bind(name.id.clone(), Binding::Value);
                }
            }
            Stmt::Return(_)
            | Stmt::Raise(_)
            | Stmt::Assert(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn import(&mut self, alias: &ast::Alias) {
        match &alias.asname {
            Some(asname) => {
                let is_exported = asname.id == alias.name.id;
                let module = Binding::Module(alias.name.id.clone());
                self.bind_import(asname.id.clone(), module, is_exported);
            }
            None => {
                let package = alias.name.split('.').next().unwrap_or(&alias.name);
                let package = Name::new(package);
                self.bind_import(package.clone(), Binding::Module(package), false);
            }
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom) {
        let module = ImportPath {
            level: import.level,
            module: import
                .module
                .as_ref()
                .map_or_else(Name::default, |it| it.id.clone()),
        };
        for alias in &import.names {
            if alias.name.id == "*" {
                self.scope.stars.push(module.clone());
                continue;
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name).id.clone();
            let is_exported = alias.asname.is_some() && name == alias.name.id;
            let member = Binding::Member {
                module: module.clone(),
                name: alias.name.id.clone(),
            };
            self.bind_import(name, member, is_exported);
        }
    }

    fn if_stmt(&mut self, stmt: &ast::StmtIf) {
        let checking = is_type_checking(&stmt.test);
        self.as_fallback(checking == Some(false), |it| it.blocks([&stmt.body[..]]));
        self.as_fallback(checking == Some(true), |it| {
            it.blocks(stmt.elif_else_clauses.iter().map(|clause| &clause.body[..]));
        });
    }

    fn try_stmt(&mut self, stmt: &ast::StmtTry) {
        self.blocks([&stmt.body[..]]);
        for ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
            if let Some(name) = &handler.name {
                self.bind(name.id.clone(), Binding::Value);
            }
            let catches_import = handler.type_.as_deref().is_none_or(catches_import_error);
            self.as_fallback(catches_import, |it| it.blocks([&handler.body[..]]));
        }
        self.blocks([&stmt.orelse[..], &stmt.finalbody]);
    }
}

fn binding_of(value: &Expr) -> Binding {
    if let Some(chain) = chain(value) {
        return Binding::Alias(chain);
    }
    match value {
        Expr::Subscript(subscript) => match chain(&subscript.value) {
            Some(base) => Binding::Subscript {
                base,
                argument: chain(&subscript.slice),
            },
            None => Binding::Value,
        },
        Expr::Call(call) => chain(&call.func).map_or(Binding::Value, Binding::Call),
        Expr::BinOp(operation) if operation.op == ast::Operator::BitOr => Binding::Type,
        _ => Binding::Value,
    }
}

/// Whether a condition is true (or false) because a type checker reads it.
fn is_type_checking(test: &Expr) -> Option<bool> {
    match test {
        Expr::Name(name) if name.id == "TYPE_CHECKING" => Some(true),
        Expr::Attribute(attribute) if attribute.attr.id == "TYPE_CHECKING" => Some(true),
        Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => match &*operation.operand {
            Expr::UnaryOp(_) => None,
            operand => is_type_checking(operand).map(|it| !it),
        },
        _ => None,
    }
}

fn catches_import_error(exception: &Expr) -> bool {
    let is_import_error = |exception: &Expr| {
        let name = match exception {
            Expr::Name(name) => &name.id,
            Expr::Attribute(attribute) => &attribute.attr.id,
            _ => return false,
        };
        matches!(
            name.as_str(),
            "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException"
        )
    };
    match exception {
        Expr::Tuple(exceptions) => exceptions.iter().any(is_import_error),
        exception => is_import_error(exception),
    }
}

/// The names that a pattern captures.
struct PatternNames<'c>(&'c mut Collector);

impl<'a> Visitor<'a> for PatternNames<'_> {
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.0.bind(name.id.clone(), Binding::Value);
        }
        deeply(|| visitor::walk_pattern(self, pattern));
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// The targets of `:=`. One in a lambda or a class body within is taken for one of this scope.
struct NamedTargets<'c>(&'c mut Collector);

impl<'a> Visitor<'a> for NamedTargets<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            deeply(|| visitor::walk_stmt(self, stmt));
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Named(named) = expr {
            self.0.target(&named.target);
        }
        deeply(|| visitor::walk_expr(self, expr));
    }
}

/// What a module lists in `__all__`.
#[derive(Debug, Default)]
pub(super) struct Exported {
    pub(super) names: FxHashSet<String>,
    /// Whether it adds what another module lists.
    pub(super) is_open: bool,
}

impl Exported {
    /// `None`: the module has no `__all__`.
    pub(super) fn of_module(body: &[Stmt]) -> Option<Self> {
        let mut exported = None;
        for stmt in body {
            match stmt {
                Stmt::Assign(assign) if assign.targets.iter().any(is_dunder_all) => {
                    let mut names = Exported::default();
                    names.add(&assign.value);
                    exported = Some(names);
                }
                Stmt::AnnAssign(assign) if is_dunder_all(&assign.target) => {
                    if let Some(value) = &assign.value {
                        let mut names = Exported::default();
                        names.add(value);
                        exported = Some(names);
                    }
                }
                Stmt::AugAssign(assign) if is_dunder_all(&assign.target) => {
                    exported.get_or_insert_default().add(&assign.value);
                }
                Stmt::Expr(stmt) => {
                    if let Expr::Call(call) = &*stmt.value
                        && let Expr::Attribute(method) = &*call.func
                        && is_dunder_all(&method.value)
                    {
                        let exported = exported.get_or_insert_default();
                        match method.attr.as_str() {
                            "append" | "extend" => {
                                call.arguments.args.iter().for_each(|it| exported.add(it));
                            }
                            _ => exported.is_open = true,
                        }
                    }
                }
                _ => {}
            }
        }
        exported
    }

    fn add(&mut self, value: &Expr) {
        match value {
            Expr::StringLiteral(string) => {
                self.names.insert(string.value.to_str().to_owned());
            }
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                for element in elts {
                    match element {
                        Expr::StringLiteral(_) => self.add(element),
                        _ => self.is_open = true,
                    }
                }
            }
            Expr::BinOp(operation) => {
                deeply(|| {
                    self.add(&operation.left);
                    self.add(&operation.right);
                });
            }
            _ => self.is_open = true,
        }
    }

    /// Whether `from module import *` brings in a public name of the module.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains(name) || (self.is_open && !name.starts_with('_'))
    }
}

fn is_dunder_all(target: &Expr) -> bool {
    matches!(target, Expr::Name(name) if name.id == "__all__")
}
