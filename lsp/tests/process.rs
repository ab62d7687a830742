//! The server as a process of its own: this program is both the server and its client.

#[allow(dead_code, reason = "the other tests need the rest")]
mod support;

use std::io::{BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use lsp_server::Message;
use serde_json::{Value, json};

use support::{Control, GUARD};

const ROLE: &str = "PROXYCHECK_LSP_TEST_SERVER";

fn main() {
    if std::env::var_os(ROLE).is_some() {
        let control = Control::new();
        let result = proxycheck_lsp::run_stdio(|start| Ok(control.start(start)));
        std::process::exit(i32::from(result.is_err()));
    }
    a_polite_client();
    a_client_that_leaves_without_a_word();
    a_client_whose_process_ends();
    messages_that_make_no_sense();
    a_frame_that_is_broken();
}

struct Server {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn new() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    fn initialized(process_id: Value) -> Self {
        let mut server = Self::new();
        let params = json!({ "processId": process_id, "capabilities": {} });
        server
            .send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }));
        assert_eq!(server.receive()["id"], 1);
        server.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        server
    }

    fn write(&mut self, bytes: &[u8]) {
        self.process
            .stdin
            .as_mut()
            .unwrap()
            .write_all(bytes)
            .unwrap();
    }

    fn send_text(&mut self, text: &str) {
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    fn receive(&mut self) -> Value {
        // Read by hand: the library does not know answers to what has no id.
        use std::io::{BufRead, Read};
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "the server has ended"
            );
            match line.trim_end().split_once(": ") {
                Some((_, value)) => length = value.parse().unwrap(),
                None => break,
            }
        }
        let mut frame = vec![0; length];
        self.output.read_exact(&mut frame).unwrap();
        serde_json::from_slice(&frame).unwrap()
    }

    fn ended(mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > GUARD {
                self.process.kill().unwrap();
                panic!("the server does not end");
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

fn a_polite_client() {
    let mut server = Server::initialized(Value::Null);
    server.send(&json!({ "jsonrpc": "2.0", "id": "two", "method": "shutdown" }));
    assert_eq!(
        server.receive(),
        json!({ "jsonrpc": "2.0", "id": "two", "result": null })
    );
    server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(server.ended().code(), Some(0));

    let mut server = Server::initialized(Value::Null);
    server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(server.ended().code(), Some(1));
}

fn a_client_that_leaves_without_a_word() {
    for mut server in [Server::new(), Server::initialized(Value::Null)] {
        drop(server.process.stdin.take());
        assert_eq!(server.ended().code(), Some(1));
    }
    // In the middle of a message, too.
    let mut server = Server::initialized(Value::Null);
    server.write(b"Content-Length: 1000000000000\r\n\r\n{");
    drop(server.process.stdin.take());
    assert_eq!(server.ended().code(), Some(1));
}

fn a_client_whose_process_ends() {
    if cfg!(not(unix)) {
        return;
    }
    let mut client = Command::new("sleep").arg("600").spawn().unwrap();
    let server = Server::initialized(json!(client.id()));
    client.kill().unwrap();
    client.wait().unwrap();
    assert_eq!(server.ended().code(), Some(1));

    // One that cannot be seen, as from inside of a container, does not end it.
    let mut server = Server::initialized(json!(client.id()));
    server.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }));
    assert_eq!(server.receive()["result"], Value::Null);
    server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(server.ended().code(), Some(0));
}

fn messages_that_make_no_sense() {
    let mut server = Server::initialized(Value::Null);
    let deep = "[".repeat(100_000);
    for text in ["{", "", &deep, "\u{0}"] {
        server.send_text(text);
        let answer = server.receive();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&Value::Null, &json!(-32700))
        );
    }
    for text in ["[]", "3", "{}", r#"{"method": 3}"#] {
        server.send_text(text);
        let answer = server.receive();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&Value::Null, &json!(-32600))
        );
    }
    for id in [json!(1.5), json!(null), json!([1]), json!(1u64 << 40)] {
        server.send(&json!({ "id": id, "method": "textDocument/hover" }));
        let answer = server.receive();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(-32600))
        );
    }
    // Answers to what was never asked.
    server.send(&json!({ "id": 99, "result": 1 }));
    server.send(&json!({ "id": 98, "error": "strange" }));
    server.send(
        &json!({ "id": 5, "method": "proxycheck/rulePage", "params": { "rule": "no-proxy" } }),
    );
    assert_eq!(server.receive()["result"]["markdown"], "# no-proxy\n");
    // A header that is not known, and one in lower case.
    let text = json!({ "id": 6, "method": "shutdown" }).to_string();
    let frame = format!(
        "content-length:{}\r\nContent-Type: x\r\n\r\n{text}",
        text.len()
    );
    server.write(frame.as_bytes());
    assert_eq!(server.receive()["id"], 6);
    let exit: Message = lsp_server::Notification::new("exit".into(), Value::Null).into();
    exit.write(server.process.stdin.as_mut().unwrap()).unwrap();
    assert_eq!(server.ended().code(), Some(0));
}

fn a_frame_that_is_broken() {
    for frame in [
        "no header\r\n\r\n",
        "Content-Length: many\r\n\r\n",
        "\r\n",
        "\u{7f}: 1\n\n",
    ] {
        let mut server = Server::initialized(Value::Null);
        server.write(frame.as_bytes());
        assert_eq!(server.ended().code(), Some(1), "{frame:?}");
    }
}
