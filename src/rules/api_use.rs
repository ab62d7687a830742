//! Finds uses of the functions and operators in [`Apis`](super::apis::Apis) with proxies.

use std::rc::Rc;

use ruff_python_ast::{
    CmpOp, Expr, ExprBinOp, ExprCall, ExprCompare, ExprSubscript, Operator as BinaryOperator,
};
use ty_python_semantic::types::Type;

use super::apis::{Consequence, Function, Operation, Operator, Parameter, Rejects};
use super::checker::{Checker, with_article};
use crate::diagnostics::Applicability;
use crate::proxy::display;
use crate::proxy::model::Kind;
use crate::proxy::qualified_name::qualified_name;
use crate::proxy::repair::{comparisons, unwrapped};
use crate::proxy::sighting::Sighting;

/// The containers over which functions iterate, as types are printed.
const CONTAINERS: [&str; 12] = [
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "deque",
    "Generator",
    "Iterator",
    "Iterable",
    "Sequence",
    "Collection",
    "map",
];

/// The classes in C whose methods, taken from the class, want an instance of just that class.
const CLASSES_IN_C: [(&str, &str); 16] = [
    ("builtins", "bool"),
    ("builtins", "bytearray"),
    ("builtins", "bytes"),
    ("builtins", "complex"),
    ("builtins", "dict"),
    ("builtins", "float"),
    ("builtins", "frozenset"),
    ("builtins", "int"),
    ("builtins", "list"),
    ("builtins", "set"),
    ("builtins", "str"),
    ("builtins", "tuple"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("numpy", "ndarray"),
];

/// The function that an argument is passed to.
struct Callee<'a> {
    /// As users write it.
    shown: String,
    consequence: Consequence<'a>,
    targets: &'a [String],
    rejects: Rejects,
}

pub(super) fn check_call(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if call.arguments.is_empty() {
        return;
    }
    let apis = cx.apis;
    for name in names_of(cx, &call.func) {
        for function in apis.functions(&name) {
            check_function(cx, call, &name, function);
        }
        match &*name {
            "builtins.map" | "builtins.filter" => check_mapped(cx, call),
            _ => {}
        }
    }
    if let Some(class) = class_of_method(cx, &call.func)
        && let Some(receiver) = call
            .arguments
            .args
            .first()
            .filter(|it| !it.is_starred_expr())
    {
        let callee = unbound_method(cx, &call.func, &class);
        check_argument(cx, &callee, receiver);
    }
}

/// The names under which the table may have a function.
fn names_of(cx: &Checker<'_, '_>, func: &Expr) -> Vec<Rc<str>> {
    let mut names = Vec::from_iter(cx.qualified_name_of(func));
    if let Some(ty @ Type::NominalInstance(_)) = cx.type_of(func)
        && let Some(class) = qualified_name(cx.db, cx.env(), ty)
    {
        names.push(format!("{class}.__call__").into());
    }
    names
}

fn check_function(cx: &mut Checker<'_, '_>, call: &ExprCall, name: &str, function: &Function) {
    let keywords = &call.arguments.keywords;
    let runs_other_code = keywords.iter().any(|keyword| match &keyword.arg {
        Some(name) => function.unless.iter().any(|it| it == name.as_str()),
        None => !function.unless.is_empty(),
    });
    let has_switch = function.only_with.as_ref().is_none_or(|it| {
        call.arguments.args.len() > it.position || call.arguments.find_keyword(&it.name).is_some()
    });
    if runs_other_code || !has_switch {
        return;
    }
    // `str.join(sep, parts)` has one argument more than `sep.join(parts)`.
    let shift = usize::from(is_unbound(cx, &call.func));
    for parameter in &function.parameters {
        let callee = Callee {
            shown: shown_name(cx, &call.func, name),
            consequence: function.consequence(cx.imports("proxyrt")),
            targets: &parameter.targets,
            rejects: parameter.rejects,
        };
        for argument in arguments_of(call, parameter, shift) {
            check_argument(cx, &callee, argument);
        }
    }
}

