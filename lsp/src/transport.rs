//! Messages over byte streams.
//!
//! Unlike `lsp_server`'s own, reading never waits for the main loop, so that the loop sees everything
//! that the client has sent; and a message that makes no sense is answered instead of ending the server.

use std::io::{self, BufRead, Read, Write};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use lsp_server::{
    Connection, ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError,
};
use serde_json::{Value, json};

pub struct Threads {
    /// Ends when there is nothing more to read.
    pub reader: JoinHandle<()>,
    /// Ends when the connection was dropped and everything is written.
    pub writer: JoinHandle<()>,
}

pub fn connect(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<(Connection, Threads)> {
    let (to_client, outgoing) = unbounded();
    let (incoming, from_client) = unbounded();
    let (rejections, rejected) = unbounded();
    let reader = thread::Builder::new()
        .name("reader".into())
        .spawn(move || read_all(input, &incoming, &rejections))?;
    let writer = thread::Builder::new()
        .name("writer".into())
        .spawn(move || write_all(output, &outgoing, rejected))?;
    let connection = Connection {
        sender: to_client,
        receiver: from_client,
    };
    Ok((connection, Threads { reader, writer }))
}

fn read_all(mut input: impl BufRead, messages: &Sender<Message>, rejections: &Sender<Value>) {
    // Behind a broken frame it is unknown where the next one starts: that is the end, too.
    while let Ok(Some(frame)) = read_frame(&mut input) {
        match parse(&frame) {
            Ok(Some(message)) => {
                if messages.send(message).is_err() {
                    break;
                }
            }
            Ok(None) => (),
            Err(rejection) => {
                let _ = rejections.send(rejection);
            }
        }
    }
}

fn read_frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = str::from_utf8(&line).map_err(|_| invalid())?;
        let line = line.strip_suffix('\n').ok_or_else(invalid)?.trim();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(invalid)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<u64>().map_err(|_| invalid())?);
        }
    }
    let length = length.ok_or_else(invalid)?;
    let mut frame = Vec::new();
    // Not allocated in advance: the length is only what the client says.
    let read = input.by_ref().take(length).read_to_end(&mut frame)?;
    Ok((read as u64 == length).then_some(frame))
}

/// The message, nothing if it can be ignored, or the answer to what is none.
fn parse(frame: &[u8]) -> Result<Option<Message>, Value> {
    let mut value: Value = serde_json::from_slice(frame).map_err(|error| {
        let message = format!("This is not JSON: {error}");
        rejection(&Value::Null, ErrorCode::ParseError, &message)
    })?;
    let method = value
        .get("method")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let id = value.get("id").cloned();
    let mut take = |name: &str| value.get_mut(name).map(Value::take);
    let known_id = |id: &Value| serde_json::from_value::<RequestId>(id.clone()).ok();
    Ok(match (method, id) {
        (Some(method), None) => Some(Message::Notification(Notification {
            method,
            params: take("params").unwrap_or_default(),
        })),
        (Some(method), Some(id)) => {
            let known = known_id(&id)
                .ok_or_else(|| rejection(&id, ErrorCode::InvalidRequest, "The id is no id"))?;
            Some(Message::Request(Request {
                id: known,
                method,
                params: take("params").unwrap_or_default(),
            }))
        }
        (None, Some(id)) => known_id(&id).map(|id| {
            let response_result = match take("error").filter(|it| !it.is_null()) {
                Some(error) => Err(serde_json::from_value(error).unwrap_or(ResponseError {
                    code: ErrorCode::UnknownErrorCode as i32,
                    message: String::new(),
                    data: None,
                })),
                None => Ok(take("result").unwrap_or_default()),
            };
            Message::Response(Response {
                id,
                response_result,
            })
        }),
        (None, None) => {
            let message = "This is neither a request, nor a notification, nor a response";
            return Err(rejection(&Value::Null, ErrorCode::InvalidRequest, message));
        }
    })
}

fn rejection(id: &Value, code: ErrorCode, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": message } })
}

fn write_all(mut output: impl Write, messages: &Receiver<Message>, mut rejected: Receiver<Value>) {
    loop {
        let written = select! {
            recv(messages) -> message => match message {
                Ok(message) => message.write(&mut output),
                Err(_) => return,
            },
            recv(rejected) -> rejection => match rejection {
                Ok(rejection) => write_frame(&mut output, &rejection),
                Err(_) => {
                    rejected = crossbeam_channel::never();
                    Ok(())
                }
            },
        };
        // Nobody reads any more. What is sent from now on is dropped with the receiver.
        if written.is_err() {
            return;
        }
    }
}

fn write_frame(output: &mut impl Write, value: &Value) -> io::Result<()> {
    let text = value.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}
