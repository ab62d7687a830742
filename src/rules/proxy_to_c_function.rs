use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static PROXY_TO_C_FUNCTION: RuleInfo = RuleInfo {
    name: "proxy-to-c-function",
    summary: "detects proxies that are passed to functions in C that take only the real type",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-c-function.md"),
    url: None,
    inference: false,
};
