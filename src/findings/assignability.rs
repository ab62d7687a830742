//! Findings that say that a proxy is not assignable where it is.
//!
//! `Proxy[A | B]` is inferred as `(Proxy[A | B] & A) | (Proxy[A | B] & B)`. Its first part is a
//! `Proxy[A]`, but the inference compares the arguments of the proxy class, too, and denies it. It
//! gives no access to the arguments of a type, so the comparison is made on printed types. Where a
//! target has another name than is expected, the finding stands.

use crate::proxy::display::{is_proxy, split};

/// Whether a message of the inference denies what is true of proxies.
pub(super) fn denies_what_holds(message: &str) -> bool {
    found_and_expected(message).is_some_and(|(found, expected)| is_assignable(found, expected))
}

/// Whether a message says that a target cannot take the place of its proxy in a variable: `p = extract(p)`.
pub(super) fn is_about_target_for_proxy(message: &str) -> bool {
    found_and_expected(message).is_some_and(|(found, expected)| {
        let expected = split(expected, " | ");
        let targets: Vec<&str> = expected
            .iter()
            .filter_map(|it| proxy(it))
            .flat_map(|it| it.1)
            .collect();
        !targets.is_empty()
            && split(found, " | ")
                .iter()
                .all(|it| targets.contains(it) || expected.contains(it))
    })
}

/// What stands between backquotes in a message: types and names.
pub(super) fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// The two types of a folded message about an argument, an assignment or a returned value.
pub(super) fn found_and_expected(message: &str) -> Option<(&str, &str)> {
    let quoted: Vec<&str> = quoted(message).collect();
    if let Some((_, rest)) = message.split_once("xpected `") {
        let (expected, rest) = rest.split_once("`, found `")?;
        return Some((rest.split_once('`')?.0, expected));
    }
    if message.starts_with("Object of type `") && message.contains("is not assignable to") {
        return Some((quoted.first()?, quoted.last()?));
    }
    if message.starts_with("Invalid subscript assignment with key") {
        let [_, found, container, ..] = quoted.as_slice() else {
            return None;
        };
        let (_, arguments) = container.strip_suffix(']')?.split_once('[')?;
        return Some((found, split(arguments, ", ").last()?));
    }
    None
}

fn is_assignable(found: &str, expected: &str) -> bool {
    let expected = split(expected, " | ");
    let found = split(found, " | ");
    found.iter().any(|it| is_proxy(it)) && found.iter().all(|it| is_expected(it, &expected))
}

fn is_expected(found: &str, expected: &[&str]) -> bool {
    let Some((kind, targets)) = proxy(found) else {
        return expected.contains(&found);
    };
    targets.iter().all(|target| {
        let parts = split(target, " & ");
        expected.iter().any(|expected| match proxy(expected) {
            Some((expected, targets)) => {
                is_subclass(kind, expected) && parts.iter().any(|it| targets.contains(it))
            }
            // A proxy goes where its target goes.
            None => parts.contains(expected),
        })
    })
}

/// The class and the targets of `Proxy[A | B]`.
fn proxy(printed: &str) -> Option<(&str, Vec<&str>)> {
    let (kind, targets) = printed.strip_suffix(']')?.split_once('[')?;
    is_proxy(printed).then(|| (kind, split(targets, " | ")))
}

fn is_subclass(kind: &str, expected: &str) -> bool {
    kind == expected || expected == "Proxy" || (expected == "BaseRefProxy" && kind != "Proxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_replace_its_proxy() {
        let assignment = |found: &str| {
            let expected = "Proxy[int | str] | None";
            is_about_target_for_proxy(&format!(
                "Object of type `{found}` is not assignable to `{expected}`"
            ))
        };
        assert!(assignment("int"));
        assert!(assignment("str | int"));
        assert!(!assignment("float"));
        assert!(!assignment("int | float"));
    }

    #[test]
    fn a_proxy_of_a_union_is_one_of_several_proxies() {
        let argument = "Argument to function `f` is incorrect: Expected `Proxy[A] | Proxy[B]`, found `Proxy[A | B]`";
        assert!(denies_what_holds(argument));
        assert!(!denies_what_holds(
            &argument.replace("found `Proxy[A | B]`", "found `Proxy[A | C]`")
        ));
        assert!(denies_what_holds(
            "Object of type `Proxy[A] | Proxy[B & A]` is not assignable to `Proxy[A]`"
        ));
        assert!(!denies_what_holds(
            "Object of type `Proxy[A]` is not assignable to `OwnedProxy[A]`"
        ));
        assert!(denies_what_holds(
            "Object of type `OwnedProxy[A]` is not assignable to `Proxy[A] | None`"
        ));
        assert!(!denies_what_holds(
            "Object of type `Proxy[A] | None` is not assignable to `Proxy[A]`"
        ));
    }

    #[test]
    fn a_value_in_a_container_is_compared_with_its_elements() {
        let message = "Invalid subscript assignment with key of type `tuple[int, int]` and value of type \
                       `Proxy[A | B]` on object of type `dict[tuple[int, int], Proxy[A] | Proxy[B]]`";
        assert!(denies_what_holds(message));
        assert!(!denies_what_holds(
            &message.replace("Proxy[B]]", "Proxy[C]]")
        ));
    }
}
