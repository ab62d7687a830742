//! Calls that start a task: which function will run, and with which arguments.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprCall, Keyword};
use ruff_text_size::Ranged;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, ResolvedDefinition, SemanticModel};

use super::signature::{Binding, Signature};
use crate::db::ProxyDb;
use crate::proxy::declared::definitions;
use crate::proxy::qualified_name::qualified_name_of;
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::local_definitions;

/// How many definitions are followed back from a call to the function that it is of.
const MAX_STEPS: usize = 4;

/// What runs a function somewhere else, or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `distributed.Client`
    DaskClient,
    /// `proxystore.ex.plugins.distributed.Client`
    StoreClient,
    /// `dask.delayed`
    Delayed,
    /// `proxystore.store.executor.StoreExecutor`
    StoreExecutor,
    /// `concurrent.futures.Executor`
    Executor,
    /// `functools.partial`, which runs nothing, but keeps arguments for a function.
    Partial,
}

impl Runner {
    /// Whether this is a client of Dask, or derived from it.
    pub(crate) fn is_dask_client(self) -> bool {
        matches!(self, Runner::DaskClient | Runner::StoreClient)
    }

    /// Whether the runner takes a keyword for itself.
    pub(crate) fn takes_option(self, maps: bool, name: &str) -> bool {
        const CLIENT: [&str; 10] = [
            "key",
            "workers",
            "resources",
            "retries",
            "priority",
            "fifo_timeout",
            "allow_other_workers",
            "actor",
            "actors",
            "pure",
        ];
        match self {
            Runner::DaskClient => CLIENT.contains(&name) || (maps && name == "batch_size"),
            Runner::StoreClient => {
                CLIENT.contains(&name)
                    || matches!(name, "batch_size" | "proxy_args" | "proxy_result")
            }
            Runner::Delayed => matches!(name, "pure" | "dask_key_name"),
            Runner::Executor => maps && matches!(name, "timeout" | "chunksize" | "buffersize"),
            Runner::StoreExecutor | Runner::Partial => false,
        }
    }
}

/// The function that a task runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TaskFunction<'a> {
    /// An argument of the call.
    Argument(&'a Expr),
    /// The expression, or the name of the function, to which `delayed` was applied.
    At(FileRange),
}

/// A call that starts a task, or one for each element of iterables.
#[derive(Debug, Clone)]
pub(crate) struct TaskCall<'a> {
    pub(crate) runner: Runner,
    /// Whether the positional arguments are iterables, the elements of which reach the function.
    pub(crate) maps: bool,
    pub(crate) function: TaskFunction<'a>,
    /// What reaches the function by position; may be starred.
    pub(crate) positional: Vec<&'a Expr>,
    /// What reaches the function by name, or from a dictionary.
    pub(crate) keywords: Vec<&'a Keyword>,
    /// What the runner takes for itself.
    pub(crate) options: Vec<&'a Keyword>,
}

