use ruff_python_ast::{ExceptHandler, Expr, StmtRaise, StmtTry};

use super::checker::Checker;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};

pub(super) static PROXY_AS_EXCEPTION: RuleInfo = RuleInfo {
    name: "proxy-as-exception",
    summary: "detects proxies that are raised or named in `except`",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-as-exception.md"),
    url: None,
    inference: false,
};

/// `raise p`, `raise error from p`
pub(super) fn check_raise(cx: &mut Checker<'_, '_>, statement: &StmtRaise) {
    for raised in statement.exc.iter().chain(&statement.cause) {
        report(cx, raised, "`raise`", "Raise the target");
    }
}

/// `except p:`, `except (p, ValueError):`
pub(super) fn check_try(cx: &mut Checker<'_, '_>, statement: &StmtTry) {
    for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
        let caught: &[Expr] = match handler.type_.as_deref() {
            Some(Expr::Tuple(it)) => &it.elts,
            Some(class) => std::slice::from_ref(class),
            None => &[],
        };
        for class in caught {
            report(cx, class, "`except`", "Catch the target");
        }
    }
}

fn report(cx: &mut Checker<'_, '_>, proxy: &Expr, keyword: &str, remedy: &str) {
    let Some(sighting) = cx.sighting(proxy).filter(|it| !cx.is_to_fail(proxy, it)) else {
        return;
    };
    let edits = cx.extract_edits(proxy, &sighting);
    let origin = cx.sighting_label(proxy, &sighting);
    let text = cx.text(proxy);
    let phrase = sighting.phrase(&text);
    let finding = cx.report(
        &PROXY_AS_EXCEPTION,
        proxy,
        format_args!("{keyword} raises `TypeError` for {phrase}: a proxy does not derive from `BaseException`"),
    );
    finding
        .label(if sighting.is_certain() { "is a proxy" } else { "may be a proxy" })
        .help(format!("{remedy}: `extract({text})`"))
        .fix(Applicability::Safe, remedy, edits);
    finding.secondary.extend(origin);
}
