use ruff_python_ast::{CmpOp, Expr, ExprCompare};
use ruff_text_size::{Ranged, TextRange};
use ty_python_semantic::types::Type;

use super::checker::{Checker, is_singleton_literal};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::model::Kind;
use crate::proxy::repair::comparisons;
use crate::proxy::sighting::Sighting;

pub(super) static IDENTITY_CHECK_ON_PROXY: RuleInfo = RuleInfo {
    name: "identity-check-on-proxy",
    summary: "detects `is` between a proxy and an object that is no proxy",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/identity-check-on-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, comparison: &ExprCompare) {
    for (left, op, right) in comparisons(comparison) {
        let result = match op {
            CmpOp::Is => "False",
            CmpOp::IsNot => "True",
            _ => continue,
        };
        let (proxy, other) = if is_no_proxy(cx, right) {
            (left, right)
        } else if is_no_proxy(cx, left) {
            (right, left)
        } else {
            continue;
        };
        let Some(sighting) = cx.sighting(proxy) else {
            continue;
        };
        // `Store.owned_proxy(x)` returns `x` itself if that is `None`.
        let may_be_none = sighting.proxies.iter().any(|it| {
            it.kind == Kind::Owned && it.target.iter().any(|target| target.is_none(cx.db))
        });
        if may_be_none || cx.may_be_left_as_it_is(proxy) || cx.starts_as_none(proxy) || !can_be(cx, &sighting, other) {
            continue;
        }
        let origin = cx.sighting_label(proxy, &sighting);
        let phrase = sighting.phrase(&cx.text(proxy));
        let edits = cx.extract_edits(proxy, &sighting);
        let target = cx.target_of("…", &sighting);
        let range = TextRange::new(left.start(), right.end());
        let other = cx.text(other);
        let message = if sighting.is_certain() {
            format!("This is always `{result}`: {phrase} is never the object `{other}`")
        } else {
            format!("This is `{result}` for {phrase}, even if its target is `{other}`")
        };
        let finding = cx.report(&IDENTITY_CHECK_ON_PROXY, range, message);
        finding
            .label("compares the proxy itself, not its target")
            .help(format!("Compare the target: `{target}` gives it"))
            .fix(Applicability::Safe, "Compare the target", edits);
        finding.secondary.extend(origin);
    }
}

/// Whether the target can be the object that the proxy is compared with. Where it cannot, the answer is
/// the same for both.
fn can_be<'db>(cx: &Checker<'_, 'db>, sighting: &Sighting<'db>, other: &Expr) -> bool {
    let Some(other) = cx.type_of(other) else {
        return false;
    };
    sighting.proxies.iter().any(|proxy| {
        proxy
            .target
            .iter()
            .all(|target| other.is_assignable_to(cx.db, cx.env(), *target))
    })
}

/// Whether an expression certainly denotes one object that is no proxy. A variable may hold one,
/// whatever its declared type: a `Proxy[T]` goes where a `T` goes.
fn is_no_proxy(cx: &Checker<'_, '_>, expr: &Expr) -> bool {
    if is_singleton_literal(expr) {
        return true;
    }
    match cx.type_of(expr) {
        Some(Type::ClassLiteral(_) | Type::FunctionLiteral(_) | Type::ModuleLiteral(_)) => {
            matches!(expr, Expr::Name(_) | Expr::Attribute(_))
        }
        // A member of an enum, named by its class.
        Some(Type::LiteralValue(_)) => match expr {
            Expr::Attribute(attribute) => {
                matches!(cx.type_of(&attribute.value), Some(Type::ClassLiteral(_)))
            }
            _ => false,
        },
        _ => false,
    }
}
