use ruff_python_ast::ExprCall;
use ty_python_semantic::types::Type;

use super::checker::{Checker, with_article};
use crate::dask::made::argument;
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static PROXY_OF_DASK_DELAYED: RuleInfo = RuleInfo {
    name: "proxy-of-dask-delayed",
    summary: "detects values of Dask graphs that are put into a store before they are computed",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/proxy-of-dask-delayed.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let is_method = call.func.as_attribute_expr().is_some_and(|it| {
        matches!(
            it.attr.as_str(),
            "proxy" | "put" | "owned_proxy" | "locked_proxy"
        )
    });
    let Some(object) = argument(call, "obj", 0).filter(|_| is_method) else {
        return;
    };
    let Some(Type::NominalInstance(instance)) = cx.type_of(object) else {
        return;
    };
    let is_delayed = instance
        .class_module_name(cx.db, cx.env())
        .is_some_and(|it| it.as_str() == "dask.delayed");
    if !is_delayed
        || !cx.qualified_name_of(&call.func)
            .is_some_and(|it| it.starts_with("proxystore.store.base.Store."))
    {
        return;
    }
    let printed = cx.print_type_of(object);
    let printed = printed.strip_prefix('_').unwrap_or(&printed);
    let origin = cx.origin_label(object);
    let finding = cx.report(
        &PROXY_OF_DASK_DELAYED,
        object,
        format_args!(
            "This stores {} and not what it will compute: Dask does not look into the store",
            with_article(printed)
        ),
    );
    finding
        .label("is not computed yet")
        .help("Compute it first: `client.compute(…)` gives a future, which tasks take as its value");
    finding.secondary.extend(origin);
}
