use serde_json::{Value, json};

use crate::client::{Client, at, range, rich, setup};

const A: &str = "file:///w/a.py";
const B: &str = "file:///w/b.py";

#[test]
fn hover_is_in_the_form_that_the_client_shows() {
    let mut client = setup(rich()).start();
    client.open(A, "e\u{301}𝄞 word");
    let hover = client.at("textDocument/hover", A, 0, 6);
    assert_eq!(
        hover["contents"],
        json!({ "kind": "markdown", "value": "**word**" })
    );
    assert_eq!(hover["range"], range((0, 5), (0, 9)));
    assert_eq!(
        client.at("textDocument/hover", A, 9, 9)["range"],
        hover["range"]
    );
    assert_eq!(client.at("textDocument/hover", B, 0, 0), Value::Null);

    let mut client = setup(json!({})).start();
    client.open(A, "word");
    assert_eq!(
        client.at("textDocument/hover", A, 0, 0)["contents"]["kind"],
        "plaintext"
    );
}

#[test]
fn members_are_completed_and_documented() {
    let mut client = setup(rich()).start();
    client.open(A, "é.sh");
    let list = client.at("textDocument/completion", A, 0, 4);
    let item = &list["items"][0];
    assert_eq!(item["label"], "shape");
    assert_eq!(item["kind"], 10);
    assert_eq!(item["detail"], "() -> int");
    assert_eq!(
        item["textEdit"],
        json!({ "range": range((0, 2), (0, 4)), "newText": "shape" })
    );
    assert_eq!(list["items"][1]["tags"], json!([1]));
    assert!(item["sortText"].as_str() < list["items"][1]["sortText"].as_str());
    let resolved = client.ask("completionItem/resolve", item.clone());
    assert_eq!(resolved["documentation"]["value"], "What *shape* is.");
    let foreign = json!({ "label": "x" });
    assert_eq!(
        client.ask("completionItem/resolve", foreign.clone()),
        foreign
    );
    let error = client.error("completionItem/resolve", json!({ "label": "x", "data": 3 }));
    assert_eq!(error.code, -32602);
}

#[test]
fn signatures_point_to_a_parameter() {
    let mut client = setup(rich()).start();
    client.open(A, "f(1, 2, 3");
    let help = client.at("textDocument/signatureHelp", A, 0, 5);
    assert_eq!(help["activeSignature"], 0);
    assert_eq!(help["activeParameter"], 1);
    let signature = &help["signatures"][0];
    assert_eq!(signature["activeParameter"], 1);
    assert_eq!(signature["parameters"][0]["label"], json!([2, 9]));
    assert_eq!(signature["parameters"][1]["label"], json!([11, 17]));
    assert_eq!(signature["documentation"]["kind"], "markdown");
    let help = client.at("textDocument/signatureHelp", A, 0, 8);
    assert_eq!(help.get("activeParameter"), Some(&Value::Null));
    assert_eq!(
        client.at("textDocument/signatureHelp", A, 0, 0),
        Value::Null
    );

    let mut client = setup(json!({})).start();
    client.open(A, "f(1, 2, 3");
    let help = client.at("textDocument/signatureHelp", A, 0, 5);
    assert_eq!(help["signatures"][0]["parameters"][1]["label"], "b: str");
    assert_eq!(help["signatures"][0].get("activeParameter"), None);
    let help = client.at("textDocument/signatureHelp", A, 0, 8);
    assert_eq!(help.get("activeParameter"), None);
}

#[test]
fn definitions_are_found_in_files_that_are_not_open() {
    let (text, other) = ("x; y\r\nname", "\r\ndef 𝄞 name: pass");
    let mut client = setup(rich()).start();
    client.control.write("/w/Z.py", other);
    client.open(A, text);
    for method in ["textDocument/definition", "textDocument/typeDefinition"] {
        let links = client.at(method, A, 1, 4);
        assert_eq!(
            links,
            json!([{
                "originSelectionRange": range((1, 0), (1, 4)),
                "targetUri": "file:///w/Z.py",
                "targetRange": range((1, 0), (1, 17)),
                "targetSelectionRange": range((1, 7), (1, 11)),
            }])
        );
    }
    let mut client = setup(json!({})).start();
    client.control.write("/w/Z.py", other);
    client.open(A, text);
    let place = json!([{ "uri": "file:///w/Z.py", "range": range((1, 7), (1, 11)) }]);
    assert_eq!(client.at("textDocument/definition", A, 1, 4), place);
    assert_eq!(client.at("textDocument/definition", A, 0, 2), Value::Null);
}

