use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprCompare};
use ruff_text_size::{Ranged, TextRange};
use ty_python_semantic::types::Type;

use super::checker::Checker;
use crate::proxy::class::ancestors;
use crate::proxy::qualified_name::qualified_name;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::{comparisons, unwrapped};
use crate::proxy::sighting::Sighting;

pub(super) static TYPE_CHECK_ON_PROXY: RuleInfo = RuleInfo {
    name: "type-check-on-proxy",
    summary: "detects comparisons of the type of a proxy with the class of its target",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/type-check-on-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, comparison: &ExprCompare) {
    for (left, op, right) in comparisons(comparison) {
        let (holds, is_membership) = match op {
            CmpOp::Is | CmpOp::Eq => (false, false),
            CmpOp::IsNot | CmpOp::NotEq => (true, false),
            CmpOp::In => (false, true),
            CmpOp::NotIn => (true, true),
            _ => continue,
        };
        let (object, classes) = if let Some(object) = type_call(cx, left) {
            (object, right)
        } else if let Some(object) = type_call(cx, right).filter(|_| !is_membership) {
            (object, left)
        } else {
            continue;
        };
        let are_other_classes = match classes {
            Expr::Tuple(it) if is_membership => all_other_classes(cx, &it.elts),
            Expr::List(it) if is_membership => all_other_classes(cx, &it.elts),
            Expr::Set(it) if is_membership => all_other_classes(cx, &it.elts),
            _ => !is_membership && is_other_class(cx, classes),
        };
        let Some(sighting) = cx.sighting(object).filter(|_| are_other_classes) else {
            continue;
        };
        let can_be = match classes {
            Expr::Tuple(it) if is_membership => any_can_be(cx, &sighting, &it.elts),
            Expr::List(it) if is_membership => any_can_be(cx, &sighting, &it.elts),
            Expr::Set(it) if is_membership => any_can_be(cx, &sighting, &it.elts),
            class => any_can_be(cx, &sighting, std::slice::from_ref(class)),
        };
        if !can_be {
            continue;
        }
        let range = TextRange::new(left.start(), right.end());
        let object_text = cx.text(object);
        let class_text = match classes {
            Expr::List(it) => tuple_of(cx, &it.elts),
            Expr::Set(it) => tuple_of(cx, &it.elts),
            _ => cx.text(classes),
        };
        let call = format!("isinstance({object_text}, {class_text})");
        // `isinstance` is also true for subclasses, so it is advice, not a fix.
        let edits = cx.extract_edits(object, &sighting);
        let result = if holds { "True" } else { "False" };
        let phrase = sighting.phrase(&object_text);
        let origin = cx.sighting_label(object, &sighting);
        let message = if sighting.is_certain() {
            format!("This is always `{result}`: the type of {phrase} is the proxy's class")
        } else {
            format!("This is `{result}` for {phrase}: its type is the proxy's class")
        };
        let finding = cx.report(&TYPE_CHECK_ON_PROXY, range, message);
        finding
            .label("`type` sees the proxy, not its target")
            .help(format!("Use `{call}`, which a proxy answers for its target"))
            .fix(Applicability::Safe, "Ask for the type of the target", edits);
        finding.secondary.extend(origin);
    }
}

/// The argument of `type(x)`.
fn type_call<'ast>(cx: &Checker<'_, '_>, expr: &'ast Expr) -> Option<&'ast Expr> {
    let Expr::Call(ExprCall {
        func, arguments, ..
    }) = unwrapped(expr)
    else {
        return None;
    };
    let [argument] = &*arguments.args else {
        return None;
    };
    let is_type = arguments.keywords.is_empty()
        && !argument.is_starred_expr()
        && qualified_name(cx.db, cx.env(), cx.type_of(func)?)? == "builtins.type";
    is_type.then_some(argument)
}

fn all_other_classes(cx: &Checker<'_, '_>, classes: &[Expr]) -> bool {
    !classes.is_empty() && classes.iter().all(|it| is_other_class(cx, it))
}

/// Whether an expression is a class that no proxy has.
fn is_other_class(cx: &Checker<'_, '_>, class: &Expr) -> bool {
    match cx.type_of(class) {
        Some(Type::ClassLiteral(_)) => !cx.print_type_of(class).contains("Proxy"),
        _ => class.is_none_literal_expr(),
    }
}

/// Whether the target can be an instance of just one of some classes. Where it cannot, the answer is the
/// same for both.
fn any_can_be(cx: &Checker<'_, '_>, sighting: &Sighting<'_>, classes: &[Expr]) -> bool {
    classes.iter().any(|class| {
        let Some(ty) = cx.type_of(class).filter(|_| !class.is_none_literal_expr()) else {
            return class.is_none_literal_expr()
                && sighting.proxies.iter().any(|it| cx.may_be(it, Type::none(cx.db, cx.env())));
        };
        let class = ancestors(cx.db, cx.env(), ty);
        sighting.proxies.iter().any(|proxy| {
            proxy.target.iter().all(|target| {
                // A subclass, or nothing is known of the target.
                qualified_name(cx.db, cx.env(), *target).is_none_or(|it| class.contains(&it))
            })
        })
    })
}

fn tuple_of(cx: &Checker<'_, '_>, elements: &[Expr]) -> String {
    let elements: Vec<String> = elements.iter().map(|it| cx.text(it)).collect();
    match elements.as_slice() {
        [element] => element.clone(),
        _ => format!("({})", elements.join(", ")),
    }
}
