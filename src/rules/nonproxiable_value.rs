use ruff_python_ast::{Expr, ExprCall};

use super::checker::Checker;
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static NONPROXIABLE_VALUE: RuleInfo = RuleInfo {
    name: "nonproxiable-value",
    summary: "detects `None` and Booleans that a store is asked to make a proxy of",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/nonproxiable-value.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let Some(name) = cx.qualified_name_of(&call.func) else {
        return;
    };
    let method = name.strip_prefix("proxystore.store.base.Store.");
    let keywords = &call.arguments.keywords;
    if keywords.iter().any(|it| {
        it.arg
            .as_ref()
            .is_none_or(|it| it == "skip_nonproxiable")
    }) {
        return;
    }
    let Some(argument) = call.arguments.args.first() else {
        return;
    };
    match (method, argument) {
        (Some("proxy"), argument) => check_value(cx, argument),
        (Some("proxy_batch"), Expr::List(it)) => it.elts.iter().for_each(|it| check_value(cx, it)),
        (Some("proxy_batch"), Expr::Tuple(it)) => it.elts.iter().for_each(|it| check_value(cx, it)),
        _ => {}
    }
}

fn check_value(cx: &mut Checker<'_, '_>, value: &Expr) {
    let what = match cx.print_type_of(value).as_str() {
        "None" => "`None`",
        "bool" | "Literal[True]" | "Literal[False]" => "a Boolean",
        _ => return,
    };
    if cx.proxiness(value).is_possible() || cx.is_expected_to_fail(value) {
        return;
    }
    let finding = cx.report(
        &NONPROXIABLE_VALUE,
        value,
        format_args!("A store makes no proxy of {what}: this raises `NonProxiableTypeError`"),
    );
    finding.label(format!("is {what}")).help(
        "`skip_nonproxiable=True` returns the value itself, because a proxy could not be told from it by `is`",
    );
}
