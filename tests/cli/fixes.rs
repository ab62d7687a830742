//! `--fix` and `--diff`.

use super::project::{IDENTITY, Project};

const FIXED: &str = "\
from proxystore.proxy import Proxy, extract
p: Proxy[int] = Proxy(lambda: 1)
extract(p) is True
";

#[test]
fn fixes_are_applied_once_and_for_all() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    project
        .run(&["--fix"])
        .is(0, "Fixed 1 problem. No problems in 1 file\n", "");
    assert_eq!(project.read("a.py"), FIXED);
    project.run(&["--fix"]).is(0, "No problems in 1 file\n", "");
    assert_eq!(project.read("a.py"), FIXED);
}

#[test]
fn a_patch_changes_nothing() {
    let project = Project::new(&[("a.py", IDENTITY)]);
    project.run(&["--diff"]).is(
        1,
        "\
--- a.py
+++ a.py
@@ -1,3 +1,3 @@
-from proxystore.proxy import Proxy
+from proxystore.proxy import Proxy, extract
 p: Proxy[int] = Proxy(lambda: 1)
-p is True
+extract(p) is True
",
        "Would fix 1 problem in 1 file\n",
    );
    assert_eq!(project.read("a.py"), IDENTITY);
    Project::new(&[("a.py", "")])
        .run(&["--diff"])
        .is(0, "", "Nothing to fix\n");
}

fn notebook(cells: &[&str]) -> String {
    let cells: Vec<serde_json::Value> = cells
        .iter()
        .map(|text| {
            serde_json::json!({"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], "source": [text]})
        })
        .collect();
    serde_json::json!({"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}).to_string()
}

#[test]
fn cells_of_notebooks_are_fixed() {
    let text = notebook(&[
        "from proxystore.proxy import Proxy\np: Proxy[int] = Proxy(lambda: 1)",
        "p is True",
    ]);
    let project = Project::new(&[("n.ipynb", &text)]);
    let line = "n.ipynb:cell 2:1:1: error[identity-check-on-proxy] This is always `False`: a `Proxy[int]` is never the object `True`\n";
    project.concise(&[]).is(1, line, "");
    project.concise(&["--fix"]).is(0, "", "");
    let fixed: serde_json::Value = serde_json::from_str(&project.read("n.ipynb")).unwrap();
    assert_eq!(fixed["cells"][1]["source"][0], "extract(p) is True");
}
