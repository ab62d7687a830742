use ruff_python_ast::Expr;

use super::checker::Checker;
use crate::dask::task::TaskCall;
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::model::Kind;
use crate::proxy::repair::unwrapped;

pub(super) static DASK_REF_PROXY_ARGUMENT: RuleInfo = RuleInfo {
    name: "dask-ref-proxy-argument",
    summary: "detects owned and borrowed proxies among the arguments of Dask tasks",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/dask-ref-proxy-argument.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, task: &TaskCall<'_>) {
    let arguments = task.positional.iter().copied();
    let keywords = task.keywords.iter().map(|it| &it.value);
    for argument in arguments.chain(keywords) {
        check_argument(cx, argument);
    }
}

/// Dask looks into lists, tuples, sets and dictionaries.
pub(super) fn check_argument(cx: &mut Checker<'_, '_>, argument: &Expr) {
    match unwrapped(argument) {
        Expr::List(it) => it.elts.iter().for_each(|it| check_argument(cx, it)),
        Expr::Tuple(it) => it.elts.iter().for_each(|it| check_argument(cx, it)),
        Expr::Set(it) => it.elts.iter().for_each(|it| check_argument(cx, it)),
        Expr::Dict(it) => it.items.iter().for_each(|it| check_argument(cx, &it.value)),
        Expr::ListComp(it) => check_argument(cx, &it.elt),
        Expr::Starred(it) => check_argument(cx, &it.value),
        argument => check_value(cx, argument),
    }
}

fn check_value(cx: &mut Checker<'_, '_>, argument: &Expr) {
    let printed = cx.print_type_of(argument);
    let is_reference = cx.sighting(argument).is_some_and(|sighting| {
        sighting.is_certain() && sighting.proxies.iter().all(|it| it.kind != Kind::Plain)
    });
    let holds_references = ["list[", "tuple[", "set["].iter().any(|class| {
        printed.strip_prefix(class).is_some_and(|it| {
            ["OwnedProxy[", "RefProxy[", "RefMutProxy["]
                .iter()
                .any(|kind| it.starts_with(kind))
        })
    });
    if !is_reference && !holds_references {
        return;
    }
    let what = if is_reference {
        super::checker::with_article(&printed)
    } else {
        format!("the references in a `{printed}`")
    };
    let is_owned = printed.contains("OwnedProxy[");
    let origin = cx.origin_label(argument);
    let finding = cx.report(
        &DASK_REF_PROXY_ARGUMENT,
        argument,
        format_args!("Dask cannot send {what} to a worker"),
    );
    finding
        .label(if is_owned {
            "Dask serializes this on the client, which gives up the ownership and evicts the object"
        } else {
            "Dask serializes this on the client, which makes it invalid"
        })
        .help("Pass a `Proxy`, which `Store.proxy` makes, and evict the object when the tasks are done");
    finding.secondary.extend(origin);
}
