use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::checker::{Checker, FixEdit};
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};

pub(super) static EXCLIENT_ACTOR: RuleInfo = RuleInfo {
    name: "exclient-actor",
    summary: "detects actors of which ProxyStore's client may make proxies",
    level: Level::Warn,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/exclient-actor.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) {
    if task.runner != Runner::StoreClient || super::tasks::has_no_store(cx, call) {
        return;
    }
    let Some(actor) = task.option("actor").or_else(|| task.option("actors")) else {
        return;
    };
    let is_true = actor
        .value
        .as_boolean_literal_expr()
        .is_some_and(|it| it.value);
    let unpacks = call.arguments.keywords.iter().any(|it| it.arg.is_none());
    if !is_true || unpacks || task.option("proxy_result").is_some() {
        return;
    }
    let missing = if task.option("proxy_args").is_some() {
        ", proxy_result=False"
    } else {
        ", proxy_args=False, proxy_result=False"
    };
    let edits = match call.arguments.iter_source_order().last() {
        Some(last) => vec![FixEdit::After(last.range(), missing.to_owned())],
        None => Vec::new(),
    };
    cx.report(
        &EXCLIENT_ACTOR,
        actor,
        "An actor of at least the size `ps_threshold` becomes a `Proxy`, which has none of its methods",
    )
    .label("makes an actor of the result, which the client proxies first")
    .help("Pass `proxy_result=False`: an actor stays where it is")
    .fix(Applicability::Safe, "Do not proxy the actor", edits);
}
