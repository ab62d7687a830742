//! The rules about calls that start a task, which is looked for once.

use ruff_python_ast::ExprCall;

use super::checker::Checker;
use super::{
    client_map_over_proxy, dask_ref_proxy_argument, dask_scatter_proxy, dask_task_returns_owned,
    exclient_actor, exclient_futures_in_container, exclient_kwarg_on_plain_client,
    local_connector_cross_process, proxy_of_dask_delayed, storeexecutor_dask_map_proxied_iterable,
    storeexecutor_dask_ownership, storeexecutor_proxies_dask_options, submit_argument_mismatch,
    submit_wrong_arity,
};
use crate::dask::made::{executor, made_by, unpacks};
use crate::dask::task::{Runner, TaskCall};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    dask_scatter_proxy::check(cx, call);
    proxy_of_dask_delayed::check(cx, call);
    storeexecutor_dask_ownership::check(cx, call);
    let Some(task) = TaskCall::of(cx.db, cx.model, call) else {
        return;
    };
    let signature = task.signature(cx.db, cx.model);
    if let Some(signature) = &signature {
        submit_argument_mismatch::check(cx, &task, signature);
        submit_wrong_arity::check(cx, call, &task, signature);
        exclient_kwarg_on_plain_client::check(cx, &task, signature);
    }
    if is_of_dask(cx, call, &task) {
        dask_ref_proxy_argument::check(cx, &task);
        dask_task_returns_owned::check(cx, call, &task, signature.as_ref());
    }
    client_map_over_proxy::check(cx, &task);
    exclient_actor::check(cx, call, &task);
    exclient_futures_in_container::check(cx, call, &task);
    local_connector_cross_process::check(cx, call, &task);
    storeexecutor_dask_map_proxied_iterable::check(cx, call, &task);
    storeexecutor_proxies_dask_options::check(cx, call, &task);
}

/// Whether Dask runs a task.
fn is_of_dask(cx: &Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) -> bool {
    match task.runner {
        Runner::DaskClient | Runner::StoreClient | Runner::Delayed => true,
        Runner::StoreExecutor => call
            .func
            .as_attribute_expr()
            .and_then(|it| executor(cx.db, cx.model, &it.value))
            .is_some_and(|it| it.runner.is_some_and(Runner::is_dask_client)),
        Runner::Executor | Runner::Partial => false,
    }
}

/// Whether ProxyStore's client was made without a store, so that it is just Dask's.
pub(super) fn has_no_store(cx: &Checker<'_, '_>, call: &ExprCall) -> bool {
    call.func.as_attribute_expr().is_some_and(|it| {
        made_by(cx.db, cx.model, &it.value, &mut |_, _, call| {
            (call.arguments.find_keyword("ps_store").is_none() && !unpacks(call)).then_some(())
        })
        .is_some()
    })
}
