use super::checker::Checker;
use crate::dask::signature::{Mistake, Signature};
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static EXCLIENT_KWARG_ON_PLAIN_CLIENT: RuleInfo = RuleInfo {
    name: "exclient-kwarg-on-plain-client",
    summary: "detects options of ProxyStore's client that are passed to Dask's",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/exclient-kwarg-on-plain-client.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, task: &TaskCall<'_>, signature: &Signature<'_>) {
    if task.runner != Runner::DaskClient {
        return;
    }
    for mistake in task.bind(signature).mistakes {
        let Mistake::UnknownName(keyword) = mistake else {
            continue;
        };
        let Some(name) = &keyword.arg else { continue };
        if !is_option(name) {
            continue;
        }
        let function = super::submit_wrong_arity::shown_function(cx, task, signature);
        cx.report(
            &EXCLIENT_KWARG_ON_PLAIN_CLIENT,
            keyword,
            format_args!(
                "Dask's own client has no option `{name}` and passes it on to {function}, which raises a `TypeError`"
            ),
        )
        .label("is an option of ProxyStore's client")
        .help("Remove it, or take the client from `proxystore.ex.plugins.distributed`");
    }
}

pub(super) fn is_option(name: &str) -> bool {
    matches!(name, "proxy_args" | "proxy_result")
}
