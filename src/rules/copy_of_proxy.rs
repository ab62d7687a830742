use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static COPY_OF_PROXY: RuleInfo = RuleInfo {
    name: "copy-of-proxy",
    summary: "detects copies of a proxy where a copy of its target is meant",
    level: Level::Warn,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/copy-of-proxy.md"),
    url: None,
    inference: false,
};
