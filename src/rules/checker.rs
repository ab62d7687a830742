//! What a rule sees: the types of one file, and a place to report to.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

use ruff_db::files::FileRange;
use ruff_db::parsed::{ParsedModuleRef, parsed_module};
use ruff_db::source::source_text;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_comprehension, walk_expr, walk_stmt,
};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;
use ty_python_core::ProgramFile;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, ProgramEnvironment, SemanticModel, check_file_unwrap};

use super::apis::Apis;
use crate::dask::results::sighting;
use crate::db::ProxyDb;
use crate::diagnostics::{Applicability, RuleInfo, Source};
use crate::findings::{is_expected_to_fail, is_tested_to_fail};
pub(crate) use crate::proxy::declared::with_article;
use crate::proxy::declared::{comes_from_call, declaration, starts_as_none};
use crate::proxy::edit::EditMap;
use crate::proxy::foreign::ProxyClass;
use crate::proxy::model::{Kind, Proxiness, print};
use crate::proxy::passed::Passed;
use crate::proxy::qualified_name::qualified_name_of;
use crate::proxy::repair::unwrapped;
use crate::proxy::returns;
use crate::proxy::sighting::{Evidence, Sighting, allows_proxy, is_tested};

/// A finding in the text that ty read. [`Translator`](crate::findings::Translator) makes a
/// [`Diagnostic`](crate::diagnostics::Diagnostic) of it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static RuleInfo,
    pub(crate) range: TextRange,
    pub(crate) message: String,
    /// What is to be seen at the primary range.
    pub(crate) label: Option<String>,
    pub(crate) secondary: Vec<(FileRange, String)>,
    pub(crate) notes: Vec<String>,
    pub(crate) help: Option<String>,
    pub(crate) fix: Option<FindingFix>,
}

#[derive(Debug)]
pub(crate) struct FindingFix {
    pub(crate) title: String,
    pub(crate) applicability: Applicability,
    pub(crate) edits: Vec<FixEdit>,
}

/// A change around a node, so that it can be carried over to the user's text.
#[derive(Debug)]
pub(crate) enum FixEdit {
    Before(TextRange, String),
    After(TextRange, String),
}

impl Finding {
    pub(crate) fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = Some(text.into());
        self
    }

    pub(crate) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    pub(crate) fn fix(
        &mut self,
        applicability: Applicability,
        title: impl Into<String>,
        edits: Vec<FixEdit>,
    ) -> &mut Self {
        // There are none where a fix is not possible.
        if !edits.is_empty() {
            self.fix = Some(FindingFix {
                title: title.into(),
                applicability,
                edits,
            });
        }
        self
    }
}

pub(crate) struct Checker<'a, 'db> {
    pub(crate) db: &'db dyn ProxyDb,
    pub(crate) model: &'a SemanticModel<'db>,
    env: ProgramEnvironment<'db>,
    module: &'a ParsedModuleRef,
    passed: &'a Passed,
    original: &'a Original<'a>,
    pub(super) apis: &'a Apis,
    findings: Vec<Finding>,
    /// What several rules ask of the same function: its full name.
    names: RefCell<FxHashMap<TextRange, Option<Rc<str>>>>,
}

/// The text of a file as the user wrote it, and the way there from the text that ty read.
pub(crate) struct Original<'a> {
    pub(crate) source: &'a Source,
    pub(crate) edits: Option<&'a EditMap>,
}

impl Original<'_> {
    fn range(&self, range: TextRange) -> Option<TextRange> {
        match self.edits {
            Some(edits) => edits.before(range),
            None => Some(range),
        }
    }

    fn text(&self, range: TextRange) -> &str {
        self.range(range)
            .and_then(|it| self.source.text.get(it.to_std_range()))
            .unwrap_or_default()
    }
}

