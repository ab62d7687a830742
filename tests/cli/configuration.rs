//! `[tool.proxycheck]` and `proxycheck.toml`.

use super::project::{IDENTITY, IDENTITY_LINE, Project};

#[test]
fn levels_and_overrides() {
    let project = Project::new(&[
        (
            "pyproject.toml",
            "[tool.proxycheck]\nrules = { identity-check-on-proxy = \"warn\" }\n\
             [[tool.proxycheck.overrides]]\ninclude = [\"tests\"]\nrules = { identity-check-on-proxy = \"ignore\" }\n",
        ),
        ("a.py", IDENTITY),
        ("tests/a.py", IDENTITY),
    ]);
    let warning = IDENTITY_LINE.replace("error", "warning");
    project.concise(&[]).is(1, &warning, "");
    let both = format!("{IDENTITY_LINE}tests/{IDENTITY_LINE}");
    project
        .concise(&["--level", "identity-check-on-proxy=error"])
        .is(1, &both, "");
}

#[test]
fn mistakes_are_reported_with_their_place() {
    let project = Project::new(&[(
        "pyproject.toml",
        "[tool.proxycheck]\npyhton = \"x\"\n[tool.proxycheck.rules]\nidentity-check = \"warn\"\n",
    )]);
    project.run(&[]).is(
        2,
        "",
        "error: pyproject.toml:2:1: there is no setting `pyhton`; did you mean `python`?\n\
         error: pyproject.toml:4:1: there is no rule `identity-check`; did you mean `identity-check-on-proxy`?\n",
    );
}

#[test]
fn a_broken_project_file_does_not_keep_files_from_being_checked() {
    let project = Project::new(&[("pyproject.toml", "[project\n"), ("a.py", IDENTITY)]);
    let ran = project.concise(&[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, IDENTITY_LINE));
    assert!(
        ran.stderr.starts_with("error: pyproject.toml:1:9: "),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn the_configuration_of_a_folder_above_counts() {
    let project = Project::new(&[
        (
            "proxycheck.toml",
            "output-format = \"concise\"\nexclude = [\"skip\"]\n",
        ),
        ("sub/a.py", IDENTITY),
        ("sub/skip/a.py", IDENTITY),
    ]);
    let ran = project
        .command()
        .current_dir(project.path("work/sub"))
        .arg("-q")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), IDENTITY_LINE);
}

#[test]
fn a_rule_that_is_off_by_default() {
    let text = "from proxystore.proxy import Proxy\n\n\ndef f(x: int) -> int:\n    return x\n\n\nf(Proxy(lambda: 1))\n";
    let project = Project::new(&[("a.py", text)]);
    project.concise(&[]).is(0, "", "");
    let line = "a.py:4:10: warning[proxy-to-plain-parameter] `x` is annotated `int`, and a call passes a `Proxy[int]`\n";
    project
        .concise(&["--level", "proxy-to-plain-parameter=warn"])
        .is(1, line, "");
}

#[test]
fn syntax_of_a_later_python_is_reported_on_request() {
    let text = "match 1:\n    case _:\n        pass\n";
    let toml = "[project]\nname = \"x\"\nrequires-python = \">=3.8\"\n";
    let project = Project::new(&[("pyproject.toml", toml), ("a.py", text)]);
    project.concise(&[]).is(0, "", "");
    let line = "a.py:1:1: error[invalid-syntax] Cannot use `match` statement on Python 3.8 (syntax was added in Python 3.10)\n";
    project.concise(&["--all"]).is(1, line, "");
}

#[test]
fn requires_python_sets_the_version() {
    let text = "import sys\nx = 1 if sys.version_info >= (3, 10) else 2\nreveal_type(x)\n";
    let revealed = |requires: &str| {
        let toml = format!("[project]\nname = \"x\"\nrequires-python = \"{requires}\"\n");
        Project::new(&[("pyproject.toml", &toml), ("a.py", text)])
            .concise(&[])
            .stdout
    };
    let line = "a.py:3:13: info[revealed-type] Revealed type: ";
    assert_eq!(revealed(">=3.9"), format!("{line}`Literal[2]`\n"));
    assert_eq!(revealed(">=3.10"), format!("{line}`Literal[1]`\n"));
}

#[test]
fn settings_on_the_command_line() {
    let project = Project::new(&[("a.py", "x: int = 'a'\n"), ("other.toml", "all = true\n")]);
    assert_eq!(project.concise(&["--config", "all = true"]).code, 1);
    assert_eq!(project.concise(&["--config", "other.toml"]).code, 1);
    project.run(&["--config", "all = 1"]).is(
        2,
        "",
        "error: --config:1:7: expected true or false, found an integer\n",
    );
    project.run(&["--config", "none.toml"]).is(
        2,
        "",
        "error: none.toml: no such file or directory\n",
    );
}

#[test]
fn a_source_folder_that_there_is_not() {
    let project = Project::new(&[("proxycheck.toml", "src = [\"lib\"]\n"), ("a.py", "")]);
    project
        .run(&[])
        .is(2, "", "error: the setting `src`: `lib` is no folder\n");
}

#[test]
fn a_rule_that_is_off_by_default_runs_if_it_is_asked_for() {
    let program = "from proxystore.proxy import Proxy\n\n\
                   def size(rows: list[int]) -> int:\n    return len(rows)\n\n\
                   size(Proxy(lambda: [1]))\n";
    let project = Project::new(&[("a.py", program)]);
    let line = "a.py:3:16: warning[proxy-to-plain-parameter] `rows` is annotated `list[int]`, \
                and a call passes a `Proxy[list[int]]`\n";
    project.concise(&[]).is(0, "", "");
    project
        .concise(&["--level", "proxy-to-plain-parameter=warn"])
        .is(1, line, "");
    project
        .concise(&["--select", "proxy-to-plain-parameter"])
        .is(1, &line.replace("warning", "error"), "");
}

#[test]
fn classes_of_other_libraries_are_proxies_if_they_are_configured() {
    let lazy = (
        "lazy.py",
        "from typing import Generic, TypeVar\n\nT = TypeVar(\"T\")\n\nclass Lazy(Generic[T]):\n    pass\n",
    );
    let program = (
        "a.py",
        "from lazy import Lazy\n\ndef size(rows: Lazy[list[int]]) -> int:\n    return rows.size\n",
    );
    Project::new(&[lazy, program]).concise(&[]).is(0, "", "");
    let settings = |text| ("proxycheck.toml", text);
    Project::new(&[lazy, program, settings("proxy-classes = [\"lazy.Lazy\"]\n")])
        .concise(&[])
        .is(
            1,
            "a.py:4:12: error[unresolved-attribute] Object of type `Lazy[list[int]]` has no attribute `size`\n",
            "",
        );
    Project::new(&[program, settings("proxy-classes = [\"Lazy\"]\n")])
        .run(&[])
        .is(
            2,
            "",
            "error: proxycheck.toml:1:17: `Lazy` is no class: name it with its module, as in \
             `werkzeug.local.LocalProxy`\n",
        );
}
