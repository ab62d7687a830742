//! Types as users write them.
//!
//! The inference prints a proxy as the intersection that it is, `Proxy[Foo] & Foo`. Here each such
//! intersection is folded to `Proxy[Foo]`, wherever it stands in a message.

/// The classes whose name marks an intersection as a proxy, without their modules.
const KINDS: [&str; 5] = [
    "Proxy",
    "OwnedProxy",
    "RefProxy",
    "RefMutProxy",
    "BaseRefProxy",
];

/// What the names of classes begin with that are proxies by configuration. It is taken away where a text
/// is shown.
pub(crate) const MARK: char = 'ǂ';

/// Where those classes and their aliases are defined, and the mark of an alias for what cannot be an
/// intersection.
const INTERNAL: [&str; 4] = [
    "_proxycheck.",
    "proxystore.proxy.",
    "proxystore.store.ref.",
    "Opaque",
];

/// Folds every proxy intersection in a message. Types stand between backquotes.
pub(crate) fn fold_message(message: &str) -> String {
    if !message.contains("Proxy[") && !message.contains(" & ") && !message.contains(MARK) {
        return message.to_owned();
    }
    let mut result = String::with_capacity(message.len());
    for (number, part) in message.split('`').enumerate() {
        if number > 0 {
            result.push('`');
        }
        if number % 2 == 1 {
            result.push_str(&fold(part));
        } else {
            result.push_str(part);
        }
    }
    result
}

/// Prints numbers as they are declared: `float`, which means `int | float`, where `float*` is a float
/// that is no integer.
pub(crate) fn merge_numbers(text: &str) -> String {
    if !text.contains('*') {
        return text.to_owned();
    }
    text.replace("int | float* | complex*", "complex")
        .replace("int | float*", "float")
        .replace("float*", "float")
        .replace("complex*", "complex")
}

/// Folds every proxy intersection in the printed form of a type.
pub(crate) fn fold(printed: &str) -> String {
    if !printed.contains("Proxy[") && !printed.contains(" & ") && !printed.contains(MARK) {
        return printed.to_owned();
    }
    if printed.contains("_proxycheck.class_") || printed.contains("_proxycheck.alias_") {
        return fold(&without_modules(printed));
    }
    // The class and the alias have the same name, so they are printed with their modules.
    if INTERNAL.iter().any(|it| printed.contains(it)) {
        let plain = INTERNAL
            .iter()
            .fold(printed.to_owned(), |text, it| text.replace(it, ""));
        return fold(&plain);
    }
    // A signature: `def f(x: Proxy[Foo] & Foo) -> Proxy[Bar] & Bar`.
    if let [signature, returned @ ..] = split(printed, " -> ").as_slice()
        && !returned.is_empty()
    {
        return format!(
            "{} -> {}",
            fold_arguments(signature),
            fold(&returned.join(" -> "))
        );
    }
    let union = split(printed, " | ");
    if union.len() == 1 {
        return fold_intersection(printed).to_string();
    }
    let mut elements: Vec<Element> = Vec::with_capacity(union.len());
    for element in union {
        let element = fold_intersection(strip_parentheses(element));
        // `(Proxy[str | None] & str) | (Proxy[str | None] & None)` is one `Proxy[str | None]`.
        if let Element::Proxy { kind, rest, .. } = &element
            && let Some(Element::Proxy { rest: other, .. }) = elements
                .iter_mut()
                .find(|it| matches!(it, Element::Proxy { kind: known, .. } if known == kind))
        {
            other.extend(rest.iter().cloned());
        } else {
            elements.push(element);
        }
    }
    let mut printed: Vec<String> = Vec::with_capacity(elements.len());
    for element in &elements {
        let text = element.to_string();
        if !printed.contains(&text) {
            printed.push(text);
        }
    }
    printed.join(" | ")
}

/// Takes away the modules of the stubs of configured classes.
fn without_modules(printed: &str) -> String {
    let mut text = printed.to_owned();
    for module in ["_proxycheck.class_", "_proxycheck.alias_"] {
        while let Some(start) = text.find(module) {
            // The module ends with a letter and a dot.
            let end = (start + module.len() + 2).min(text.len());
            text.replace_range(start..end, "");
        }
    }
    text
}

