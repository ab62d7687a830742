//! One file a rule. A file holds the rule's metadata, check and fix; its Markdown namesake in
//! `fixtures/rules/` is its documentation, its test and its proof.

use ruff_python_ast::Expr;

use crate::diagnostics::RuleInfo;

mod c_functions;
mod checker;
mod qualified_name;

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
