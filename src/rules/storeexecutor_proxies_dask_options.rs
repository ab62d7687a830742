use ruff_python_ast::ExprCall;

use super::checker::Checker;
use crate::dask::made::executor;
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static STOREEXECUTOR_PROXIES_DASK_OPTIONS: RuleInfo = RuleInfo {
    name: "storeexecutor-proxies-dask-options",
    summary: "detects options of Dask that ProxyStore's executor proxies",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/storeexecutor-proxies-dask-options.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) {
    // The executor of proxyrt proxies neither.
    if task.runner != Runner::StoreExecutor || task.maps || cx.imports("proxyrt") {
        return;
    }
    let is_option = |name: &str| Runner::DaskClient.takes_option(false, name);
    let keywords: Vec<_> = task
        .keywords
        .iter()
        .filter(|it| it.arg.as_ref().is_some_and(|it| is_option(it)))
        .collect();
    if keywords.is_empty() {
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
    for keyword in keywords {
        let Some(name) = &keyword.arg else { continue };
        let is_proxied = cx
            .type_of(&keyword.value)
            .is_some_and(|ty| made.should_proxy.includes(cx.db, cx.model, ty));
        if !is_proxied {
            continue;
        }
        cx.report(
            &STOREEXECUTOR_PROXIES_DASK_OPTIONS,
            *keyword,
            format_args!("The executor proxies the option `{name}`, too, and Dask gets a `Proxy` for it"),
        )
        .label("is passed to the client of Dask as a proxy")
        .help("Let `should_proxy` leave out values of this type, or submit to the client itself");
    }
}
