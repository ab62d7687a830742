//! From a name to its definitions and back.

use std::ops::Range;

use proxycheck_lsp as lsp;
use ruff_db::files::{File, FileRange};
use ruff_db::parsed::{ParsedModuleRef, parsed_module};
use ruff_db::source::source_text;
use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, TraversalSignal, walk_expr, walk_stmt,
};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged as _, TextRange, TextSize};
use rustc_hash::FxHashSet;
use ty_python_semantic::types::ide_support::definitions_for_keyword_argument;
use ty_python_semantic::{
    Db as _, HasDefinition as _, HasType as _, ImportAliasResolution, ResolvedDefinition,
    SemanticModel, contains_identifier, definitions_for_imported_symbol, definitions_for_name,
    map_stub_definition,
};

use super::members::definitions_of_member;
use super::question::Question;
use crate::db::{Db, is_on_disk};
use crate::proxy::lower;
use crate::proxy::model::Proxiness;
use crate::proxy::repair::unwrapped;

pub(super) const NOTHING_TO_RENAME: &str = "There is nothing here that can be renamed";

/// A name somewhere in a file, and what it is the name of.
#[derive(Clone, Copy)]
enum Named<'a> {
    Name(&'a ast::ExprName),
    Attribute(&'a ast::ExprAttribute),
    Function(&'a ast::StmtFunctionDef),
    Class(&'a ast::StmtClassDef),
    Parameter(&'a ast::Parameter),
    Keyword(&'a ast::Keyword, &'a ast::ExprCall),
    ImportedFrom(&'a ast::StmtImportFrom, &'a ast::Alias),
}

impl Named<'_> {
    fn range(&self) -> TextRange {
        match self {
            Named::Name(it) => it.range(),
            Named::Attribute(it) => it.attr.range(),
            Named::Function(it) => it.name.range(),
            Named::Class(it) => it.name.range(),
            Named::Parameter(it) => it.name.range(),
            Named::Keyword(it, _) => it.arg.as_ref().map_or(it.range(), |it| it.range()),
            Named::ImportedFrom(_, it) => it.name.range(),
        }
    }

    fn text(&self) -> &str {
        match self {
            Named::Name(it) => &it.id,
            Named::Attribute(it) => &it.attr,
            Named::Function(it) => &it.name,
            Named::Class(it) => &it.name,
            Named::Parameter(it) => &it.name,
            Named::Keyword(it, _) => it.arg.as_deref().unwrap_or_default(),
            Named::ImportedFrom(_, it) => &it.name,
        }
    }

    fn kind(&self) -> lsp::ReferenceKind {
        let of_context = |context: ExprContext| match context {
            ExprContext::Store | ExprContext::Del => lsp::ReferenceKind::Write,
            ExprContext::Load | ExprContext::Invalid => lsp::ReferenceKind::Read,
        };
        match self {
            Named::Name(it) => of_context(it.ctx),
            Named::Attribute(it) => of_context(it.ctx),
            Named::Function(_) | Named::Class(_) | Named::Parameter(_) => {
                lsp::ReferenceKind::Definition
            }
            Named::Keyword(..) | Named::ImportedFrom(..) => lsp::ReferenceKind::Read,
        }
    }

    fn definitions<'db>(
        &self,
        db: &'db Db,
        model: &SemanticModel<'db>,
        original: Option<&str>,
    ) -> Vec<ResolvedDefinition<'db>> {
        let resolution = ImportAliasResolution::ResolveAliases;
        match self {
            Named::Name(it) => {
                let is_lowered = lower::form_of(&it.id).is_some();
                let name = original.filter(|_| is_lowered).unwrap_or(&it.id);
                definitions_for_name(model, name, (*it).into(), resolution)
            }
            Named::Attribute(it) => definitions_of_member(db, model, it),
            Named::Function(it) => vec![ResolvedDefinition::Definition(it.definition(model))],
            Named::Class(it) => vec![ResolvedDefinition::Definition(it.definition(model))],
            Named::Parameter(it) => vec![ResolvedDefinition::Definition(it.definition(model))],
            Named::Keyword(keyword, call) => definitions_for_keyword_argument(model, keyword, call),
            Named::ImportedFrom(import, alias) => {
                definitions_for_imported_symbol(model, import, &alias.name, resolution)
            }
        }
    }
}

/// Goes through all names of a file, or those at one offset.
fn visit_names<'a>(
    module: &'a ParsedModuleRef,
    at: Option<TextSize>,
    found: impl FnMut(Named<'a>),
) {
    Names { at, found }.visit_body(module.suite());
}

struct Names<F> {
    at: Option<TextSize>,
    found: F,
}

impl<F> Names<F> {
    fn add<'a>(&mut self, named: Named<'a>)
    where
        F: FnMut(Named<'a>),
    {
        if self
            .at
            .is_none_or(|at| named.range().contains_inclusive(at))
        {
            (self.found)(named);
        }
    }
}

impl<'a, F: FnMut(Named<'a>)> SourceOrderVisitor<'a> for Names<F> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        match self.at {
            Some(at) if !node.range().contains_inclusive(at) => TraversalSignal::Skip,
            _ => TraversalSignal::Traverse,
        }
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(it) => self.add(Named::Function(it)),
            Stmt::ClassDef(it) => self.add(Named::Class(it)),
            Stmt::ImportFrom(it) => {
                for alias in &it.names {
                    self.add(Named::ImportedFrom(it, alias));
                }
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_parameter(&mut self, parameter: &'a ast::Parameter) {
        self.add(Named::Parameter(parameter));
        ruff_python_ast::visitor::source_order::walk_parameter(self, parameter);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(it) => self.add(Named::Name(it)),
            Expr::Attribute(it) => self.add(Named::Attribute(it)),
            Expr::Call(call) => {
                for keyword in &call.arguments.keywords {
                    if keyword.arg.is_some() {
                        self.add(Named::Keyword(keyword, call));
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// The name at an offset.
fn named_at(module: &ParsedModuleRef, at: TextSize) -> Option<Named<'_>> {
    let mut found = None;
    visit_names(module, Some(at), |it| found = Some(it));
    found
}

/// The variable or the attribute whose name is at an offset, and the place of that name.
pub(super) fn expr_at(module: &ParsedModuleRef, at: TextSize) -> Option<(&Expr, TextRange)> {
    innermost(module, at, |expr| {
        let name = match expr {
            Expr::Name(it) => it.range(),
            Expr::Attribute(it) => it.attr.range(),
            _ => return None,
        };
        name.contains_inclusive(at).then_some((expr, name))
    })
}

/// The attribute behind the dot before an offset, of which nothing may be written yet.
pub(super) fn attribute_at(module: &ParsedModuleRef, at: TextSize) -> Option<&ast::ExprAttribute> {
    innermost(module, at, |expr| {
        let attribute = expr.as_attribute_expr()?;
        (attribute.value.end() < at && at <= attribute.end()).then_some(attribute)
    })
}

/// What `look` makes of the innermost expression around an offset of which it makes anything.
fn innermost<'a, R>(
    module: &'a ParsedModuleRef,
    at: TextSize,
    look: impl FnMut(&'a Expr) -> Option<R>,
) -> Option<R> {
    struct Find<F, R> {
        at: TextSize,
        look: F,
        found: Option<R>,
    }
    impl<'a, R, F: FnMut(&'a Expr) -> Option<R>> SourceOrderVisitor<'a> for Find<F, R> {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            if node.range().contains_inclusive(self.at) {
                TraversalSignal::Traverse
            } else {
                TraversalSignal::Skip
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Some(found) = (self.look)(expr) {
                self.found = Some(found);
            }
            walk_expr(self, expr);
        }
    }
    let mut find = Find {
        at,
        look,
        found: None,
    };
    find.visit_body(module.suite());
    find.found
}

fn definitions_at<'db>(
    question: &'db Question,
    model: &SemanticModel<'db>,
    named: &Named,
) -> Vec<ResolvedDefinition<'db>> {
    let written = question.user_range(named.range());
    let written = written.and_then(|it| question.source.text.get(it));
    named.definitions(&question.view.db, model, written)
}

