use ruff_python_ast::StmtClassDef;

use super::checker::Checker;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};

pub(super) static PROXY_AS_BASE_CLASS: RuleInfo = RuleInfo {
    name: "proxy-as-base-class",
    summary: "detects classes that inherit from a proxy of a class",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-as-base-class.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, class: &StmtClassDef) {
    // proxyrt's proxies tell Python which class they stand for (PEP 560).
    if cx.imports("proxyrt") {
        return;
    }
    for base in class.bases().iter().filter(|it| !it.is_starred_expr()) {
        let Some(sighting) = cx.sighting(base).filter(|it| !cx.is_to_fail(base, it)) else {
            continue;
        };
        let edits = cx.extract_edits(base, &sighting);
        let origin = cx.sighting_label(base, &sighting);
        let text = cx.text(base);
        let phrase = sighting.phrase(&text);
        let finding = cx.report(
            &PROXY_AS_BASE_CLASS,
            base,
            format_args!("The class statement raises `TypeError` for {phrase} as a base"),
        );
        finding
            .label("is a proxy, not a class")
            .help(format!("Inherit from the target: `extract({text})`"))
            .fix(Applicability::Safe, "Inherit from the target", edits);
        finding.secondary.extend(origin);
    }
}