#[test]
fn references_are_found_everywhere_and_highlighted_here() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "\nname = 1");
    client.open(A, "name; name");
    let mut ask = |declaration: bool| {
        let mut params = at(A, 0, 7);
        params["context"] = json!({ "includeDeclaration": declaration });
        client.ask("textDocument/references", params)
    };
    let first = json!({ "uri": A, "range": range((0, 0), (0, 4)) });
    let second = json!({ "uri": A, "range": range((0, 6), (0, 10)) });
    let third = json!({ "uri": B, "range": range((1, 0), (1, 4)) });
    assert_eq!(ask(true), json!([first, second, third]));
    assert_eq!(ask(false), json!([second, third]));
    let highlights = client.at("textDocument/documentHighlight", A, 0, 7);
    assert_eq!(
        highlights,
        json!([{ "range": first["range"], "kind": 3 }, { "range": second["range"], "kind": 2 }])
    );
}

fn rename(client: &mut Client, column: u32) -> Value {
    let mut params = at(A, 0, column);
    params["newName"] = json!("new");
    client.ask("textDocument/rename", params)
}

#[test]
fn renaming_changes_all_files() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "name");
    client.open(A, "def name");
    assert_eq!(
        client.at("textDocument/prepareRename", A, 0, 5),
        range((0, 4), (0, 8))
    );
    let error = client.error("textDocument/prepareRename", at(A, 0, 1));
    assert_eq!(
        (error.code, &*error.message),
        (-32803, "`def` is a keyword")
    );
    let (here, there) = (range((0, 4), (0, 8)), range((0, 0), (0, 4)));
    assert_eq!(
        rename(&mut client, 5),
        json!({ "documentChanges": [
        { "textDocument": { "uri": A, "version": 1 }, "edits": [{ "range": here, "newText": "new" }] },
        { "textDocument": { "uri": B, "version": null }, "edits": [{ "range": there, "newText": "new" }] },
    ] })
    );

    let mut client = setup(json!({})).start();
    client.control.write("/w/b.py", "name");
    client.open(A, "def name");
    assert_eq!(
        rename(&mut client, 5),
        json!({ "changes": {
        A: [{ "range": here, "newText": "new" }], B: [{ "range": there, "newText": "new" }],
    } })
    );
}

#[test]
fn hints_are_those_that_are_wanted() {
    let mut setup = setup(rich());
    setup.params["initializationOptions"] = json!({ "inlayHints": { "resolves": false } });
    let mut client = setup.start();
    client.open(A, "proxy\nlen(proxy)\nproxy");
    let params = json!({ "textDocument": { "uri": A }, "range": range((1, 0), (1, 99)) });
    let hints = client.ask("textDocument/inlayHint", params.clone());
    assert_eq!(
        hints,
        json!([{
            "position": { "line": 1, "character": 9 }, "label": ": Proxy[int]", "kind": 1,
            "tooltip": "why", "paddingLeft": false,
        }])
    );
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": {
        "proxycheck": { "inlayHints": { "resolves": true, "types": false } },
    } }),
    );
    let hints = client.ask("textDocument/inlayHint", params);
    assert_eq!(hints[0]["label"], "resolves");
    assert_eq!(hints[0].get("kind"), None);
    assert_eq!(hints.as_array().unwrap().len(), 1);
}

#[test]
fn tokens_are_relative_and_end_with_their_line() {
    let mut client = setup(rich()).start();
    client.open(A, "𝄞 proxy proxy\r\n\r\n<<a\r\n\r\n  b>> proxy");
    let full = client.ask(
        "textDocument/semanticTokens/full",
        json!({ "textDocument": { "uri": A } }),
    );
    assert_eq!(
        full["data"],
        json!([
            0, 3, 5, 0, 1, 0, 6, 5, 0, 1, 2, 0, 3, 0, 1, 2, 0, 5, 0, 1, 0, 6, 5, 0, 1,
        ])
    );
    let params = json!({ "textDocument": { "uri": A }, "range": range((0, 9), (0, 10)) });
    let part = client.ask("textDocument/semanticTokens/range", params);
    assert_eq!(part["data"], json!([0, 9, 5, 0, 1]));
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "semanticTokens": false } }),
    );
    let none = client.ask(
        "textDocument/semanticTokens/full",
        json!({ "textDocument": { "uri": A } }),
    );
    assert_eq!(none["data"], json!([]));
}

fn actions(client: &mut Client, only: Value, diagnostics: &[Value]) -> Vec<Value> {
    let actions = client.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": A }, "range": range((0, 0), (0, 9)),
            "context": { "diagnostics": diagnostics, "only": only },
        }),
    );
    actions.as_array().unwrap().clone()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions
        .iter()
        .map(|it| it["title"].as_str().unwrap())
        .collect()
}

