use lsp_server::Message;
use serde_json::{Value, json};

use crate::client::{Client, push, range, rich, setup};
use crate::support::GUARD;

const A: &str = "file:///w/a.py";
const B: &str = "file:///w/b.py";

#[test]
fn a_finding_has_everything_that_the_client_understands() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "\n  store");
    client.open(A, "x = proxy; old; unused");
    let items = client.pull(A);
    assert_eq!(items.len(), 3);
    let finding = &items[0];
    assert_eq!(finding["range"], range((0, 4), (0, 9)));
    assert_eq!(finding["severity"], 2);
    assert_eq!(finding["code"], "no-proxy");
    assert_eq!(finding["source"], "proxycheck");
    assert_eq!(finding["message"], "this is proxy");
    assert_eq!(
        finding["codeDescription"]["href"],
        "https://example.org/no-proxy"
    );
    assert_eq!(
        finding["relatedInformation"],
        json!([{ "location": { "uri": B, "range": range((1, 2), (1, 7)) }, "message": "made here" }])
    );
    assert_eq!(finding["data"]["title"], "Take the target");
    assert_eq!(items[1]["tags"], json!([2]));
    assert_eq!(items[2]["tags"], json!([1]));
}

#[test]
fn a_simple_client_is_told_in_words() {
    let mut client = setup(json!({ "textDocument": { "diagnostic": {} } })).start();
    client.control.write("/w/b.py", "\n  store");
    client.open(A, "proxy; old");
    let items = client.pull(A);
    assert_eq!(
        items[0]["message"],
        "this is proxy\nb.py, line 2: made here"
    );
    for key in ["relatedInformation", "codeDescription", "tags", "data"] {
        assert!(
            items[0].get(key).is_none() && items[1].get(key).is_none(),
            "{key}"
        );
    }
}

#[test]
fn what_is_known_already_is_not_sent() {
    let mut client = setup(rich()).start();
    client.open(A, "proxy");
    let ask = |client: &mut Client, id: &Value| {
        let params = json!({ "textDocument": { "uri": A }, "previousResultId": id });
        client.ask("textDocument/diagnostic", params)
    };
    let first = ask(&mut client, &json!("of another server"));
    let id = first["resultId"].clone();
    assert_eq!(
        ask(&mut client, &id),
        json!({ "kind": "unchanged", "resultId": id })
    );
    client.replace(A, 2, "proxy # the same");
    // The edit that comes with it names the line.
    assert_eq!(ask(&mut client, &id)["kind"], "full");
    client.replace(A, 3, "old");
    assert_eq!(ask(&mut client, &id)["items"][0]["code"], "no-old");
}

#[test]
fn what_is_not_known_has_no_findings() {
    let mut client = setup(rich()).start();
    client.notify(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": "git:/w/a.py", "languageId": "python", "version": 1, "text": "proxy" } }),
    );
    for uri in ["git:/w/a.py", "untitled:Untitled-1", "file:///w/none.py"] {
        assert_eq!(client.pull(uri), Vec::<Value>::new());
    }
}

fn uris(report: &Value) -> Vec<&str> {
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["uri"].as_str().unwrap())
        .collect()
}

#[test]
fn the_workspace_is_asked_for() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "proxy");
    client.control.write("/w/c.py", "nothing");
    client.open(A, "old");
    let report = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(uris(&report), [A, B]);
    assert_eq!(report["items"][0]["version"], 1);
    assert_eq!(report["items"][1]["version"], Value::Null);

    // One is unchanged, one is right now, and one is gone.
    let ids: Vec<_> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!({ "uri": it["uri"], "value": it["resultId"] }))
        .chain([json!({ "uri": "file:///w/gone.py", "value": "x" })])
        .collect();
    client.control.write("/w/b.py", "nothing");
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": B, "type": 2 }] }),
    );
    let report = client.ask("workspace/diagnostic", json!({ "previousResultIds": ids }));
    let kinds: Vec<_> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["uri"].as_str().unwrap(), it["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [(A, "unchanged"), (B, "full"), ("file:///w/gone.py", "full")]
    );
    assert_eq!(report["items"][1]["items"], json!([]));
}

