//! Comments that silence findings.

use super::project::{IDENTITY, Project};

fn lines(text: &str) -> String {
    let ran = Project::new(&[("a.py", text)]).concise(&[]);
    ran.stdout
}

#[test]
fn on_the_line_before_it_and_for_the_file() {
    let on = |comment: &str| IDENTITY.replace("is True", &format!("is True  {comment}"));
    assert_eq!(
        lines(&on("# proxycheck: ignore[identity-check-on-proxy]")),
        ""
    );
    assert_eq!(lines(&on("# proxycheck: ignore")), "");
    assert_eq!(
        lines(&IDENTITY.replace(
            "p is",
            "# proxycheck: ignore[identity-check-on-proxy]\np is"
        )),
        ""
    );
    assert_eq!(
        lines(&format!(
            "# proxycheck: ignore-file[identity-check-on-proxy]\n{IDENTITY}"
        )),
        ""
    );
}

#[test]
fn what_is_wrong_with_a_comment() {
    assert_eq!(
        lines(
            "x = 1  # proxycheck: ignore[identity-check-on-proxy]\n\
             x = 2  # proxycheck: ignore[identity-chek-on-proxy]\n\
             x = 3  # proxycheck: ignore[\n\
             x = '# proxycheck: ignore'\n"
        ),
        "a.py:1:8: warning[unused-ignore-comment] There is no finding of `identity-check-on-proxy` to silence here\n\
         a.py:2:29: warning[unknown-rule-in-ignore-comment] There is no rule `identity-chek-on-proxy`; did you mean `identity-check-on-proxy`?\n\
         a.py:3:8: warning[invalid-ignore-comment] The list of rules is not closed\n"
    );
}

#[test]
fn comments_of_other_tools_count_only_if_configured() {
    let text = "from proxystore.proxy import Proxy\np: Proxy[int] = Proxy(lambda: 1)\np.nope  # type: ignore\np.nope  # ty: ignore\n";
    let project = Project::new(&[("a.py", text)]);
    let number = |args: &[&str]| project.concise(args).stdout.lines().count();
    assert_eq!(number(&[]), 2);
    assert_eq!(number(&["--config", "respect-type-ignore = true"]), 1);
    assert_eq!(number(&["--config", "respect-ty-ignore = true"]), 1);
}

#[test]
fn unused_comments_are_removed() {
    let project = Project::new(&[(
        "a.py",
        "x = 1  # proxycheck: ignore  because\n# proxycheck: ignore\ny = 2\n",
    )]);
    project.concise(&["--fix"]).is(0, "", "");
    assert_eq!(project.read("a.py"), "x = 1\ny = 2\n");
}