impl<'a> TaskCall<'a> {
    /// The task that a call starts; `None` if it starts none, or one of an unknown function.
    ///
    /// What is called is recognised by the method that the inference finds: an executor of the user's
    /// that has a `submit` of its own is none of these.
    pub(crate) fn of<'db>(
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        call: &'a ExprCall,
    ) -> Option<Self> {
        if let Some(function) = delayed_function(db, model, &call.func, MAX_STEPS) {
            let (keywords, options) = split_keywords(call, Runner::Delayed, false);
            return Some(TaskCall {
                runner: Runner::Delayed,
                maps: false,
                function,
                positional: call.arguments.args.iter().collect(),
                keywords,
                options,
            });
        }
        let name = called_name(db, model, &call.func)?;
        if name == "proxystore.store.scopes.submit" {
            return Self::of_scope(db, model, call);
        }
        let (runner, maps) = runner(&name)?;
        let (mut keywords, options) = split_keywords(call, runner, maps);
        let (function, positional) = match &*call.arguments.args {
            [Expr::Starred(_), ..] => return None,
            [function, rest @ ..] => (function, rest.iter().collect()),
            [] => {
                let position = keywords.iter().position(|it| is_named(it, "func"))?;
                (&keywords.remove(position).value, Vec::new())
            }
        };
        Some(TaskCall {
            runner,
            maps,
            function: TaskFunction::Argument(function),
            positional,
            keywords: if maps && runner != Runner::DaskClient && runner != Runner::StoreClient {
                Vec::new()
            } else {
                keywords
            },
            options,
        })
    }

    /// `submit(client.submit, args=(f, x), kwargs={…})`
    fn of_scope<'db>(
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        call: &'a ExprCall,
    ) -> Option<Self> {
        let [submit] = &*call.arguments.args else {
            return None;
        };
        let (runner, false) = runner(&called_name(db, model, submit)?)? else {
            return None;
        };
        // Keywords are in a dictionary.
        if call.arguments.find_keyword("kwargs").is_some() {
            return None;
        }
        let args = match &call.arguments.find_keyword("args")?.value {
            Expr::Tuple(it) => &it.elts,
            Expr::List(it) => &it.elts,
            _ => return None,
        };
        let [function, positional @ ..] = args.as_slice() else {
            return None;
        };
        (!function.is_starred_expr()).then(|| TaskCall {
            runner,
            maps: false,
            function: TaskFunction::Argument(function),
            positional: positional.iter().collect(),
            keywords: Vec::new(),
            options: Vec::new(),
        })
    }

    /// Whether futures of Dask among the arguments may reach the function as the values that they stand
    /// for. An executor of ProxyStore's may have a client behind it.
    pub(crate) fn may_unwrap_futures(&self) -> bool {
        match self.runner {
            Runner::DaskClient | Runner::StoreClient | Runner::Delayed | Runner::StoreExecutor => {
                true
            }
            Runner::Executor | Runner::Partial => false,
        }
    }

    /// The parameters of the function, if they are known for certain.
    pub(crate) fn signature<'db>(
        &self,
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
    ) -> Option<Signature<'db>> {
        match self.function {
            TaskFunction::Argument(function) => Signature::of_expr(db, model, function),
            TaskFunction::At(place) => Signature::at(db, place),
        }
    }

    /// Which parameter each argument reaches.
    pub(crate) fn bind(&self, signature: &Signature<'_>) -> Binding<'a> {
        Binding::new(signature, &self.positional, &self.keywords)
    }

    /// The value of an option of the runner's.
    pub(crate) fn option(&self, name: &str) -> Option<&'a Keyword> {
        self.options.iter().copied().find(|it| is_named(it, name))
    }
}

pub(crate) fn is_named(keyword: &Keyword, name: &str) -> bool {
    keyword.arg.as_ref().is_some_and(|it| it.as_str() == name)
}

fn split_keywords(call: &ExprCall, runner: Runner, maps: bool) -> (Vec<&Keyword>, Vec<&Keyword>) {
    let is_option = |it: &&Keyword| {
        let name = it.arg.as_ref();
        name.is_some_and(|name| runner.takes_option(maps, name))
    };
    let (options, keywords) = call.arguments.keywords.iter().partition(is_option);
    (keywords, options)
}

/// The runner whose method has the given full name, and whether the method maps over iterables.
pub(crate) fn runner(name: &str) -> Option<(Runner, bool)> {
    let (owner, method) = name.rsplit_once('.')?;
    let maps = match method {
        "submit" => false,
        "map" => true,
        _ => return (name == "functools.partial").then_some((Runner::Partial, false)),
    };
    let runner = match owner {
        "distributed.client.Client" | "distributed.client._AsyncClient" => Runner::DaskClient,
        "proxystore_ex.plugins.distributed.Client" => Runner::StoreClient,
        "proxystore.store.executor.StoreExecutor" | "proxyrt.store.executor.StoreExecutor" => {
            Runner::StoreExecutor
        }
        "concurrent.futures._base.Executor" => Runner::Executor,
        _ => return None,
    };
    Some((runner, maps))
}

/// The full name of what is called, if it may start a task.
fn called_name<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    func: &Expr,
) -> Option<String> {
    let func = unwrapped(func);
    // Most calls are of something else, and their full names take time to find.
    let may_start_task = match (func, func.inferred_type(model)?) {
        (Expr::Attribute(it), Type::BoundMethod(_)) => {
            matches!(it.attr.as_str(), "submit" | "map")
        }
        (_, Type::BoundMethod(_)) => true,
        (Expr::Attribute(it), Type::FunctionLiteral(_) | Type::ClassLiteral(_)) => {
            matches!(it.attr.as_str(), "submit" | "partial")
        }
        (Expr::Name(it), Type::FunctionLiteral(_) | Type::ClassLiteral(_)) => {
            matches!(it.id.as_str(), "submit" | "partial")
        }
        _ => false,
    };
    may_start_task.then(|| qualified_name_of(db, model, func))?
}

