use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static SIZE_OF_PROXY: RuleInfo = RuleInfo {
    name: "size-of-proxy",
    summary: "detects measurements of a proxy where those of its target are meant",
    level: Level::Warn,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/size-of-proxy.md"),
    url: None,
    inference: false,
};
