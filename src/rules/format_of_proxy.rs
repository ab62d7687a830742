use ruff_python_ast::{Expr, ExprCall, ExprFString, InterpolatedStringElement, InterpolatedStringElements};

use super::checker::Checker;
use super::traits::string;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;

pub(super) static FORMAT_OF_PROXY: RuleInfo = RuleInfo {
    name: "format-of-proxy",
    summary: "detects format specifications for a proxy",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/format-of-proxy.md"),
    url: None,
    inference: false,
};

/// `f"{p:.3f}"`
pub(super) fn check_string(cx: &mut Checker<'_, '_>, string: &ExprFString) {
    for element in string.value.elements() {
        let InterpolatedStringElement::Interpolation(it) = element else {
            continue;
        };
        // A conversion such as `!s` makes text of the proxy first.
        if it.conversion.is_none()
            && let Some(spec) = &it.format_spec
            && has_content(cx, &spec.elements)
        {
            report(cx, &it.expression);
        }
    }
}

/// Whether a format spec is not empty, however its parts turn out.
fn has_content(cx: &Checker<'_, '_>, elements: &InterpolatedStringElements) -> bool {
    elements.iter().any(|element| match element {
        InterpolatedStringElement::Literal(it) => !it.value.is_empty(),
        InterpolatedStringElement::Interpolation(it) => {
            let printed = cx.print_type_of(&it.expression);
            printed == "int" || (printed.starts_with("Literal[") && !printed.contains('"'))
        }
    })
}

/// `format(p, ".3f")`, `"{:.3f}".format(p)`
pub(super) fn check_call(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let Some(name) = cx.qualified_name_of(&call.func) else {
        return;
    };
    match &*name {
        "builtins.format" => {
            if let [value, spec] = &*call.arguments.args
                && string(spec).is_some_and(|it| !it.is_empty())
            {
                report(cx, value);
            }
        }
        "builtins.str.format" => {
            let template = call.func.as_attribute_expr().and_then(|it| string(unwrapped(&it.value)));
            for field in template.map(formatted_fields).unwrap_or_default() {
                let value = match field {
                    Field::Position(it) => {
                        let unpacks = call.arguments.args.iter().take(it + 1).any(Expr::is_starred_expr);
                        call.arguments.args.get(it).filter(|_| !unpacks)
                    }
                    Field::Name(it) => call.arguments.find_keyword(&it).map(|it| &it.value),
                };
                if let Some(value) = value {
                    report(cx, value);
                }
            }
        }
        _ => {}
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Field {
    Position(usize),
    Name(String),
}

/// The arguments that a template of `str.format` formats with a specification, and without a conversion.
fn formatted_fields(template: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let mut automatic = 0;
    let mut rest = template;
    while let Some(start) = rest.find(['{', '}']) {
        let (bracket, after) = (&rest[start..=start], &rest[start + 1..]);
        if after.starts_with(bracket) {
            rest = &after[1..];
            continue;
        }
        let Some(end) = after.find('}').filter(|_| bracket == "{") else {
            break;
        };
        let (name, spec) = after[..end].split_once(':').unwrap_or((&after[..end], ""));
        let field = if name.is_empty() || name.starts_with('!') {
            automatic += 1;
            Field::Position(automatic - 1)
        } else {
            name.parse().map_or_else(|_| Field::Name(name.to_owned()), Field::Position)
        };
        // Attributes and elements of a proxy are no proxies; fields in a specification are beyond us.
        if !spec.is_empty() && !spec.contains('{') && !name.contains(['.', '[', '!']) {
            found.push(field);
        }
        if spec.contains('{') {
            break;
        }
        rest = &after[end + 1..];
    }
    found
}

fn report(cx: &mut Checker<'_, '_>, proxy: &Expr) {
    // proxyrt's proxies hand the specification on.
    let Some(sighting) = cx
        .sighting(proxy)
        .filter(|it| !cx.is_proxyrt(it) && !cx.is_to_fail(proxy, it))
    else {
        return;
    };
    let edits = cx.extract_edits(proxy, &sighting);
    let origin = cx.sighting_label(proxy, &sighting);
    let text = cx.text(proxy);
    let phrase = sighting.phrase(&text);
    let finding = cx.report(
        &FORMAT_OF_PROXY,
        proxy,
        format_args!("A format specification raises `TypeError` for {phrase}"),
    );
    finding
        .label(if sighting.is_certain() { "is a proxy" } else { "may be a proxy" })
        .help(format!("Format the target: `extract({text})`"))
        .fix(Applicability::Safe, "Format the target", edits);
    finding.secondary.extend(origin);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_a_specification() {
        let name = |it: &str| Field::Name(it.to_owned());
        assert_eq!(formatted_fields("{:.2f}{}{:d}"), [Field::Position(0), Field::Position(2)]);
        assert_eq!(formatted_fields("{{:.2f}} {x:>3} {1:d}"), [name("x"), Field::Position(1)]);
        assert_eq!(formatted_fields("{!s:>5}{a.b:d}{a[0]:d}{:}"), []);
        assert_eq!(formatted_fields("{:{}}{:d}"), []);
        assert_eq!(formatted_fields("{ {"), []);
    }
}
