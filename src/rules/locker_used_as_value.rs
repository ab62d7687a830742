use ruff_python_ast::{self as ast, CmpOp, Expr, ExprAttribute, ExprCall, ExprCompare, UnaryOp};
use ruff_text_size::Ranged;

use super::checker::{Checker, FixEdit};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::display;
use crate::proxy::model::Kind;
use crate::proxy::repair::comparisons;

pub(super) static LOCKER_USED_AS_VALUE: RuleInfo = RuleInfo {
    name: "locker-used-as-value",
    summary: "detects a locked proxy that is used as if it were the proxy",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/locker-used-as-value.md"),
    url: None,
    inference: false,
};

/// `if locker:`
pub(super) fn check_condition(cx: &mut Checker<'_, '_>, condition: &Expr) {
    match condition {
        Expr::BoolOp(it) => {
            for operand in &it.values {
                check_condition(cx, operand);
            }
        }
        // Its operand is looked at where it stands.
        Expr::UnaryOp(_) => {}
        _ => report(cx, condition, |printed| {
            format!("{printed} is true whatever its target is")
        }),
    }
}

pub(super) fn check_not(cx: &mut Checker<'_, '_>, operation: &ast::ExprUnaryOp) {
    if operation.op == UnaryOp::Not {
        check_condition(cx, &operation.operand);
    }
}

/// `bool(locker)`, and what the inference finds of an argument.
pub(super) fn check_call(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if let ([argument], Expr::Name(name)) = (&*call.arguments.args, &*call.func)
        && name.id == "bool"
    {
        check_condition(cx, argument);
        return;
    }
    for argument in call.arguments.iter_source_order().map(|it| it.value()) {
        if is_locked(cx, argument) && cx.is_rejected(argument) {
            report(cx, argument, |printed| format!("{printed} is no value to work with"));
        }
    }
}

pub(super) fn check_attribute(cx: &mut Checker<'_, '_>, attribute: &ExprAttribute) {
    let name = attribute.attr.as_str();
    if name != "unlock" && !name.starts_with('_') && is_locked(cx, &attribute.value) {
        let edits = unlock(&attribute.value);
        report_at(cx, attribute, &attribute.value, edits, |printed| {
            format!("{printed} has no attribute `{name}`")
        });
    }
}

pub(super) fn check_comparison(cx: &mut Checker<'_, '_>, comparison: &ExprCompare) {
    for (left, op, right) in comparisons(comparison) {
        let result = match op {
            CmpOp::Eq => "False",
            CmpOp::NotEq => "True",
            _ => continue,
        };
        for (locker, other) in [(left, right), (right, left)] {
            let printed = cx.print_type_of(other);
            let alternatives = display::split(&printed, " | ");
            let may_be_equal = |it: &&str| {
                matches!(*it, "Unknown" | "Any" | "object" | "None")
                    || it.contains("ProxyLocker")
                    || it.contains(['@', '&'])
            };
            if !alternatives.iter().any(may_be_equal) {
                report(cx, locker, |printed| {
                    format!("This is always `{result}`: {printed} equals nothing but itself")
                });
            }
        }
    }
}

/// `for x in locker`, `locker[0]`
pub(super) fn check_iteration(cx: &mut Checker<'_, '_>, iterable: &Expr) {
    report(cx, iterable, |printed| format!("{printed} is not iterable"));
}

fn is_locked(cx: &Checker<'_, '_>, expr: &Expr) -> bool {
    let proxiness = cx.proxiness(expr);
    // One that was told from `None` may be asked for it again.
    let is_narrowed = proxiness.proxies.len() != 1 || cx.print_type_of(expr).contains('&');
    proxiness.is_certain()
        && !is_narrowed
        && proxiness.proxies.iter().all(|it| it.kind == Kind::Locked)
}

fn report(cx: &mut Checker<'_, '_>, locker: &Expr, message: impl FnOnce(&str) -> String) {
    if is_locked(cx, locker) {
        report_at(cx, locker, locker, unlock(locker), message);
    }
}

fn report_at(
    cx: &mut Checker<'_, '_>,
    at: impl Ranged + Copy,
    locker: &Expr,
    edits: Vec<FixEdit>,
    message: impl FnOnce(&str) -> String,
) {
    if cx.is_expected_to_fail(at) {
        return;
    }
    let printed = format!("a `{}`", cx.print_type_of(locker));
    let message = message(&printed);
    let mut characters = message.chars();
    let message: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect();
    let origin = cx.origin_label(locker);
    let finding = cx.report(&LOCKER_USED_AS_VALUE, at, message);
    finding
        .label("is locked")
        .help("Only `unlock()` gives the proxy")
        .fix(Applicability::Safe, "Unlock the proxy", edits);
    finding.secondary.extend(origin);
}

/// None for what would need parentheses.
fn unlock(locker: &Expr) -> Vec<FixEdit> {
    match locker {
        Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) => {
            vec![FixEdit::After(locker.range(), ".unlock()".to_owned())]
        }
        _ => Vec::new(),
    }
}
