use proxycheck_lsp::{Change, Settings};
use serde_json::{Value, json};

use crate::client::{Client, rich, setup};
use crate::support::GUARD;

fn applied(client: &mut Client) -> Settings {
    // The answer to the server's question is on its way.
    client.sync();
    let changes = client.control.applied.recv_timeout(GUARD).unwrap();
    let [Change::Settings(settings)] = &changes[..] else {
        panic!("{changes:?}");
    };
    settings.clone()
}

#[test]
fn settings_are_asked_for() {
    let mut capabilities = rich();
    capabilities["workspace"]["configuration"] = json!(true);
    capabilities["workspace"]["didChangeConfiguration"] = json!({ "dynamicRegistration": true });
    let mut setup = setup(capabilities);
    setup.params["initializationOptions"] = json!({ "all": true, "python": "/old" });
    setup.configuration = json!({ "python": ".venv", "config": null });
    let mut client = setup.start();
    let start = client.control.started.recv_timeout(GUARD).unwrap();
    assert_eq!(start.settings.python, Some("/old".into()));
    let registered = client.asked("client/registerCapability");
    assert_eq!(
        registered["registrations"][0]["registerOptions"]["section"],
        "proxycheck"
    );
    client.asked("workspace/configuration");
    let settings = applied(&mut client);
    assert_eq!(settings.python, Some("/w/.venv".into()));
    assert_eq!(settings.all, Some(true));

    client.configuration = json!({ "all": false });
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": null }),
    );
    client.asked("workspace/configuration");
    let settings = applied(&mut client);
    assert_eq!(settings.all, Some(false));
    assert_eq!(settings.python, Some("/old".into()));
}

#[test]
fn settings_are_sent() {
    let mut client = setup(rich()).start();
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": {
        "proxycheck": { "config": "p.toml" }, "ruff": { "x": 1 },
    } }),
    );
    assert_eq!(applied(&mut client).config, Some("/w/p.toml".into()));
}

#[test]
fn a_setting_that_is_not_understood_is_named() {
    let mut setup = setup(rich());
    setup.params["initializationOptions"] = json!({ "pyhton": ".venv" });
    let mut client = setup.start();
    let shown = client.notification("window/showMessage");
    assert_eq!(shown["message"], "There is no setting `proxycheck.pyhton`");
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "all": "yes" } }),
    );
    let shown = client.notification("window/showMessage");
    assert_eq!(
        shown["message"],
        "The setting `proxycheck.all` is not true or false"
    );
}

#[test]
fn the_workspace_is_not_reported_if_nobody_wants_it() {
    let mut client = setup(rich()).start();
    client.control.write("/w/b.py", "proxy");
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": {
        "diagnostics": { "workspace": false },
    } }),
    );
    let known = json!([{ "uri": "file:///w/b.py", "value": "x" }]);
    let report = client.ask(
        "workspace/diagnostic",
        json!({ "previousResultIds": known }),
    );
    assert_eq!(report["items"][0]["items"], Value::Array(Vec::new()));
}
