use ruff_db::files::FileRange;
use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;
use ty_python_semantic::types::Type;

use super::checker::{Checker, FixEdit};
use crate::dask::made::{ShouldProxy, argument, executor_of_call};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};

pub(super) static STOREEXECUTOR_DASK_OWNERSHIP: RuleInfo = RuleInfo {
    name: "storeexecutor-dask-ownership",
    summary: "detects executors that return owned proxies through a client of Dask",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/storeexecutor-dask-ownership.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if !matches!(cx.type_of(&call.func), Some(Type::ClassLiteral(_)))
        || call.arguments.len() < 2
        // Its executor returns nothing that is owned through a client of Dask.
        || cx.imports("proxyrt")
    {
        return;
    }
    let Some(name) = cx.qualified_name_of(&call.func) else {
        return;
    };
    let Some(executor) = executor_of_call(cx.db, cx.model, &name, call) else {
        return;
    };
    // Without proxies, nothing is owned.
    if executor.should_proxy == ShouldProxy::Never
        || !executor.runner.is_some_and(|it| it.is_dask_client())
    {
        return;
    }
    let ownership = call.arguments.find_keyword("ownership");
    if ownership.is_some_and(|it| {
        it.value
            .as_boolean_literal_expr()
            .is_none_or(|it| !it.value)
    }) {
        return;
    }
    let at = ownership.map_or(call.func.range(), Ranged::range);
    let edits = match call.arguments.iter_source_order().last() {
        Some(last) if ownership.is_none() => {
            vec![FixEdit::After(last.range(), ", ownership=False".to_owned())]
        }
        _ => Vec::new(),
    };
    let client =
        argument(call, "executor", 0).map(|it| FileRange::new(cx.model.file(), it.range()));
    let finding = cx.report(
        &STOREEXECUTOR_DASK_OWNERSHIP,
        at,
        "The results of this executor are `OwnedProxy` objects, which Dask cannot bring back from the workers",
    );
    finding
        .label("`ownership` is `True`, which is the default")
        .help("Pass `ownership=False`, and evict the results yourself")
        .fix(Applicability::Safe, "Pass `ownership=False`", edits);
    if let Some(place) = client {
        finding
            .secondary
            .push((place, "is a client of Dask".to_owned()));
    }
}
