use lsp_server::{Connection, Message, Notification, Request};
use serde_json::{Value, json};

use crate::client::{at, push, rich, setup};
use crate::support::{Control, GUARD};

const A: &str = "file:///w/a.py";

#[test]
fn the_server_ends_as_it_is_told() {
    let client = setup(rich()).start();
    let result = client.end(|it| {
        assert_eq!(it.ask("shutdown", Value::Null), Value::Null);
        assert_eq!(it.error("textDocument/hover", at(A, 0, 0)).code, -32600);
        it.notify("textDocument/didOpen", json!({}));
        it.notify("exit", Value::Null);
    });
    assert_eq!(result, Ok(()));
}

#[test]
fn leaving_without_shutting_down_is_an_error() {
    let client = setup(rich()).start();
    assert!(client.end(|it| it.notify("exit", Value::Null)).is_err());
}

#[test]
fn a_client_that_vanishes_ends_the_server() {
    let client = setup(rich()).start();
    assert!(client.end(|_| ()).is_err());
}

#[test]
fn a_client_that_vanishes_while_something_is_answered_ends_the_server() {
    let mut client = setup(rich()).start();
    client.open(A, "block");
    client.request("textDocument/hover", at(A, 0, 0));
    let control = client.control.clone();
    control.blocked.recv_timeout(GUARD).unwrap();
    assert!(client.end(|_| ()).is_err());
    control.open_gate();
}

#[test]
fn nothing_is_answered_before_the_client_has_introduced_itself() {
    let (server, client) = Connection::memory();
    let control = Control::new();
    let server = std::thread::spawn(move || {
        proxycheck_lsp::run(server, |start| Ok(control.start(start))).is_ok()
    });
    let send = |message: Message| client.sender.send(message).unwrap();
    send(Notification::new("textDocument/didOpen".into(), json!(3)).into());
    send(Request::new(1.into(), "textDocument/hover".into(), at(A, 0, 0)).into());
    let Message::Response(response) = client.receiver.recv_timeout(GUARD).unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.response_result.unwrap_err().code, -32002);
    send(Notification::new("exit".into(), Value::Null).into());
    assert!(!server.join().unwrap());
}

#[test]
fn a_backend_that_cannot_be_started_is_reported() {
    let (server, client) = Connection::memory();
    let server = std::thread::spawn(move || {
        proxycheck_lsp::run(server, |_| -> anyhow::Result<crate::support::FakeBackend> {
            anyhow::bail!("no Python")
        })
        .is_ok()
    });
    let params = json!({ "capabilities": {} });
    client
        .sender
        .send(Request::new(1.into(), "initialize".into(), params).into())
        .unwrap();
    let Message::Response(response) = client.receiver.recv_timeout(GUARD).unwrap() else {
        panic!("no response")
    };
    assert_eq!(response.response_result.unwrap_err().message, "no Python");
    assert!(!server.join().unwrap());
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut client = setup(rich()).start();
    assert_eq!(client.error("textDocument/moniker", json!({})).code, -32601);
    assert_eq!(client.error("initialize", json!({})).code, -32600);
    for params in [
        Value::Null,
        json!([]),
        json!({ "textDocument": { "uri": "no uri" }, "position": { "line": 0, "character": 0 } }),
        json!({ "textDocument": { "uri": A }, "position": { "line": -1, "character": 0 } }),
    ] {
        assert_eq!(client.error("textDocument/hover", params).code, -32602);
    }
    for method in [
        "textDocument/didOpen",
        "textDocument/didChange",
        "$/cancelRequest",
        "what/ever",
    ] {
        client.notify(method, json!({ "id": 1.5, "textDocument": 3 }));
    }
    client.open(A, "x");
    assert!(client.at("textDocument/hover", A, 0, 0).is_object());
}

#[test]
fn a_panic_is_an_answer() {
    let mut client = setup(rich()).start();
    client.open(A, "panic_hover");
    let error = client.error("textDocument/hover", at(A, 0, 0));
    assert_eq!(error.code, -32603);
    assert!(error.message.contains("told to panic"), "{error:?}");
    let log = client.notification("window/logMessage");
    assert!(
        log["message"]
            .as_str()
            .unwrap()
            .contains("textDocument/hover")
    );
    assert!(
        client
            .at("textDocument/documentHighlight", A, 0, 0)
            .is_array()
    );
}

#[test]
fn a_panic_while_changing_or_settling_or_publishing_is_survived() {
    let mut client = setup(push()).start();
    client.control.panic_on_apply(true);
    client.open(A, "x");
    let log = client.notification("window/logMessage");
    assert!(
        log["message"].as_str().unwrap().contains("told to panic"),
        "{log}"
    );
    client.control.panic_on_apply(false);
    client.replace(A, 2, "panic_diagnostics panic_settle");
    for _ in 0..2 {
        let log = client.notification("window/logMessage");
        assert!(
            log["message"].as_str().unwrap().contains("told to panic"),
            "{log}"
        );
    }
    client.replace(A, 3, "proxy");
    // What is left of the change that was lost may have been looked at first.
    let mut version = || client.notification("textDocument/publishDiagnostics")["version"].clone();
    while version() != 3 {}
}

#[test]
fn the_project_is_looked_at_first_and_progress_is_shown() {
    let mut setup = setup(json!({ "window": { "workDoneProgress": true } }));
    setup.params["initializationOptions"] = json!({ "all": true });
    let mut client = setup.start();
    let token = client.asked("window/workDoneProgress/create")["token"].clone();
    let start = client.control.started.recv_timeout(GUARD).unwrap();
    assert_eq!(start.folders, [std::path::Path::new("/w")]);
    assert_eq!(start.settings.all, Some(true));
    // It may be over before the client has agreed, and is then not shown at all.
    let messages = client.sync();
    for message in messages {
        if let Message::Notification(it) = message {
            assert_eq!(it.params["token"], token);
        }
    }
}

#[test]
fn watchers_are_registered_and_follow_the_backend() {
    let mut client =
        setup(json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } }))
            .start();
    let glob = |it: &Value| {
        it["registrations"][0]["registerOptions"]["watchers"][0]["globPattern"].clone()
    };
    assert_eq!(glob(&client.asked("client/registerCapability")), "**/*.py");
    client.control.watch(&["**/*.toml"]);
    client.open(A, "x");
    client.asked("client/unregisterCapability");
    assert_eq!(
        glob(&client.asked("client/registerCapability")),
        "**/*.toml"
    );
}

#[test]
fn problems_are_shown_once_until_they_are_solved() {
    let setup = setup(rich());
    setup.control.add_problem("pyproject.toml is no TOML");
    let mut client = setup.start();
    let shown = client.notification("window/showMessage");
    assert_eq!(
        shown,
        json!({ "type": 2, "message": "pyproject.toml is no TOML" })
    );
    client.control.add_problem("pyproject.toml is no TOML");
    client.control.add_problem("another");
    client.open(A, "x");
    let shown = client.notification("window/showMessage");
    assert_eq!(shown["message"], "another");
    client.control.solve_problems();
    client.replace(A, 2, "y");
    client.pull(A);
    client.control.add_problem("another");
    client.replace(A, 3, "z");
    let shown = client.notification("window/showMessage");
    assert_eq!(shown["message"], "another");
}
