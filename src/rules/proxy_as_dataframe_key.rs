use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static PROXY_AS_DATAFRAME_KEY: RuleInfo = RuleInfo {
    name: "proxy-as-dataframe-key",
    summary: "detects proxies as keys, masks and columns of data frames",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-as-dataframe-key.md"),
    url: None,
    inference: false,
};
