//! Whatever is wrong is said once and clearly, and the rest is checked.

use super::project::{IDENTITY, IDENTITY_LINE, Project};

#[test]
fn missing_paths() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    project.concise(&["gone.py", "a.py", "gone"]).is(
        2,
        IDENTITY_LINE,
        "error: `gone.py`: no such file or directory\nerror: `gone`: no such file or directory\n",
    );
}

#[test]
fn folders_without_python() {
    let project = Project::new(&[("docs/a.md", "")]);
    project.run(&["docs"]).is(
        0,
        "No problems in 0 files\n",
        "warning: there are no Python files in `docs`\n",
    );
}

#[test]
fn files_that_cannot_be_read() {
    let project = Project::new(&[("a.py", IDENTITY), ("n.ipynb", "{}")]);
    project.write("work/b.py", b"x = 1\ny = '\xff'\n");
    let ran = project.concise(&[]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stdout,
        format!(
            "{IDENTITY_LINE}\
             b.py:1:1: error[io-error] The file is not valid UTF-8 (line 2)\n\
             n.ipynb:1:1: error[io-error] The file is not a Jupyter notebook: This file does not match the schema \
             expected of Jupyter Notebooks: missing field `cells` at line 1 column 2\n"
        )
    );
}

#[cfg(unix)]
#[test]
fn links_to_nowhere() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    std::os::unix::fs::symlink("/nowhere", project.path("work/b.py")).unwrap();
    std::os::unix::fs::symlink("/nowhere", project.path("work/.#a.py")).unwrap();
    std::os::unix::fs::symlink(".", project.path("work/loop")).unwrap();
    let b = "b.py:1:1: error[io-error] The file cannot be read: no such file or directory\n";
    project
        .concise(&[])
        .is(2, &format!("{IDENTITY_LINE}{b}"), "");
}

#[test]
fn syntax_errors() {
    let project = Project::new(&[
        ("a.py", IDENTITY),
        ("b.py", "def f(:\n"),
        ("c.py", "x = 1\0\n"),
    ]);
    let ran = project.concise(&[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("b.py:1:7: error[invalid-syntax] "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("c.py:1:6: error[invalid-syntax] "),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains('\0'), "{}", ran.stdout);
    assert!(ran.stdout.starts_with(IDENTITY_LINE), "{}", ran.stdout);
}

#[test]
fn import_cycles() {
    let project = Project::new(&[
        (
            "a.py",
            "from proxystore.proxy import Proxy\nfrom b import f\n\ndef g(p: Proxy[int]): return f(p)\n",
        ),
        ("b.py", "from a import g\n\ndef f(p): return g(p)\n"),
    ]);
    project.concise(&[]).is(0, "", "");
}

#[test]
fn a_long_file() {
    let text = IDENTITY.to_owned() + &"x = p + 1\n".repeat(50_000) + "p is True\n";
    let ran = Project::new(&[("a.py", &text)]).concise(&[]);
    assert_eq!(ran.stdout.lines().count(), 2);
    assert!(ran.stdout.contains("a.py:50004:1: "), "{}", ran.stdout);
}

#[test]
fn deep_nesting() {
    let project = Project::new(&[
        ("a.py", IDENTITY),
        (
            "add.py",
            &format!("x = {}\n", vec!["1"; 20_000].join(" + ")),
        ),
        (
            "brackets.py",
            &format!("x = {}{}\n", "(".repeat(3000), ")".repeat(3000)),
        ),
        (
            "call.py",
            &format!("def f():\n    return f\n\nx = f{}\n", "()".repeat(3000)),
        ),
        ("negation.py", &format!("x = {}1\n", "not ".repeat(20_000))),
        ("quoted.py", &format!("x = '{}'\n", "(".repeat(3000))),
    ]);
    let brackets = "brackets.py:1:1: error[invalid-syntax] More than 200 brackets are open at once, which Python does not allow\n";
    project
        .concise(&[])
        .is(1, &format!("{IDENTITY_LINE}{brackets}"), "");
}
