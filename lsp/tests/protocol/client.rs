//! The other side of the protocol.

use std::collections::VecDeque;
use std::thread::{self, JoinHandle};

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response, ResponseError};
use serde_json::{Value, json};

use crate::support::{Control, GUARD};

pub struct Client {
    pub control: Control,
    pub connection: Connection,
    pub initialized: Value,
    server: Option<JoinHandle<Result<(), String>>>,
    next_id: i32,
    /// Received, but not looked at.
    backlog: VecDeque<Message>,
    /// What `workspace/configuration` is answered with.
    pub configuration: Value,
}

pub struct Setup {
    pub control: Control,
    pub params: Value,
    pub configuration: Value,
}

/// A client with the given capabilities and the folder `/w`.
pub fn setup(capabilities: Value) -> Setup {
    Setup {
        control: Control::new(),
        params: json!({
            "processId": null,
            "rootUri": null,
            "workspaceFolders": [{ "uri": "file:///w", "name": "w" }],
            "capabilities": capabilities,
        }),
        configuration: Value::Null,
    }
}

/// What an editor such as VS Code can do.
pub fn rich() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "diagnostic": { "relatedInformation": true, "tagSupport": { "valueSet": [1, 2] },
                "codeDescriptionSupport": true, "dataSupport": true },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "completion": { "completionItem": { "documentationFormat": ["markdown"],
                "tagSupport": { "valueSet": [1] } } },
            "signatureHelp": { "signatureInformation": { "documentationFormat": ["markdown"],
                "parameterInformation": { "labelOffsetSupport": true },
                "activeParameterSupport": true, "noActiveParameterSupport": true } },
            "definition": { "linkSupport": true },
            "typeDefinition": { "linkSupport": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
        },
        "workspace": { "workspaceEdit": { "documentChanges": true } },
    })
}

/// One that is sent diagnostics.
pub fn push() -> Value {
    json!({ "textDocument": { "publishDiagnostics": { "versionSupport": true } } })
}

impl Setup {
    pub fn start(self) -> Client {
        let (server, connection) = Connection::memory();
        let control = self.control.clone();
        let server = thread::spawn(move || {
            proxycheck_lsp::run(server, |start| Ok(control.start(start)))
                .map_err(|it| it.to_string())
        });
        let mut client = Client {
            control: self.control,
            connection,
            initialized: Value::Null,
            server: Some(server),
            next_id: 0,
            backlog: VecDeque::new(),
            configuration: self.configuration,
        };
        client.initialized = client.ask("initialize", self.params);
        client.notify("initialized", json!({}));
        client
    }
}

impl Client {
    pub fn send(&self, message: impl Into<Message>) {
        self.connection.sender.send(message.into()).unwrap();
    }

    pub fn notify(&self, method: &str, params: Value) {
        self.send(Notification::new(method.into(), params));
    }

    pub fn request(&mut self, method: &str, params: Value) -> RequestId {
        self.next_id += 1;
        let id = RequestId::from(self.next_id);
        self.send(Request::new(id.clone(), method.into(), params));
        id
    }

    /// The next message that fits. The others stay, in order; requests of the server are answered.
    fn find<T>(&mut self, fits: impl Fn(&Message) -> Option<T>) -> T {
        if let Some(index) = self.backlog.iter().position(|it| fits(it).is_some()) {
            return fits(&self.backlog.remove(index).unwrap()).unwrap();
        }
        loop {
            let message = self
                .connection
                .receiver
                .recv_timeout(GUARD)
                .expect("no such message");
            self.react(&message);
            match fits(&message) {
                Some(found) => return found,
                None => self.backlog.push_back(message),
            }
        }
    }

    fn react(&self, message: &Message) {
        let Message::Request(request) = message else {
            return;
        };
        let result = match &*request.method {
            "workspace/configuration" => json!([self.configuration]),
            _ => Value::Null,
        };
        self.send(Response::new_ok(request.id.clone(), result));
    }

    pub fn response(&mut self, id: &RequestId) -> Result<Value, ResponseError> {
        let id = id.clone();
        self.find(|message| match message {
            Message::Response(it) if it.id == id => Some(it.response_result.clone()),
            _ => None,
        })
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.response(&id).unwrap()
    }

    pub fn error(&mut self, method: &str, params: Value) -> ResponseError {
        let id = self.request(method, params);
        self.response(&id).unwrap_err()
    }

    pub fn notification(&mut self, method: &str) -> Value {
        self.find(|message| match message {
            Message::Notification(it) if it.method == method => Some(it.params.clone()),
            _ => None,
        })
    }

    /// The parameters of the next request of the server with this method.
    pub fn asked(&mut self, method: &str) -> Value {
        self.find(|message| match message {
            Message::Request(it) if it.method == method => Some(it.params.clone()),
            _ => None,
        })
    }

    /// Everything that has come until now: the server has seen all that was sent before.
    pub fn sync(&mut self) -> Vec<Message> {
        self.ask("proxycheck/rulePage", json!({ "rule": "no-proxy" }));
        self.backlog.drain(..).collect()
    }

    pub fn open(&self, uri: &str, text: &str) {
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "python", "version": 1, "text": text } }),
        );
    }

    pub fn change(&self, uri: &str, version: i32, changes: Value) {
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes }),
        );
    }

    pub fn replace(&self, uri: &str, version: i32, text: &str) {
        self.change(uri, version, json!([{ "text": text }]));
    }

    pub fn close(&self, uri: &str) {
        self.notify(
            "textDocument/didClose",
            json!({ "textDocument": { "uri": uri } }),
        );
    }

    /// The findings of a document, asked for.
    pub fn pull(&mut self, uri: &str) -> Vec<Value> {
        let report = self.ask(
            "textDocument/diagnostic",
            json!({ "textDocument": { "uri": uri } }),
        );
        report["items"].as_array().unwrap().clone()
    }

    pub fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        self.ask(method, at(uri, line, character))
    }

    /// The server's result, after it was told to end in the given way.
    pub fn end(mut self, end: impl FnOnce(&mut Self)) -> Result<(), String> {
        end(&mut self);
        let server = self.server.take().unwrap();
        drop(self);
        server.join().unwrap()
    }
}

pub fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

pub fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    json!({
        "start": { "line": start.0, "character": start.1 },
        "end": { "line": end.0, "character": end.1 },
    })
}