#[test]
fn actions_say_what_they_remedy() {
    let mut client = setup(rich()).start();
    client.open(A, "a = proxy\nproxy");
    let found = client.pull(A);
    let foreign = json!({ "range": range((0, 4), (0, 9)), "source": "mypy", "code": "no-proxy", "message": "" });
    let context = [foreign, found[0].clone()];
    let all = actions(&mut client, Value::Null, &context);
    let fix_all = "Apply all safe fixes of proxycheck";
    assert_eq!(
        titles(&all),
        [
            "Take the target",
            "Ignore",
            "Show the rule",
            "Allow both",
            fix_all
        ]
    );
    let fix = &all[0];
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["isPreferred"], true);
    assert_eq!(fix["diagnostics"], json!([found[0]]));
    let edit = &fix["edit"]["documentChanges"][0];
    assert_eq!(edit["textDocument"], json!({ "uri": A, "version": 1 }));
    assert_eq!(
        edit["edits"],
        json!([{ "range": range((0, 4), (0, 9)), "newText": "target" }])
    );
    assert_eq!(all[2]["command"]["command"], "proxycheck.showRule");
    assert_eq!(all[2]["command"]["arguments"], json!(["no-proxy"]));

    let kinds = |only: Value, client: &mut Client| -> Vec<String> {
        titles(&actions(client, only, &[]))
            .into_iter()
            .map(Into::into)
            .collect()
    };
    assert_eq!(kinds(json!(["refactor"]), &mut client), ["Allow both"]);
    assert_eq!(kinds(json!(["source.fixAll"]), &mut client), [fix_all]);
    assert_eq!(
        kinds(json!(["source.organizeImports"]), &mut client),
        [""; 0]
    );
    let all = actions(&mut client, json!(["source.fixAll.proxycheck"]), &[]);
    let edits = all[0]["edit"]["documentChanges"][0]["edits"]
        .as_array()
        .unwrap();
    assert_eq!(edits.len(), 2);
}

#[test]
fn a_fix_travels_with_its_finding() {
    let mut client = setup(rich()).start();
    client.open(A, "a = proxy");
    let found = client.pull(A);
    // The analysis offers nothing, but the line is the same.
    client.replace(A, 2, "a = proxy\nslow");
    let offered = actions(&mut client, json!(["quickfix"]), &found);
    assert_eq!(titles(&offered), ["Take the target"]);
    assert_eq!(
        offered[0]["edit"]["documentChanges"][0]["textDocument"]["version"],
        2
    );
    client.replace(A, 3, "ab = proxy\nslow");
    assert_eq!(
        actions(&mut client, json!(["quickfix"]), &found),
        Vec::<Value>::new()
    );
    // Whatever else comes as data is no fix.
    let mut strange = found[0].clone();
    strange["data"] = json!({ "title": 3 });
    assert_eq!(
        actions(&mut client, json!(["quickfix"]), &[strange]),
        Vec::<Value>::new()
    );
}

#[test]
fn a_client_without_literals_gets_no_actions() {
    let mut client = setup(json!({})).start();
    client.open(A, "proxy");
    let params = json!({ "textDocument": { "uri": A }, "range": range((0, 0), (0, 5)),
        "context": { "diagnostics": [] } });
    assert_eq!(client.ask("textDocument/codeAction", params), Value::Null);
}

#[test]
fn the_page_of_a_rule_is_shown() {
    let command = |rule: Value| json!({ "command": "proxycheck.showRule", "arguments": [rule] });
    let mut capabilities = rich();
    capabilities["window"] = json!({ "showDocument": { "support": true } });
    let mut client = setup(capabilities).start();
    let method = "workspace/executeCommand";
    assert_eq!(client.ask(method, command(json!("no-proxy"))), Value::Null);
    let shown = client.asked("window/showDocument");
    assert_eq!(shown["uri"], "file:///no-proxy.md");
    client.ask(method, command(json!("no-file")));
    assert_eq!(
        client.notification("window/showMessage")["message"],
        "# no-file\n"
    );
    assert_eq!(client.error(method, command(json!("what"))).code, -32803);
    assert_eq!(client.error(method, command(json!(3))).code, -32602);
    assert_eq!(
        client.error(method, json!({ "command": "rm" })).code,
        -32602
    );
    let page = client.ask("proxycheck/rulePage", json!({ "rule": "no-old" }));
    assert_eq!(page, json!({ "markdown": "# no-old\n" }));

    let mut client = setup(rich()).start();
    client.ask(method, command(json!("no-proxy")));
    assert_eq!(
        client.notification("window/showMessage"),
        json!({ "type": 3, "message": "# no-proxy\n" })
    );
}
