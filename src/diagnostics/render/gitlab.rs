//! A GitLab code quality report.
//!
//! See <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use std::hash::Hasher;
use std::io;

use codespan_reporting::term::termcolor::WriteColor;
use rustc_hash::{FxHashMap, FxHasher};
use serde_json::{Value, json};

use super::Report;
use crate::diagnostics::{Diagnostic, Severity};

pub(super) fn write(report: &Report<'_>, out: &mut dyn WriteColor) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let issues: Vec<Value> = report
        .diagnostics
        .iter()
        .map(|diagnostic| issue(diagnostic, &fingerprints.next(diagnostic)))
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn issue(diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let source = &diagnostic.primary.source;
    let start = source.position(diagnostic.primary.range.start());
    let end = source.position(diagnostic.primary.range.end());
    let at = |line: usize, column: usize| json!({"line": line, "column": column});
    json!({
        "check_name": diagnostic.rule,
        "description": format!("{}: {}", diagnostic.rule, diagnostic.message),
        "severity": match diagnostic.severity {
            Severity::Info => "info",
            Severity::Warning => "minor",
            Severity::Error => "major",
            Severity::Fatal => "critical",
        },
        "fingerprint": fingerprint,
        "location": {
            "path": source.path.replace('\\', "/"),
            "positions": {"begin": at(start.line, start.column), "end": at(end.line, end.column)},
        },
    })
}

/// Names findings so that the names survive edits elsewhere in the file: by path, rule, the text
/// of the line, and a number if all of these are equal.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: FxHashMap<u64, usize>,
}

impl Fingerprints {
    pub(super) fn next(&mut self, diagnostic: &Diagnostic) -> String {
        let source = &diagnostic.primary.source;
        let line = source.line_range(source.line_index(diagnostic.primary.range.start()));
        // This hasher has no random seed, and its results are those of the crate's exact version.
        let mut hasher = FxHasher::default();
        for part in [
            source.path.replace('\\', "/").as_str(),
            &diagnostic.rule,
            source.text[line].trim(),
        ] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        let hash = hasher.finish();
        let ordinal = self.seen.entry(hash).or_default();
        *ordinal += 1;
        format!("{hash:016x}{ordinal:04x}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::OutputFormat;
    use super::super::testing::{render, sample};

    #[test]
    fn issues() {
        let value: Value = serde_json::from_str(&render(OutputFormat::Gitlab, &sample())).unwrap();
        assert_eq!(value[0]["check_name"], "identity-check-on-proxy");
        assert_eq!(value[0]["severity"], "major");
        assert_eq!(value[1]["severity"], "minor");
        assert_eq!(value[0]["location"]["path"], "app/train.py");
        assert_eq!(value[0]["location"]["positions"]["begin"]["line"], 7);
    }

    #[test]
    fn fingerprints_differ_and_are_stable() {
        let twice = [sample(), sample()].concat();
        let value: Value = serde_json::from_str(&render(OutputFormat::Gitlab, &twice)).unwrap();
        let mut prints: Vec<&str> = (0..4)
            .map(|index| value[index]["fingerprint"].as_str().unwrap())
            .collect();
        let again: Value = serde_json::from_str(&render(OutputFormat::Gitlab, &twice)).unwrap();
        assert_eq!(value, again);
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), 4);
    }
}
