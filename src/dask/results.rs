//! What executors return: an executor of ProxyStore's puts proxies in the place of results.

use ruff_python_ast::Expr;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, SemanticModel};

use super::made::executor;
use super::task::{Runner, TaskCall, definition_value};
use crate::db::ProxyDb;
use crate::proxy::model::{Kind, Proxiness, Proxy, print};
use crate::proxy::passed::Passed;
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::{Evidence, Sighting, is_tested};

/// What there is to be said of the values of `expr`, results of tasks among them; `None` if nothing speaks
/// for a proxy.
pub(crate) fn sighting<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    passed: &Passed,
    expr: &Expr,
) -> Option<Sighting<'db>> {
    Sighting::of(db, model, passed, expr).or_else(|| returned_proxy(db, model, expr))
}

/// The proxy that an expression may be because it is the result of a task: `executor.submit(f).result()`.
///
/// Of an executor that is not to be seen where it is made, nothing is said, because most of them proxy few
/// types.
fn returned_proxy<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    expr: &Expr,
) -> Option<Sighting<'db>> {
    let expr = unwrapped(expr);
    let env = model.program_environment();
    let others = Proxiness::of(db, &env, expr.inferred_type(model)?).others;
    let [ty @ Type::NominalInstance(_)] = others[..] else {
        return None;
    };
    let sighting = definition_value(db, model, expr, &mut |model, value| {
        let result = value.as_call_expr()?.func.as_attribute_expr()?;
        if &result.attr != "result" {
            return None;
        }
        definition_value(db, model, &result.value, &mut |model, value| {
            let call = value.as_call_expr()?;
            let task = TaskCall::of(db, model, call)?;
            if task.runner != Runner::StoreExecutor || task.maps {
                return None;
            }
            let made = executor(db, model, &call.func.as_attribute_expr()?.value)?;
            if !made.should_proxy.includes(db, model, ty) {
                return None;
            }
            let kind = if made.ownership? {
                Kind::Owned
            } else {
                Kind::Plain
            };
            Some(Sighting {
                printed: format!("{}[{}]", kind.class(), print(db, &env, ty)),
                proxies: vec![Proxy {
                    kind,
                    target: vec![ty],
                }],
                evidence: Evidence::Returned(made.place),
            })
        })
    })?;
    (!is_tested(db, model, expr)).then_some(sighting)
}
