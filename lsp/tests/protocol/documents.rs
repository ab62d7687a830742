use std::path::{Path, PathBuf};

use proxycheck_lsp::{Change, Text};
use serde_json::{Value, json};

use crate::client::{Client, range, rich, setup};
use crate::support::GUARD;

const A: &str = "file:///w/a.py";

/// What is applied next.
fn applied(client: &Client) -> Vec<Change> {
    client.control.applied.recv_timeout(GUARD).unwrap()
}

fn buffer(path: &str, text: &str) -> Change {
    Change::Buffer {
        path: path.into(),
        text: Text::Plain(text.into()),
    }
}

fn disk(path: &str) -> Change {
    Change::Disk { path: path.into() }
}

#[test]
fn edits_are_applied_one_after_the_other() {
    for (encoding, column) in [("utf-8", 5), ("utf-16", 3), ("utf-32", 2)] {
        let mut capabilities = rich();
        capabilities["general"]["positionEncodings"] = json!([encoding]);
        let client = setup(capabilities).start();
        assert_eq!(
            client.initialized["capabilities"]["positionEncoding"],
            encoding
        );
        client.open(A, "a\r\n𝄞xé\rz");
        assert_eq!(applied(&client), [buffer("/w/a.py", "a\r\n𝄞xé\rz")]);
        client.change(
            A,
            2,
            json!([
                { "range": range((1, column), (1, 99)), "text": "\nproxy" },
                { "range": range((2, 0), (2, 1)), "text": "" },
                { "range": range((9, 9), (9, 9)), "text": "!" },
            ]),
        );
        assert_eq!(applied(&client), [buffer("/w/a.py", "a\r\n𝄞x\nroxy\rz!")]);
    }
}

#[test]
fn whatever_comes_is_survived() {
    let client = setup(rich()).start();
    client.replace(A, 2, "never opened");
    client.close(A);
    client.open(A, "one");
    assert_eq!(applied(&client), [buffer("/w/a.py", "one")]);
    client.open(A, "again");
    assert_eq!(applied(&client), [buffer("/w/a.py", "again")]);
    client.replace(A, 0, "an older version");
    assert_eq!(applied(&client), [buffer("/w/a.py", "an older version")]);
    client.change(
        A,
        3,
        json!([{ "range": range((7, 3), (0, 2)), "text": "" }]),
    );
    assert_eq!(applied(&client), [buffer("/w/a.py", "an")]);
    client.close(A);
    assert_eq!(
        applied(&client),
        [Change::Closed {
            path: "/w/a.py".into()
        }]
    );
    client.close(A);
    client.replace(A, 4, "closed");
    client.open("file:///w/b%20%C3%A9.py", "");
    assert_eq!(applied(&client), [buffer("/w/b é.py", "")]);
}

#[test]
fn only_python_counts() {
    let client = setup(rich()).start();
    let open = |uri: &str, language: &str| {
        client.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": language, "version": 1, "text": "" } }),
        );
    };
    open("file:///w/a.toml", "toml");
    open("git:/w/a.py?HEAD", "python");
    open("file:///w/a.pyi", "plaintext");
    assert_eq!(applied(&client), [buffer("/w/a.pyi", "")]);
    open("file:///w/script", "python");
    assert_eq!(applied(&client), [buffer("/w/script", "")]);
}

#[test]
fn a_document_without_a_file_is_in_the_first_folder() {
    let mut client = setup(rich()).start();
    client.open("file:///w/Untitled-1.py", "taken");
    applied(&client);
    client.open("untitled:Untitled-1", "proxy");
    assert_eq!(applied(&client), [buffer("/w/Untitled-1-2.py", "proxy")]);
    assert_eq!(client.pull("untitled:Untitled-1").len(), 1);
    let found = client.at("textDocument/definition", "untitled:Untitled-1", 0, 1);
    assert_eq!(found[0]["targetUri"], "untitled:Untitled-1");
}

#[test]
fn the_client_s_spelling_of_a_uri_is_kept() {
    let mut client = setup(rich()).start();
    let uri = "file:///w/%61.py";
    client.open(uri, "x");
    assert_eq!(applied(&client), [buffer("/w/a.py", "x")]);
    let found = client.at("textDocument/definition", uri, 0, 0);
    assert_eq!(found[0]["targetUri"], uri);
}

#[test]
fn files_that_change_are_told() {
    let client = setup(rich()).start();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [
        { "uri": A, "type": 1 }, { "uri": "untitled:x", "type": 2 }, { "uri": "file:///w/b.py", "type": 3 },
    ] }));
    assert_eq!(applied(&client), [disk("/w/a.py"), disk("/w/b.py")]);
    client.notify(
        "workspace/didCreateFiles",
        json!({ "files": [{ "uri": A }] }),
    );
    assert_eq!(applied(&client), [disk("/w/a.py")]);
    client.notify(
        "workspace/didDeleteFiles",
        json!({ "files": [{ "uri": A }] }),
    );
    assert_eq!(applied(&client), [disk("/w/a.py")]);
    client.notify(
        "workspace/didRenameFiles",
        json!({ "files": [{ "oldUri": A, "newUri": "file:///w/c.py" }] }),
    );
    assert_eq!(applied(&client), [disk("/w/a.py"), disk("/w/c.py")]);
    // Without watchers, saving is what is known of changes.
    client.notify(
        "textDocument/didSave",
        json!({ "textDocument": { "uri": A } }),
    );
    assert_eq!(applied(&client), [disk("/w/a.py")]);
}

#[test]
fn folders_come_and_go() {
    let client = setup(rich()).start();
    let change = |added: &[&str], removed: &[&str]| {
        let folders = |it: &[&str]| -> Value {
            it.iter()
                .map(|it| json!({ "uri": it, "name": "" }))
                .collect()
        };
        client.notify(
            "workspace/didChangeWorkspaceFolders",
            json!({ "event": { "added": folders(added), "removed": folders(removed) } }),
        );
        applied(&client)
    };
    let folders = |it: &[&str]| [Change::Folders(it.iter().map(PathBuf::from).collect())];
    assert_eq!(
        change(&["file:///v", "file:///w"], &[]),
        folders(&["/w", "/v"])
    );
    assert_eq!(change(&[], &["file:///w/", "file:///u"]), folders(&["/v"]));
    client.open("untitled:Untitled-1", "");
    assert_eq!(applied(&client), [buffer("/v/Untitled-1.py", "")]);
    assert_eq!(change(&[], &["file:///v"]), folders(&[]));
}

#[test]
fn the_root_is_a_folder_if_there_are_no_others() {
    for (key, value) in [("rootUri", "file:///r"), ("rootPath", "/r")] {
        let mut setup = setup(rich());
        setup.params["workspaceFolders"] = Value::Null;
        setup.params[key] = json!(value);
        let client = setup.start();
        let start = client.control.started.recv_timeout(GUARD).unwrap();
        assert_eq!(start.folders, [Path::new("/r")]);
    }
}
