use ruff_db::files::FileRange;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;
use ty_python_semantic::SemanticModel;

use super::checker::Checker;
use crate::dask::made::{argument, made_by, unpacks};
use crate::dask::task::{TaskCall, definition_value};
use crate::db::ProxyDb;
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;

pub(super) static LOCAL_CONNECTOR_CROSS_PROCESS: RuleInfo = RuleInfo {
    name: "local-connector-cross-process",
    summary: "detects proxies in a store of one process that are sent to workers in other processes",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/local-connector-cross-process.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall, task: &TaskCall<'_>) {
    if !task.runner.is_dask_client() {
        return;
    }
    let keywords = task.keywords.iter().map(|it| &it.value);
    let arguments: Vec<&Expr> = task.positional.iter().copied().chain(keywords).collect();
    for argument in arguments {
        let elements: Vec<&Expr> = match unwrapped(argument) {
            Expr::List(it) => it.elts.iter().collect(),
            Expr::Tuple(it) => it.elts.iter().collect(),
            argument => vec![argument],
        };
        for element in elements {
            if !cx.sighting(element).is_some_and(|it| it.is_certain()) {
                continue;
            }
            let Some(connector) = store_of(cx.db, cx.model, element) else {
                continue;
            };
            let has_processes = call
                .func
                .as_attribute_expr()
                .and_then(|it| has_processes(cx.db, cx.model, &it.value));
            if has_processes != Some(true) {
                return;
            }
            let finding = cx.report(
                &LOCAL_CONNECTOR_CROSS_PROCESS,
                element,
                "The workers are other processes, in which the target of this proxy is not to be found",
            );
            finding
                .label("the store of this proxy keeps its objects in this process")
                .help("Use a connector that reaches other processes, such as `FileConnector` or `RedisConnector`");
            finding
                .secondary
                .push((connector, "keeps objects in this process".to_owned()));
        }
    }
}

/// Where the connector was made that keeps the target of a proxy in its process.
fn store_of<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    proxy: &Expr,
) -> Option<FileRange> {
    definition_value(db, model, proxy, &mut |model, value| {
        let call = value.as_call_expr()?;
        let method = call.func.as_attribute_expr()?;
        if !matches!(method.attr.as_str(), "proxy" | "proxy_from_key") {
            return None;
        }
        made_by(db, model, &method.value, &mut |model, class, call| {
            let is_store = matches!(
                class,
                "proxystore.store.base.Store" | "proxyrt.store.base.Store"
            );
            let connector = argument(call, "connector", 1).filter(|_| is_store)?;
            made_by(db, model, connector, &mut |model, class, call| {
                let shares_data = call
                    .arguments
                    .find_keyword("include_data_in_config")
                    .is_some()
                    || unpacks(call);
                (class == "proxystore.connectors.local.LocalConnector" && !shares_data)
                    .then(|| FileRange::new(model.file(), call.range()))
            })
        })
    })
}

/// Whether the workers of a client are processes of their own; `None` if that is not to be seen.
fn has_processes<'db>(
    db: &'db dyn ProxyDb,
    model: &SemanticModel<'db>,
    client: &Expr,
) -> Option<bool> {
    made_by(db, model, client, &mut |model, class, call| {
        let is_client = matches!(
            class,
            "distributed.client.Client" | "proxystore_ex.plugins.distributed.Client"
        );
        if !is_client || unpacks(call) {
            return None;
        }
        match argument(call, "address", 0) {
            None => asks_for_processes(call),
            Some(cluster) => made_by(db, model, cluster, &mut |_, class, call| {
                (class == "distributed.deploy.local.LocalCluster" && !unpacks(call))
                    .then(|| asks_for_processes(call))?
            }),
        }
    })
}

/// What a local cluster does by default, unless the call says otherwise.
fn asks_for_processes(call: &ExprCall) -> Option<bool> {
    const OTHERS: [&str; 4] = ["worker_class", "protocol", "asynchronous", "scheduler_file"];
    if OTHERS
        .iter()
        .any(|it| call.arguments.find_keyword(it).is_some())
    {
        return None;
    }
    match call.arguments.find_keyword("processes") {
        None => Some(true),
        Some(it) => Some(it.value.as_boolean_literal_expr()?.value),
    }
}
