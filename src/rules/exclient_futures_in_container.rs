use ruff_python_ast::{Expr, ExprCall, Number};
use ruff_text_size::Ranged;
use ty_python_semantic::HasType;

use super::checker::{Checker, FixEdit};
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::{task_argument, unwrapped};

pub(super) static EXCLIENT_FUTURES_IN_CONTAINER: RuleInfo = RuleInfo {
    name: "exclient-futures-in-container",
    summary: "detects containers of futures that ProxyStore's client may proxy",
    level: Level::Warn,
    confidence: Confidence::Medium,
    fixable: true,
    page: include_str!("../../fixtures/rules/exclient-futures-in-container.md"),
    url: None,
    inference: false,
};

/// How many futures are too few to reach any usual threshold.
const FEW: u64 = 100;

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) {
    if task.runner != Runner::StoreClient
        || task.maps
        || task.option("proxy_args").is_some()
        || super::tasks::has_no_store(cx, call)
    {
        return;
    }
    let keywords = task.keywords.iter().map(|it| &it.value);
    for argument in task.positional.iter().copied().chain(keywords) {
        let passed = cx.print_type_of(argument);
        let is_container = ["list[", "tuple[", "set[", "dict["]
            .iter()
            .any(|it| passed.starts_with(it));
        let becomes = task_argument(argument).inferred_type(cx.model);
        let is_of_dask = task_argument(argument).range() != unwrapped(argument).range()
            && becomes.is_some_and(|ty| {
                !crate::proxy::model::print(cx.db, cx.env(), ty).contains("Future[")
            });
        if !is_container || !is_of_dask || is_small(argument) {
            continue;
        }
        let edits = match call.arguments.iter_source_order().last() {
            Some(last) => vec![FixEdit::After(last.range(), ", proxy_args=False".to_owned())],
            None => Vec::new(),
        };
        let origin = cx.origin_label(argument);
        let finding = cx.report(
            &EXCLIENT_FUTURES_IN_CONTAINER,
            argument,
            format_args!(
                "From the size `ps_threshold` on, this `{passed}` becomes a `Proxy`, and the task gets the futures instead of their results"
            ),
        );
        finding
            .label("Dask does not look for futures in a proxy")
            .help("Pass `proxy_args=False`: a future is small")
            .fix(Applicability::Safe, "Pass `proxy_args=False`", edits);
        finding.secondary.extend(origin);
    }
}

/// Whether a container holds but a few futures, as can be seen.
fn is_small(argument: &Expr) -> bool {
    match unwrapped(argument) {
        Expr::List(it) => !it.elts.iter().any(Expr::is_starred_expr),
        Expr::Tuple(it) => !it.elts.iter().any(Expr::is_starred_expr),
        Expr::Set(_) | Expr::Dict(_) => true,
        Expr::Subscript(it) => it.slice.as_slice_expr().is_some_and(|slice| {
            slice
                .upper
                .as_deref()
                .and_then(Expr::as_number_literal_expr)
                .is_some_and(|it| match &it.value {
                    Number::Int(it) => it.as_u64().is_some_and(|it| it < FEW),
                    _ => false,
                })
        }),
        _ => false,
    }
}
