use ruff_python_ast::ExprCall;

use super::checker::{Checker, with_article};
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::model::Kind;

pub(super) static REF_API_WRONG_KIND: RuleInfo = RuleInfo {
    name: "ref-api-wrong-kind",
    summary: "detects functions for owned proxies and references that are given another kind of proxy",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/ref-api-wrong-kind.md"),
    url: None,
    inference: false,
};

/// The kinds of proxies that a function takes, and what they are called.
fn kinds(function: &str) -> Option<(&'static [Kind], &'static str)> {
    Some(match function.strip_prefix("proxystore.store.ref.")? {
        "borrow" | "mut_borrow" | "clone" => (&[Kind::Owned], "an owned proxy"),
        "update" => (&[Kind::Owned, Kind::RefMut], "an owned proxy or a mutable reference"),
        "into_owned" => (&[Kind::Plain], "a proxy that nobody owns"),
        _ => return None,
    })
}

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let [argument] = &*call.arguments.args else {
        return;
    };
    let Some(name) = cx.qualified_name_of(&call.func) else {
        return;
    };
    let Some((kinds, wanted)) = kinds(&name) else {
        return;
    };
    let proxiness = cx.proxiness(argument);
    if !proxiness.is_certain()
        || proxiness.proxies.iter().any(|it| kinds.contains(&it.kind))
        || cx.is_expected_to_fail(argument)
    {
        return;
    }
    let function = name.rsplit('.').next().unwrap_or(&name);
    let printed = with_article(&cx.print_type_of(argument));
    let origin = cx.origin_label(argument);
    let finding = cx.report(
        &REF_API_WRONG_KIND,
        argument,
        format_args!("`{function}` takes {wanted}, and this is {printed}"),
    );
    finding.label("is of the wrong kind");
    match function {
        "into_owned" => finding.help("It has an owner, or is one, already"),
        "update" => finding.help("Only `mut_borrow` gives a reference that may change the object"),
        _ => finding.help("`Store.owned_proxy` and `into_owned` make owned proxies"),
    };
    finding.secondary.extend(origin);
}
