use ruff_db::files::FileRange;
use ruff_python_ast::{Expr, StmtFunctionDef};
use ruff_text_size::Ranged;
use ty_python_semantic::types::Type;

use super::checker::{Checker, FixEdit, with_article};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::model::{Kind, Proxiness, print};
use crate::proxy::passed::with_argument;
use crate::proxy::repair::unwrapped;

pub(super) static PROXY_TO_PLAIN_PARAMETER: RuleInfo = RuleInfo {
    name: "proxy-to-plain-parameter",
    summary: "detects parameters that are annotated as the target and given a proxy (off by default)",
    level: Level::Ignore,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-plain-parameter.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, function: &StmtFunctionDef) {
    for parameter in function.parameters.iter_non_variadic_params() {
        let Some(annotation) = parameter.annotation() else {
            continue;
        };
        let name = &parameter.parameter.name;
        let Some(argument) = cx.passed_argument(name.range()) else {
            continue;
        };
        if cx.allows_proxy(annotation) || !names_a_type(cx, annotation) {
            continue;
        }
        let Some(printed) = passed_proxy(cx, argument) else {
            continue;
        };
        let written = cx.text(annotation);
        let edits = match cx.proxy_names(["ProxyOr"]) {
            Some(([alias], import)) => Vec::from_iter(import.into_iter().chain([
                FixEdit::Before(annotation.range(), format!("{alias}[")),
                FixEdit::After(annotation.range(), "]".to_owned()),
            ])),
            None => Vec::new(),
        };
        let message = format!(
            "`{name}` is annotated `{written}`, and a call passes {}",
            with_article(&printed)
        );
        let finding = cx.report(&PROXY_TO_PLAIN_PARAMETER, annotation, message);
        finding
            .label("does not say that it may be a proxy")
            .help(format!("Annotate what the function works with: `ProxyOr[{written}]`"))
            .fix(Applicability::Safe, "Annotate it with `ProxyOr`", edits);
        finding.secondary.push((argument, format!("{} is passed here", with_article(&printed))));
    }
}

/// Whether an annotation names something other than just any object.
fn names_a_type(cx: &Checker<'_, '_>, annotation: &Expr) -> bool {
    let printed = cx.print_type_of(annotation);
    !matches!(printed.as_str(), "object" | "<class 'object'>" | "Any" | "Unknown")
        && !printed.contains('@')
        && !matches!(cx.type_of(annotation), Some(Type::Dynamic(_)))
}

/// The type of the proxy that a call passes, if it is one of ProxyStore's.
fn passed_proxy(cx: &Checker<'_, '_>, argument: FileRange) -> Option<String> {
    with_argument(cx.db, argument, |model, expr| {
        let expr = unwrapped(expr);
        let is_own = Proxiness::of_expr(cx.db, model, expr)
            .proxies
            .iter()
            .all(|it| !matches!(it.kind, Kind::Foreign(_) | Kind::Locked));
        let ty = ty_python_semantic::HasType::inferred_type(expr, model)?;
        is_own.then(|| print(cx.db, cx.env(), ty))
    })?
}