/// The function that `func` runs later, if `func` is `delayed(function)`.
fn delayed_function<'a, 'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    func: &'a Expr,
    steps: usize,
) -> Option<TaskFunction<'a>> {
    let func = unwrapped(func);
    let env = model.program_environment();
    let Type::NominalInstance(instance) = func.inferred_type(model)? else {
        return None;
    };
    if instance.class_name(db, &env) != "_DelayedCallable"
        || instance.class_module_name(db, &env)?.as_str() != "dask.delayed"
    {
        return None;
    }
    if let Expr::Call(call) = func {
        return delayed_argument(call).map(TaskFunction::Argument);
    }
    definition_of(db, model, func)
        .and_then(|it| defined_function(db, it, steps))
        .map(TaskFunction::At)
}

/// `f` in `delayed(f)` and in `delayed(pure=True)(f)`.
fn delayed_argument(call: &ExprCall) -> Option<&Expr> {
    match &*call.arguments.args {
        [function, ..] if !function.is_starred_expr() => Some(function),
        _ => call.arguments.find_keyword("obj").map(|it| &it.value),
    }
}

/// The only definition that a variable or an attribute has where it is used.
pub(crate) fn definition_of<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<Definition<'db>> {
    let expr = unwrapped(expr);
    let local = local_definitions(db, model, expr);
    let found = if local.is_empty() {
        definitions(model, expr.into())
            .iter()
            .filter_map(ResolvedDefinition::definition)
            .collect()
    } else {
        local
    };
    match found.as_slice() {
        [definition] if is_import(*definition, db) => definitions(model, expr.into())
            .first()
            .and_then(ResolvedDefinition::definition),
        [definition] => Some(*definition),
        _ => None,
    }
}

/// Tells `tell` of the expression that was assigned to what `expr` names, or of `expr` itself.
pub(crate) fn definition_value<'db, T>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
    tell: &mut dyn FnMut(&SemanticModel<'db>, &Expr) -> Option<T>,
) -> Option<T> {
    let expr = unwrapped(expr);
    if !matches!(expr, Expr::Name(_) | Expr::Attribute(_)) {
        return tell(model, expr);
    }
    let definition = definition_of(db, model, expr)?;
    let file = definition.program_file(db);
    let module = parsed_module(db, file.python_file(db)).load(db);
    let value = match definition.kind(db) {
        DefinitionKind::Assignment(it) if it.unpack().is_none() => it.value(&module),
        DefinitionKind::AnnotatedAssignment(it) => it.value(&module)?,
        DefinitionKind::NamedExpression(it) => &*it.node(&module).value,
        _ => return None,
    };
    tell(&SemanticModel::new(db, file), unwrapped(value))
}

fn is_import(definition: Definition<'_>, db: &dyn ProxyDb) -> bool {
    matches!(
        definition.kind(db),
        DefinitionKind::Import(_) | DefinitionKind::ImportFrom(_) | DefinitionKind::StarImport(_)
    )
}

