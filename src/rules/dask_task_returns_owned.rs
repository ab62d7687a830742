use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use super::checker::{Checker, with_article};
use crate::dask::signature::Signature;
use crate::dask::task::{TaskCall, TaskFunction};
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::display::split;

pub(super) static DASK_TASK_RETURNS_OWNED: RuleInfo = RuleInfo {
    name: "dask-task-returns-owned",
    summary: "detects Dask tasks that return owned or borrowed proxies",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/dask-task-returns-owned.md"),
    url: None,
    inference: false,
};

pub(super) fn check(
    cx: &mut Checker<'_, '_>,
    call: &ExprCall,
    task: &TaskCall<'_>,
    signature: Option<&Signature<'_>>,
) {
    let printed = cx.print_type_of(&Expr::Call(call.clone()));
    let Some(result) = reference_in(&printed) else {
        return;
    };
    let function = signature.map_or_else(
        || "the function".to_owned(),
        |it| super::submit_wrong_arity::shown_function(cx, task, it),
    );
    let range = match task.function {
        TaskFunction::Argument(function) => function.range(),
        TaskFunction::At(_) => call.func.range(),
    };
    let result = with_article(result);
    cx.report(
        &DASK_TASK_RETURNS_OWNED,
        range,
        format_args!(
            "Dask cannot bring the result of {function} back from the worker: it is {result}"
        ),
    )
    .label("the task is run again and again, because its result cannot be serialized twice")
    .help("Return a `Proxy`, and make it an `OwnedProxy` on the client: `into_owned(…)`");
}

/// `OwnedProxy[int]` in `Future[OwnedProxy[int] | None]`.
fn reference_in(printed: &str) -> Option<&str> {
    let inside = ["Future[", "list[Future[", "Delayed["]
        .iter()
        .find_map(|it| printed.strip_prefix(it))?
        .strip_suffix(']')?;
    let inside = if printed.starts_with("list[") {
        inside.strip_suffix(']')?
    } else {
        inside
    };
    split(inside, " | ").into_iter().find(|it| {
        ["OwnedProxy[", "RefProxy[", "RefMutProxy["]
            .iter()
            .any(|kind| it.starts_with(kind))
    })
}
