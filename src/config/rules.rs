//! Every rule that there is, whoever implements it, and the level it is set to.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use ty_python_semantic::default_lint_registry;
use ty_python_semantic::lint::Level as TyLevel;

use crate::diagnostics::suppression::SUPPRESSION_RULES;
use crate::diagnostics::{Confidence, Level, RuleInfo, closest};

/// Where ty's rules are documented.
const TY_RULES: &str = "https://docs.astral.sh/ty/reference/rules/";

/// What keeps a file from being checked, and what was asked for: no rules, as they cannot be
/// configured, but explained like rules.
pub static FIXED: &[RuleInfo] = &[
    fixed(
        "internal-error",
        "reports that the check of a file failed",
        "The checker failed on this file. All other files are checked.\n\n\
         This is a bug in proxycheck. Please report it with the file, if you can share it.\n",
    ),
    fixed(
        "invalid-syntax",
        "reports what is no Python",
        "The file, or a part of it, cannot be parsed as Python of the version that is set. What could be \
         parsed is checked.\n\nSet the version with `--python-version` or `requires-python` if the \
         syntax is newer than the version that was assumed.\n",
    ),
    fixed(
        "io-error",
        "reports a file that cannot be read",
        "The file cannot be read, is not UTF-8, or is not a notebook in spite of its name. It is not \
         checked; all other files are.\n\nLeave a file out with `--exclude` if it is not meant to be \
         checked.\n",
    ),
    RuleInfo {
        level: Level::Info,
        ..fixed(
            "revealed-type",
            "prints the type that was asked for with `reveal_type`",
            "`reveal_type(x)` prints the type that is inferred for `x`. It changes neither the exit \
             code nor the program's types.\n",
        )
    },
];

const fn fixed(name: &'static str, summary: &'static str, page: &'static str) -> RuleInfo {
    RuleInfo {
        name,
        summary,
        level: Level::Error,
        confidence: Confidence::High,
        fixable: false,
        page,
        url: None,
        inference: false,
    }
}

/// Whether findings of this name have a fixed severity and cannot be silenced.
pub fn is_fixed(name: &str) -> bool {
    FIXED.iter().any(|it| it.name == name)
}

/// All rules that can be configured: our own first, then those of the type inference, each part in the
/// order of the names.
pub fn all() -> &'static [&'static RuleInfo] {
    static ALL: LazyLock<Vec<&'static RuleInfo>> = LazyLock::new(|| {
        let mut own: Vec<&RuleInfo> = crate::OWN_RULES
            .iter()
            .copied()
            .chain(SUPPRESSION_RULES.iter().copied())
            .collect();
        own.sort_unstable_by_key(|it| it.name);
        let mut inference: Vec<&RuleInfo> = default_lint_registry()
            .lints()
            .iter()
            .map(|lint| &*Box::leak(Box::new(of_ty(lint))))
            .filter(|it| own.iter().all(|other| other.name != it.name))
            .collect();
        inference.sort_unstable_by_key(|it| it.name);
        own.extend(inference);
        own
    });
    &ALL
}

fn of_ty(lint: &ty_python_semantic::lint::LintMetadata) -> RuleInfo {
    let name = lint.name.as_str();
    RuleInfo {
        name,
        summary: lint.summary,
        level: match lint.default_level {
            TyLevel::Ignore => Level::Ignore,
            TyLevel::Warn => Level::Warn,
            TyLevel::Error => Level::Error,
        },
        confidence: Confidence::High,
        fixable: false,
        page: String::leak(lint.documentation()),
        url: Some(String::leak(format!("{TY_RULES}#{name}"))),
        inference: true,
    }
}

/// The rule of this name that can be configured.
pub fn find(name: &str) -> Option<&'static RuleInfo> {
    all().iter().copied().find(|it| it.name == name)
}

