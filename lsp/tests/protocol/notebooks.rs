use proxycheck_lsp::{Change, NotebookCell, Text};
use serde_json::{Value, json};

use crate::client::{Client, push, range, rich, setup};
use crate::support::GUARD;

const N: &str = "file:///w/n.ipynb";

fn uri(cell: &str) -> String {
    format!("vscode-notebook-cell:/w/n.ipynb#{cell}")
}

fn document(name: &str, text: &str) -> Value {
    let language = if name.starts_with('m') {
        "markdown"
    } else {
        "python"
    };
    json!({ "uri": uri(name), "languageId": language, "version": 1, "text": text })
}

fn cell(name: &str) -> Value {
    json!({ "kind": if name.starts_with('m') { 1 } else { 2 }, "document": uri(name) })
}

fn open(client: &Client, cells: &[(&str, &str)]) {
    let texts: Vec<_> = cells
        .iter()
        .map(|(name, text)| document(name, text))
        .collect();
    let cells: Vec<_> = cells.iter().map(|(name, _)| cell(name)).collect();
    client.notify("notebookDocument/didOpen", json!({
        "notebookDocument": { "uri": N, "notebookType": "jupyter-notebook", "version": 1, "cells": cells },
        "cellTextDocuments": texts,
    }));
}

fn change(client: &Client, cells: Value) {
    client.notify(
        "notebookDocument/didChange",
        json!({
            "notebookDocument": { "uri": N, "version": 2 }, "change": { "cells": cells },
        }),
    );
}

fn applied(client: &Client) -> Vec<(usize, String)> {
    let changes = client.control.applied.recv_timeout(GUARD).unwrap();
    let [
        Change::Buffer {
            path,
            text: Text::Notebook(cells),
        },
    ] = &changes[..]
    else {
        panic!("{changes:?}");
    };
    assert_eq!(path, std::path::Path::new("/w/n.ipynb"));
    cells
        .iter()
        .map(|NotebookCell { number, text }| (*number, text.clone()))
        .collect()
}

#[test]
fn cells_come_go_move_and_change() {
    let client = setup(rich()).start();
    open(&client, &[("a", "x = 1"), ("m", "# Prose"), ("b", "y")]);
    assert_eq!(applied(&client), [(1, "x = 1".into()), (3, "y".into())]);

    change(
        &client,
        json!({ "textContent": [{
        "document": { "uri": uri("a"), "version": 2 },
        "changes": [{ "range": range((0, 4), (0, 5)), "text": "proxy" }],
    }] }),
    );
    assert_eq!(applied(&client), [(1, "x = proxy".into()), (3, "y".into())]);

    change(
        &client,
        json!({ "structure": {
        "array": { "start": 1, "deleteCount": 1, "cells": [cell("c")] },
        "didOpen": [document("c", "z")], "didClose": [{ "uri": uri("m") }],
    } }),
    );
    assert_eq!(
        applied(&client),
        [(1, "x = proxy".into()), (2, "z".into()), (3, "y".into())]
    );

    // Moving is deleting and inserting, without opening.
    change(
        &client,
        json!({ "structure": { "array": { "start": 0, "deleteCount": 3,
        "cells": [cell("b"), cell("a"), cell("c")] } } }),
    );
    assert_eq!(
        applied(&client),
        [(1, "y".into()), (2, "x = proxy".into()), (3, "z".into())]
    );

    // Beyond the end, and of a cell that is not known.
    change(
        &client,
        json!({ "structure": { "array": { "start": 9, "deleteCount": 4294967295u32 } },
        "textContent": [{ "document": { "uri": uri("q"), "version": 2 }, "changes": [{ "text": "?" }] }] }),
    );
    assert_eq!(applied(&client).len(), 3);

    client.notify(
        "notebookDocument/didClose",
        json!({
            "notebookDocument": { "uri": N }, "cellTextDocuments": [{ "uri": uri("a") }],
        }),
    );
    let changes = client.control.applied.recv_timeout(GUARD).unwrap();
    assert_eq!(
        changes,
        [Change::Closed {
            path: "/w/n.ipynb".into()
        }]
    );
}

