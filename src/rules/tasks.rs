//! The rules about calls that start a task, which is looked for once.

use ruff_python_ast::ExprCall;

use super::checker::Checker;
use super::{submit_argument_mismatch, submit_wrong_arity};
use crate::dask::task::TaskCall;

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let Some(task) = TaskCall::of(cx.db, cx.model, call) else {
        return;
    };
    if let Some(signature) = task.signature(cx.db, cx.model) {
        submit_argument_mismatch::check(cx, &task, &signature);
        submit_wrong_arity::check(cx, call, &task, &signature);
    }
}
