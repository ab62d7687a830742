//! One file a rule. A file holds the rule's metadata, check and fix; its Markdown namesake in
//! `fixtures/rules/` is its documentation, its test and its proof.

use ruff_python_ast::{Comprehension, Expr, Stmt};

use crate::diagnostics::RuleInfo;
use crate::proxy::qualified_name;

mod c_functions;
mod checker;

use checker::Checker;
pub(crate) use checker::{Finding, FixEdit, Original, check};

macro_rules! rules {
    ($($module:ident => $rule:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every rule of our own, in the order of its name.
        pub static OWN: &[&RuleInfo] = &[$(&$module::$rule),*];
    };
}

rules! {
    helper_on_non_proxy => HELPER_ON_NON_PROXY,
    identity_check_on_proxy => IDENTITY_CHECK_ON_PROXY,
    locker_used_as_value => LOCKER_USED_AS_VALUE,
    proxy_to_c_function => PROXY_TO_C_FUNCTION,
    type_check_on_proxy => TYPE_CHECK_ON_PROXY,
}

/// The rules of ty's that say at the same place what a rule of ours says better.
pub(crate) fn supersedes(rule: &str) -> &'static [&'static str] {
    match rule {
        "helper-on-non-proxy" => &["invalid-argument-type"],
        "locker-used-as-value" => &[
            "unresolved-attribute",
            "invalid-argument-type",
            "not-iterable",
        ],
        _ => &[],
    }
}

/// The rules that look at a statement.
fn check_stmt(cx: &mut Checker<'_, '_>, stmt: &Stmt) {
    match stmt {
        Stmt::If(it) => {
            let conditions = it
                .elif_else_clauses
                .iter()
                .filter_map(|it| it.test.as_ref());
            for condition in std::iter::once(&*it.test).chain(conditions) {
                locker_used_as_value::check_condition(cx, condition);
            }
        }
        Stmt::While(it) => locker_used_as_value::check_condition(cx, &it.test),
        Stmt::Assert(it) => locker_used_as_value::check_condition(cx, &it.test),
        Stmt::For(it) => locker_used_as_value::check_iteration(cx, &it.iter),
        _ => {}
    }
}

/// The rules that look at a `for` of a comprehension.
fn check_comprehension(cx: &mut Checker<'_, '_>, comprehension: &Comprehension) {
    locker_used_as_value::check_iteration(cx, &comprehension.iter);
    for condition in &comprehension.ifs {
        locker_used_as_value::check_condition(cx, condition);
    }
}

/// The rules that look at an expression. A `match`, so that one walk serves them all.
fn check_expr(cx: &mut Checker<'_, '_>, expr: &Expr) {
    match expr {
        Expr::Compare(comparison) => {
            identity_check_on_proxy::check(cx, comparison);
            type_check_on_proxy::check(cx, comparison);
            locker_used_as_value::check_comparison(cx, comparison);
        }
        Expr::Call(call) => {
            proxy_to_c_function::check(cx, call);
            helper_on_non_proxy::check(cx, call);
            locker_used_as_value::check_call(cx, call);
        }
        Expr::Attribute(attribute) => locker_used_as_value::check_attribute(cx, attribute),
        Expr::UnaryOp(operation) => locker_used_as_value::check_not(cx, operation),
        Expr::If(conditional) => locker_used_as_value::check_condition(cx, &conditional.test),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::OWN;

    #[test]
    fn each_rule_has_a_page_and_each_page_a_rule() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rules");
        let pages: BTreeSet<String> = std::fs::read_dir(pages)
            .expect("the folder of pages is readable")
            .flatten()
            .filter_map(|it| {
                it.file_name()
                    .to_str()?
                    .strip_suffix(".md")
                    .map(str::to_owned)
            })
            .filter(|it| it != "README")
            .collect();
        let rules: BTreeSet<String> = OWN.iter().map(|it| it.name.to_owned()).collect();
        assert_eq!(rules, pages);
        assert!(OWN.is_sorted_by_key(|it| it.name));
        for rule in OWN {
            assert!(
                rule.page.starts_with("## What it does"),
                "the page of {}",
                rule.name
            );
        }
    }
}
