use ruff_python_ast::{Expr, ExprCall};

use super::checker::Checker;
use crate::dask::made::executor;
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static STOREEXECUTOR_DASK_MAP_PROXIED_ITERABLE: RuleInfo = RuleInfo {
    name: "storeexecutor-dask-map-proxied-iterable",
    summary: "detects iterables that ProxyStore's executor proxies before Dask maps over them",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/storeexecutor-dask-map-proxied-iterable.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) {
    // The executor of proxyrt proxies neither.
    if task.runner != Runner::StoreExecutor || !task.maps || cx.imports("proxyrt") {
        return;
    }
    let Some(made) = call
        .func
        .as_attribute_expr()
        .and_then(|it| executor(cx.db, cx.model, &it.value))
        .filter(|it| it.runner.is_some_and(Runner::is_dask_client))
    else {
        return;
    };
    let is_proxy = |it: &Expr| cx.sighting(it).is_some_and(|it| it.is_certain());
    let is_proxied = |it: &Expr| {
        let ty = cx.type_of(it);
        ty.is_some_and(|ty| made.should_proxy.includes(cx.db, cx.model, ty))
    };
    // Dask maps over a proxy beside a list.
    if !task.positional.iter().all(|it| is_proxy(it) || is_proxied(it)) {
        return;
    }
    let proxies: Vec<bool> = task.positional.iter().map(|it| is_proxy(it)).collect();
    for (argument, is_proxy) in task.positional.iter().zip(proxies) {
        let origin = cx.origin_label(argument);
        let message = if is_proxy {
            "Dask takes this proxy for an iterator and raises a `TypeError`".to_owned()
        } else {
            format!(
                "The executor proxies this `{}` as a whole, and Dask raises a `TypeError` instead of mapping over the proxy",
                cx.print_type_of(argument)
            )
        };
        let finding = cx.report(&STOREEXECUTOR_DASK_MAP_PROXIED_ITERABLE, *argument, message);
        finding
            .label("reaches the client of Dask as a proxy")
            .help("Submit one task for each element: `[executor.submit(f, it) for it in …]`");
        finding.secondary.extend(origin);
    }
}
