//! The functions and operators that reject or mistreat proxies, as data.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::diagnostics::RuleInfo;

static BUILT_IN: &str = include_str!("../../data/c-functions.toml");

const DEFAULT_RULE: &str = "proxy-to-c-function";

/// What of an argument must not be a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rejects {
    /// The argument itself.
    #[default]
    Value,
    /// Any element of it; the argument itself may be a proxy.
    Items,
    /// The argument itself and any element of it.
    Both,
    /// The argument itself and anything in the containers that it is made of.
    Deep,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// From 0, without `self`; none if the argument can only be passed by name.
    pub(super) position: Option<usize>,
    /// If it can be passed by name.
    pub(super) name: Option<String>,
    /// Whether all further positional arguments are treated alike: `*args`.
    #[serde(default)]
    pub(super) rest: bool,
    /// Whether that is so only if no other positional argument follows.
    #[serde(default)]
    pub(super) alone: bool,
    /// Whether all keyword arguments are treated alike: `**kwargs`.
    #[serde(default)]
    pub(super) keywords: bool,
    #[serde(default)]
    pub(super) rejects: Rejects,
    /// The classes of the targets whose proxies are rejected; empty if all are.
    #[serde(default)]
    pub(super) targets: Vec<String>,
}

/// An argument that changes what a function does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub(super) position: usize,
    pub(super) name: String,
}

/// What happens to a proxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Function {
    /// As typeshed, a stub or the source defines them: `module.function` or `module.Class.method`; a
    /// class is its constructor.
    names: Vec<String>,
    pub(super) parameters: Vec<Parameter>,
    /// With one of these keyword arguments the function runs other code.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// Without this argument the function runs other code.
    pub(super) only_with: Option<Switch>,
    /// The exception that a proxy causes.
    raises: Option<String>,
    /// The exception that a proxy of proxyrt causes, if that is another.
    raises_in_proxyrt: Option<String>,
    /// What the function does without an exception: a phrase after which the proxy is named.
    does: Option<String>,
    /// The rule that reports it.
    rule: Option<String>,
    /// Whether proxyrt's proxies are treated like their targets.
    #[serde(default)]
    accepts_proxyrt: bool,
    /// Whether it is so for a `Proxy` only, and not for owned ones and borrows.
    #[serde(default)]
    plain_only: bool,
    /// A method that the function calls if the target has it, and that a proxy forwards.
    unless_target_has: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Operation {
    /// `proxy in object`
    #[serde(rename = "in")]
    Contains,
    /// `object % proxy`
    #[serde(rename = "%")]
    Format,
    /// `object[proxy]`
    #[serde(rename = "[]")]
    Subscript,
}

/// What an operator of a class does to a proxy as its other operand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operator {
    pub(super) operation: Operation,
    /// The classes whose operator it is: `module.Class`.
    pub(super) classes: Vec<String>,
    #[serde(default)]
    pub(super) rejects: Rejects,
    /// The classes of the targets whose proxies are rejected; empty if all are.
    #[serde(default)]
    pub(super) targets: Vec<String>,
    raises: Option<String>,
    does: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    pub(super) accepts_proxyrt: bool,
}

impl Function {
    /// What happens to a proxy of proxyrt, or of ProxyStore.
    pub(super) fn consequence(&self, is_proxyrt: bool) -> Consequence<'_> {
        let rule = self.rule.as_deref();
        let consequence = match self.raises_in_proxyrt.as_deref().filter(|_| is_proxyrt) {
            Some(raises) => Consequence::new(Some(raises), None, rule),
            None => Consequence::new(self.raises.as_deref(), self.does.as_deref(), rule),
        };
        Consequence {
            accepts_proxyrt: self.accepts_proxyrt,
            plain_only: self.plain_only,
            unless_target_has: self.unless_target_has.as_deref(),
            ..consequence
        }
    }

    /// Says what is wrong with an entry of the user's.
    ///
    /// # Errors
    /// One sentence.
    pub fn validate(&self) -> Result<(), String> {
        if self.names.is_empty() || self.names.iter().any(|it| !it.contains('.')) {
            return Err(
                "`names` has to list functions with their modules: `module.function`".into(),
            );
        }
        if self.parameters.is_empty() {
            return Err("`parameters` has to say which arguments are rejected".into());
        }
        if self
            .parameters
            .iter()
            .any(|it| it.position.is_none() && it.name.is_none() && !it.keywords)
        {
            return Err("a parameter needs a `position`, a `name`, or `keywords`".into());
        }
        validate(
            self.raises.as_deref(),
            self.does.as_deref(),
            self.rule.as_deref(),
        )
    }
}

