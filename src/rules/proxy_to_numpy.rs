use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static PROXY_TO_NUMPY: RuleInfo = RuleInfo {
    name: "proxy-to-numpy",
    summary: "detects proxies that NumPy rejects or takes for something else",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-numpy.md"),
    url: None,
    inference: false,
};
