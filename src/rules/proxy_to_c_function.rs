use ruff_python_ast::{Expr, ExprCall};
use ty_python_semantic::types::Type;

use super::c_functions::{self, CFunction, Parameter, Rejects};
use super::checker::{Checker, with_article};
use super::qualified_name::qualified_name_of;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::display;
use crate::proxy::sighting::Sighting;

pub(super) static PROXY_TO_C_FUNCTION: RuleInfo = RuleInfo {
    name: "proxy-to-c-function",
    summary: "detects proxies that are passed to functions in C that take only the real type",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-c-function.md"),
    url: None,
    inference: false,
};

/// The containers over which such functions iterate, as types are printed.
const CONTAINERS: [&str; 12] = [
    "list", "tuple", "set", "frozenset", "dict", "deque", "Generator", "Iterator", "Iterable",
    "Sequence", "Collection", "map",
];

/// The built-in classes whose methods, taken from the class, want an instance of just that class.
const BUILT_IN_CLASSES: [&str; 11] = [
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set",
    "str",
];

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if call.arguments.is_empty() {
        return;
    }
    let Some(name) = qualified_name_of(cx.db, cx.model, &call.func) else {
        return;
    };
    if let Some(function) = c_functions::find(&name) {
        check_table(cx, call, &name, function);
    }
    check_unbound_method(cx, call, &name);
}

fn check_table(cx: &mut Checker<'_, '_>, call: &ExprCall, name: &str, function: &CFunction) {
    let keywords = &call.arguments.keywords;
    let runs_other_code = keywords.iter().any(|keyword| match &keyword.arg {
        Some(name) => function.unless.iter().any(|it| it == name.as_str()),
        None => !function.unless.is_empty(),
    });
    if runs_other_code || (function.buffer && cx.imports("proxyrt")) {
        return;
    }
    // `str.join(sep, parts)` has one argument more than `sep.join(parts)`.
    let shift = usize::from(class_of_method(cx, call).is_some());
    for parameter in &function.parameters {
        let Some(argument) = argument_of(call, parameter, shift) else {
            continue;
        };
        let is_accepted = parameter.target.as_ref().is_some_and(|target| {
            cx.print_type_of(argument).split_once('[').is_none_or(|(_, it)| {
                it.strip_suffix(']') != Some(target)
            })
        });
        if !is_accepted {
            check_argument(cx, call, name, parameter.rejects, argument);
        }
    }
}

/// `str.upper(p)`: the descriptor of a built-in class checks the type of its first argument.
fn check_unbound_method(cx: &mut Checker<'_, '_>, call: &ExprCall, name: &str) {
    let Some(class) = class_of_method(cx, call).map(|it| with_article(&it)) else {
        return;
    };
    let is_built_in = name
        .strip_prefix("builtins.")
        .and_then(|it| it.split_once('.'))
        .is_some_and(|(owner, method)| BUILT_IN_CLASSES.contains(&owner) && method != "maketrans");
    let Some(receiver) = call.arguments.args.first().filter(|it| !it.is_starred_expr()) else {
        return;
    };
    if is_built_in && let Some(sighting) = cx.sighting(receiver) {
        let phrase = sighting.phrase(&cx.text(receiver));
        let shown = cx.text(&*call.func);
        let message = format!("`{shown}` takes only {class} itself and rejects {phrase}");
        report(cx, receiver, &sighting, &message);
    }
}

/// The name of the class in `Class.method(…)`, if `method` is not bound to the class.
fn class_of_method(cx: &Checker<'_, '_>, call: &ExprCall) -> Option<String> {
    let attribute = call.func.as_attribute_expr()?;
    let is_class = matches!(cx.type_of(&attribute.value)?, Type::ClassLiteral(_));
    let is_function = matches!(cx.type_of(&call.func)?, Type::FunctionLiteral(_));
    (is_class && is_function).then(|| cx.text(&*attribute.value))
}

fn argument_of<'ast>(
    call: &'ast ExprCall,
    parameter: &Parameter,
    shift: usize,
) -> Option<&'ast Expr> {
    let args = &*call.arguments.args;
    let position = parameter.position + shift;
    let unpacks = args.iter().take(position + 1).any(Expr::is_starred_expr);
    if let Some(argument) = args.get(position).filter(|_| !unpacks) {
        return Some(argument);
    }
    let name = parameter.name.as_deref()?;
    call.arguments.find_keyword(name).map(|it| &it.value)
}

