use ruff_python_ast::{Expr, Pattern, StmtMatch};
use ruff_text_size::Ranged as _;
use ty_python_semantic::types::Type;

use super::checker::Checker;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::Sighting;

pub(super) static MATCH_PATTERN_ON_PROXY: RuleInfo = RuleInfo {
    name: "match-pattern-on-proxy",
    summary: "detects patterns of `match` that no proxy matches",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/match-pattern-on-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, statement: &StmtMatch) {
    for case in &statement.cases {
        // What comes after `case Proxy():` is for the others.
        if is_of_proxies(&case.pattern) && case.guard.is_none() {
            return;
        }
        check_pattern(cx, &statement.subject, &case.pattern);
    }
}

/// `case Proxy():`, also among alternatives.
fn is_of_proxies(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchClass(it) => match &*it.cls {
            Expr::Name(name) => name.id == "Proxy",
            Expr::Attribute(attribute) => &attribute.attr == "Proxy",
            _ => false,
        },
        Pattern::MatchOr(it) => it.patterns.iter().any(is_of_proxies),
        Pattern::MatchAs(it) => it.pattern.as_deref().is_some_and(is_of_proxies),
        _ => false,
    }
}

fn check_pattern(cx: &mut Checker<'_, '_>, subject: &Expr, pattern: &Pattern) {
    match pattern {
        Pattern::MatchOr(it) => {
            for alternative in &it.patterns {
                check_pattern(cx, subject, alternative);
            }
        }
        Pattern::MatchAs(it) => {
            if let Some(inner) = &it.pattern {
                check_pattern(cx, subject, inner);
            }
        }
        // `match (p, q): case (None, [x]):`
        Pattern::MatchSequence(sequence)
            if let Expr::Tuple(tuple) = unwrapped(subject)
                && !tuple.elts.iter().any(Expr::is_starred_expr) =>
        {
            let star = sequence.patterns.iter().position(Pattern::is_match_star);
            let before = star.unwrap_or(sequence.patterns.len());
            for (part, pattern) in tuple.elts.iter().zip(&sequence.patterns).take(before) {
                check_pattern(cx, part, pattern);
            }
        }
        Pattern::MatchSingleton(_) | Pattern::MatchMapping(_) | Pattern::MatchSequence(_) => {
            if let Some(sighting) = cx.sighting(subject)
                && can_match(cx, &sighting, pattern)
            {
                report(cx, subject, &sighting, pattern);
            }
        }
        _ => {}
    }
}

/// Whether the pattern would match some target; if none, it makes no difference that there is a proxy.
fn can_match(cx: &Checker<'_, '_>, sighting: &Sighting<'_>, pattern: &Pattern) -> bool {
    let may_be = |ty: Type| sighting.proxies.iter().any(|it| cx.may_be(it, ty));
    match pattern {
        Pattern::MatchSingleton(it) => match it.value {
            ruff_python_ast::Singleton::None => may_be(Type::none(cx.db, cx.env())),
            ruff_python_ast::Singleton::True => may_be(Type::bool_literal(true)),
            ruff_python_ast::Singleton::False => may_be(Type::bool_literal(false)),
        },
        Pattern::MatchMapping(_) => cx.trait_type("Mapping").is_some_and(may_be),
        Pattern::MatchSequence(_) => {
            let Some((sequence, text)) = cx.trait_type("Sequence").zip(cx.trait_type("Text")) else {
                return false;
            };
            // Text is a sequence that no sequence pattern matches.
            sighting.proxies.iter().any(|proxy| {
                let is_text = |it: &Type| it.is_assignable_to(cx.db, cx.env(), text);
                let is_known = |it: &Type| !matches!(it, Type::Dynamic(_));
                cx.may_be(proxy, sequence)
                    && !proxy.target.iter().any(|it| is_known(it) && is_text(it))
            })
        }
        _ => false,
    }
}

fn report<'db>(
    cx: &mut Checker<'_, 'db>,
    subject: &Expr,
    sighting: &Sighting<'db>,
    pattern: &Pattern,
) {
    let kind = match pattern {
        Pattern::MatchMapping(_) => "a mapping pattern looks at the class of the proxy",
        Pattern::MatchSequence(_) => "a sequence pattern looks at the class of the proxy",
        _ => "it compares the proxy itself",
    };
    let edits = cx.extract_edits(subject, sighting);
    let phrase = sighting.phrase(&cx.text(subject));
    let shown = cx.print_type_of(subject);
    let file = cx.model.file();
    let finding = cx.report(
        &MATCH_PATTERN_ON_PROXY,
        pattern,
        format_args!("This pattern never matches {phrase}: {kind}"),
    );
    finding
        .label("is never matched by a proxy")
        .help("Match the target: `extract(…)` gives it; class and value patterns work with proxies")
        .fix(Applicability::Safe, "Match the target", edits);
    let label = if sighting.is_certain() {
        format!("is a `{shown}`")
    } else {
        "may be a proxy".to_owned()
    };
    finding.secondary.push((ruff_db::files::FileRange::new(file, subject.range()), label));
}