/// Where the function is that a definition applies `delayed` to.
fn defined_function<'db>(
    db: &'db dyn ProxyDb,
    definition: Definition<'db>,
    steps: usize,
) -> Option<FileRange> {
    let steps = steps.checked_sub(1)?;
    let file = definition.program_file(db);
    let module = parsed_module(db, file.python_file(db)).load(db);
    match definition.kind(db) {
        DefinitionKind::Function(function) => Some(FileRange::new(
            file.file(db),
            function.node(&module).name.range(),
        )),
        DefinitionKind::Assignment(it) if it.unpack().is_none() => {
            let model = SemanticModel::new(db, file);
            match delayed_function(db, &model, it.value(&module), steps)? {
                TaskFunction::Argument(it) => Some(FileRange::new(file.file(db), it.range())),
                TaskFunction::At(place) => Some(place),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ruff_db::files::system_path_to_file;
    use ruff_db::parsed::parsed_module;
    use ruff_db::system::{InMemorySystem, MemoryFileSystem};
    use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr};
    use ruff_python_ast::{Expr, PythonVersion};
    use ruff_text_size::Ranged;
    use ty_python_semantic::{Db as _, SemanticModel};

    use super::TaskCall;
    use crate::dask::signature::Mistake;
    use crate::db::{Db, ProgramOptions};

    /// Each task in `text`, as `runner function(parameter=argument, …)`, with its mistakes.
    fn tasks(text: &str) -> Vec<String> {
        let disk = MemoryFileSystem::with_current_directory("/p");
        disk.write_file("/p/main.py", text).expect("it is written");
        let helper = "\
            from dask import delayed\n\
            def plain(x: int, y: int = 0) -> int: ...\n\
            wrapped = delayed(plain)\n";
        disk.write_file("/p/helper.py", helper)
            .expect("it is written");
        let options = ProgramOptions::of_folder("/p", PythonVersion::PY312);
        let system = Arc::new(InMemorySystem::from_memory_fs(disk));
        let db = Db::new(system, &options).expect("the settings are right");
        let file = system_path_to_file(&db, "/p/main.py").expect("it is there");
        let file = db.program_file(file);
        let module = parsed_module(&db, file.python_file(&db)).load(&db);
        let mut visitor = Describe {
            db: &db,
            model: &SemanticModel::new(&db, file),
            text,
            found: Vec::new(),
        };
        visitor.visit_body(module.suite());
        visitor.found
    }

    struct Describe<'a> {
        db: &'a Db,
        model: &'a SemanticModel<'a>,
        text: &'a str,
        found: Vec<String>,
    }

    impl Describe<'_> {
        fn describe(&self, task: &TaskCall<'_>) -> String {
            let runner = format!("{:?}{}", task.runner, if task.maps { " map" } else { "" });
            let Some(signature) = task.signature(self.db, self.model) else {
                return format!("{runner} ?");
            };
            let binding = task.bind(&signature);
            let name = |it: usize| signature.parameters[it].name.as_str();
            let arguments: Vec<String> = binding
                .arguments
                .iter()
                .map(|(argument, it)| format!("{}={}", name(*it), &self.text[argument.range()]))
                .collect();
            let mistakes: String = binding
                .mistakes
                .iter()
                .map(|it| match it {
                    Mistake::TooMany {
                        expected, given, ..
                    } => format!(" takes {expected}, gets {given}"),
                    Mistake::UnknownName(it) => format!(" no {}", &self.text[it.range()]),
                    Mistake::Twice(it) => format!(" twice {}", &self.text[it.range()]),
                    Mistake::Missing(missing) => {
                        let names: Vec<&str> = missing.iter().map(|it| name(*it)).collect();
                        format!(" misses {}", names.join(" "))
                    }
                })
                .collect();
            let function = signature.name.as_deref().unwrap_or("_");
            format!("{runner} {function}({}){mistakes}", arguments.join(", "))
        }
    }

    impl<'ast> SourceOrderVisitor<'ast> for Describe<'_> {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            if let Expr::Call(call) = expr
                && let Some(task) = TaskCall::of(self.db, self.model, call)
            {
                self.found.push(self.describe(&task));
            }
            walk_expr(self, expr);
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(tasks(text), expected);
    }

    const CLIENT: &str = "\
from distributed import Client
client = Client()
def f(x: int, y: int = 0) -> int: ...
";

    #[test]
    fn a_client_keeps_its_options() {
        check(
            &format!(
                "{CLIENT}
client.submit(f, 1, 2, key='k', pure=False)
client.submit(f, x=1, y=2, workers=['w'])
client.submit(func=f, x=1)
client.map(f, [1], y=2, batch_size=3)
submit = client.submit
submit(f, 1)
client.submit(*[f, 1])
client.gather([f, 1])
"
            ),
            &[
                "DaskClient f(x=1, y=2)",
                "DaskClient f(x=1, y=2)",
                "DaskClient f(x=1)",
                "DaskClient map f(x=[1], y=2)",
                "DaskClient f(x=1)",
            ],
        );
    }

    #[test]
    fn mistakes_are_seen_as_far_as_arguments_are() {
        check(
            &format!(
                "{CLIENT}
def only(x, /, *, y): ...
def rest(*args: int, **kwargs: int): ...
def anything(*args, **kwargs): ...
client.submit(f)
client.submit(f, 1, 2, 3)
client.submit(f, 1, x=2)
client.submit(f, 1, z=2)
client.submit(f, *[1])
client.submit(f, *[1], **{{}})
client.submit(only, x=1)
client.submit(only, 1, y=2)
client.submit(rest, 1, 2, z=3)
client.submit(anything, 1, 2, z=3)
"
            ),
            &[
                "DaskClient f() misses x",
                "DaskClient f(x=1, y=2) takes 2, gets 3",
                "DaskClient f(x=1) twice x=2",
                "DaskClient f(x=1) no z=2",
                "DaskClient f()",
                "DaskClient f()",
                "DaskClient only() no x=1 misses x y",
                "DaskClient only(x=1, y=2)",
                "DaskClient rest(args=1, args=2, kwargs=3)",
                "DaskClient ?",
            ],
        );
    }

    #[test]
    fn functions_have_many_forms() {
        check(
            &format!(
                "{CLIENT}
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Callable, overload
class C:
    def __init__(self, x: int) -> None: ...
    def method(self, x: int) -> int: ...
    @classmethod
    def make(cls, x: int) -> 'C': ...
    @staticmethod
    def free(x: int) -> int: ...
    def __call__(self, x: int) -> int: ...
@dataclass
class D:
    x: int
    y: int = 0
@overload
def g(x: int) -> int: ...
@overload
def g(x: str) -> str: ...
def g(x): ...
def decorate(function) -> Any: ...
@decorate
def unknown(): ...
client.submit(C, 1)
client.submit(C(1).method, 1)
client.submit(C.make, 1)
client.submit(C.free, 1)
client.submit(C(1), 1)
client.submit(D, 1, 2)
client.submit(lambda x: x, 1)
client.submit(g, 1)
client.submit(unknown, 1)
client.submit(partial(f, 1), 2)
def take(callback: Callable[[int], int], any: Callable[..., int]) -> None:
    client.submit(callback, 1)
    client.submit(any, 1)
"
            ),
            &[
                "DaskClient __init__(x=1)",
                "DaskClient method(x=1)",
                "DaskClient make(x=1)",
                "DaskClient free(x=1)",
                "DaskClient __call__(x=1)",
                "DaskClient _(x=1, y=2)",
                "DaskClient _(x=1)",
                "DaskClient ?",
                "DaskClient ?",
                "DaskClient f(y=2)",
                "Partial f(x=1)",
                "DaskClient _(=1)",
                "DaskClient ?",
            ],
        );
    }

    #[test]
    fn delayed_is_found_where_it_is_applied() {
        check(
            "\
import dask
from dask import delayed
from helper import wrapped
import helper
def f(x: int) -> int: ...
@delayed
def g(x: int, *, y: int = 0) -> int: ...
@dask.delayed(pure=True)
def h(x: int) -> int: ...
later = delayed(f)
delayed(f)(1)
delayed(pure=True)(f)(1, dask_key_name='k')
g(1, y=2)
h(1, 2)
later(1)
wrapped(1, 2)
helper.wrapped(1)
delayed(sum)([1])
f(1)
",
            &[
                "Delayed f(x=1)",
                "Delayed f(x=1)",
                "Delayed g(x=1, y=2)",
                "Delayed h(x=1) takes 1, gets 2",
                "Delayed f(x=1)",
                "Delayed plain(x=1, y=2)",
                "Delayed plain(x=1)",
                "Delayed ?",
            ],
        );
    }

    #[test]
    fn executors_are_told_by_their_methods() {
        check(
            "\
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from proxystore.ex.plugins.distributed import Client as StoreClient
from proxystore.store.executor import StoreExecutor
from proxystore.store.scopes import submit
def f(x: int) -> int: ...
class Own(Executor):
    def submit(self, name, *args): ...
class Inherits(ThreadPoolExecutor): ...
class Other:
    def submit(self, f, x): ...
def run(any: Executor, store: StoreExecutor, client: StoreClient) -> None:
    any.submit(f, 1)
    Inherits().submit(f, 1)
    Own().submit('f', 1)
    Other().submit(f, 1)
    with ProcessPoolExecutor() as pool:
        pool.map(f, [1], chunksize=2)
        submit(pool.submit, args=(f, 1))
    store.submit(f, 1)
    client.submit(f, 1, proxy_result=False)
",
            &[
                "Executor f(x=1)",
                "Executor f(x=1)",
                "Executor map f(x=[1])",
                "Executor f(x=1)",
                "StoreExecutor f(x=1)",
                "StoreClient f(x=1)",
            ],
        );
    }
}
