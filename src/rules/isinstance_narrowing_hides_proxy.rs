use ruff_python_ast::{Expr, ExprCall, ExprIf, Stmt, StmtIf};
use ruff_text_size::Ranged;

use super::checker::{Checker, FixEdit};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::model::print;
use crate::proxy::sighting::Evidence;

pub(super) static ISINSTANCE_NARROWING_HIDES_PROXY: RuleInfo = RuleInfo {
    name: "isinstance-narrowing-hides-proxy",
    summary: "detects `isinstance(x, T)` that is to tell a `T` from a proxy of it",
    level: Level::Error,
    confidence: Confidence::Medium,
    fixable: true,
    page: include_str!("../../fixtures/rules/isinstance-narrowing-hides-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, statement: &StmtIf) {
    let other: &[Stmt] = match &*statement.elif_else_clauses {
        [] if statement.body.last().is_some_and(leaves) => cx.statements_after(statement),
        [clause] if clause.test.is_none() => &clause.body,
        _ => return,
    };
    // That nothing else comes is often made sure of.
    if other.is_empty() || other.iter().any(Stmt::is_raise_stmt) {
        return;
    }
    report(cx, &statement.test, |cx, object| match object {
        Expr::Name(name) => extract_before(cx, statement, &name.id),
        _ => Vec::new(),
    });
}

pub(super) fn check_expr(cx: &mut Checker<'_, '_>, conditional: &ExprIf) {
    report(cx, &conditional.test, |_, _| Vec::new());
}

fn report<'db>(
    cx: &mut Checker<'_, 'db>,
    test: &Expr,
    fix: impl FnOnce(&Checker<'_, 'db>, &Expr) -> Vec<FixEdit>,
) {
    let Some((object, class)) = test.as_call_expr().and_then(isinstance) else {
        return;
    };
    let Some(sighting) = cx.sighting(object) else {
        return;
    };
    let Evidence::Declared(_) = sighting.evidence else {
        return;
    };
    let target = sighting.printed_target();
    let head = target.split('[').next().unwrap_or(target);
    // Where there may be something else, the other branch is for that.
    let is_target = |printed: &str| printed.split('[').next() == Some(head);
    let others = cx.proxiness(object).others;
    let only_target = others.iter().all(|it| is_target(&print(cx.db, cx.env(), *it)));
    if !only_target || cx.print_type_of(class) != format!("<class '{head}'>") {
        return;
    }
    let origin = cx.sighting_label(object, &sighting);
    let phrase = sighting.phrase(&cx.text(object));
    let fix = fix(cx, object);
    let finding = cx.report(
        &ISINSTANCE_NARROWING_HIDES_PROXY,
        test,
        format_args!("This is `True` also for {phrase}: the other branch never sees it"),
    );
    finding
        .label("is true for the target's class")
        .help("Ask for the proxy instead: `isinstance(…, Proxy)`")
        .fix(Applicability::Safe, "Extract a proxy first", fix);
    finding.secondary.extend(origin);
}

fn isinstance(call: &ExprCall) -> Option<(&Expr, &Expr)> {
    let is_it = call.func.as_name_expr().is_some_and(|it| it.id == "isinstance");
    match &*call.arguments.args {
        [object, class] if is_it => Some((object, class)),
        _ => None,
    }
}

fn leaves(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Return(_) | Stmt::Continue(_) | Stmt::Break(_))
}

/// `if isinstance(x, Proxy): x = extract(x)`, before the statement.
fn extract_before(cx: &Checker<'_, '_>, statement: &StmtIf, name: &str) -> Vec<FixEdit> {
    let (Some(indent), Some(([class, extract], import))) = (
        cx.indentation(statement),
        cx.proxy_names(["Proxy", "extract"]),
    ) else {
        return Vec::new();
    };
    let text = format!(
        "if isinstance({name}, {class}):\n{indent}    {name} = {extract}({name})\n{indent}"
    );
    Vec::from_iter(
        import
            .into_iter()
            .chain([FixEdit::Before(statement.range(), text)]),
    )
}
