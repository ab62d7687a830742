//! One file a rule. A file holds the rule's metadata, check and fix; its Markdown namesake in
//! `fixtures/rules/` is its documentation, its test and its proof.

use ruff_python_ast::Expr;

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
    identity_check_on_proxy => IDENTITY_CHECK_ON_PROXY,
    proxy_to_c_function => PROXY_TO_C_FUNCTION,
    type_check_on_proxy => TYPE_CHECK_ON_PROXY,
}

/// The rules that look at an expression. A `match`, so that one walk serves them all.
fn check_expr(cx: &mut Checker<'_, '_>, expr: &Expr) {
    match expr {
        Expr::Compare(comparison) => {
            identity_check_on_proxy::check(cx, comparison);
            type_check_on_proxy::check(cx, comparison);
        }
        Expr::Call(call) => proxy_to_c_function::check(cx, call),
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
