use super::*;
use crate::diagnostics::fix;

struct TestRules;

impl Rules for TestRules {
    fn objection(&self, name: &str) -> Option<String> {
        let known = ["rule-a", "rule-b", "rule-off", "unused-ignore-comment"];
        (!known.contains(&name)).then(|| format!("there is no rule `{name}`"))
    }

    fn is_silenceable(&self, name: &str) -> bool {
        name != "invalid-syntax"
    }

    fn is_on(&self, _path: &str, name: &str) -> bool {
        name != "rule-off"
    }
}

/// Applies the comments of `text` to a finding of `rule` at each `«…»`.
fn run(text: &str, rule: &'static str) -> (Arc<Source>, Vec<Diagnostic>) {
    run_as(text, rule, Vec::new())
}

fn run_as(
    text: &str,
    rule: &'static str,
    cells: Vec<crate::diagnostics::Cell>,
) -> (Arc<Source>, Vec<Diagnostic>) {
    let mut plain = String::new();
    let mut starts = Vec::new();
    let mut ranges = Vec::new();
    for char in text.chars() {
        let at = TextSize::of(plain.as_str());
        match char {
            '«' => starts.push(at),
            '»' => ranges.push(TextRange::new(starts.pop().unwrap(), at)),
            other => plain.push(other),
        }
    }
    let source = Arc::new(Source::new("a.py".into(), plain, cells));
    let mut diagnostics: Vec<Diagnostic> = ranges
        .into_iter()
        .map(|range| Diagnostic::new(rule, Severity::Error, "the finding", &source, range))
        .collect();
    apply(&source, &mut diagnostics, &TestRules);
    crate::diagnostics::sort(&mut diagnostics);
    (source, diagnostics)
}

fn shown(text: &str, rule: &'static str) -> Vec<String> {
    let (source, diagnostics) = run(text, rule);
    diagnostics
        .iter()
        .map(|it| {
            let at = source.position(it.primary.range.start());
            format!("{}:{} {}: {}", at.line, at.column, it.rule, it.message)
        })
        .collect()
}

#[track_caller]
fn silenced(text: &str) {
    assert_eq!(shown(text, "rule-a"), Vec::<String>::new());
}

#[test]
fn on_the_line() {
    silenced("«x»  # proxycheck: ignore[rule-a]\n");
    silenced("«x»  # proxycheck: ignore\n");
    silenced("«x»  # proxycheck:ignore[ rule-a ]\n");
    silenced("«x»  # noqa: E501  # proxycheck: ignore[rule-a]  because of this # type: ignore\n");
    silenced("«x»  # proxycheck: ignore[rule-a, rule-off]: two\n");
}

#[test]
fn on_the_line_before() {
    silenced("# proxycheck: ignore[rule-a]\n«x»\n");
    silenced("if y:\n    # proxycheck: ignore[rule-a]\n    # another comment\n    «x»\n");
    silenced("f(\n    # proxycheck: ignore[rule-a]\n    «x»,\n)\n");
}

#[test]
fn not_over_a_blank_line() {
    assert_eq!(
        shown("# proxycheck: ignore[rule-a]\n\n«x»\n", "rule-a"),
        [
            "1:1 unused-ignore-comment: There is no finding of `rule-a` to silence here",
            "3:1 rule-a: the finding",
        ]
    );
}

#[test]
fn at_the_start_or_end_of_a_finding() {
    silenced("«f(  # proxycheck: ignore[rule-a]\n    x,\n)»\n");
    silenced("«f(\n    x,\n)»  # proxycheck: ignore[rule-a]\n");
    assert_eq!(
        shown("«f(\n    x,  # proxycheck: ignore[rule-a]\n)»\n", "rule-a").len(),
        2
    );
}

#[test]
fn after_a_string_or_a_backslash() {
    silenced("f(«\"\"\"\n{}\n\"\"\"», 1)  # proxycheck: ignore[rule-a]\n");
    silenced("f(«x», \"\"\"\n\n\"\"\")  # proxycheck: ignore[rule-a]\n");
    silenced("f(«x», f\"\"\"\n{y}\n\"\"\")  # proxycheck: ignore[rule-a]\n");
    silenced("y = «x» + \\\n    1  # proxycheck: ignore[rule-a]\n");
}

#[test]
fn not_in_a_string() {
    assert_eq!(
        shown("f(«x», '# proxycheck: ignore[rule-a]')\n", "rule-a"),
        ["1:3 rule-a: the finding"]
    );
}

#[test]
fn for_the_file() {
    silenced(
        "#!/usr/bin/env python\n# proxycheck: ignore-file[rule-a]\n\"\"\"Doc.\"\"\"\n\n\n«x»\n«y»\n",
    );
    silenced("\"\"\"Doc.\"\"\"\n# proxycheck: ignore-file\n«x»\n");
    assert_eq!(
        shown("import a\n# proxycheck: ignore-file\n«x»\n", "rule-a"),
        [
            "2:1 invalid-ignore-comment: A comment for the whole file has no effect here",
            "3:1 rule-a: the finding",
        ]
    );
}

