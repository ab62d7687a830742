//! Every format, as the programs that read it do.

use serde_json::Value;

use super::project::{IDENTITY, Project};

const NOTEBOOK: &str = r#"{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [],
 "source": ["from proxystore.proxy import Proxy\n", "Proxy(lambda: 1) is True"]}],
 "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}"#;

fn output(format: &str) -> String {
    let project = Project::new(&[("a.py", IDENTITY), ("n b.ipynb", NOTEBOOK)]);
    let ran = project.run(&["--output-format", format]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    ran.stdout
}

fn json(format: &str) -> Value {
    serde_json::from_str(&output(format)).unwrap()
}

#[test]
fn concise() {
    let lines = output("concise");
    assert!(
        lines.contains("\nn b.ipynb:cell 1:2:1: error[identity-check-on-proxy] "),
        "{lines}"
    );
}

#[test]
fn json_is_an_array() {
    let found = json("json");
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    assert_eq!(found[0]["path"], "a.py");
    assert_eq!(
        found[0]["range"]["start"],
        serde_json::json!({"line": 3, "column": 1})
    );
    assert_eq!(found[0]["fix"]["applicability"], "safe");
    assert_eq!(found[1]["cell"], 1);
}

#[test]
fn json_lines_are_objects() {
    for line in output("json-lines").lines() {
        let found: Value = serde_json::from_str(line).unwrap();
        assert_eq!(found["rule"], "identity-check-on-proxy");
    }
}

#[test]
fn github_annotations() {
    let lines = output("github");
    let first = lines.lines().next().unwrap();
    assert!(
        first.starts_with("::error title=proxycheck (identity-check-on-proxy),file=a.py,line=3,endLine=3,col=1,endColumn=10::a.py:3:1: "),
        "{first}"
    );
}

#[test]
fn gitlab_issues() {
    let issues = json("gitlab");
    for issue in issues.as_array().unwrap() {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[key].is_string(), "{issue}");
        }
        assert!(
            issue["location"]["positions"]["begin"]["line"].is_u64(),
            "{issue}"
        );
    }
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
}

#[test]
fn junit_suites() {
    let text = output("junit");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"proxycheck\" tests=\"2\" failures=\"2\" "));
    assert_eq!(text.matches("<testcase ").count(), 2);
    assert_eq!(
        text.matches("<testsuite ").count(),
        text.matches("</testsuite>").count()
    );
}

#[test]
fn sarif_logs() {
    let log = json("sarif");
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-schema-2.1.0.json")
    );
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "proxycheck");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string());
    }
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&3.into(), &1.into())
    );
    assert_eq!(
        results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "n%20b.ipynb"
    );
}

#[test]
fn no_findings_are_valid_too() {
    let project = Project::new(&[("a.py", "")]);
    for format in ["json", "gitlab", "sarif"] {
        let ran = project.run(&["--output-format", format]);
        assert!(
            serde_json::from_str::<Value>(&ran.stdout).is_ok(),
            "{format}"
        );
    }
}

#[test]
fn statistics_count_findings() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    project.run(&["--statistics"]).is(
        1,
        "1  error    identity-check-on-proxy (1 with a fix)\nFound 1 problem in 1 file (1 error; 1 fixable with --fix)\n",
        "",
    );
}