#[test]
fn a_client_that_streams_waits_for_something_new() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "proxy");
    let params =
        json!({ "previousResultIds": [], "partialResultToken": "t", "workDoneToken": "w" });
    let id = client.request("workspace/diagnostic", params);
    let begin = client.notification("$/progress");
    assert_eq!(
        (&begin["token"], &begin["value"]["kind"]),
        (&json!("w"), &json!("begin"))
    );
    let part = client.notification("$/progress");
    assert_eq!(part["token"], "t");
    assert_eq!(uris(&part["value"]), [B]);
    let end = client.notification("$/progress");
    assert_eq!(
        (&end["token"], &end["value"]["kind"]),
        (&json!("w"), &json!("end"))
    );
    assert_eq!(client.response(&id).unwrap(), json!({ "items": [] }));

    let known = json!([{ "uri": B, "value": part["value"]["items"][0]["resultId"] }]);
    let params = json!({ "previousResultIds": known, "partialResultToken": "t" });
    let id = client.request("workspace/diagnostic", params.clone());
    let answers = client.sync();
    assert!(
        !answers.iter().any(|it| matches!(it, Message::Response(_))),
        "{answers:?}"
    );
    client.control.write("/w/b.py", "old");
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": B, "type": 2 }] }),
    );
    let part = client.notification("$/progress");
    assert_eq!(part["value"]["items"][0]["items"][0]["code"], "no-old");
    client.response(&id).unwrap();

    // One that waits can be cancelled.
    let known = json!([{ "uri": B, "value": part["value"]["items"][0]["resultId"] }]);
    let params = json!({ "previousResultIds": known, "partialResultToken": "t" });
    let id = client.request("workspace/diagnostic", params);
    client.sync();
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.response(&id).unwrap_err().code, -32800);
}

#[test]
fn a_check_of_the_workspace_that_a_change_ends_goes_on_later() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "proxy");
    client.control.write("/w/c.py", "block");
    let id = client.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(
        client.control.blocked.recv_timeout(GUARD).unwrap(),
        "diagnostics"
    );
    client.open(A, "old");
    assert_eq!(
        client.control.blocked.recv_timeout(GUARD).unwrap(),
        "diagnostics"
    );
    client.control.open_gate();
    assert_eq!(uris(&client.response(&id).unwrap()), [A, B]);
}

#[test]
fn the_client_is_told_when_other_files_have_changed() {
    let mut capabilities = rich();
    capabilities["workspace"] = json!({
        "diagnostics": { "refreshSupport": true },
        "inlayHint": { "refreshSupport": true },
        "semanticTokens": { "refreshSupport": true },
    });
    let mut client = setup(capabilities).start();
    client.control.settle_changes(true);
    client.open(A, "x");
    client.asked("workspace/diagnostic/refresh");
    client.asked("workspace/inlayHint/refresh");
    client.asked("workspace/semanticTokens/refresh");
}

fn published(client: &mut Client) -> (String, Value, usize) {
    let it = client.notification("textDocument/publishDiagnostics");
    let count = it["diagnostics"].as_array().unwrap().len();
    (
        it["uri"].as_str().unwrap().into(),
        it["version"].clone(),
        count,
    )
}

#[test]
fn what_is_sent_is_sent_once_and_for_the_last_version() {
    let mut client = setup(push()).start();
    client.open(A, "proxy");
    for version in 2..20 {
        client.replace(A, version, &"proxy ".repeat(version as usize));
    }
    // Whatever was sent before the silence, the last is about the last.
    loop {
        let (uri, version, count) = published(&mut client);
        assert_eq!(uri, A);
        assert_eq!(version, json!(count));
        if version == 19 {
            break;
        }
    }
    // The same findings are not sent again.
    client.replace(A, 20, &format!("{}# other", "proxy ".repeat(19)));
    client.open(B, "old");
    assert_eq!(published(&mut client).0, B);
}

#[test]
fn the_findings_of_an_old_version_are_not_sent() {
    let mut client = setup(push()).start();
    client.open(A, "block proxy");
    assert_eq!(
        client.control.blocked.recv_timeout(GUARD).unwrap(),
        "diagnostics"
    );
    client.replace(A, 2, "proxy proxy");
    assert_eq!(published(&mut client), (A.into(), json!(2), 2));
}

#[test]
fn findings_go_with_their_document() {
    let mut client = setup(push()).start();
    client.open(A, "proxy");
    assert_eq!(published(&mut client), (A.into(), json!(1), 1));
    client.close(A);
    assert_eq!(published(&mut client), (A.into(), Value::Null, 0));
}

#[test]
fn other_documents_are_sent_again_when_they_have_changed() {
    let mut client = setup(push()).start();
    client.open(A, "proxy");
    assert_eq!(published(&mut client).2, 1);
    client.control.settle_changes(true);
    client.open(B, "store");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let it = client.notification("textDocument/publishDiagnostics");
        seen.push((
            it["uri"].as_str().unwrap().to_owned(),
            it["diagnostics"].clone(),
        ));
    }
    let (_, again) = seen.iter().find(|(uri, _)| uri == A).unwrap();
    assert_eq!(
        again[0]["message"],
        "this is proxy\nb.py, line 1: made here"
    );
}