/// Says that there is no such rule, and which one may be meant.
pub fn unknown(name: &str) -> String {
    if is_fixed(name) {
        return format!("`{name}` cannot be configured");
    }
    let names = || all().iter().map(|it| it.name);
    // Half a name is too far from the whole one to be taken for a misspelling.
    let begins = || names().find(|it| name.len() > 3 && it.starts_with(name));
    match closest(name, names()).or_else(begins) {
        Some(other) => format!("there is no rule `{name}`; did you mean `{other}`?"),
        None => format!("there is no rule `{name}`; `proxycheck rules` lists them all"),
    }
}

/// The levels that differ from the rules' own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    /// If set, all other rules are ignored.
    only: Option<Vec<&'static str>>,
    set: FxHashMap<&'static str, Level>,
}

impl Levels {
    /// Sets the level of one rule.
    pub fn set(&mut self, rule: &'static RuleInfo, level: Level) {
        self.set.insert(rule.name, level);
        if let Some(only) = &mut self.only
            && level != Level::Ignore
        {
            only.push(rule.name);
        }
    }

    /// Sets the level of all rules.
    pub fn set_all(&mut self, level: Level) {
        self.only = None;
        self.set = all().iter().map(|it| (it.name, level)).collect();
    }

    /// Ignores all rules but these. One that is ignored otherwise becomes an error.
    pub fn select(&mut self, rules: &[&'static RuleInfo]) {
        for rule in rules {
            if self.of(rule.name, rule.level) == Level::Ignore {
                self.set.insert(rule.name, Level::Error);
            }
        }
        self.only = Some(rules.iter().map(|it| it.name).collect());
    }

    /// The level of a rule that has `default` unless it is set.
    pub fn of(&self, rule: &str, default: Level) -> Level {
        if self.only.as_ref().is_some_and(|only| !only.contains(&rule)) {
            return Level::Ignore;
        }
        self.set.get(rule).copied().unwrap_or(default)
    }

    /// What is set for a rule; `None` if its findings stay as they are.
    pub fn get(&self, rule: &str) -> Option<Level> {
        if self.only.as_ref().is_some_and(|only| !only.contains(&rule)) {
            return Some(Level::Ignore);
        }
        let is_off = |it: &&RuleInfo| it.level == Level::Ignore && !it.inference;
        let default = || find(rule).filter(is_off).map(|it| it.level);
        self.set.get(rule).copied().or_else(default)
    }

    /// These levels with those of `other` on top.
    #[must_use]
    pub fn with(mut self, other: &Levels) -> Self {
        self.set
            .extend(other.set.iter().map(|(rule, level)| (*rule, *level)));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> &'static RuleInfo {
        find(name).unwrap()
    }

    #[test]
    fn rules_of_ours_and_of_the_inference_are_known() {
        assert!(!rule("identity-check-on-proxy").inference);
        assert!(rule("unresolved-attribute").inference);
        assert!(find("invalid-syntax").is_none());
    }

    #[test]
    fn every_name_is_unique() {
        let mut names: Vec<&str> = all().iter().map(|it| it.name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }

    #[test]
    fn unknown_rules_get_a_suggestion() {
        assert_eq!(
            unknown("identity-chek-on-proxy"),
            "there is no rule `identity-chek-on-proxy`; did you mean `identity-check-on-proxy`?"
        );
        assert_eq!(
            unknown("invalid-syntax"),
            "`invalid-syntax` cannot be configured"
        );
    }

    #[test]
    fn selection_leaves_levels_alone() {
        let mut levels = Levels::default();
        levels.set(rule("unresolved-attribute"), Level::Warn);
        levels.select(&[rule("unresolved-attribute")]);
        assert_eq!(levels.of("unresolved-attribute", Level::Error), Level::Warn);
        assert_eq!(levels.of("unresolved-import", Level::Error), Level::Ignore);
        levels.set(rule("unresolved-import"), Level::Info);
        assert_eq!(levels.of("unresolved-import", Level::Error), Level::Info);
    }
}
