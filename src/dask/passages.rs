//! What calls pass to the parameters of the user's functions, directly or by a task.

use std::sync::Arc;

use ruff_db::files::{File, FileRange};
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::ProgramFile;
use ty_python_core::definition::{DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, SemanticModel};

use super::task::TaskCall;
use crate::db::{ProxyDb, is_on_disk};
use crate::proxy::class::makes_dataclass;
use crate::proxy::model::Proxiness;
use crate::proxy::passed::Passage;
use crate::proxy::repair::unwrapped;
use crate::proxy::returns;
use crate::proxy::sighting::local_definitions;

/// What the calls in a file pass that is, or may be, a proxy.
#[salsa::tracked(returns(clone))]
pub(crate) fn passages<'db>(db: &'db dyn ProxyDb, file: ProgramFile<'db>) -> Arc<[Passage]> {
    let module = parsed_module(db, file.python_file(db)).load(db);
    let mut finder = Finder {
        db,
        model: SemanticModel::new(db, file),
        passages: Vec::new(),
    };
    finder.visit_body(module.suite());
    finder.passages.into()
}

struct Finder<'db> {
    db: &'db dyn ProxyDb,
    model: SemanticModel<'db>,
    passages: Vec<Passage>,
}

impl<'db> Finder<'db> {
    fn visit_call(&mut self, call: &ast::ExprCall) {
        let arguments = call.arguments.iter_source_order().map(|it| it.value());
        let sources: Vec<(&Expr, Option<FileRange>)> = arguments
            .filter_map(|it| Some((it, self.source(it)?)))
            .collect();
        if sources.is_empty() {
            return;
        }
        let parameters = match TaskCall::of(self.db, &self.model, call) {
            // What reaches a function from an iterable is another value.
            Some(task) if task.maps => Vec::new(),
            Some(task) => self.parameters_of_task(&task),
            None => self.parameters(call),
        };
        for (argument, source) in sources {
            let parameter = parameters.iter().find(|it| it.0 == argument.range());
            if let Some((_, parameter)) = parameter {
                let argument = FileRange::new(self.model.file(), argument.range());
                self.passages.push(Passage {
                    argument,
                    parameter: *parameter,
                    source,
                });
            }
        }
    }

    /// Arguments of a task and the names of the parameters that they reach.
    fn parameters_of_task(&self, task: &TaskCall<'_>) -> Vec<(TextRange, FileRange)> {
        let Some(signature) = task.signature(self.db, &self.model) else {
            return Vec::new();
        };
        let place = |index: usize| signature.parameters[index].place;
        task.bind(&signature)
            .arguments
            .into_iter()
            .filter_map(|(argument, index)| Some((argument.range(), place(index)?)))
            .filter(|(_, place)| is_on_disk(self.db, place.file()))
            .collect()
    }

    /// Arguments of a call of a function of the user's, and the names of the parameters that they reach.
    fn parameters(&self, call: &ast::ExprCall) -> Vec<(TextRange, FileRange)> {
        let Some(callee) = self.callee(&call.func) else {
            return Vec::new();
        };
        let positional = call
            .arguments
            .args
            .iter()
            .take_while(|it| !it.is_starred_expr())
            .zip(&callee.positional)
            .map(|(argument, name)| (argument.range(), *name));
        let named = call.arguments.keywords.iter().filter_map(|keyword| {
            let name = keyword.arg.as_ref()?;
            let found = callee.named.iter().find(|it| it.0 == name.as_str())?;
            Some((keyword.value.range(), found.1))
        });
        positional
            .chain(named)
            .map(|(argument, name)| (argument, FileRange::new(callee.file, name)))
            .collect()
    }

