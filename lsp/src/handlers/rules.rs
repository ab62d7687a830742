//! The pages that document the rules.

use lsp_types as lt;
use serde::{Deserialize, Serialize};

use super::{Answer, Context, Failure, Outcome};
use crate::backend::Snapshot;
use crate::capabilities::SHOW_RULE;
use crate::task::Task;

#[derive(Deserialize)]
pub struct RulePageParams {
    rule: String,
}

#[derive(Serialize)]
pub struct RulePage {
    markdown: String,
}

/// `proxycheck/rulePage`: for clients that show it themselves.
pub fn rule_page<S: Snapshot>(context: &Context<S>, params: RulePageParams) -> Answer<RulePage> {
    let markdown = page(context, &params.rule)?;
    Ok(RulePage { markdown })
}

pub fn execute_command<S: Snapshot>(
    context: &Context<S>,
    _: &Task,
    params: lt::ExecuteCommandParams,
) -> Answer<Outcome> {
    if params.command != SHOW_RULE {
        let message = format!("There is no command `{}`", params.command);
        return Err(Failure::invalid(message));
    }
    let arguments = params.arguments.unwrap_or_default();
    let [serde_json::Value::String(rule)] = &arguments[..] else {
        let message = format!("`{SHOW_RULE}` takes the name of a rule");
        return Err(Failure::invalid(message));
    };
    Ok(Outcome::Show {
        page: page(context, rule)?,
        url: context.snapshot.rule_url(rule),
    })
}

fn page<S: Snapshot>(context: &Context<S>, rule: &str) -> Answer<String> {
    let page = context.snapshot.rule_page(rule);
    page.ok_or_else(|| Failure::refused(format!("There is no rule `{rule}`")))
}