enum Element {
    Other(String),
    Proxy {
        /// `Proxy[str | None]`, the nominal part.
        kind: String,
        /// What the target is known to be: one text for each element of a union.
        rest: Vec<String>,
    },
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Element::Other(text) => f.write_str(text),
            Element::Proxy { kind, rest } => {
                let (class, target) = kind.split_once('[').unwrap_or((kind, ""));
                let target = target.strip_suffix(']').unwrap_or(target);
                let declared = split(target, " | ");
                let known = rest.join(" | ");
                let same = known == target
                    || is_proxy_of(target, &known)
                    || known.is_empty()
                    || (declared.len() == rest.len()
                        && declared.iter().all(|it| rest.iter().any(|part| part == it)));
                let target = if same || ["Any", "Unknown"].contains(&known.as_str()) {
                    target
                } else {
                    known.as_str()
                };
                // In the argument of a class, a declared `float` is printed as what it means.
                let target = match target {
                    "int | float" => "float",
                    "int | float | complex" => "complex",
                    _ => target,
                };
                write!(f, "{class}[{target}]")
            }
        }
    }
}

fn fold_intersection(printed: &str) -> Element {
    let parts = split(printed, " & ");
    let folded: Vec<String> = parts.iter().map(|part| fold_arguments(part)).collect();
    let kind = folded.iter().position(|part| is_proxy_class(part));
    let mut negative = Vec::new();
    let mut rest = Vec::new();
    for (number, part) in folded.iter().enumerate() {
        if Some(number) == kind {
            continue;
        }
        match part.strip_prefix('~') {
            Some(excluded) if is_proxy_class(excluded) => {}
            Some(_) => negative.push(part.clone()),
            None => rest.push(part.clone()),
        }
    }
    match kind {
        Some(number) => Element::Proxy {
            kind: folded[number].clone(),
            rest: if rest.is_empty() {
                rest
            } else {
                vec![rest.join(" & ")]
            },
        },
        None => {
            // An intersection of a comparison's result with `bool` is an artefact of the inference.
            if rest.len() == 2 && negative.is_empty() {
                rest.retain(|part| part != "bool" && part != "builtins.bool");
            }
            rest.extend(negative);
            let text = rest.join(" & ");
            Element::Other(if rest.len() > 1 && parts.len() == 1 {
                format!("({text})")
            } else {
                text
            })
        }
    }
}

/// Folds what stands in brackets: `list[Proxy[Foo] & Foo]`, `def f(x: Proxy[Foo] & Foo) -> …`.
fn fold_arguments(part: &str) -> String {
    let mut result = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(open) = rest.find(['[', '(']) {
        let Some(close) = matching(rest, open) else {
            break;
        };
        result.push_str(&rest[..open]);
        let inside = split(&rest[open + 1..close], ", ");
        // A group that folded to one name needs no parentheses: `(Proxy[Foo] & Foo).method`.
        if rest[open..].starts_with('(') && inside.len() == 1 && split(inside[0], " & ").len() > 1 {
            let folded = fold(inside[0]);
            if split(&folded, " & ").len() == 1 {
                result.push_str(&folded);
                rest = &rest[close + 1..];
                continue;
            }
        }
        result.push_str(&rest[open..=open]);
        for (number, argument) in inside.iter().enumerate() {
            if number > 0 {
                result.push_str(", ");
            }
            // `name: type` in a signature.
            match argument.split_once(": ") {
                Some((name, ty)) if !name.contains(['[', '(']) => {
                    result.push_str(name);
                    result.push_str(": ");
                    result.push_str(&fold(ty));
                }
                _ => result.push_str(&fold(argument)),
            }
        }
        result.push_str(&rest[close..=close]);
        rest = &rest[close + 1..];
    }
    result.push_str(rest);
    result
}

/// Whether a folded type is a proxy of what is printed as `target`, or a proxy of such a proxy.
fn is_proxy_of(printed: &str, target: &str) -> bool {
    is_proxy(printed)
        && printed
            .split_once('[')
            .and_then(|(_, it)| it.strip_suffix(']'))
            .is_some_and(|inside| inside == target || is_proxy_of(inside, target))
}

/// Whether the printed type of a class is one of the proxy classes: `<class 'Proxy'>`.
pub(crate) fn is_class_of_proxies(printed: &str) -> bool {
    printed
        .strip_prefix("<class '")
        .and_then(|it| it.strip_suffix("'>"))
        .is_some_and(|it| KINDS.contains(&it.split('[').next().unwrap_or(it)))
}

/// Whether a folded type is one proxy type.
pub(crate) fn is_proxy(printed: &str) -> bool {
    split(printed, " | ").len() == 1 && split(printed, " & ").len() == 1 && is_proxy_class(printed)
}

