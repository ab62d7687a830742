use ruff_python_ast::ExprCall;

use super::checker::Checker;
use super::dask_ref_proxy_argument;
use crate::dask::made::argument;
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static DASK_SCATTER_PROXY: RuleInfo = RuleInfo {
    name: "dask-scatter-proxy",
    summary: "detects proxies that are scattered",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/dask-scatter-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let is_scatter = call
        .func
        .as_attribute_expr()
        .is_some_and(|it| &it.attr == "scatter")
        && cx.qualified_name_of(&call.func).is_some_and(|it| {
            matches!(
                &*it,
                "distributed.client.Client.scatter" | "distributed.client._AsyncClient.scatter"
            )
        });
    let Some(data) = argument(call, "data", 0).filter(|_| is_scatter) else {
        return;
    };
    let Some(sighting) = cx.sighting(data) else {
        dask_ref_proxy_argument::check_argument(cx, data);
        return;
    };
    let phrase = sighting.phrase(&cx.text(data));
    let text = cx.text(data);
    let origin = cx.sighting_label(data, &sighting);
    let finding = cx.report(
        &DASK_SCATTER_PROXY,
        data,
        format_args!("`scatter` takes {phrase} for an iterator and raises a `TypeError`"),
    );
    finding.label(if sighting.is_certain() {
        "is a proxy"
    } else {
        "may be a proxy"
    });
    finding.help(if text.contains('\n') {
        "Pass the proxy itself to the task: it is a reference already".to_owned()
    } else {
        format!(
            "Pass the proxy itself to the task, it is a reference already; or scatter a list: `client.scatter([{text}])[0]`"
        )
    });
    finding.secondary.extend(origin);
}
