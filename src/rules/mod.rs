//! One file a rule. A file holds the rule's metadata, check and fix; its Markdown namesake in
//! `fixtures/rules/` is its documentation, its test and its proof.

use ruff_python_ast::{Comprehension, Expr, Stmt};

use crate::diagnostics::RuleInfo;

mod api_use;
mod apis;
mod checker;
mod tasks;
mod traits;

pub use apis::{Apis, Function, Operator};
pub(crate) use checker::{Checker, Finding, FixEdit, Original, check, with_checker};

macro_rules! rules {
    ($($module:ident => $rule:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every rule of our own, in the order of its name.
        pub static OWN: &[&RuleInfo] = &[$(&$module::$rule),*];
    };
}

rules! {
    augmented_assignment_to_proxy => AUGMENTED_ASSIGNMENT_TO_PROXY,
    client_map_over_proxy => CLIENT_MAP_OVER_PROXY,
    copy_of_proxy => COPY_OF_PROXY,
    dask_ref_proxy_argument => DASK_REF_PROXY_ARGUMENT,
    dask_scatter_proxy => DASK_SCATTER_PROXY,
    dask_task_returns_owned => DASK_TASK_RETURNS_OWNED,
    dataclass_helper_on_proxy => DATACLASS_HELPER_ON_PROXY,
    exclient_actor => EXCLIENT_ACTOR,
    exclient_futures_in_container => EXCLIENT_FUTURES_IN_CONTAINER,
    exclient_kwarg_on_plain_client => EXCLIENT_KWARG_ON_PLAIN_CLIENT,
    format_of_proxy => FORMAT_OF_PROXY,
    helper_on_non_proxy => HELPER_ON_NON_PROXY,
    identity_check_on_proxy => IDENTITY_CHECK_ON_PROXY,
    isinstance_narrowing_hides_proxy => ISINSTANCE_NARROWING_HIDES_PROXY,
    local_connector_cross_process => LOCAL_CONNECTOR_CROSS_PROCESS,
    locker_used_as_value => LOCKER_USED_AS_VALUE,
    match_pattern_on_proxy => MATCH_PATTERN_ON_PROXY,
    nonproxiable_value => NONPROXIABLE_VALUE,
    proxy_as_base_class => PROXY_AS_BASE_CLASS,
    proxy_as_dataframe_key => PROXY_AS_DATAFRAME_KEY,
    proxy_as_exception => PROXY_AS_EXCEPTION,
    proxy_of_dask_delayed => PROXY_OF_DASK_DELAYED,
    proxy_of_non_callable => PROXY_OF_NON_CALLABLE,
    proxy_to_c_function => PROXY_TO_C_FUNCTION,
    proxy_to_numpy => PROXY_TO_NUMPY,
    proxy_to_plain_parameter => PROXY_TO_PLAIN_PARAMETER,
    proxy_to_pydantic => PROXY_TO_PYDANTIC,
    proxy_to_serializer => PROXY_TO_SERIALIZER,
    ref_api_wrong_kind => REF_API_WRONG_KIND,
    size_of_proxy => SIZE_OF_PROXY,
    storeexecutor_dask_map_proxied_iterable => STOREEXECUTOR_DASK_MAP_PROXIED_ITERABLE,
    storeexecutor_dask_ownership => STOREEXECUTOR_DASK_OWNERSHIP,
    storeexecutor_proxies_dask_options => STOREEXECUTOR_PROXIES_DASK_OPTIONS,
    structural_check_on_proxy => STRUCTURAL_CHECK_ON_PROXY,
    submit_argument_mismatch => SUBMIT_ARGUMENT_MISMATCH,
    submit_wrong_arity => SUBMIT_WRONG_ARITY,
    type_check_on_proxy => TYPE_CHECK_ON_PROXY,
    typing_alias_check_on_proxy => TYPING_ALIAS_CHECK_ON_PROXY,
}

/// The rules of ty's that say at the same place what a rule of ours says better.
pub(crate) fn supersedes(rule: &str) -> &'static [&'static str] {
    match rule {
        "helper-on-non-proxy" | "proxy-of-non-callable" | "ref-api-wrong-kind" => {
            &["invalid-argument-type"]
        }
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
        Stmt::FunctionDef(it) => proxy_to_plain_parameter::check(cx, it),
        Stmt::If(it) => {
            isinstance_narrowing_hides_proxy::check(cx, it);
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
        Stmt::AugAssign(it) => augmented_assignment_to_proxy::check(cx, it),
        Stmt::ClassDef(it) => proxy_as_base_class::check(cx, it),
        Stmt::Match(it) => match_pattern_on_proxy::check(cx, it),
        Stmt::Raise(it) => proxy_as_exception::check_raise(cx, it),
        Stmt::Try(it) => proxy_as_exception::check_try(cx, it),
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
        Expr::Attribute(attribute) => locker_used_as_value::check_attribute(cx, attribute),
        Expr::BinOp(operation) => api_use::check_binary(cx, operation),
        Expr::Call(call) => {
            api_use::check_call(cx, call);
            dataclass_helper_on_proxy::check(cx, call);
            format_of_proxy::check_call(cx, call);
            helper_on_non_proxy::check(cx, call);
            locker_used_as_value::check_call(cx, call);
            nonproxiable_value::check(cx, call);
            proxy_of_non_callable::check(cx, call);
            proxy_to_pydantic::check(cx, call);
            ref_api_wrong_kind::check(cx, call);
            structural_check_on_proxy::check(cx, call);
            tasks::check(cx, call);
            typing_alias_check_on_proxy::check(cx, call);
        }
        Expr::Compare(comparison) => {
            api_use::check_comparison(cx, comparison);
            identity_check_on_proxy::check(cx, comparison);
            locker_used_as_value::check_comparison(cx, comparison);
            type_check_on_proxy::check(cx, comparison);
        }
        Expr::FString(string) => format_of_proxy::check_string(cx, string),
        Expr::If(conditional) => {
            isinstance_narrowing_hides_proxy::check_expr(cx, conditional);
            locker_used_as_value::check_condition(cx, &conditional.test);
        }
        Expr::Subscript(subscript) => api_use::check_subscript(cx, subscript),
        Expr::UnaryOp(operation) => locker_used_as_value::check_not(cx, operation),
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
