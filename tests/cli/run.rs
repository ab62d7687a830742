//! Commands, exit codes, and where things are looked for.

use std::io::Write as _;
use std::process::Stdio;

use super::project::{IDENTITY, IDENTITY_LINE, Project, Ran};

#[test]
fn no_problems() {
    Project::new(&[("a.py", "x = 1\n"), ("b.py", "y = 2\n")])
        .run(&[])
        .is(0, "No problems in 2 files\n", "");
}

#[test]
fn problems_are_printed_with_their_code() {
    let ran = Project::new(&[("a.py", IDENTITY)]).run(&[]);
    ran.is(
        1,
        "\
error[identity-check-on-proxy]: This is always `False`: a `Proxy[int]` is never the object `True`
  ┌─ a.py:3:1
  │
2 │ p: Proxy[int] = Proxy(lambda: 1)
  │ - `p` is a `Proxy[int]`
3 │ p is True
  │ ^^^^^^^^^ compares the proxy itself, not its target
  │
  = help: Compare the target: `extract(…)` gives it
  = docs: `proxycheck explain identity-check-on-proxy`
  = fix: Compare the target (`--fix`)
1 - from proxystore.proxy import Proxy
1 + from proxystore.proxy import Proxy, extract
3 - p is True
3 + extract(p) is True

Found 1 problem in 1 file (1 error; 1 fixable with --fix)
",
        "",
    );
}

#[test]
fn the_command_may_be_named() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    assert_eq!(
        project.run(&["check", "a.py"]).stdout,
        project.run(&["a.py"]).stdout
    );
}

#[test]
fn exit_zero_is_about_problems_only() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    assert_eq!(project.concise(&["--exit-zero"]).code, 0);
    assert_eq!(project.concise(&["--exit-zero", "missing.py"]).code, 2);
}

#[test]
fn a_revealed_type_is_no_problem() {
    let text = "from typing import reveal_type\nfrom proxystore.proxy import Proxy\np = Proxy(lambda: 1)\nreveal_type(p)\n";
    let ran = Project::new(&[("a.py", text)]).run(&["--output-format", "concise"]);
    ran.is(
        0,
        "a.py:4:13: info[revealed-type] Revealed type: `Proxy[int]`\n",
        "No problems and 1 note in 1 file\n",
    );
}

#[test]
fn levels_from_the_command_line() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    let code = |args: &[&str]| project.concise(args).code;
    assert_eq!(code(&["--ignore", "identity-check-on-proxy"]), 0);
    assert_eq!(code(&["--level", "identity-check-on-proxy=info"]), 0);
    assert_eq!(code(&["--level", "identity-check-on-proxy=warn"]), 1);
    assert_eq!(code(&["--select", "unresolved-attribute"]), 0);
    assert_eq!(
        code(&["--select", "unresolved-attribute,identity-check-on-proxy"]),
        1
    );
    assert_eq!(code(&["--ignore", "all"]), 0);
}