impl Operator {
    pub(super) fn consequence(&self) -> Consequence<'_> {
        Consequence {
            accepts_proxyrt: self.accepts_proxyrt,
            ..Consequence::new(
                self.raises.as_deref(),
                self.does.as_deref(),
                self.rule.as_deref(),
            )
        }
    }

    /// Says what is wrong with an entry of the user's.
    ///
    /// # Errors
    /// One sentence.
    pub fn validate(&self) -> Result<(), String> {
        if self.classes.is_empty() || self.classes.iter().any(|it| !it.contains('.')) {
            return Err("`classes` has to list classes with their modules: `module.Class`".into());
        }
        validate(
            self.raises.as_deref(),
            self.does.as_deref(),
            self.rule.as_deref(),
        )
    }
}

fn validate(raises: Option<&str>, does: Option<&str>, rule: Option<&str>) -> Result<(), String> {
    if raises.is_some() && does.is_some() {
        return Err("it is either `raises` or `does`".into());
    }
    match rule {
        Some(rule) if rule_of(rule).is_none() => Err(format!("there is no rule `{rule}`")),
        _ => Ok(()),
    }
}

fn rule_of(name: &str) -> Option<&'static RuleInfo> {
    super::OWN.iter().copied().find(|it| it.name == name)
}

/// What there is to be said of a proxy that is not accepted.
#[derive(Debug, Clone)]
pub(super) struct Consequence<'a> {
    pub(super) rule: &'static RuleInfo,
    /// A phrase after which the proxy is named.
    pub(super) verb: Cow<'a, str>,
    pub(super) raises: bool,
    /// Whether proxyrt's proxies are treated like their targets.
    pub(super) accepts_proxyrt: bool,
    /// Whether it is so for a `Proxy` only, and not for owned ones and borrows.
    pub(super) plain_only: bool,
    pub(super) unless_target_has: Option<&'a str>,
}

impl<'a> Consequence<'a> {
    fn new(raises: Option<&'a str>, does: Option<&'a str>, rule: Option<&str>) -> Self {
        let verb = does.map_or_else(
            || Cow::Owned(format!("raises `{}` for", raises.unwrap_or("TypeError"))),
            Cow::Borrowed,
        );
        Consequence {
            rule: rule_of(rule.unwrap_or(DEFAULT_RULE)).expect("tables name known rules"),
            verb,
            raises: does.is_none(),
            accepts_proxyrt: false,
            plain_only: false,
            unless_target_has: None,
        }
    }

    /// A method that is taken from a class in C.
    pub(super) fn of_unbound_method(class: &str) -> Consequence<'static> {
        let rule = if class.starts_with("numpy.") {
            "proxy-to-numpy"
        } else {
            DEFAULT_RULE
        };
        Consequence::new(None, None, Some(rule))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    function: Vec<Function>,
    operator: Vec<Operator>,
}

/// All that is known of functions and operators that do not treat a proxy like its target.
#[derive(Debug)]
pub struct Apis {
    functions: Vec<Function>,
    by_name: FxHashMap<String, Vec<usize>>,
    operators: Vec<Operator>,
}

impl Apis {
    /// What is built in, and what the user adds; the entries are valid.
    pub fn new(functions: &[Function], operators: &[Operator]) -> Self {
        let mut entries: Entries = toml::from_str(BUILT_IN).expect("the embedded table is valid");
        entries.function.extend_from_slice(functions);
        entries.operator.extend_from_slice(operators);
        let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (number, function) in entries.function.iter().enumerate() {
            for name in &function.names {
                by_name.entry(name.clone()).or_default().push(number);
            }
        }
        Apis {
            functions: entries.function,
            by_name,
            operators: entries.operator,
        }
    }

    /// The entries of a function with this qualified name.
    pub(super) fn functions(&self, qualified_name: &str) -> impl Iterator<Item = &Function> {
        let numbers = self.by_name.get(qualified_name).into_iter().flatten();
        numbers.map(|it| &self.functions[*it])
    }

    pub(super) fn operators(&self, operation: Operation) -> impl Iterator<Item = &Operator> {
        self.operators
            .iter()
            .filter(move |it| it.operation == operation)
    }
}

impl Default for Apis {
    fn default() -> Self {
        Apis::new(&[], &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_entries_are_valid() {
        let apis = Apis::default();
        for function in &apis.functions {
            assert_eq!(function.validate(), Ok(()), "{:?}", function.names);
        }
        for operator in &apis.operators {
            assert_eq!(operator.validate(), Ok(()), "{:?}", operator.classes);
        }
        assert!(apis.functions("json.dumps").next().is_some());
        assert!(apis.functions("json.dump").next().is_none());
    }
}
