use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;
use ty_python_semantic::types::Type;

use super::checker::{Checker, FixEdit, is_path, with_article};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::Evidence;

pub(super) static HELPER_ON_NON_PROXY: RuleInfo = RuleInfo {
    name: "helper-on-non-proxy",
    summary: "detects `extract`, `resolve` and the like on what is no proxy, or need not be one",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/helper-on-non-proxy.md"),
    url: None,
    inference: false,
};

/// The functions that read an attribute of the proxy itself.
const HELPERS: [&str; 6] = [
    "proxystore.proxy.extract",
    "proxystore.proxy.get_factory",
    "proxystore.proxy.is_resolved",
    "proxystore.proxy.resolve",
    "proxystore.store.utils.get_key",
    "proxystore.store.utils.resolve_async",
];

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let [argument] = &*call.arguments.args else {
        return;
    };
    let Some(name) = cx.qualified_name_of(&call.func)
        .filter(|name| HELPERS.contains(&&**name))
    else {
        return;
    };
    let sighting = cx.sighting(argument);
    let helper = name.rsplit('.').next().unwrap_or(&name);
    let text = cx.text(argument);
    let message = match &sighting {
        Some(sighting) => {
            let Evidence::Declared(_) = sighting.evidence else {
                return;
            };
            let target = sighting.printed_target();
            if text.contains(['\n', '`']) {
                format!("`{helper}` fails for the `{target}` that this may be: it takes only proxies")
            } else {
                format!(
                    "`{helper}` fails for the `{target}` that `{text}` may be: it takes only proxies"
                )
            }
        }
        None => {
            if !is_no_proxy(cx, argument) || !cx.is_rejected(argument) {
                return;
            }
            let printed = with_article(&cx.print_type_of(argument));
            format!("`{helper}` takes only proxies, and this is {printed}")
        }
    };
    if cx.is_expected_to_fail(argument) {
        return;
    }
    let origin = match &sighting {
        Some(sighting) => cx.sighting_label(argument, sighting),
        None => cx.origin_label(argument),
    };
    let edits = match helper {
        "extract" => ask_first(cx, call, argument, &text),
        _ => Vec::new(),
    };
    let finding = cx.report(&HELPER_ON_NON_PROXY, argument, message);
    finding
        .label(if sighting.is_some() { "may be no proxy" } else { "is no proxy" })
        .help(format!("Ask first: `isinstance({}, Proxy)`", if is_path(argument) { &text } else { "…" }))
        .fix(Applicability::Safe, "Extract what is a proxy", edits);
    finding.secondary.extend(origin);
}

/// Whether a value is certainly no proxy, if it is what it is declared to be.
fn is_no_proxy(cx: &Checker<'_, '_>, expr: &Expr) -> bool {
    let proxiness = cx.proxiness(expr);
    let printed = cx.print_type_of(expr);
    let is_known = |ty: &Type| {
        matches!(
            ty,
            Type::NominalInstance(_)
                | Type::LiteralValue(_)
                | Type::ClassLiteral(_)
                | Type::FunctionLiteral(_)
                | Type::ModuleLiteral(_)
                | Type::TypedDict(_)
        )
    };
    !proxiness.is_possible()
        && proxiness.others.iter().all(is_known)
        && !matches!(printed.as_str(), "object" | "None" | "Hashable")
        && !printed.contains(['@', '&'])
        && !cx.is_tested(expr)
}

/// `extract(x) if isinstance(x, Proxy) else x`
fn ask_first(cx: &Checker<'_, '_>, call: &ExprCall, argument: &Expr, text: &str) -> Vec<FixEdit> {
    // Only what is cheap and has no effects may be written twice.
    if !is_path(unwrapped(argument)) {
        return Vec::new();
    }
    let Some(([class], import)) = cx.proxy_names(["Proxy"]) else {
        return Vec::new();
    };
    Vec::from_iter(import.into_iter().chain([
        FixEdit::Before(call.range(), "(".to_owned()),
        FixEdit::After(call.range(), format!(" if isinstance({text}, {class}) else {text})")),
    ]))
}
