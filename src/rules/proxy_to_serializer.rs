use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static PROXY_TO_SERIALIZER: RuleInfo = RuleInfo {
    name: "proxy-to-serializer",
    summary: "detects proxies that are passed to encoders that do not know them",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-serializer.md"),
    url: None,
    inference: false,
};
