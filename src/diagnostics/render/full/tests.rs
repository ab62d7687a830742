use std::sync::Arc;

use codespan_reporting::term::termcolor::Buffer;
use ruff_db::system::SystemPath;
use ruff_text_size::{TextRange, TextSize};

use super::super::testing::{find, label, notebook, render, render_to, sample, source};
use super::super::{OutputFormat, Report};
use super::{Diagnostic, Severity, summary, write_diagnostic};
use crate::diagnostics::{Applicability, Edit, Fix, ReadError};

/// One finding, drawn without colours.
fn draw(diagnostic: &Diagnostic) -> String {
    draw_at(diagnostic, None)
}

fn draw_at(diagnostic: &Diagnostic, width: Option<usize>) -> String {
    let mut out = Buffer::no_color();
    write_diagnostic(diagnostic, diagnostic.url.as_deref(), width, &mut out).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

fn finding(path: &str, text: &str, needle: &str) -> Diagnostic {
    let source = source(path, text);
    let range = find(&source, needle);
    let mut finding = Diagnostic::new("rule", Severity::Error, "The message", &source, range);
    finding.primary.message = Some("here".into());
    finding
}

#[test]
fn whole_report() {
    insta::assert_snapshot!(render(OutputFormat::Full, &sample()), @r#"
    error[identity-check-on-proxy]: `p is None` is always `False`
      ┌─ app/train.py:7:4
      │
    4 │ p = store.proxy(None)
      │     ----------------- `p` is a `Proxy[None]`
      ·
    7 │ if p is None:
      │    ^^^^^^^^^ compares the proxy, not its target
      │
      = note: a proxy is an object of its own
      = help: compare the target
      = docs: https://example.org/rules/identity-check-on-proxy
      = fix: Compare the target with `extract` (`--fix --unsafe-fixes`)
    7 - if p is None:
    7 + if extract(p) is None:

    warning[possibly-unbound]: Name `q` may be unbound
      ┌─ app/train.py:9:7
      │
    9 │ print(q)
      │       ^

    Found 2 problems in 1 of 41 files (1 error, 1 warning; 1 fixable with --fix --unsafe-fixes)
    "#);
}

#[test]
fn colors() {
    let text = render_to(OutputFormat::Full, &sample()[1..], Buffer::ansi());
    insta::assert_snapshot!(text.replace('\u{1b}', "␛"), @r#"
    ␛[0m␛[1m␛[38;5;11mwarning[possibly-unbound]␛[0m␛[1m: Name `q` may be unbound␛[0m
      ␛[0m␛[36m┌─␛[0m app/train.py:9:7
      ␛[0m␛[36m│␛[0m
    ␛[0m␛[36m9␛[0m ␛[0m␛[36m│␛[0m print(␛[0m␛[33mq␛[0m)
      ␛[0m␛[36m│␛[0m       ␛[0m␛[33m^␛[0m

    ␛[0m␛[1mFound 1 problem in 1 of 41 files (1 warning)␛[0m
    "#);
}

#[test]
fn no_findings() {
    insta::assert_snapshot!(render(OutputFormat::Full, &[]), @r#"
    No problems in 41 files
    "#);
}

fn summed_up(diagnostics: &[Diagnostic], files_checked: usize, fixed: usize) -> String {
    summary(&Report {
        diagnostics,
        files_checked,
        fixed,
        rules: &[],
        width: None,
        quiet: false,
    })
}

#[test]
fn summary_counts() {
    let mut findings = sample();
    findings.push(notebook());
    assert_eq!(
        summed_up(&findings, 41, 0),
        "Found 2 problems and 1 note in 1 of 41 files (1 error, 1 warning; 1 fixable with --fix --unsafe-fixes)"
    );
    if let Some(fix) = &mut findings[0].fix {
        fix.applicability = Applicability::Safe;
    }
    assert_eq!(
        summed_up(&findings[..1], 1, 0),
        "Found 1 problem in 1 file (1 error; 1 fixable with --fix)"
    );
    assert_eq!(
        summed_up(&findings[2..], 2, 0),
        "No problems and 1 note in 2 files"
    );
    assert_eq!(
        summed_up(&[], 41, 2),
        "Fixed 2 problems. No problems in 41 files"
    );
}

#[test]
fn several_files() {
    let mut finding = finding("b.py", "use(p)\n", "p");
    let other = source("a.py", "\n\np = proxy()\n");
    finding.secondary = vec![
        label(&other, "proxy()", "made here"),
        label(&finding.primary.source.clone(), "use", "taken here"),
    ];
    insta::assert_snapshot!(draw(&finding), @r#"
    error[rule]: The message
      ┌─ b.py:1:5
      │
    1 │ use(p)
      │ --- ^ here
      │ │    
      │ taken here
      │
      ┌─ a.py:3:5
      │
    3 │ p = proxy()
      │     ------- made here
    "#);
}

#[test]
fn notebook_cell() {
    insta::assert_snapshot!(draw(&notebook()), @r#"
    info[revealed-type]: Revealed type: `int`
      ┌─ nb.ipynb:cell 3:2:1
      │
    2 │ reveal_type(z)
      │ ^^^^^^^^^^^^^^
    "#);
}

#[test]
fn tabs_and_wide_characters() {
    let finding = finding("a.py", "def f():\n\tx = '変数'; y = p\n", "p\n");
    insta::assert_snapshot!(draw(&finding), @r#"
    error[rule]: The message
      ┌─ a.py:2:16
      │
    2 │     x = '変数'; y = p
      │                     ^ here
    "#);
}

#[test]
fn multi_line_range() {
    let text = "r = client.submit(\n    f,\n    a,\n    b,\n    c,\n    d,\n    e,\n)\n";
    let finding = finding("a.py", text, text.trim_start_matches("r = ").trim_end());
    insta::assert_snapshot!(draw(&finding), @r#"
    error[rule]: The message
      ┌─ a.py:1:5
      │  
    1 │   r = client.submit(
      │ ╭─────^
    2 │ │     f,
    3 │ │     a,
    4 │ │     b,
      · │
    7 │ │     e,
    8 │ │ )
      │ ╰─^ here
    "#);
}

#[test]
fn range_with_its_line_ending_stays_on_its_line() {
    let finding = finding("a.py", "x = 1\r\ny = 2\r\n", "x = 1\r\n");
    insta::assert_snapshot!(draw(&finding), @r#"
    error[rule]: The message
      ┌─ a.py:1:1
      │
    1 │ x = 1
      │ ^^^^^ here
    "#);
}

#[test]
fn long_lines_are_cut() {
    let text = format!(
        "x = [{}, proxy, {}]\n",
        "1, ".repeat(100),
        "2, ".repeat(100)
    );
    let finding = finding("a.py", &text, "proxy");
    insta::assert_snapshot!(draw_at(&finding, Some(80)), @r#"
    error[rule]: The message
      ┌─ a.py:1:308
      │
    1 │ …, 1, 1, 1, 1, , proxy, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2…
      │                  ^^^^^ here
    "#);
}

#[test]
fn end_of_file() {
    for (text, offset) in [("x = (", 5), ("x = (\n", 6)] {
        let source = source("a.py", text);
        let range = TextRange::empty(TextSize::new(offset));
        let finding = Diagnostic::new("invalid-syntax", Severity::Error, "Oh", &source, range);
        let text = draw(&finding);
        assert!(text.contains('^'), "{text}");
        assert!(
            text.lines()
                .all(|line| !line.ends_with(' ') || line.contains('│'))
        );
    }
}

#[test]
fn empty_file() {
    let source = source("a.py", "");
    let finding = Diagnostic::new(
        "rule",
        Severity::Warning,
        "M",
        &source,
        TextRange::default(),
    );
    insta::assert_snapshot!(draw(&finding), @r#"
    warning[rule]: M
      ┌─ a.py:1:1
    "#);
}

#[test]
fn unreadable_file() {
    let error = ReadError::NotUtf8 { line: 3 };
    let finding = error.into_diagnostic(SystemPath::new("/x/a.py"), SystemPath::new("/x"));
    insta::assert_snapshot!(draw(&finding), @r#"
    error[io-error]: The file is not valid UTF-8 (line 3)
      ┌─ a.py:1:1
      │
      = help: Save the file as UTF-8, or leave it out with `--exclude`
    "#);
}

#[test]
fn control_characters_are_shown_not_sent() {
    let finding = finding("a.py", "x = '\u{1b}[31m\u{202e}'; p\n", "p");
    let text = draw(&finding);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text}"
    );
    insta::assert_snapshot!(text, @r#"
    error[rule]: The message
      ┌─ a.py:1:15
      │
    1 │ x = '␛[31m�'; p
      │               ^ here
    "#);
}

#[test]
fn range_beyond_the_text_does_not_panic() {
    let source = source("a.py", "x\n");
    let range = TextRange::new(1.into(), 50.into());
    let finding = Diagnostic::new("rule", Severity::Error, "M", &source, range);
    assert!(draw(&finding).contains("a.py:1:2"));
}

#[test]
fn fix_over_several_lines() {
    let mut finding = finding(
        "a.py",
        "import os\n\np = 1\nif p is None:\n    pass\n",
        "p is None",
    );
    let source = Arc::clone(&finding.primary.source);
    finding.fix = Some(Fix {
        title: "Compare the target".into(),
        applicability: Applicability::Safe,
        edits: vec![
            Edit::insertion(0.into(), "from proxystore.proxy import extract\n"),
            Edit::replacement(find(&source, "p is"), "extract(p) is"),
        ],
    });
    insta::assert_snapshot!(draw(&finding), @r#"
    error[rule]: The message
      ┌─ a.py:4:4
      │
    4 │ if p is None:
      │    ^^^^^^^^^ here
      │
      = fix: Compare the target (`--fix`)
    1 + from proxystore.proxy import extract
    4 - if p is None:
    5 + if extract(p) is None:
    "#);
}

#[test]
fn every_offset_can_be_drawn() {
    let source = source("a.py", "a\tb\r\n\n変 = '''x\ny'''\rz");
    let offsets: Vec<TextSize> = source
        .text
        .char_indices()
        .map(|(at, _)| TextSize::try_from(at).unwrap())
        .chain([TextSize::of(source.text.as_str())])
        .collect();
    for (index, start) in offsets.iter().enumerate() {
        for end in &offsets[index..] {
            let range = TextRange::new(*start, *end);
            let finding = Diagnostic::new("rule", Severity::Error, "M", &source, range);
            let position = source.position(*start);
            let place = format!("a.py:{}:{}\n", position.line, position.column);
            assert!(draw_at(&finding, Some(10)).contains(&place));
        }
    }
}