/// `map(str.upper, texts)`: each element is passed to the function.
fn check_mapped(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let [func, containers @ ..] = &*call.arguments.args else {
        return;
    };
    if call.arguments.args.iter().any(Expr::is_starred_expr) {
        return;
    }
    let apis = cx.apis;
    for name in names_of(cx, func) {
        for function in apis.functions(&name) {
            if !function.unless.is_empty() || function.only_with.is_some() {
                continue;
            }
            for parameter in &function.parameters {
                let position = parameter
                    .position
                    .map(|it| it + usize::from(is_unbound(cx, func)));
                let Some(container) = position.and_then(|it| containers.get(it)) else {
                    continue;
                };
                if matches!(parameter.rejects, Rejects::Items) {
                    continue;
                }
                let callee = Callee {
                    shown: shown_name(cx, func, &name),
                    consequence: function.consequence(cx.imports("proxyrt")),
                    targets: &parameter.targets,
                    rejects: Rejects::Items,
                };
                check_items(cx, &callee, container);
            }
        }
    }
    if let (Some(class), Some(container)) = (class_of_method(cx, func), containers.first()) {
        let callee = Callee {
            rejects: Rejects::Items,
            ..unbound_method(cx, func, &class)
        };
        check_items(cx, &callee, container);
    }
}

/// `str.upper(p)`: the descriptor of a class in C checks the type of its first argument.
fn unbound_method(cx: &Checker<'_, '_>, func: &Expr, class: &str) -> Callee<'static> {
    Callee {
        shown: cx.text(func),
        consequence: Consequence::of_unbound_method(class),
        targets: &[],
        rejects: Rejects::Value,
    }
}

/// The qualified name of the class in C in `Class.method`, if `method` is not bound to the class.
fn class_of_method(cx: &Checker<'_, '_>, func: &Expr) -> Option<String> {
    let attribute = func.as_attribute_expr().filter(|_| is_unbound(cx, func))?;
    let class = qualified_name(cx.db, cx.env(), cx.type_of(&attribute.value)?)?;
    let is_in_c = class
        .rsplit_once('.')
        .is_some_and(|it| CLASSES_IN_C.contains(&it) && attribute.attr.as_str() != "maketrans");
    is_in_c.then_some(class)
}

/// Whether a method is taken from its class.
fn is_unbound(cx: &Checker<'_, '_>, func: &Expr) -> bool {
    func.as_attribute_expr().is_some_and(|it| {
        matches!(cx.type_of(&it.value), Some(Type::ClassLiteral(_)))
            && matches!(cx.type_of(func), Some(Type::FunctionLiteral(_)))
    })
}

fn arguments_of<'ast>(
    call: &'ast ExprCall,
    parameter: &Parameter,
    shift: usize,
) -> Vec<&'ast Expr> {
    let args = &*call.arguments.args;
    if let Some(position) = parameter.position.map(|it| it + shift) {
        let unpacks = args.iter().take(position + 1).any(Expr::is_starred_expr)
            || (parameter.alone && args.len() > position + 1);
        let last = if parameter.rest {
            args.len()
        } else {
            position + 1
        };
        if let Some(found) = args
            .get(position..last)
            .filter(|it| !unpacks && !it.is_empty())
        {
            return found.iter().collect();
        }
    }
    if parameter.keywords {
        return call
            .arguments
            .keywords
            .iter()
            .filter(|it| it.arg.is_some())
            .map(|it| &it.value)
            .collect();
    }
    let by_name = parameter
        .name
        .as_deref()
        .and_then(|it| call.arguments.find_keyword(it));
    by_name.map(|it| &it.value).into_iter().collect()
}

pub(super) fn check_comparison(cx: &mut Checker<'_, '_>, comparison: &ExprCompare) {
    for (left, op, right) in comparisons(comparison) {
        if matches!(op, CmpOp::In | CmpOp::NotIn) {
            check_operator(cx, Operation::Contains, right, left);
        }
    }
}

pub(super) fn check_binary(cx: &mut Checker<'_, '_>, operation: &ExprBinOp) {
    if operation.op == BinaryOperator::Mod {
        check_operator(cx, Operation::Format, &operation.left, &operation.right);
    }
}

pub(super) fn check_subscript(cx: &mut Checker<'_, '_>, subscript: &ExprSubscript) {
    check_operator(cx, Operation::Subscript, &subscript.value, &subscript.slice);
}

