use lsp_server::{Message, Request, RequestId};
use serde_json::json;

use crate::client::{Client, at, rich, setup};
use crate::support::GUARD;

const A: &str = "file:///w/a.py";
const B: &str = "file:///w/b.py";

fn blocked(client: &Client) -> String {
    loop {
        let question = client.control.blocked.recv_timeout(GUARD).unwrap();
        // The project is looked at on its own account.
        if question != "settle" {
            return question;
        }
    }
}

fn cancel(client: &Client, id: &RequestId) {
    client.notify("$/cancelRequest", json!({ "id": id }));
}

#[test]
fn cancelling_is_answered_at_once_and_only_once() {
    let mut client = setup(rich()).start();
    client.open(A, "block");
    let id = client.request("textDocument/hover", at(A, 0, 0));
    assert_eq!(blocked(&client), "hover");
    cancel(&client, &id);
    assert_eq!(client.response(&id).unwrap_err().code, -32800);
    // Its late answer goes nowhere, and neither does another cancellation.
    client.control.open_gate();
    cancel(&client, &id);
    client.at("textDocument/hover", A, 0, 0);
    let again = client
        .sync()
        .into_iter()
        .any(|it| matches!(it, Message::Response(it) if it.id == id));
    assert!(!again);
}

#[test]
fn what_a_change_ends_is_asked_again() {
    let mut client = setup(rich()).start();
    client.open(A, "block");
    let hover = client.request("textDocument/hover", at(A, 0, 0));
    let pull = client.request(
        "textDocument/diagnostic",
        json!({ "textDocument": { "uri": A } }),
    );
    let mut questions = [blocked(&client), blocked(&client)];
    questions.sort();
    assert_eq!(questions, ["diagnostics", "hover"]);
    client.replace(A, 2, "é𝄞 proxy");
    let hover = client.response(&hover).unwrap();
    assert_eq!(hover["contents"]["value"], "**é**");
    let report = client.response(&pull).unwrap();
    assert_eq!(report["items"][0]["range"]["start"]["character"], 4);
}

#[test]
fn what_is_ended_without_a_change_is_not_asked_again() {
    let mut client = setup(rich()).start();
    client.open(A, "x");
    client.sync();
    client.control.cancel_always();
    assert_eq!(client.error("textDocument/hover", at(A, 0, 0)).code, -32801);
}

#[test]
fn a_rename_is_not_made_in_a_text_that_it_was_not_asked_for() {
    let mut client = setup(rich()).start();
    client.open(A, "block name");
    client.open(B, "x");
    let mut params = at(A, 0, 7);
    params["newName"] = json!("new");
    let id = client.request("textDocument/rename", params.clone());
    assert_eq!(blocked(&client), "rename");
    client.replace(A, 2, "x = name");
    assert_eq!(client.response(&id).unwrap_err().code, -32801);

    // A change of another file does no harm.
    client.replace(A, 3, "block name");
    let id = client.request("textDocument/rename", params);
    assert_eq!(blocked(&client), "rename");
    client.replace(B, 2, "name");
    blocked(&client);
    client.control.open_gate();
    let edit = client.response(&id).unwrap();
    assert_eq!(edit["documentChanges"].as_array().unwrap().len(), 2);
    assert_eq!(
        edit["documentChanges"][0]["textDocument"],
        json!({ "uri": A, "version": 3 })
    );
}

#[test]
fn typing_does_not_wait_for_the_workspace() {
    let mut client = setup(rich()).start();
    client.control.write("/w/c.py", "block");
    client.open(A, "x.");
    let mut ids: Vec<_> = (0..4)
        .map(|_| client.request("workspace/diagnostic", json!({ "previousResultIds": [] })))
        .collect();
    for _ in 0..8 {
        let params = json!({ "textDocument": { "uri": "file:///w/c.py" } });
        ids.push(client.request("textDocument/diagnostic", params));
    }
    blocked(&client);
    let items = client.at("textDocument/completion", A, 0, 2);
    assert_eq!(items["items"][0]["label"], "shape");
    client.control.open_gate();
    for id in ids {
        client.response(&id).unwrap();
    }
}

#[test]
fn changes_that_wait_are_applied_together() {
    let mut client = setup(rich()).start();
    client.control.hold_changes(true);
    client.open(A, "1");
    assert_eq!(blocked(&client), "apply");
    for version in 2..50 {
        client.replace(A, version, &version.to_string());
    }
    client.control.hold_changes(false);
    assert_eq!(
        client.at("textDocument/hover", A, 0, 0)["contents"]["value"],
        "**49**"
    );
    let batches: Vec<_> = client
        .control
        .applied
        .try_iter()
        .map(|it| it.len())
        .collect();
    assert_eq!(batches, [1, 48]);
}

#[test]
fn an_id_is_taken_until_it_is_answered() {
    let mut client = setup(rich()).start();
    client.open(A, "block");
    let id = client.request("textDocument/hover", at(A, 0, 0));
    blocked(&client);
    client.send(Request::new(
        id.clone(),
        "textDocument/hover".into(),
        at(A, 0, 0),
    ));
    assert_eq!(client.response(&id).unwrap_err().code, -32600);
    client.control.open_gate();
    assert!(client.response(&id).is_ok());
}

#[test]
fn shutting_down_answers_what_is_open() {
    let mut client = setup(rich()).start();
    client.open(A, "block");
    let id = client.request("textDocument/hover", at(A, 0, 0));
    blocked(&client);
    client.ask("shutdown", json!(null));
    assert_eq!(client.response(&id).unwrap_err().code, -32800);
    client.control.open_gate();
}