/// Where to go for a definition; for one in a stub, to the source that it describes, if there is one.
fn targets<'db>(
    question: &'db Question,
    origin: &Range<usize>,
    definitions: Vec<ResolvedDefinition<'db>>,
) -> Vec<lsp::Target> {
    let db = &question.view.db;
    let mut targets: Vec<lsp::Target> = Vec::new();
    for definition in definitions {
        let real = map_stub_definition(db, &definition, None).filter(|it| !it.is_empty());
        for definition in real.unwrap_or_else(|| vec![definition]) {
            let focus = definition.focus_range(db);
            let whole = match definition.definition() {
                Some(it) => {
                    let module = parsed_module(db, it.python_file(db)).load(db);
                    it.full_range(db, &module)
                }
                None => focus,
            };
            let Some((path, focus)) = question.place(focus) else {
                continue;
            };
            let range = question.place(whole).map_or(focus.clone(), |(_, it)| it);
            let target = lsp::Target {
                origin: origin.clone(),
                path,
                range: range.start.min(focus.start)..range.end.max(focus.end),
                focus,
            };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

pub(super) fn definition(question: &Question, offset: usize) -> Vec<lsp::Target> {
    let module = question.module();
    let model = question.model();
    let Some(named) = named_at(&module, question.offset(offset)) else {
        return Vec::new();
    };
    let Some(origin) = question.user_range(named.range()) else {
        return Vec::new();
    };
    let definitions = definitions_at(question, &model, &named);
    targets(question, &origin, definitions)
}

/// The class of what is at an offset; of a proxy, the class of its target.
pub(super) fn type_definition(question: &Question, offset: usize) -> Vec<lsp::Target> {
    let module = question.module();
    let model = question.model();
    let db = &question.view.db;
    let env = model.program_environment();
    let at = question.offset(offset);
    let (ty, name) = match expr_at(&module, at) {
        Some((expr, name)) => match question.sighting(&model, expr) {
            Some(sighting) => {
                let target = sighting.proxies.iter().flat_map(|it| &it.target).next();
                (target.copied(), name)
            }
            None => (unwrapped(expr).inferred_type(&model), name),
        },
        None => match named_at(&module, at) {
            Some(Named::Parameter(parameter)) => {
                let ty = parameter.inferred_type(&model);
                let proxies = ty.map(|it| Proxiness::of(db, &env, it).proxies);
                let target = proxies.and_then(|it| it.first()?.target.first().copied());
                (target.or(ty), parameter.name.range())
            }
            _ => return Vec::new(),
        },
    };
    let Some(origin) = question.user_range(name) else {
        return Vec::new();
    };
    let definition = ty
        .and_then(|ty| ty.definition(db, &env))
        .and_then(|it| it.definition().copied());
    let definitions = definition.map(ResolvedDefinition::Definition);
    targets(question, &origin, Vec::from_iter(definitions))
}

/// The places of the definitions of a name, by which definitions are compared.
fn places<'db>(db: &'db Db, definitions: &[ResolvedDefinition<'db>]) -> FxHashSet<FileRange> {
    definitions.iter().map(|it| it.focus_range(db)).collect()
}

fn in_file(
    question: &Question,
    file: File,
    name: &str,
    wanted: &FxHashSet<FileRange>,
    found: &mut Vec<lsp::Reference>,
) {
    let db = &question.view.db;
    if !contains_identifier(source_text(db, file).as_str(), name) {
        return;
    }
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let model = SemanticModel::new(db, program_file);
    visit_names(&module, None, |named| {
        if named.text() != name {
            return;
        }
        let place = FileRange::new(file, named.range());
        let Some((path, range)) = question.place(place) else {
            return;
        };
        let is_definition = wanted.contains(&place);
        if !is_definition {
            let definitions = named.definitions(db, &model, None);
            if places(db, &definitions).is_disjoint(wanted) {
                return;
            }
        }
        let kind = if is_definition {
            lsp::ReferenceKind::Definition
        } else {
            named.kind()
        };
        let reference = lsp::Reference { path, range, kind };
        if !found.contains(&reference) {
            found.push(reference);
        }
    });
}

fn all_references(question: &Question, offset: usize, in_project: bool) -> Vec<lsp::Reference> {
    let module = question.module();
    let model = question.model();
    let Some(named) = named_at(&module, question.offset(offset)) else {
        return Vec::new();
    };
    let definitions = definitions_at(question, &model, &named);
    let wanted = places(&question.view.db, &definitions);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    in_file(question, question.file, named.text(), &wanted, &mut found);
    if in_project && !is_local(question, &definitions) {
        for file in &*question.view.files {
            if *file != question.file {
                in_file(question, *file, named.text(), &wanted, &mut found);
            }
        }
    }
    let is_definition = |it: &lsp::Reference| it.kind != lsp::ReferenceKind::Definition;
    found.sort_by(|a, b| {
        let key = |it: &lsp::Reference| (is_definition(it), it.path.clone(), it.range.start);
        key(a).cmp(&key(b))
    });
    found
}

/// Whether a name means something in one function only.
fn is_local<'db>(question: &'db Question, definitions: &[ResolvedDefinition<'db>]) -> bool {
    let db = &question.view.db;
    let is_local = |it: &ResolvedDefinition<'db>| {
        it.definition().is_some_and(|it| {
            let is_parameter = it.kind(db).is_parameter_def();
            !is_parameter && it.scope(db).scope(db).kind().is_function_like()
        })
    };
    definitions.iter().all(is_local)
}

pub(super) fn references(question: &Question, offset: usize) -> Vec<lsp::Reference> {
    all_references(question, offset, true)
}

pub(super) fn highlights(question: &Question, offset: usize) -> Vec<lsp::Reference> {
    all_references(question, offset, false)
}

pub(super) fn prepare_rename(question: &Question, offset: usize) -> Result<Range<usize>, String> {
    let module = question.module();
    let model = question.model();
    let nothing = || NOTHING_TO_RENAME.to_owned();
    let named = named_at(&module, question.offset(offset)).ok_or_else(nothing)?;
    let range = question.user_range(named.range()).ok_or_else(nothing)?;
    let definitions = definitions_at(question, &model, &named);
    if definitions.is_empty() {
        return Err(nothing());
    }
    let db = &question.view.db;
    for definition in &definitions {
        let place = definition.focus_range(db);
        let is_own = is_on_disk(db, place.file()) && question.view.files.contains(&place.file());
        if definition.definition().is_none() || !is_own {
            let name = named.text();
            return Err(format!("`{name}` is defined outside of the project"));
        }
    }
    Ok(range)
}

pub(super) fn rename(
    question: &Question,
    offset: usize,
    name: &str,
) -> Result<Vec<lsp::FileEdits>, String> {
    prepare_rename(question, offset)?;
    if !is_identifier(name) {
        return Err(format!("`{name}` is no name"));
    }
    let mut changes: Vec<lsp::FileEdits> = Vec::new();
    for reference in references(question, offset) {
        let edit = lsp::Edit {
            range: reference.range,
            text: name.to_owned(),
        };
        match changes.iter_mut().find(|it| it.path == reference.path) {
            Some(file) => file.edits.push(edit),
            None => changes.push(lsp::FileEdits {
                path: reference.path,
                edits: vec![edit],
            }),
        }
    }
    for file in &mut changes {
        file.edits.sort_by_key(|it| it.range.start);
        file.edits.dedup();
    }
    Ok(changes)
}

/// Whether a text is a name that Python allows for a variable.
fn is_identifier(text: &str) -> bool {
    let parsed = ruff_python_parser::parse_expression(text);
    parsed.is_ok_and(|it| matches!(it.expr(), Expr::Name(name) if name.id == *text))
}