#[test]
fn each_cell_is_a_document() {
    let mut client = setup(rich()).start();
    open(
        &client,
        &[
            ("a", "é𝄞 store"),
            ("m", "proxy"),
            ("b", "\nproxy.\nlen(store, proxy"),
        ],
    );
    let (a, b) = (uri("a"), uri("b"));

    assert_eq!(client.pull(&a), Vec::<Value>::new());
    let items = client.pull(&b);
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["range"], range((1, 0), (1, 5)));
    let related = &items[0]["relatedInformation"][0]["location"];
    assert_eq!(
        related,
        &json!({ "uri": a, "range": range((0, 4), (0, 9)) })
    );
    assert_eq!(client.pull(&uri("m")), Vec::<Value>::new());

    let hover = client.at("textDocument/hover", &b, 1, 2);
    assert_eq!(hover["range"], range((1, 0), (1, 5)));
    let items = client.at("textDocument/completion", &b, 1, 6);
    assert_eq!(
        items["items"][0]["textEdit"]["range"],
        range((1, 6), (1, 6))
    );
    let found = client.at("textDocument/definition", &b, 2, 5);
    assert_eq!(found[0]["targetUri"], a.as_str());
    assert_eq!(found[0]["targetSelectionRange"], range((0, 4), (0, 9)));
    assert_eq!(found[0]["originSelectionRange"], range((2, 4), (2, 9)));
    // Those in other cells are of other documents.
    let highlights = client.at("textDocument/documentHighlight", &b, 2, 5);
    assert_eq!(highlights.as_array().unwrap().len(), 1);

    let tokens = client.ask(
        "textDocument/semanticTokens/full",
        json!({ "textDocument": { "uri": b } }),
    );
    assert_eq!(tokens["data"], json!([1, 0, 5, 0, 1, 1, 11, 5, 0, 1]));
    let params = json!({ "textDocument": { "uri": b }, "range": range((2, 0), (9, 0)) });
    let hints = client.ask("textDocument/inlayHint", params);
    assert_eq!(hints[0]["position"], json!({ "line": 2, "character": 3 }));

    let mut params = crate::client::at(&b, 2, 5);
    params["newName"] = json!("shop");
    let edit = client.ask("textDocument/rename", params);
    let changed: Vec<_> = edit["documentChanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["textDocument"]["uri"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changed, [a, b]);
}

#[test]
fn findings_are_sent_for_each_cell() {
    let mut client = setup(push()).start();
    open(&client, &[("a", "proxy"), ("b", "old")]);
    let mut sent: Vec<_> = (0..2)
        .map(|_| client.notification("textDocument/publishDiagnostics")["uri"].clone())
        .collect();
    sent.sort_by_key(Value::to_string);
    assert_eq!(sent, [json!(uri("a")), json!(uri("b"))]);
    change(
        &client,
        json!({ "structure": { "array": { "start": 0, "deleteCount": 1 },
        "didClose": [{ "uri": uri("a") }] } }),
    );
    let cleared = client.notification("textDocument/publishDiagnostics");
    assert_eq!(
        (&cleared["uri"], &cleared["diagnostics"]),
        (&json!(uri("a")), &json!([]))
    );
}

#[test]
fn a_notebook_that_is_not_open_is_one_document() {
    let mut client = setup(rich()).start();
    client.control.write("/w/n.ipynb", "x|\nproxy");
    client.open("file:///w/z.py", "x");
    let report = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let report = &report["items"][0];
    assert_eq!(report["uri"], N);
    assert_eq!(report["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["items"][0]["message"],
        "cell 3, line 2: this is proxy"
    );
    assert_eq!(report["items"][0]["range"], range((0, 0), (0, 0)));

    let mut params = crate::client::at("file:///w/z.py", 0, 0);
    params["newName"] = json!("y");
    let error = client.error("textDocument/rename", params);
    assert_eq!(error.message, "The notebook n.ipynb has to be opened first");
}

#[test]
fn a_notebook_without_a_file_has_a_path() {
    let client = setup(rich()).start();
    client.notify("notebookDocument/didOpen", json!({
        "notebookDocument": { "uri": "untitled:Untitled-1.ipynb", "notebookType": "jupyter-notebook",
            "version": 1, "cells": [cell("a")] },
        "cellTextDocuments": [document("a", "x")],
    }));
    let changes = client.control.applied.recv_timeout(GUARD).unwrap();
    assert!(matches!(&changes[..], [Change::Buffer { path, .. }]
        if path == std::path::Path::new("/w/Untitled-1.ipynb")));
}
