use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef};
use ruff_text_size::Ranged;
use ty_python_semantic::types::Type;

use super::checker::{Checker, FixEdit, with_article};
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::class::{Class, makes_dataclass};
use crate::proxy::display;
use crate::proxy::model::print;

pub(super) static PROXY_OF_NON_CALLABLE: RuleInfo = RuleInfo {
    name: "proxy-of-non-callable",
    summary: "detects `Proxy(x)` where `x` is the target and not a function that returns it",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-of-non-callable.md"),
    url: None,
    inference: false,
};

/// Classes whose instances cannot be called, as their types are printed.
const NOT_CALLABLE: [&str; 19] = [
    "DataFrame", "None", "Path", "Series", "array", "bool", "bytearray", "bytes", "complex", "deque",
    "dict", "float", "frozenset", "int", "list", "ndarray", "set", "str", "tuple",
];

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let Some(factory) = call.arguments.args.first() else {
        return;
    };
    if !is_proxy_class(cx, &call.func) || !is_never_callable(cx, factory) {
        return;
    }
    if cx.is_expected_to_fail(call) {
        return;
    }
    let printed = with_article(&cx.print_type_of(factory));
    let text = cx.text(factory);
    let edits = match factory {
        // What is computed once must not be computed later.
        Expr::Starred(_) => Vec::new(),
        Expr::Name(_) => vec![FixEdit::Before(factory.range(), "lambda: ".to_owned())],
        it if it.is_literal_expr() => {
            vec![FixEdit::Before(factory.range(), "lambda: ".to_owned())]
        }
        _ => Vec::new(),
    };
    let origin = cx.origin_label(factory);
    let finding = cx.report(
        &PROXY_OF_NON_CALLABLE,
        factory,
        format_args!("A proxy is made of a function that returns the target, and this is {printed}"),
    );
    finding
        .label("cannot be called")
        .help(if text.contains('\n') {
            "Pass a function: `lambda: …`".to_owned()
        } else {
            format!("Pass a function: `Proxy(lambda: {text})`")
        })
        // The variable may have another value by then.
        .fix(Applicability::Unsafe, "Pass a function", edits);
    finding.secondary.extend(origin);
}

/// Whether an expression is the class `Proxy` itself. Subclasses have constructors of their own.
fn is_proxy_class(cx: &Checker<'_, '_>, func: &Expr) -> bool {
    if !matches!(cx.type_of(func), Some(Type::ClassLiteral(_) | Type::GenericAlias(_))) {
        return false;
    }
    let printed = cx.print_type_of(func);
    display::is_class_of_proxies(&printed) && printed.starts_with("<class 'Proxy")
}

fn is_never_callable(cx: &Checker<'_, '_>, factory: &Expr) -> bool {
    match cx.type_of(factory) {
        Some(Type::Union(union)) => {
            let mut alternatives = union.elements(cx.db).iter();
            alternatives.all(|it| is_never_callable_type(cx, *it))
        }
        Some(ty) => is_never_callable_type(cx, ty),
        None => false,
    }
}

fn is_never_callable_type(cx: &Checker<'_, '_>, ty: Type<'_>) -> bool {
    match ty {
        Type::LiteralValue(_) => true,
        Type::NominalInstance(_) => {
            let printed = print(cx.db, cx.env(), ty);
            let class = printed.split('[').next().unwrap_or(&printed);
            NOT_CALLABLE.contains(&class) || has_no_call_method(cx, ty)
        }
        _ => false,
    }
}

/// Whether an object is of a class without bases that defines no `__call__`.
fn has_no_call_method(cx: &Checker<'_, '_>, ty: Type<'_>) -> bool {
    let class = Class::of(cx.db, cx.env(), ty);
    let has_none = class.and_then(|it| it.inspect(cx.db, |_, class| lacks_call(class)));
    has_none.unwrap_or(false)
}

fn lacks_call(class: &StmtClassDef) -> bool {
    let is_call = |it: &Expr| it.as_name_expr().is_some_and(|it| it.id == "__call__");
    let defines_call = class.body.iter().any(|it| match it {
        Stmt::FunctionDef(it) => &it.name == "__call__",
        Stmt::Assign(it) => it.targets.iter().any(is_call),
        Stmt::Expr(_) | Stmt::AnnAssign(_) | Stmt::Pass(_) => false,
        _ => true,
    });
    class.bases().is_empty()
        && class.keywords().is_empty()
        && class.decorator_list.iter().all(makes_dataclass)
        && !defines_call
}
