//! How an object was made: the call of the constructor that a variable or an attribute leads back to.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{AtomicNodeIndex, Expr, ExprAttribute, ExprCall, ExprContext, Identifier};
use ruff_text_size::Ranged;
use ty_python_core::definition::DefinitionKind;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, SemanticModel, definitions_for_attribute};

use super::task::{Runner, definition_of, runner};
use crate::db::ProxyDb;
use crate::proxy::qualified_name::{qualified_name, qualified_name_of};
use crate::proxy::repair::unwrapped;

/// How many assignments an object is followed back through.
const MAX_STEPS: usize = 6;

/// Tells `tell` of the call that made the object which `expr` evaluates to, with the model of the file in
/// which the call is and the full name of the class. `None` if there is none, or more than one.
pub(crate) fn made_by<'db, T>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
    tell: &mut dyn FnMut(&SemanticModel<'db>, &str, &ExprCall) -> Option<T>,
) -> Option<T> {
    follow(db, model, expr, MAX_STEPS, tell)
}

fn follow<'db, T>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
    steps: usize,
    tell: &mut dyn FnMut(&SemanticModel<'db>, &str, &ExprCall) -> Option<T>,
) -> Option<T> {
    let steps = steps.checked_sub(1)?;
    match unwrapped(expr) {
        Expr::Call(call) => {
            let ty = call.func.inferred_type(model)?;
            if !matches!(ty, Type::ClassLiteral(_) | Type::GenericAlias(_)) {
                return None;
            }
            let name = qualified_name_of(db, model, &call.func)?;
            tell(model, &name, call)
        }
        Expr::Named(it) => follow(db, model, &it.value, steps, tell),
        Expr::Await(it) => follow(db, model, &it.value, steps, tell),
        expr @ (Expr::Name(_) | Expr::Attribute(_)) => {
            let definition = definition_of(db, model, expr)?;
            let file = definition.program_file(db);
            let module = parsed_module(db, file.python_file(db)).load(db);
            let model = SemanticModel::new(db, file);
            let value = match definition.kind(db) {
                DefinitionKind::Assignment(it) if it.unpack().is_none() => it.value(&module),
                DefinitionKind::AnnotatedAssignment(it) => it.value(&module)?,
                DefinitionKind::NamedExpression(it) => &*it.node(&module).value,
                DefinitionKind::WithItem(it) => it.context_expr(&module),
                _ => return None,
            };
            follow(db, &model, value, steps, tell)
        }
        _ => None,
    }
}

/// An argument of a call, by name or by position.
pub(crate) fn argument<'a>(call: &'a ExprCall, name: &str, position: usize) -> Option<&'a Expr> {
    if let Some(keyword) = call.arguments.find_keyword(name) {
        return Some(&keyword.value);
    }
    let args = &call.arguments.args;
    if args.iter().take(position + 1).any(Expr::is_starred_expr) {
        return None;
    }
    args.get(position)
}

/// Whether a call unpacks arguments, so that it has more than are to be seen.
pub(crate) fn unpacks(call: &ExprCall) -> bool {
    call.arguments.args.iter().any(Expr::is_starred_expr)
        || call.arguments.keywords.iter().any(|it| it.arg.is_none())
}

/// What runs the tasks that are submitted to the object which `expr` evaluates to.
pub(crate) fn runner_of<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<Runner> {
    let expr = unwrapped(expr);
    // Asks the inference about an attribute that is not in the program.
    let attribute = ExprAttribute {
        node_index: AtomicNodeIndex::NONE,
        range: expr.range(),
        value: Box::new(expr.clone()),
        attr: Identifier::new("submit", expr.range()),
        ctx: ExprContext::Load,
    };
    let definitions = definitions_for_attribute(model, &attribute);
    let names: Vec<Runner> = definitions
        .iter()
        .filter_map(|it| name_of(db, it))
        .filter_map(|it| Some(runner(&it)?.0))
        .collect();
    match names.as_slice() {
        [first, rest @ ..] if rest.iter().all(|it| it == first) => Some(*first),
        _ => None,
    }
}

