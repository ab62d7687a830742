use std::rc::Rc;

use ruff_python_ast::{Expr, ExprCall, Operator};

use super::checker::Checker;
use crate::proxy::class::ancestors;
use super::traits::string;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;

pub(super) static STRUCTURAL_CHECK_ON_PROXY: RuleInfo = RuleInfo {
    name: "structural-check-on-proxy",
    summary: "detects checks for methods that each proxy has, whatever its target",
    level: Level::Warn,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/structural-check-on-proxy.md"),
    url: None,
    inference: false,
};

/// The classes that ask for methods only, which each proxy has.
const STRUCTURAL: [(&str, &[&str]); 20] = [
    ("typing.AsyncIterable", &["__aiter__"]),
    ("typing.AsyncIterator", &["__aiter__", "__anext__"]),
    ("typing.Awaitable", &["__await__"]),
    ("typing.Callable", &["__call__"]),
    ("typing.Collection", &["__len__", "__iter__", "__contains__"]),
    ("typing.Container", &["__contains__"]),
    ("typing.Hashable", &["__hash__"]),
    ("typing.Iterable", &["__iter__"]),
    ("typing.Iterator", &["__iter__", "__next__"]),
    ("typing.Reversible", &["__reversed__"]),
    ("typing.Sized", &["__len__"]),
    ("typing.SupportsAbs", &["__abs__"]),
    ("typing.SupportsBytes", &["__bytes__"]),
    ("typing.SupportsFloat", &["__float__"]),
    ("typing.SupportsIndex", &["__index__"]),
    ("typing.SupportsInt", &["__int__"]),
    ("typing.SupportsRound", &["__round__"]),
    ("os.PathLike", &["__fspath__"]),
    ("contextlib.AbstractContextManager", &["__enter__", "__exit__"]),
    ("contextlib.AbstractAsyncContextManager", &["__aenter__", "__aexit__"]),
];

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if !call.arguments.keywords.is_empty() || call.arguments.args.iter().any(Expr::is_starred_expr) {
        return;
    }
    let (Some(object), classes) = (call.arguments.args.first(), call.arguments.args.get(1)) else {
        return;
    };
    let Some(function) = cx.qualified_name_of(&call.func) else {
        return;
    };
    match (&*function, classes) {
        ("builtins.callable", None) => report(cx, call, object, &["__call__"], &[]),
        ("inspect.isawaitable", None) => report(cx, call, object, &["__await__"], &[]),
        ("builtins.hasattr", Some(attribute)) => {
            if let Some(name) = string(attribute) {
                report(cx, call, object, &[name], &[]);
            }
        }
        ("builtins.isinstance", Some(classes)) => {
            let mut alternatives = Vec::new();
            flatten(classes, &mut alternatives);
            let found = alternatives.iter().find_map(|it| Some((structural(cx, it)?, *it)));
            if let Some((methods, class)) = found {
                alternatives.retain(|it| *it != class);
                report(cx, call, object, methods, &alternatives);
            }
        }
        _ => {}
    }
}

/// The classes in `(A, B)` and `A | B`.
fn flatten<'ast>(classes: &'ast Expr, found: &mut Vec<&'ast Expr>) {
    match unwrapped(classes) {
        Expr::Tuple(it) => it.elts.iter().for_each(|it| flatten(it, found)),
        Expr::BinOp(it) if it.op == Operator::BitOr => {
            flatten(&it.left, found);
            flatten(&it.right, found);
        }
        class => found.push(class),
    }
}

fn structural(cx: &Checker<'_, '_>, class: &Expr) -> Option<&'static [&'static str]> {
    // `Callable` is no class for the inference.
    let is_callable = || cx.print_type_of(class).ends_with(".Callable'>");
    let methods = |name: &str| STRUCTURAL.iter().find(|it| it.0 == name).map(|it| it.1);
    cx.qualified_name_of(class)
        .and_then(|it| methods(&it))
        .or_else(|| methods("typing.Callable").filter(|_| is_callable()))
}

/// Reports a question that each proxy answers with yes, if the answer of some target is no.
fn report(
    cx: &mut Checker<'_, '_>,
    call: &ExprCall,
    object: &Expr,
    methods: &[&str],
    other_classes: &[&Expr],
) {
    let Some(sighting) = cx.sighting(object) else {
        return;
    };
    let names: Vec<Rc<str>> = other_classes
        .iter()
        .filter_map(|it| cx.qualified_name_of(it))
        .collect();
    if names.len() < other_classes.len() {
        return;
    }
    let lacking = methods.iter().find(|method| {
        let Some(wanted) = cx.trait_type(method) else {
            return false;
        };
        sighting.proxies.iter().any(|proxy| {
            cx.lacks(proxy, wanted)
                && !proxy.target.iter().any(|target| {
                    let classes = ancestors(cx.db, cx.env(), *target);
                    classes.iter().any(|it| names.iter().any(|name| **name == **it))
                })
        })
    });
    let Some(method) = lacking else {
        return;
    };
    let edits = cx.extract_edits(object, &sighting);
    let origin = cx.sighting_label(object, &sighting);
    let text = cx.text(object);
    let phrase = sighting.phrase(&text);
    let always = if sighting.is_certain() { "always " } else { "" };
    let finding = cx.report(
        &STRUCTURAL_CHECK_ON_PROXY,
        call,
        format_args!("This is {always}`True` for {phrase}, though its target has no `{method}`"),
    );
    finding
        .label(format!("each proxy has a `{method}` of its own"))
        .help(format!("Ask the target: `extract({text})`"))
        // The target is fetched, which may be what the question is to avoid.
        .fix(Applicability::Unsafe, "Ask the target", edits);
    finding.secondary.extend(origin);
}