fn is_proxy_class(part: &str) -> bool {
    let Some((name, _)) = part.split_once('[') else {
        return false;
    };
    let name = name.rsplit('.').next().unwrap_or(name);
    part.ends_with(']') && (KINDS.contains(&name) || name.starts_with(MARK))
}

fn strip_parentheses(text: &str) -> &str {
    match text.strip_prefix('(') {
        Some(inside) if matching(text, 0) == Some(text.len() - 1) => &inside[..inside.len() - 1],
        _ => text,
    }
}

/// The position of the bracket that closes the one at `open`.
fn matching(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (position, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(position);
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits at a separator outside brackets and quotes.
pub(crate) fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut start = 0;
    let mut position = 0;
    let bytes = text.as_bytes();
    while position < bytes.len() {
        match bytes[position] {
            b'"' => quoted = !quoted,
            b'[' | b'(' | b'{' if !quoted => depth += 1,
            b']' | b')' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 && !quoted && bytes[position..].starts_with(separator.as_bytes()) => {
                parts.push(&text[start..position]);
                position += separator.len();
                start = position;
                continue;
            }
            _ => {}
        }
        position += 1;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(printed: &str, expected: &str) {
        assert_eq!(fold(printed), expected);
        assert_eq!(fold(expected), expected, "folding is idempotent");
    }

    #[test]
    fn an_intersection_with_its_target_is_one_proxy() {
        check("Proxy[Foo] & Foo", "Proxy[Foo]");
        check("Foo & Proxy[Foo]", "Proxy[Foo]");
        check("OwnedProxy[Foo] & Foo", "OwnedProxy[Foo]");
        check("proxystore.proxy.Proxy[Foo] & Foo", "Proxy[Foo]");
    }

    #[test]
    fn a_narrowed_target_is_shown() {
        check("Proxy[Base] & Derived", "Proxy[Derived]");
        check("Foo & Proxy[Unknown]", "Proxy[Foo]");
        check("Proxy[Proxy[Foo] & Foo] & Foo", "Proxy[Proxy[Foo]]");
        check("Proxy[Color] & Any", "Proxy[Color]");
        check("Proxy[Unknown] & Unknown", "Proxy[Unknown]");
        check("Proxy[Foo] & Foo & ~AlwaysFalsy", "Proxy[Foo]");
    }

    #[test]
    fn unions_are_gathered() {
        check(
            "(Proxy[str | None] & str) | (Proxy[str | None] & None)",
            "Proxy[str | None]",
        );
        check("(Proxy[str | None] & str) | int", "Proxy[str] | int");
        check("(Proxy[Foo] & Foo) | None", "Proxy[Foo] | None");
        check(
            "(Proxy[Foo] & Foo) | (OwnedProxy[Foo] & Foo)",
            "Proxy[Foo] | OwnedProxy[Foo]",
        );
    }

    #[test]
    fn what_is_no_proxy_loses_the_excluded_one() {
        check("Foo & ~Proxy[object]", "Foo");
        check("(Foo & ~Proxy[Foo]) | None", "Foo | None");
        check("Foo & Bar", "Foo & Bar");
        check("bool & ndarray[Any, Any]", "ndarray[Any, Any]");
    }

    #[test]
    fn brackets_are_entered() {
        check("list[Proxy[Foo] & Foo]", "list[Proxy[Foo]]");
        check(
            "dict[str, (Proxy[int] & int) | None]",
            "dict[str, Proxy[int] | None]",
        );
        check(
            "Proxy[list[Proxy[int] & int]] & list[Proxy[int] & int]",
            "Proxy[list[Proxy[int]]]",
        );
        check(
            "def f(x: Proxy[int] & int, y: str) -> Proxy[str] & str",
            "def f(x: Proxy[int], y: str) -> Proxy[str]",
        );
        check(
            "bound method (Proxy[Path] & Path).with_suffix(suffix: str) -> Proxy[Path] & Path",
            "bound method Proxy[Path].with_suffix(suffix: str) -> Proxy[Path]",
        );
        check("tuple[Proxy[int] & int, ...]", "tuple[Proxy[int], ...]");
    }

    #[test]
    fn only_types_in_a_message_change() {
        assert_eq!(
            fold_message("Attribute `x` is not defined on `Proxy[Foo] & Foo` & more"),
            "Attribute `x` is not defined on `Proxy[Foo]` & more"
        );
    }
}