fn check_argument(
    cx: &mut Checker<'_, '_>,
    call: &ExprCall,
    name: &str,
    rejects: Rejects,
    argument: &Expr,
) {
    let function = shown_name(cx, call, name);
    if rejects != Rejects::Items
        && let Some(sighting) = cx.sighting(argument)
    {
        let phrase = sighting.phrase(&cx.text(argument));
        let message = format!("`{function}` is implemented in C and rejects {phrase}");
        report(cx, argument, &sighting, &message);
    } else if rejects != Rejects::Value {
        check_items(cx, &function, rejects, argument);
    }
}

fn check_items(cx: &mut Checker<'_, '_>, function: &str, rejects: Rejects, container: &Expr) {
    let items: Vec<&Expr> = match container {
        Expr::List(it) => it.elts.iter().collect(),
        Expr::Tuple(it) => it.elts.iter().collect(),
        Expr::Set(it) => it.elts.iter().collect(),
        Expr::ListComp(it) => vec![&it.elt],
        Expr::SetComp(it) => vec![&it.elt],
        Expr::Generator(it) => vec![&it.elt],
        Expr::Dict(it) => it
            .items
            .iter()
            .flat_map(|item| {
                let value = (rejects == Rejects::Deep).then_some(&item.value);
                item.key.iter().chain(value)
            })
            .collect(),
        Expr::DictComp(it) if rejects == Rejects::Deep => vec![&it.value],
        _ => {
            check_type_of_items(cx, function, container);
            return;
        }
    };
    for item in items {
        if let Expr::Starred(starred) = item {
            check_items(cx, function, rejects, &starred.value);
        } else if let Some(sighting) = cx.sighting(item) {
            let phrase = sighting.phrase(&cx.text(item));
            let message =
                format!("`{function}` is implemented in C and rejects {phrase} among the items");
            report(cx, item, &sighting, &message);
        } else if rejects == Rejects::Deep {
            check_items(cx, function, rejects, item);
        }
    }
}

/// A variable that holds a container of proxies.
fn check_type_of_items(cx: &mut Checker<'_, '_>, function: &str, container: &Expr) {
    if cx.proxiness(container).is_possible() {
        return;
    }
    let printed = cx.print_type_of(container);
    if !holds_proxies(&printed) {
        return;
    }
    let text = cx.text(container);
    let origin = cx.origin_label(container);
    let finding = cx.report(
        &PROXY_TO_C_FUNCTION,
        container,
        format_args!("`{function}` is implemented in C and rejects the proxies in a `{printed}`"),
    );
    finding.label("holds proxies");
    if !printed.starts_with("dict[") && !text.contains('\n') {
        finding.help(format!("Pass the targets: `[extract(it) for it in {text}]`"));
    }
    finding.secondary.extend(origin);
}

/// Whether each element of a printed container type is a proxy.
fn holds_proxies(printed: &str) -> bool {
    let Some((class, arguments)) = printed.split_once('[') else {
        return false;
    };
    let Some(arguments) = arguments.strip_suffix(']') else {
        return false;
    };
    CONTAINERS.contains(&class)
        && display::split(arguments, ", ").iter().any(|it| display::is_proxy(it))
}

fn report<'db>(
    cx: &mut Checker<'_, 'db>,
    proxy: &Expr,
    sighting: &Sighting<'db>,
    message: &str,
) {
    let edits = cx.extract_edits(proxy, sighting);
    let origin = cx.sighting_label(proxy, sighting);
    let text = cx.text(proxy);
    let finding = cx.report(&PROXY_TO_C_FUNCTION, proxy, message);
    finding
        .label(if sighting.is_certain() {
            "is passed as a proxy"
        } else {
            "may be a proxy"
        })
        .help(if text.contains('\n') {
            "Pass the target: `extract(…)` gives it".to_owned()
        } else {
            format!("Pass the target: `extract({text})`")
        })
        .fix(Applicability::Safe, "Pass the target", edits);
    finding.secondary.extend(origin);
}

/// The function as users call it: `json.dumps`, `str.join`, `io.StringIO`.
fn shown_name(cx: &Checker<'_, '_>, call: &ExprCall, name: &str) -> String {
    let by_module = match &*call.func {
        Expr::Name(_) => true,
        Expr::Attribute(it) => {
            matches!(cx.type_of(&it.value), Some(Type::ModuleLiteral(_) | Type::ClassLiteral(_)))
        }
        _ => false,
    };
    if by_module {
        return cx.text(&*call.func);
    }
    let name = name.strip_prefix("builtins.").unwrap_or(name);
    name.strip_prefix('_').unwrap_or(name).to_owned()
}