fn check_operator(cx: &mut Checker<'_, '_>, operation: Operation, object: &Expr, operand: &Expr) {
    // The class is a name to look up, so the cheaper question goes first.
    let operators: Vec<&Operator> = cx.apis.operators(operation).collect();
    if cx.sighting(operand).is_none() && !unwrapped(operand).is_tuple_expr() {
        return;
    }
    let Some(class) = class_of(cx, object) else {
        return;
    };
    for operator in operators {
        if !operator.classes.contains(&class) {
            continue;
        }
        let short = class
            .rsplit('.')
            .next()
            .unwrap_or(&class)
            .trim_start_matches('_');
        let shown = match operation {
            Operation::Contains => format!("`in` on {}", with_article(short)),
            Operation::Format => format!("`%` on {}", with_article(short)),
            Operation::Subscript => {
                format!("Indexing {}", with_article(&indexed(cx, object, short)))
            }
        };
        let callee = Callee {
            shown,
            consequence: operator.consequence(),
            targets: &operator.targets,
            rejects: operator.rejects,
        };
        check_argument(cx, &callee, operand);
    }
}

/// The qualified name of the class of an object, or of the target if it is a proxy.
fn class_of(cx: &Checker<'_, '_>, object: &Expr) -> Option<String> {
    let ty = match cx.proxiness(object).proxies.as_slice() {
        [] => cx.type_of(object)?,
        [proxy] => *proxy.target.first()?,
        _ => return None,
    };
    qualified_name(cx.db, cx.env(), ty)
}

/// What is indexed, for people: `df.loc` instead of the class of its indexer.
fn indexed(cx: &Checker<'_, '_>, object: &Expr, class: &str) -> String {
    match object {
        Expr::Attribute(it) if class.ends_with("Indexer") => {
            format!("{}.{}", cx.print_type_of(&it.value), it.attr)
        }
        _ => class.to_owned(),
    }
}

fn check_argument(cx: &mut Checker<'_, '_>, callee: &Callee<'_>, argument: &Expr) {
    if let Expr::Starred(it) = argument {
        if callee.rejects != Rejects::Items {
            check_items(cx, callee, &it.value);
        }
        return;
    }
    if callee.rejects != Rejects::Items
        && let Some(sighting) = cx.sighting(argument)
    {
        report(cx, callee, argument, &sighting, "");
    } else if callee.rejects != Rejects::Value {
        check_items(cx, callee, argument);
    }
}

fn check_items(cx: &mut Checker<'_, '_>, callee: &Callee<'_>, container: &Expr) {
    let is_deep = callee.rejects == Rejects::Deep;
    let items: Vec<&Expr> = match unwrapped(container) {
        Expr::List(it) => it.elts.iter().collect(),
        Expr::Tuple(it) => it.elts.iter().collect(),
        Expr::Set(it) => it.elts.iter().collect(),
        Expr::ListComp(it) => vec![&it.elt],
        Expr::SetComp(it) => vec![&it.elt],
        Expr::Generator(it) => vec![&it.elt],
        Expr::Dict(it) => it
            .items
            .iter()
            // `**p` takes the items out of a proxy.
            .filter_map(|item| Some((item.key.as_ref()?, &item.value)))
            .flat_map(|(key, value)| std::iter::once(key).chain(is_deep.then_some(value)))
            .collect(),
        Expr::DictComp(it) if is_deep => vec![&it.value],
        _ => {
            check_type_of_items(cx, callee, container);
            return;
        }
    };
    for item in items {
        if let Expr::Starred(starred) = item {
            check_items(cx, callee, &starred.value);
        } else if let Some(sighting) = cx.sighting(item) {
            report(cx, callee, item, &sighting, " among the items");
        } else if is_deep {
            check_items(cx, callee, item);
        }
    }
}

/// A variable that holds a container of proxies.
fn check_type_of_items(cx: &mut Checker<'_, '_>, callee: &Callee<'_>, container: &Expr) {
    if cx.proxiness(container).is_possible()
        || (callee.consequence.accepts_proxyrt && cx.imports("proxyrt"))
    {
        return;
    }
    let printed = cx.print_type_of(container);
    let Some(proxy) = proxy_in(&printed) else {
        return;
    };
    if !has_target(proxy, callee.targets) {
        return;
    }
    let text = cx.text(container);
    let origin = cx.origin_label(container);
    let finding = cx.report(
        callee.consequence.rule,
        container,
        format_args!(
            "{} {} the proxies in a `{printed}`",
            quoted(&callee.shown),
            callee.consequence.verb
        ),
    );
    finding.label("holds proxies");
    if !printed.starts_with("dict[") && !text.contains('\n') {
        finding.help(format!(
            "Pass the targets: `[extract(it) for it in {text}]`"
        ));
    }
    finding.secondary.extend(origin);
}

