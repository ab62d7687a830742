//! What is to be known about a rule without running it.

use super::Severity;

/// What happens with the findings of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ignore,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The words that the configuration and the command line take.
    pub const NAMES: [&'static str; 4] = ["error", "warn", "info", "ignore"];

    /// The level of this name in a configuration file.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "error" => Some(Level::Error),
            "warn" => Some(Level::Warn),
            "info" => Some(Level::Info),
            "ignore" => Some(Level::Ignore),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ignore => "ignore",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// The severity of a finding at this level; `None` if there is to be no finding.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Ignore => None,
            Level::Info => Some(Severity::Info),
            Level::Warn => Some(Severity::Warning),
            Level::Error => Some(Severity::Error),
        }
    }
}

/// How sure one can be that a finding of the rule is a mistake in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A rule, as the documentation, the configuration and the suppression comments see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// In kebab-case; unique.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub summary: &'static str,
    /// The level when nothing else is configured.
    pub level: Level,
    pub confidence: Confidence,
    /// Whether some findings of the rule carry a fix.
    pub fixable: bool,
    /// The documentation, in Markdown.
    pub page: &'static str,
    /// The address of the same page.
    pub url: Option<&'static str>,
    /// Whether this is a rule of the type inference, which is only reported where a proxy is
    /// involved unless everything is asked for.
    pub inference: bool,
}

/// The one of `candidates` that `word` is probably a misspelling of.
///
/// The measure is the Damerau-Levenshtein distance; up to a third of the longer word may differ.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, candidate)| distance * 3 <= word.len().max(candidate.len()))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closest_finds_misspellings_only() {
        let rules = [
            "unused-ignore-comment",
            "unresolved-import",
            "call-arguments",
        ];
        assert_eq!(
            closest("unused-ignore-coment", rules),
            Some("unused-ignore-comment")
        );
        assert_eq!(
            closest("Unresolved_Import", rules),
            Some("unresolved-import")
        );
        assert_eq!(closest("x", rules), None);
        assert_eq!(closest("", rules), None);
        assert_eq!(closest("something-else", rules), None);
    }

    #[test]
    fn level_names_round_trip() {
        for name in Level::NAMES {
            assert_eq!(Level::from_name(name).map(Level::as_str), Some(name));
        }
        assert_eq!(Level::from_name("warning"), None);
    }
}