/// What our own rules find in a file.
pub(crate) fn check<'db>(
    db: &'db dyn ProxyDb,
    file: ProgramFile<'db>,
    passed: &Passed,
    original: &Original<'_>,
    apis: &Apis,
) -> Vec<Finding> {
    with_checker(db, file, passed, original, apis, |checker| {
        let module = checker.module;
        checker.visit_body(module.suite());
        std::mem::take(&mut checker.findings)
    })
}

/// Looks at a file with what a rule sees.
pub(crate) fn with_checker<'db, R>(
    db: &'db dyn ProxyDb,
    file: ProgramFile<'db>,
    passed: &Passed,
    original: &Original<'_>,
    apis: &Apis,
    look: impl FnOnce(&mut Checker<'_, 'db>) -> R,
) -> R {
    let module = parsed_module(db, file.python_file(db)).load(db);
    let model = SemanticModel::new(db, file);
    let mut checker = Checker {
        db,
        env: model.program_environment(),
        model: &model,
        module: &module,
        passed,
        original,
        apis,
        findings: Vec::new(),
        names: RefCell::default(),
    };
    look(&mut checker)
}

impl<'db> Checker<'_, 'db> {
    pub(crate) fn env(&self) -> &ProgramEnvironment<'db> {
        &self.env
    }

    /// The type of an expression as the user wrote it.
    pub(crate) fn type_of(&self, expr: &Expr) -> Option<Type<'db>> {
        unwrapped(expr).inferred_type(self.model)
    }

    pub(crate) fn proxiness(&self, expr: &Expr) -> Proxiness<'db> {
        Proxiness::of_expr(self.db, self.model, unwrapped(expr))
    }

    /// Whether there is a proxy in the place of an expression, and how that is known.
    pub(crate) fn sighting(&self, expr: &Expr) -> Option<Sighting<'db>> {
        sighting(self.db, self.model, self.passed, expr)
    }

    /// Whether the function around an expression asks somewhere whether it is a proxy.
    pub(crate) fn is_tested(&self, expr: &Expr) -> bool {
        is_tested(self.db, self.model, expr)
    }

    /// Whether an annotation says that there may be a proxy.
    pub(crate) fn allows_proxy(&self, annotation: &Expr) -> bool {
        allows_proxy(self.db, self.model, self.passed, annotation)
    }

    /// The proxy that some call passes to the parameter of this file with a name at this place.
    pub(crate) fn passed_argument(&self, name: TextRange) -> Option<FileRange> {
        self.passed.argument(self.model.file(), name)
    }

    /// What follows a statement in the body of its function.
    pub(crate) fn statements_after(&self, statement: impl Ranged) -> &[Stmt] {
        let root = AnyNodeRef::from(self.module.syntax());
        let covering = covering_node(root, statement.range());
        let body = covering.ancestors().find_map(|it| match it {
            AnyNodeRef::StmtFunctionDef(it) => Some(&*it.body),
            _ => None,
        });
        let body = body.unwrap_or_default();
        let position = body.iter().position(|it| it.range() == statement.range());
        position.map_or(&[], |it| &body[it + 1..])
    }

    /// The white space before a statement that begins a line.
    pub(crate) fn indentation(&self, statement: impl Ranged) -> Option<&str> {
        let range = self.original.range(statement.range())?;
        let text = &self.original.source.text[..range.start().to_usize()];
        let line = text.rfind('\n').map_or(text, |it| &text[it + 1..]);
        line.chars().all(char::is_whitespace).then_some(line)
    }

    /// Whether the inference finds that an argument is not of the type that the function takes.
    pub(crate) fn is_rejected(&self, argument: &Expr) -> bool {
        check_file_unwrap(self.db, self.model.program_file())
            .iter()
            .any(|it| {
                it.id().is_lint_named("invalid-argument-type")
                    && it.range() == Some(argument.range())
            })
    }

    /// Whether code stands where failing is what it is for, or is provided for.
    pub(crate) fn is_expected_to_fail(&self, at: impl Ranged) -> bool {
        let root = AnyNodeRef::from(self.module.syntax());
        is_expected_to_fail(&covering_node(root, at.range()))
    }

    /// The full name of what an expression names: `json.dumps`.
    pub(crate) fn qualified_name_of(&self, expr: &Expr) -> Option<Rc<str>> {
        if let Some(known) = self.names.borrow().get(&expr.range()) {
            return known.clone();
        }
        let name = qualified_name_of(self.db, self.model, expr).map(Rc::from);
        self.names.borrow_mut().insert(expr.range(), name.clone());
        name
    }

    /// The type of an expression as users write it.
    pub(crate) fn print_type_of(&self, expr: &Expr) -> String {
        self.type_of(expr)
            .map_or_else(|| "Unknown".to_owned(), |ty| print(self.db, &self.env, ty))
    }

    pub(crate) fn report(
        &mut self,
        rule: &'static RuleInfo,
        at: impl Ranged,
        message: impl Display,
    ) -> &mut Finding {
        self.findings.push(Finding {
            rule,
            range: at.range(),
            message: message.to_string(),
            label: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        });
        self.findings.last_mut().expect("one was pushed just now")
    }

    /// Where the proxy that `expr` names was declared or made, as a label that says what it is.
    pub(crate) fn origin_label(&self, expr: &Expr) -> Option<(FileRange, String)> {
        declaration(self.db, self.model, expr)
    }

    /// Where a proxy was declared or made, or where it is said that there may be one.
    pub(crate) fn sighting_label(
        &self,
        expr: &Expr,
        sighting: &Sighting<'db>,
    ) -> Option<(FileRange, String)> {
        match &sighting.evidence {
            Evidence::Type => self.origin_label(expr),
            Evidence::Declared(place) => {
                Some((*place, "is declared to be a proxy or not".to_owned()))
            }
            Evidence::Returned(executor) => {
                Some((*executor, "this executor proxies such results".to_owned()))
            }
            Evidence::Passed(argument) => Some((
                *argument,
                format!("passes {}", with_article(&sighting.printed)),
            )),
        }
    }

    /// Whether a variable is `None` by default, whatever it is declared to be.
    pub(crate) fn starts_as_none(&self, expr: &Expr) -> bool {
        starts_as_none(self.db, self.model, expr)
    }

    /// Whether a proxy comes from a call that does not make one of everything:
    /// `store.proxy(x, skip_nonproxiable=True)` returns `None` and Booleans themselves.
    pub(crate) fn may_be_left_as_it_is(&self, expr: &Expr) -> bool {
        comes_from_call(self.db, self.model, expr, |call| {
            call.arguments.find_keyword("skip_nonproxiable").is_some()
        })
    }

    /// The edits that put the target in the place of a proxy, with the imports that this needs. None if
    /// that is not possible.
    pub(crate) fn extract_edits(&self, expr: &Expr, sighting: &Sighting<'db>) -> Vec<FixEdit> {
        if let Some(unwrap) = self.foreign_unwrap(sighting) {
            let is_simple = is_path(unwrapped(expr)) && sighting.is_certain();
            let edit = unwrap.filter(|_| is_simple);
            return Vec::from_iter(edit.map(|it| FixEdit::After(expr.range(), it.to_owned())));
        }
        if sighting.is_certain() {
            let Some((names, import)) = self.proxy_names(["extract"]) else {
                return Vec::new();
            };
            let [extract] = names;
            return Vec::from_iter(import.into_iter().chain([
                FixEdit::Before(expr.range(), format!("{extract}(")),
                FixEdit::After(expr.range(), ")".to_owned()),
            ]));
        }
        // Only what is cheap and has no effects may be written twice.
        let Some((names, import)) = self
            .proxy_names(["Proxy", "extract"])
            .filter(|_| is_path(unwrapped(expr)))
        else {
            return Vec::new();
        };
        let ([class, extract], text) = (names, self.text(expr));
        let rest = format!(") if isinstance({text}, {class}) else {text})");
        Vec::from_iter(import.into_iter().chain([
            FixEdit::Before(expr.range(), format!("({extract}(")),
            FixEdit::After(expr.range(), rest),
        ]))
    }

    /// For the proxy of another library what gives its target, a suffix, if that is known.
    fn foreign_unwrap(&self, sighting: &Sighting<'db>) -> Option<Option<&'static str>> {
        sighting.proxies.iter().find_map(|it| match it.kind {
            Kind::Foreign(position) => {
                let class = self.db.proxy_classes().get(usize::from(position));
                Some(class.and_then(ProxyClass::unwrap))
            }
            _ => None,
        })
    }

    /// The expression that gives the target of the proxy `text`.
    pub(crate) fn target_of(&self, text: &str, sighting: &Sighting<'db>) -> String {
        match self.foreign_unwrap(sighting) {
            Some(unwrap) => format!("{text}{}", unwrap.unwrap_or(".…")),
            None => format!("extract({text})"),
        }
    }

    /// What this file calls the given names of ProxyStore's module for proxies, and the edit that imports
    /// those that it does not know yet; `None` if it uses one of these for something else.
    pub(crate) fn proxy_names<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Option<([String; N], Option<FixEdit>)> {
        let mut known = names.map(|_| None::<String>);
        let mut extensible: Option<TextRange> = None;
        let mut after: Option<TextRange> = None;
        for (number, stmt) in self.module.suite().iter().enumerate() {
            match stmt {
                Stmt::ImportFrom(import) => {
                    after = Some(stmt.range());
                    let from = import.module.as_deref().unwrap_or_default();
                    if !matches!(from, "proxystore.proxy" | "proxyrt.proxy" | "proxyrt") {
                        continue;
                    }
                    for alias in &import.names {
                        for (name, known) in names.iter().zip(&mut known) {
                            if &alias.name == "*" {
                                known.get_or_insert((*name).to_owned());
                            } else if alias.name.as_str() == *name {
                                let local = alias.asname.as_ref().unwrap_or(&alias.name);
                                known.get_or_insert(local.to_string());
                            }
                        }
                    }
                    extensible = extensible.or(import.names.last().map(Ranged::range));
                }
                Stmt::Import(_) => after = Some(stmt.range()),
                // The docstring.
                Stmt::Expr(it) if number == 0 && it.value.is_string_literal_expr() => {
                    after = Some(stmt.range());
                }
                _ => {}
            }
        }
        let missing: Vec<&str> = names
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(name, _)| *name)
            .collect();
        if missing.iter().any(|it| self.uses_name(it)) {
            return None;
        }
        let list = missing.join(", ");
        let package = if self.imports("proxyrt") {
            "proxyrt"
        } else {
            "proxystore"
        };
        let import = format!("from {package}.proxy import {list}");
        let edit = match (extensible, after) {
            _ if missing.is_empty() => None,
            (Some(last), _) => Some(FixEdit::After(last, format!(", {list}"))),
            (None, Some(range)) => Some(FixEdit::After(range, format!("\n{import}"))),
            (None, None) => Some(FixEdit::Before(
                TextRange::empty(TextSize::new(0)),
                format!("{import}\n"),
            )),
        };
        let mut missing = missing.into_iter();
        let names = known.map(|it| it.or_else(|| missing.next().map(str::to_owned)));
        Some((names.map(Option::unwrap_or_default), edit))
    }

    /// Whether a name occurs in the file, so that an import might shadow it or be shadowed.
    fn uses_name(&self, name: &str) -> bool {
        let is_part = |it: char| it.is_alphanumeric() || it == '_';
        self.original
            .source
            .text
            .split(|it| !is_part(it))
            .any(|word| word == name)
    }

    /// What a name is called in the modules that it is imported from, if it is imported from these only.
    pub(crate) fn imported_from(&self, name: &str, modules: &[&str]) -> Option<String> {
        let mut imports = Imports {
            name,
            found: Vec::new(),
        };
        imports.visit_body(self.module.suite());
        let is_wanted = |(module, _): &(&str, &str)| modules.contains(module);
        let (_, original) = imports.found.first()?;
        imports
            .found
            .iter()
            .all(is_wanted)
            .then(|| (*original).to_owned())
    }

    /// Whether a proxy is one of proxyrt's, as far as the file tells, or the one that says where it is from.
    pub(crate) fn is_proxyrt(&self, sighting: &Sighting<'db>) -> bool {
        let there = match sighting.evidence {
            Evidence::Type => None,
            Evidence::Declared(place) | Evidence::Passed(place) | Evidence::Returned(place) => {
                Some(place.file())
            }
        };
        let names_it = |file| source_text(self.db, file).contains("proxyrt");
        self.imports("proxyrt") || there.is_some_and(names_it)
    }

    /// Whether the file names a package anywhere in its imports.
    pub(crate) fn imports(&self, package: &str) -> bool {
        let is_of_package = |name: &str| name.split('.').next() == Some(package);
        self.module.suite().iter().any(|stmt| match stmt {
            Stmt::Import(it) => it.names.iter().any(|alias| is_of_package(&alias.name)),
            Stmt::ImportFrom(it) => it.module.as_deref().is_some_and(is_of_package),
            _ => false,
        })
    }

    /// Whether an exception is wanted here, or is provided for and not even certain.
    pub(crate) fn is_to_fail(&self, at: impl Ranged, sighting: &Sighting<'db>) -> bool {
        let covering = covering_node(AnyNodeRef::from(self.module.syntax()), at.range());
        if sighting.is_certain() {
            is_tested_to_fail(&covering)
        } else {
            is_expected_to_fail(&covering)
        }
    }

    /// The function or the module around a node.
    pub(crate) fn scope_of(&self, at: impl Ranged) -> AnyNodeRef<'_> {
        let root = AnyNodeRef::from(self.module.syntax());
        let covering = covering_node(root, at.range());
        let function = covering.ancestors().skip(1).find(|it| {
            matches!(
                it,
                AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::ExprLambda(_)
            )
        });
        function.unwrap_or(root)
    }

    /// The text of a node as the user wrote it.
    pub(crate) fn text(&self, at: impl Ranged) -> String {
        self.original.text(at.range()).to_owned()
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Checker<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if !stmt.as_class_def_stmt().is_some_and(returns::is_twin) {
            super::check_stmt(self, stmt);
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        super::check_expr(self, expr);
        walk_expr(self, expr);
    }

    fn visit_comprehension(&mut self, comprehension: &'ast ast::Comprehension) {
        super::check_comprehension(self, comprehension);
        walk_comprehension(self, comprehension);
    }

    fn visit_annotation(&mut self, _expr: &'ast Expr) {}
}

/// Looks for `from module import name`, anywhere in a file.
struct Imports<'a> {
    name: &'a str,
    /// The module, and the name there.
    found: Vec<(&'a str, &'a str)>,
}

impl<'a> SourceOrderVisitor<'a> for Imports<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::ImportFrom(import) = stmt {
            for alias in &import.names {
                if alias.asname.as_ref().unwrap_or(&alias.name).as_str() == self.name {
                    let module = import.module.as_deref().unwrap_or_default();
                    self.found.push((module, alias.name.as_str()));
                }
            }
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _expr: &'a Expr) {}
}

/// Whether an expression names a value that is only one: `None`, a Boolean, `...`.
pub(crate) fn is_singleton_literal(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) | Expr::EllipsisLiteral(_)
    )
}

/// Whether an expression is a variable or an attribute of one.
pub(crate) fn is_path(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) => true,
        Expr::Attribute(it) => is_path(&it.value),
        _ => false,
    }
}