    /// `Some(None)` for a proxy, `Some(Some(…))` for a parameter of the function around it.
    fn source(&self, argument: &Expr) -> Option<Option<FileRange>> {
        let argument = unwrapped(argument);
        if Proxiness::of_expr(self.db, &self.model, argument).is_transparent() {
            return Some(None);
        }
        if !argument.is_name_expr() {
            return None;
        }
        let definitions = local_definitions(self.db, &self.model, argument);
        let [definition] = definitions.as_slice() else {
            return None;
        };
        let DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) =
            definition.kind(self.db)
        else {
            return None;
        };
        let module = parsed_module(self.db, self.model.python_file()).load(self.db);
        let name = parameter.node(&module).name().range();
        Some(Some(FileRange::new(self.model.file(), name)))
    }

    /// The parameters of a function or class of the user's.
    fn callee(&self, func: &Expr) -> Option<Callee> {
        let ty = func.inferred_type(&self.model)?;
        let is_bound = match ty {
            Type::FunctionLiteral(_) => false,
            Type::BoundMethod(_) | Type::ClassLiteral(_) | Type::GenericAlias(_) => true,
            _ => return None,
        };
        let env = self.model.program_environment();
        let place = ty.definition(self.db, &env)?.focus_range(self.db)?;
        if !is_on_disk(self.db, place.file()) {
            return None;
        }
        let file = self.db.program_file(place.file());
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
        covering.ancestors().find_map(|it| match it {
            AnyNodeRef::StmtFunctionDef(it) => {
                Some(Callee::of_function(place.file(), it, is_bound))
            }
            AnyNodeRef::StmtClassDef(it) => Callee::of_class(place.file(), it),
            _ => None,
        })
    }
}

/// The names of parameters, as arguments fill them.
struct Callee {
    file: File,
    positional: Vec<TextRange>,
    named: Vec<(String, TextRange)>,
}

impl Callee {
    fn of_function(file: File, function: &ast::StmtFunctionDef, is_bound: bool) -> Self {
        let parameters = &function.parameters;
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let named = parameters.args.iter().chain(&parameters.kwonlyargs);
        Callee {
            file,
            positional: positional
                .skip(usize::from(is_bound))
                .map(|it| it.name().range())
                .collect(),
            named: named
                .map(|it| (it.name().to_string(), it.name().range()))
                .collect(),
        }
    }

    fn of_class(file: File, class: &ast::StmtClassDef) -> Option<Self> {
        let constructor = class.body.iter().find_map(|it| match it {
            Stmt::FunctionDef(it) if matches!(it.name.as_str(), "__init__" | "__new__") => Some(it),
            _ => None,
        });
        if let Some(constructor) = constructor {
            return Some(Callee::of_function(file, constructor, true));
        }
        if !class.decorator_list.iter().any(makes_dataclass) {
            return None;
        }
        let fields: Vec<(String, TextRange)> = class
            .body
            .iter()
            .filter_map(|it| match it {
                Stmt::AnnAssign(it) => it.target.as_name_expr(),
                _ => None,
            })
            .map(|it| (it.id.to_string(), it.range()))
            .collect();
        // Which fields are parameters, and in what order, depends on their values and on the bases.
        let is_plain = class.bases().is_empty()
            && class
                .body
                .iter()
                .filter_map(Stmt::as_ann_assign_stmt)
                .all(|it| {
                    let is_configured = it.value.as_deref().is_some_and(Expr::is_call_expr);
                    !is_configured && !is_special(&it.annotation)
                });
        Some(Callee {
            file,
            positional: if is_plain {
                fields.iter().map(|it| it.1).collect()
            } else {
                Vec::new()
            },
            named: fields,
        })
    }
}

/// `ClassVar[int]`, `InitVar[int]`, `KW_ONLY`.
fn is_special(annotation: &Expr) -> bool {
    match annotation {
        Expr::Name(it) => matches!(it.id.as_str(), "ClassVar" | "InitVar" | "KW_ONLY"),
        Expr::Attribute(it) => matches!(it.attr.as_str(), "ClassVar" | "InitVar" | "KW_ONLY"),
        Expr::Subscript(it) => is_special(&it.value),
        _ => false,
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

    fn visit_annotation(&mut self, _expr: &'ast Expr) {}
}