/// What each element of a printed container type is, if that is a proxy.
fn proxy_in(printed: &str) -> Option<&str> {
    let (class, arguments) = printed.split_once('[')?;
    let arguments = arguments.strip_suffix(']')?;
    if !CONTAINERS.contains(&class) {
        return None;
    }
    display::split(arguments, ", ")
        .into_iter()
        .find(|it| display::is_proxy(it))
}

/// Whether the target of a printed proxy is always one of some classes; no classes are all.
fn has_target(printed: &str, classes: &[String]) -> bool {
    let Some(target) = printed
        .strip_suffix(']')
        .and_then(|it| it.split_once('['))
        .map(|it| it.1)
    else {
        return classes.is_empty();
    };
    classes.is_empty()
        || display::split(target, " | ").iter().all(|it| {
            let class = it.split('[').next().unwrap_or(it);
            classes.iter().any(|known| known == class)
        })
}

fn report<'db>(
    cx: &mut Checker<'_, 'db>,
    callee: &Callee<'_>,
    proxy: &Expr,
    sighting: &Sighting<'db>,
    place: &str,
) {
    let consequence = &callee.consequence;
    if !has_target(&sighting.printed, callee.targets)
        || (consequence.accepts_proxyrt && cx.is_proxyrt(sighting))
        || (consequence.plain_only && sighting.proxies.iter().any(|it| it.kind != Kind::Plain))
        || (consequence.raises && cx.is_to_fail(proxy, sighting))
        || consequence
            .unless_target_has
            .is_some_and(|it| !cx.all_lack(sighting, it))
    {
        return;
    }
    let edits = cx.extract_edits(proxy, sighting);
    let origin = cx.sighting_label(proxy, sighting);
    let text = cx.text(proxy);
    let phrase = sighting.phrase(&text);
    let shown = if text.contains('\n') { "…" } else { &text };
    let target = cx.target_of(shown, sighting);
    let finding = cx.report(
        consequence.rule,
        proxy,
        format_args!(
            "{} {} {phrase}{place}",
            quoted(&callee.shown),
            consequence.verb
        ),
    );
    finding
        .label(if sighting.is_certain() {
            "is passed as a proxy"
        } else {
            "may be a proxy"
        })
        .help(if text.contains('\n') {
            format!("Pass the target: `{target}` gives it")
        } else {
            format!("Pass the target: `{target}`")
        })
        .fix(Applicability::Safe, "Pass the target", edits);
    finding.secondary.extend(origin);
}

/// A function's name stands between backquotes; a description of an operator does not.
fn quoted(shown: &str) -> String {
    if shown.contains('`') {
        shown.to_owned()
    } else {
        format!("`{shown}`")
    }
}

/// The function as users call it: `json.dumps`, `str.join`, `io.StringIO`.
fn shown_name(cx: &Checker<'_, '_>, func: &Expr, name: &str) -> String {
    let by_module = match func {
        Expr::Name(_) => true,
        Expr::Attribute(it) => {
            matches!(
                cx.type_of(&it.value),
                Some(Type::ModuleLiteral(_) | Type::ClassLiteral(_))
            )
        }
        _ => false,
    };
    if by_module {
        return cx.text(func);
    }
    // A method is the class's of its object, wherever it is defined.
    if let Some(attribute) = func.as_attribute_expr()
        && let Some(class) = cx.type_of(&attribute.value)
        && let Some(class) = qualified_name(cx.db, cx.env(), class)
    {
        let class = class
            .rsplit('.')
            .next()
            .unwrap_or(&class)
            .trim_start_matches('_');
        return format!("{class}.{}", attribute.attr);
    }
    let mut parts = name.rsplit('.');
    let method = parts.next().unwrap_or(name);
    match parts.next() {
        Some(class) => format!("{}.{method}", class.trim_start_matches('_')),
        None => method.to_owned(),
    }
}