/// What decides whether an executor of ProxyStore's proxies a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShouldProxy {
    Never,
    Always,
    /// Instances of the named classes.
    Types(Vec<String>),
    /// A function of the user's.
    Custom,
}

/// An executor of ProxyStore's, as it was made.
#[derive(Debug, Clone)]
pub(crate) struct MadeExecutor {
    /// What is behind it.
    pub(crate) runner: Option<Runner>,
    pub(crate) should_proxy: ShouldProxy,
    /// Whether proxies of results are owned; unknown if a variable says so.
    pub(crate) ownership: Option<bool>,
    /// The call.
    pub(crate) place: FileRange,
}

/// How the executor that `expr` evaluates to was made.
pub(crate) fn executor<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<MadeExecutor> {
    made_by(db, model, expr, &mut |model, class, call| {
        executor_of_call(db, model, class, call)
    })
}

pub(crate) fn executor_of_call<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    class: &str,
    call: &ExprCall,
) -> Option<MadeExecutor> {
    if !matches!(
        class,
        "proxystore.store.executor.StoreExecutor" | "proxyrt.store.executor.StoreExecutor"
    ) || unpacks(call)
    {
        return None;
    }
    let should_proxy = match argument(call, "should_proxy", 2) {
        None => ShouldProxy::Never,
        Some(it) if it.is_none_literal_expr() => ShouldProxy::Never,
        Some(it) => made_by(db, model, it, &mut |model, class, call| {
            let (module, class) = class.rsplit_once('.')?;
            if !module.ends_with("store.executor") || unpacks(call) {
                return None;
            }
            match class {
                "ProxyNever" => Some(ShouldProxy::Never),
                "ProxyAlways" => Some(ShouldProxy::Always),
                "ProxyType" => {
                    let classes = call.arguments.args.iter().map(|it| {
                        let ty = it.inferred_type(model)?;
                        qualified_name(db, &model.program_environment(), ty)
                    });
                    classes.collect::<Option<_>>().map(ShouldProxy::Types)
                }
                _ => None,
            }
        })
        .unwrap_or(ShouldProxy::Custom),
    };
    Some(MadeExecutor {
        runner: runner_of(db, model, argument(call, "executor", 0)?),
        should_proxy,
        ownership: match call.arguments.find_keyword("ownership") {
            None => Some(true),
            Some(it) => it.value.as_boolean_literal_expr().map(|it| it.value),
        },
        place: FileRange::new(model.file(), call.range()),
    })
}

impl ShouldProxy {
    /// Whether each value of a type is proxied.
    pub(crate) fn includes<'db>(
        &self,
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        ty: Type<'db>,
    ) -> bool {
        match self {
            ShouldProxy::Never | ShouldProxy::Custom => false,
            ShouldProxy::Always => true,
            ShouldProxy::Types(classes) => {
                let env = model.program_environment();
                if let Type::TypeAlias(alias) = ty {
                    return self.includes(db, model, alias.value_type(db));
                }
                class_name(db, model, ty).is_some_and(|it| classes.contains(&it))
                    || (classes.iter().any(|it| it == "builtins.str")
                        && crate::proxy::model::print(db, &env, ty).starts_with("Literal[\""))
            }
        }
    }
}

fn class_name<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    ty: Type<'db>,
) -> Option<String> {
    let Type::NominalInstance(instance) = ty else {
        return None;
    };
    let env = model.program_environment();
    let module = instance.class_module_name(db, &env)?;
    Some(format!(
        "{}.{}",
        module.as_str(),
        instance.class_name(db, &env)
    ))
}

fn name_of(
    db: &dyn ProxyDb,
    definition: &ty_python_semantic::ResolvedDefinition<'_>,
) -> Option<String> {
    crate::proxy::qualified_name::name_at(db, definition.focus_range(db))
}
