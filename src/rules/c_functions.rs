//! The functions that are implemented in C and take only the real type, as data.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

static TABLE: &str = include_str!("../../data/c-functions.toml");

/// How a function treats an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rejects {
    /// The argument must not be a proxy.
    Value,
    /// Nor any element of it; the argument itself may be a proxy.
    Items,
    /// Neither the argument nor anything in the containers that it is made of.
    Deep,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    /// From 0, without `self`.
    pub(super) position: usize,
    /// If it can be passed by name.
    pub(super) name: Option<String>,
    pub(super) rejects: Rejects,
    /// The only target of which a proxy is rejected.
    pub(super) target: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CFunction {
    /// As typeshed defines them: `module.function` or `module.Class.method`; a class is its constructor.
    names: Vec<String>,
    pub(super) parameters: Vec<Parameter>,
    /// With one of these keyword arguments the function runs other code.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// Whether a proxy that hands on the memory of its target (PEP 3118) is accepted.
    #[serde(default)]
    pub(super) buffer: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    function: Vec<CFunction>,
}

/// The entry of a function with this qualified name.
pub(super) fn find(qualified_name: &str) -> Option<&'static CFunction> {
    static BY_NAME: LazyLock<FxHashMap<&'static str, &'static CFunction>> = LazyLock::new(|| {
        let table: &'static Table = Box::leak(Box::new(
            toml::from_str(TABLE).expect("the embedded table is valid"),
        ));
        table
            .function
            .iter()
            .flat_map(|function| {
                function
                    .names
                    .iter()
                    .map(move |name| (name.as_str(), function))
            })
            .collect()
    });
    BY_NAME.get(qualified_name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_function_has_two_entries() {
        let table: Table = toml::from_str(TABLE).expect("the embedded table is valid");
        let mut names: Vec<&str> = table
            .function
            .iter()
            .flat_map(|it| it.names.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(find("json.dumps").is_some());
        assert!(find("json.dump").is_none());
    }
}