#[test]
fn a_misspelled_rule_is_a_usage_error() {
    let ran = Project::new(&[]).run(&["--ignore", "identity-chek-on-proxy"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("did you mean `identity-check-on-proxy`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn only_what_concerns_proxies_unless_all_is_asked_for() {
    let project = Project::new(&[("a.py", "x: int = 'a'\n")]);
    assert_eq!(project.concise(&[]).stdout, "");
    assert!(
        project
            .concise(&["--all"])
            .stdout
            .starts_with("a.py:1:10: error[invalid-assignment] ")
    );
}

#[test]
fn installed_packages_are_those_of_the_environment() {
    let text = "from installed import x\nreveal_type(x)\n";
    let project = Project::new(&[("a.py", text)]);
    let line = "a.py:2:13: info[revealed-type] Revealed type: `int`\n";
    assert_eq!(project.concise(&[]).stdout, line);
    let env = project.path("env");
    let ran = project
        .command()
        .env_remove("VIRTUAL_ENV")
        .args(["--quiet", "--output-format=concise"])
        .arg("--python")
        .arg(env)
        .output();
    assert_eq!(Ran::from(ran.unwrap()).stdout, line);
}

#[test]
fn a_missing_environment_is_an_error_if_it_was_named() {
    let project = Project::new(&[("a.py", "")]);
    project
        .run(&["--python", "nowhere"])
        .is(2, "", "error: --python: `nowhere` does not exist\n");
    project.run(&["--python", "."]).is(
        2,
        "",
        "error: --python: `.` is neither a Python interpreter nor a Python environment\n",
    );
}

#[test]
fn without_an_environment_there_is_one_warning() {
    let project = Project::new(&[("a.py", "")]);
    let ran = Ran::from(
        project
            .command()
            .env_remove("VIRTUAL_ENV")
            .output()
            .unwrap(),
    );
    ran.is(
        0,
        "No problems in 1 file\n",
        "warning: no Python environment found, so imports of installed packages are not resolved; \
         activate one or name it with `--python`\n",
    );
}

#[test]
fn applications_import_from_their_own_folder() {
    let main = "from model import f\nreveal_type(f())\n";
    let project = Project::new(&[
        ("one/main.py", main),
        ("one/model.py", "def f() -> int: return 1\n"),
        ("two/main.py", main),
        ("two/model.py", "def f() -> str: return ''\n"),
        ("src/pkg/__init__.py", "from pkg.inner.m import y as y\n"),
        ("src/pkg/inner/m.py", "y = b''\n"),
        ("use.py", "from pkg import y\nreveal_type(y)\n"),
    ]);
    assert_eq!(
        project.concise(&[]).stdout,
        "one/main.py:2:13: info[revealed-type] Revealed type: `int`\n\
         two/main.py:2:13: info[revealed-type] Revealed type: `str`\n\
         use.py:2:13: info[revealed-type] Revealed type: `Literal[b\"\"]`\n"
    );
}

#[test]
fn what_git_ignores_is_not_checked_unless_named() {
    let project = Project::new(&[
        (".gitignore", "generated/\n"),
        ("generated/a.py", IDENTITY),
        ("build/a.py", IDENTITY),
        ("other/pyvenv.cfg", ""),
        ("other/a.py", IDENTITY),
        ("x/.ipynb_checkpoints/a.py", IDENTITY),
    ]);
    assert_eq!(project.concise(&[]).stdout, "");
    assert_eq!(
        project.concise(&["generated/a.py"]).stdout,
        format!("generated/{IDENTITY_LINE}")
    );
    assert_eq!(
        project.concise(&["--no-respect-gitignore"]).stdout,
        format!("generated/{IDENTITY_LINE}")
    );
    assert_eq!(
        project
            .concise(&["--no-respect-gitignore", "--exclude", "gen*"])
            .stdout,
        ""
    );
}

#[test]
fn the_standard_input() {
    let project = Project::new(&[("x.py", "")]);
    let run = |args: &[&str]| {
        let mut child = project
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(IDENTITY.as_bytes())
            .unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    let ran = run(&[
        "-q",
        "--output-format=concise",
        "-",
        "--stdin-filename",
        "new/a.py",
    ]);
    ran.is(1, &format!("new/{IDENTITY_LINE}"), "");
    let fixed = run(&["-q", "-", "--fix"]);
    assert_eq!(
        fixed.stdout,
        IDENTITY
            .replace("Proxy\n", "Proxy, extract\n")
            .replace("p is", "extract(p) is")
    );
    assert_eq!(fixed.code, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let text = IDENTITY.to_owned() + &"p is True\n".repeat(5000);
    let project = Project::new(&[("a.py", &text)]);
    let mut child = project
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_ne!(output.status.code(), Some(101));
}

#[test]
fn colors_only_if_asked_for() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    assert!(!project.run(&[]).stdout.contains('\u{1b}'));
    assert!(
        project
            .run(&["--color", "always"])
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn rules_and_their_pages() {
    let project = Project::new(&[]);
    let rules = project.run(&["rules"]);
    assert_eq!(rules.code, 0);
    assert!(
        rules.stdout.contains("identity-check-on-proxy"),
        "{}",
        rules.stdout
    );
    let rows: serde_json::Value =
        serde_json::from_str(&project.run(&["rules", "--format", "json"]).stdout).unwrap();
    for row in rows.as_array().unwrap() {
        let page = project.run(&["explain", row["name"].as_str().unwrap()]);
        assert!(page.code == 0 && page.stdout.lines().count() > 5, "{row}");
    }
    project.run(&["explain", "identity"]).is(
        2,
        "",
        "error: there is no rule `identity`; did you mean `identity-check-on-proxy`?\n",
    );
    project.run(&["version"]).is(
        0,
        &format!("proxycheck {}\n", env!("CARGO_PKG_VERSION")),
        "",
    );
}
