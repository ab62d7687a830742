use ruff_python_ast::Expr;
use ruff_text_size::Ranged;
use ty_python_semantic::HasType;

use super::checker::{Checker, with_article};
use super::submit_wrong_arity::{shown_function, where_it_runs};
use crate::dask::mismatch::{is_mismatch, is_mismatch_of_elements};
use crate::dask::signature::{Parameter, Signature};
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Confidence, Level, RuleInfo};
use crate::proxy::declared::starts_as_none;
use crate::proxy::model::print;
use crate::proxy::repair::{task_argument, unwrapped};

pub(super) static SUBMIT_ARGUMENT_MISMATCH: RuleInfo = RuleInfo {
    name: "submit-argument-mismatch",
    summary: "detects arguments of tasks that are not what the function takes",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/submit-argument-mismatch.md"),
    url: None,
    inference: false,
};

pub(super) fn check<'db>(
    cx: &mut Checker<'_, 'db>,
    task: &TaskCall<'_>,
    signature: &Signature<'db>,
) {
    // The inference checks these calls itself.
    if matches!(task.runner, Runner::Executor | Runner::Partial) {
        return;
    }
    for (argument, index) in task.bind(signature).arguments {
        let is_element = task.maps && task.positional.iter().any(|it| std::ptr::eq(*it, argument));
        let parameter = &signature.parameters[index];
        if is_element {
            check_elements(cx, task, signature, argument, parameter);
        } else {
            check_argument(cx, task, signature, argument, parameter);
        }
    }
}

fn check_argument<'db>(
    cx: &mut Checker<'_, 'db>,
    task: &TaskCall<'_>,
    signature: &Signature<'db>,
    argument: &Expr,
    parameter: &Parameter<'db>,
) {
    let value = if task.may_unwrap_futures() {
        task_argument(argument)
    } else {
        unwrapped(argument)
    };
    let Some(ty) = value.inferred_type(cx.model) else {
        return;
    };
    // `x: int = None` and `x = None if … else …` are common.
    if starts_as_none(cx.db, cx.model, argument)
        || (parameter.has_default && ty.is_none(cx.db))
        || !is_mismatch(cx.db, cx.env(), ty, parameter.ty)
    {
        return;
    }
    let gets = with_article(&widened(&print(cx.db, cx.env(), ty)));
    report(cx, task, signature, argument, parameter, &gets);
}

/// `client.map(f, [1, 2])`
fn check_elements<'db>(
    cx: &mut Checker<'_, 'db>,
    task: &TaskCall<'_>,
    signature: &Signature<'db>,
    argument: &Expr,
    parameter: &Parameter<'db>,
) {
    let holds_future = cx.print_type_of(argument).contains("Future[");
    let elements = match unwrapped(argument) {
        Expr::List(it) if !holds_future => &it.elts,
        Expr::Tuple(it) if !holds_future => &it.elts,
        _ => {
            let value = task_argument(argument);
            let found = value.inferred_type(cx.model).and_then(|ty| {
                is_mismatch_of_elements(cx.db, cx.env(), ty, parameter.ty)
            });
            if let Some(element) = found {
                let gets = with_article(&element);
                report(cx, task, signature, argument, parameter, &gets);
            }
            return;
        }
    };
    for element in elements {
        let element = unwrapped(element);
        if let Some(ty) = element.inferred_type(cx.model)
            && !element.is_starred_expr()
            && is_mismatch(cx.db, cx.env(), ty, parameter.ty)
        {
            let gets = with_article(&widened(&print(cx.db, cx.env(), ty)));
            report(cx, task, signature, element, parameter, &gets);
            return;
        }
    }
}

fn report<'db>(
    cx: &mut Checker<'_, 'db>,
    task: &TaskCall<'_>,
    signature: &Signature<'db>,
    argument: &Expr,
    parameter: &Parameter<'db>,
    gets: &str,
) {
    let function = shown_function(cx, task, signature);
    let place = where_it_runs(task.runner);
    let declared = print(cx.db, cx.env(), parameter.ty);
    let name = &parameter.name;
    let message =
        format!("{place}, {function} gets {gets} for `{name}`, which is declared as `{declared}`");
    let is_future = task_argument(argument).range() != unwrapped(argument).range();
    let label = if is_future {
        format!("the task gets {gets} in the place of this")
    } else {
        format!("this is {gets}")
    };
    let origin = cx.origin_label(argument);
    let finding = cx.report(&SUBMIT_ARGUMENT_MISMATCH, argument, message);
    finding.label(label);
    finding.secondary.extend(origin);
    if let Some(place) = parameter.place {
        finding
            .secondary
            .push((place, format!("`{name}` is declared as `{declared}`")));
    }
}

/// The class of a printed literal; any other type stays.
fn widened(printed: &str) -> String {
    let literal = printed
        .strip_prefix("Literal[")
        .and_then(|it| it.strip_suffix(']'));
    let class = match literal {
        Some(it) if it.starts_with(['"', '\'']) => "str",
        Some(it) if it.starts_with("b\"") || it.starts_with("b'") => "bytes",
        Some("True" | "False") => "bool",
        Some(it) if it.starts_with(|it: char| it.is_ascii_digit() || it == '-') => "int",
        _ => printed,
    };
    class.to_owned()
}