#[test]
fn another_rule_is_not_silenced() {
    assert_eq!(
        shown("«x»  # proxycheck: ignore[rule-b]\n", "rule-a"),
        [
            "1:1 rule-a: the finding",
            "1:4 unused-ignore-comment: There is no finding of `rule-b` to silence here",
        ]
    );
}

#[test]
fn some_findings_cannot_be_silenced() {
    let text = "«x»  # proxycheck: ignore\n";
    assert_eq!(
        shown(text, "invalid-syntax"),
        [
            "1:1 invalid-syntax: the finding",
            "1:4 unused-ignore-comment: This comment silences nothing"
        ]
    );
}

#[test]
fn a_rule_that_is_off_is_not_missed() {
    assert_eq!(
        shown("x  # proxycheck: ignore[rule-off]\n", "rule-a"),
        Vec::<String>::new()
    );
}

#[test]
fn that_a_comment_is_unused_can_be_silenced_by_name() {
    assert_eq!(
        shown(
            "x  # proxycheck: ignore[rule-a, unused-ignore-comment]\n",
            "rule-a"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn mistakes() {
    let of = |comment: &str| {
        let (_, found) = run(&format!("x  {comment}\n"), "rule-a");
        let it = found.into_iter().next().unwrap();
        format!(
            "{}: {}; {}",
            it.rule,
            it.message,
            it.help.unwrap_or_default()
        )
    };
    assert_eq!(
        of("# proxycheck: ignore[rule-a"),
        "invalid-ignore-comment: The list of rules is not closed; Add `]` after the last rule"
    );
    assert_eq!(
        of("# proxycheck: ignore[]"),
        "invalid-ignore-comment: The list of rules is empty; Name the rules, or write `# proxycheck: ignore` to ignore them all"
    );
    assert_eq!(
        of("# proxycheck: ignore rule-a"),
        "invalid-ignore-comment: The rules to ignore have to be in brackets; Write `# proxycheck: ignore[rule-a]`"
    );
    assert_eq!(
        of("# proxycheck: ingore[rule-a]"),
        "invalid-ignore-comment: `ingore` is not understood; Write `# proxycheck: ignore[rule]`"
    );
    assert_eq!(
        of("# proxycheck: noqa"),
        "invalid-ignore-comment: `noqa` is not understood; Write `# proxycheck: ignore[rule]`"
    );
    assert_eq!(
        of("# proxycheck: ignore[rule-x]"),
        "unknown-rule-in-ignore-comment: there is no rule `rule-x`; "
    );
}

#[test]
fn prose_about_the_tool_is_no_comment_of_it() {
    assert_eq!(
        shown("x  # proxycheck: this is wrong\n", "rule-a"),
        Vec::<String>::new()
    );
    assert_eq!(
        shown("x  # see proxycheck: ignore\n", "rule-a"),
        Vec::<String>::new()
    );
}

#[track_caller]
fn fixed(text: &str) -> String {
    let (source, diagnostics) = run(text, "rule-a");
    fix::apply(&source, &diagnostics, false).text
}

#[test]
fn fixes_remove_what_is_unused() {
    assert_eq!(fixed("x  # proxycheck: ignore[rule-a]\n"), "x\n");
    assert_eq!(
        fixed("x  # proxycheck: ignore[rule-a] because\r\ny\r\n"),
        "x\r\ny\r\n"
    );
    assert_eq!(
        fixed("x  # proxycheck: ignore[rule-a] # noqa\n"),
        "x  # noqa\n"
    );
    assert_eq!(
        fixed("x  # noqa # proxycheck: ignore[rule-a]\n"),
        "x  # noqa\n"
    );
    assert_eq!(
        fixed("if x:\n    # proxycheck: ignore[rule-a]\n    y\n"),
        "if x:\n    y\n"
    );
    assert_eq!(
        fixed("«x»  # proxycheck: ignore[rule-b, rule-a, rule-b]\n"),
        "x  # proxycheck: ignore[rule-a]\n"
    );
    assert_eq!(fixed("# proxycheck: ignore-file"), "");
}

#[test]
fn cells_of_a_notebook_are_lines_like_others() {
    let cell = |number, start: u32| crate::diagnostics::Cell {
        number,
        start: start.into(),
    };
    let text = "%time y\n«x»  # proxycheck: ignore[rule-a]\n";
    let (_, found) = run_as(text, "rule-a", vec![cell(1, 0), cell(2, 8)]);
    assert!(found.is_empty(), "{found:?}");
}
