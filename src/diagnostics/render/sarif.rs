//! SARIF 2.1.0.
//!
//! See <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::io;

use codespan_reporting::term::termcolor::WriteColor;
use ruff_text_size::TextRange;
use serde_json::{Value, json};

use super::Report;
use super::gitlab::Fingerprints;
use crate::diagnostics::{Diagnostic, Label, Level, RuleInfo, Severity, Source};

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    // Only the rules that have findings: together, the pages are larger than most reports.
    let mut names: Vec<&str> = report.diagnostics.iter().map(|it| &*it.rule).collect();
    names.sort_unstable();
    names.dedup();
    let rules: Vec<Value> = names.iter().map(|name| rule(name, report.rules)).collect();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = report
        .diagnostics
        .iter()
        .map(|it| result(it, &names, &fingerprints.next(it)))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "proxycheck",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(name: &str, rules: &[&'static RuleInfo]) -> Value {
    let mut value = json!({"id": name});
    if let Some(info) = rules.iter().find(|rule| rule.name == name) {
        let level = match info.level {
            Level::Ignore => "none",
            Level::Info => "note",
            Level::Warn => "warning",
            Level::Error => "error",
        };
        value["shortDescription"] = json!({"text": info.summary});
        value["defaultConfiguration"] = json!({"level": level});
        if !info.page.is_empty() {
            value["help"] = json!({"text": info.page, "markdown": info.page});
        }
        if let Some(url) = info.url {
            value["helpUri"] = json!(url);
        }
    }
    value
}

fn result(diagnostic: &Diagnostic, rules: &[&str], fingerprint: &str) -> Value {
    let mut message = diagnostic.message.clone();
    for note in &diagnostic.notes {
        message.push_str(&format!("\nnote: {note}"));
    }
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let mut value = json!({
        "ruleId": diagnostic.rule,
        "ruleIndex": rules.binary_search(&&*diagnostic.rule).unwrap_or_default(),
        "level": match diagnostic.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error | Severity::Fatal => "error",
        },
        "message": {"text": message},
        "locations": [location(&diagnostic.primary, None)],
        "partialFingerprints": {"proxycheck/v1": fingerprint},
    });
    if !diagnostic.secondary.is_empty() {
        let labels = diagnostic.secondary.iter().enumerate();
        value["relatedLocations"] = labels
            .map(|(index, label)| location(label, Some(index + 1)))
            .collect();
    }
    // A replacement in a notebook cell cannot be said in terms of the notebook's file.
    let source = &diagnostic.primary.source;
    if let Some(fix) = diagnostic.fix.as_ref().filter(|_| source.cells.is_empty()) {
        let replacements: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                json!({
                    "deletedRegion": region(source, edit.range),
                    "insertedContent": {"text": edit.text},
                })
            })
            .collect();
        value["fixes"] = json!([{
            "description": {"text": fix.title},
            "artifactChanges": [{
                "artifactLocation": {"uri": uri(&source.path)},
                "replacements": replacements,
            }],
        }]);
    }
    value
}

fn location(label: &Label, id: Option<usize>) -> Value {
    let mut value = json!({
        "physicalLocation": {"artifactLocation": {"uri": uri(&label.source.path)}},
    });
    match label.source.cell_at(label.range.start()) {
        None => value["physicalLocation"]["region"] = region(&label.source, label.range),
        Some(cell) => {
            let start = label.source.position(label.range.start());
            let name = format!("cell {}, line {}", cell.number, start.line);
            value["logicalLocations"] = json!([{"name": name}]);
        }
    }
    if let Some(id) = id {
        value["id"] = json!(id);
    }
    if let Some(message) = &label.message {
        value["message"] = json!({"text": message});
    }
    value
}

fn region(source: &Source, range: TextRange) -> Value {
    let start = source.position(range.start());
    let end = source.position(range.end());
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// The path as a relative or `file` URI: RFC 3986, all but unreserved characters escaped.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.as_bytes().get(1) == Some(&b':') {
        uri.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::OutputFormat;
    use super::super::testing::{notebook, render, sample};

    #[test]
    fn log() {
        let mut findings = sample();
        findings.push(notebook());
        let log: Value = serde_json::from_str(&render(OutputFormat::Sarif, &findings)).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules = &run["tool"]["driver"]["rules"];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let first = &run["results"][0];
        assert_eq!(first["level"], "error");
        assert_eq!(
            first["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": {"uri": "app/train.py"},
                "region": {"startLine": 7, "startColumn": 4, "endLine": 7, "endColumn": 13},
            })
        );
        assert_eq!(first["relatedLocations"][0]["id"], 1);
        assert_eq!(
            first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
            "extract(p)"
        );
        let cell = &run["results"][2]["locations"][0];
        assert_eq!(cell["logicalLocations"][0]["name"], "cell 3, line 2");
        assert!(cell["physicalLocation"]["region"].is_null());
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(super::uri("a b/ü.py"), "a%20b/%C3%BC.py");
        assert_eq!(super::uri("/x/y.py"), "file:///x/y.py");
        assert_eq!(super::uri(r"C:\x\y.py"), "file:///C%3A/x/y.py");
    }
}
