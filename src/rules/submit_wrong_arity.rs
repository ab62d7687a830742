use ruff_python_ast::ExprCall;
use ruff_text_size::{Ranged, TextRange};

use super::checker::Checker;
use crate::dask::signature::{Mistake, Signature};
use crate::dask::task::{Runner, TaskCall, TaskFunction};
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static SUBMIT_WRONG_ARITY: RuleInfo = RuleInfo {
    name: "submit-wrong-arity",
    summary: "detects tasks with too many or too few arguments, or with arguments of unknown names",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/submit-wrong-arity.md"),
    url: None,
    inference: false,
};

pub(super) fn check(
    cx: &mut Checker<'_, '_>,
    call: &ExprCall,
    task: &TaskCall<'_>,
    signature: &Signature<'_>,
) {
    if task.runner == Runner::Partial {
        return;
    }
    let function = shown_function(cx, task, signature);
    let place = where_it_runs(task.runner);
    for mistake in &task.bind(signature).mistakes {
        let (range, reason, label) = match mistake {
            Mistake::TooMany {
                first,
                expected,
                given,
            } => {
                let arguments = match *expected {
                    0 => "no positional arguments".to_owned(),
                    1 => "1 positional argument".to_owned(),
                    _ => format!("{expected} positional arguments"),
                };
                let gets = if *given == 1 { "is" } else { "are" };
                (
                    first.range(),
                    format!("it takes {arguments}, and {given} {gets} passed"),
                    "is one too many",
                )
            }
            Mistake::UnknownName(keyword) => {
                let Some(name) = &keyword.arg else { continue };
                // The options of a client behind an executor are none of the function's.
                if is_option_of_client(task.runner, name) || is_option_of_store_client(task, name) {
                    continue;
                }
                (
                    keyword.range(),
                    format!("it has no parameter `{name}`"),
                    "is passed on to the function",
                )
            }
            Mistake::Twice(keyword) => {
                let Some(name) = &keyword.arg else { continue };
                (
                    keyword.range(),
                    format!("it gets `{name}` twice"),
                    "is passed by position, too",
                )
            }
            Mistake::Missing(missing) => {
                let names: Vec<String> = missing
                    .iter()
                    .map(|it| format!("`{}`", signature.parameters[*it].name))
                    .collect();
                let list = match names.as_slice() {
                    [name] => format!("argument {name} is missing"),
                    [rest @ .., last] => {
                        format!("arguments {} and {last} are missing", rest.join(", "))
                    }
                    [] => continue,
                };
                (range_of_function(call, task), list, "is called without it")
            }
        };
        let label = if let Mistake::Missing(missing) = mistake
            && missing.len() > 1
        {
            "is called without them"
        } else {
            label
        };
        let message = format!("{place}, {function} raises a `TypeError`: {reason}");
        let finding = cx.report(&SUBMIT_WRONG_ARITY, range, message);
        finding.label(label);
        let declared = match mistake {
            Mistake::Missing(missing) => missing.first().map(|it| &signature.parameters[*it]),
            _ => None,
        };
        if let Some(parameter) = declared
            && let Some(place) = parameter.place
        {
            let text = format!("`{}` has no default", parameter.name);
            finding.secondary.push((place, text));
        }
    }
}

fn is_option_of_client(runner: Runner, name: &str) -> bool {
    runner == Runner::StoreExecutor
        && Runner::DaskClient.takes_option(false, name)
}

/// These have a rule of their own.
fn is_option_of_store_client(task: &TaskCall<'_>, name: &str) -> bool {
    task.runner == Runner::DaskClient && super::exclient_kwarg_on_plain_client::is_option(name)
}

fn range_of_function(call: &ExprCall, task: &TaskCall<'_>) -> TextRange {
    match task.function {
        TaskFunction::Argument(function) => function.range(),
        TaskFunction::At(_) => call.func.range(),
    }
}

/// The function of a task, as a part of a sentence.
pub(super) fn shown_function(
    cx: &Checker<'_, '_>,
    task: &TaskCall<'_>,
    signature: &Signature<'_>,
) -> String {
    let written = match task.function {
        TaskFunction::Argument(function) => cx.text(function),
        TaskFunction::At(_) => signature.name.clone().unwrap_or_default(),
    };
    if written.is_empty() || written.len() > 40 || written.contains(['\n', '`', '(']) {
        "the function".to_owned()
    } else {
        format!("`{written}`")
    }
}

/// Where the function of a task is called, as the beginning of a sentence.
pub(super) fn where_it_runs(runner: Runner) -> &'static str {
    match runner {
        Runner::DaskClient | Runner::StoreClient => "On the worker",
        Runner::Delayed => "When the graph is computed",
        Runner::StoreExecutor | Runner::Executor => "In the executor",
        Runner::Partial => "When it is called",
    }
}
