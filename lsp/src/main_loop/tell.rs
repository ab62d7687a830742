//! What is said to the client.

use lsp_server::{ErrorCode, Notification, Request, RequestId, Response};
use lsp_types as lt;
use serde_json::{Value, json};

use super::{Expected, Progress, Server, panic_message};
use crate::backend::Backend;

impl<B: Backend> Server<B> {
    pub(super) fn respond(&self, id: RequestId, result: Value) {
        let _ = self.client.send(Response::new_ok(id, result).into());
    }

    pub(super) fn respond_error(&self, id: RequestId, code: ErrorCode, message: String) {
        let _ = self
            .client
            .send(Response::new_err(id, code as i32, message).into());
    }

    /// Answers a request, if that has not happened yet.
    pub(super) fn respond_pending(
        &mut self,
        id: &RequestId,
        result: Result<Value, (ErrorCode, String)>,
    ) {
        if let Some(pending) = self.pending.remove(id) {
            pending.task.abandon();
            match result {
                Ok(result) => self.respond(id.clone(), result),
                Err((code, message)) => self.respond_error(id.clone(), code, message),
            }
        }
    }

    pub(super) fn send_request(&mut self, method: &str, params: Value, expected: Expected) -> i32 {
        self.next_id += 1;
        let id = RequestId::from(self.next_id);
        self.expected.insert(id.clone(), expected);
        let _ = self
            .client
            .send(Request::new(id, method.into(), params).into());
        self.next_id
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        let _ = self
            .client
            .send(Notification::new(method.into(), params).into());
    }

    pub(super) fn warn_of_settings(&mut self, problems: Vec<String>) {
        let told = std::mem::replace(&mut self.problems_of_settings, problems);
        self.warn(&self.problems_of_settings, &told);
    }

    pub(super) fn warn_of_backend(&mut self) {
        if let Some(problems) = self.backend.problems() {
            let told = std::mem::replace(&mut self.problems_of_backend, problems);
            self.warn(&self.problems_of_backend, &told);
        }
    }

    /// Tells the user what has not been told before.
    pub(super) fn warn(&self, problems: &[String], told: &[String]) {
        for (number, message) in problems.iter().enumerate() {
            if !told.contains(message) && !problems[..number].contains(message) {
                let kind = lt::MessageType::Warning;
                self.notify(
                    "window/showMessage",
                    json!({ "type": kind, "message": message }),
                );
            }
        }
    }

    pub(super) fn log(&self, kind: lt::MessageType, message: String) {
        self.notify(
            "window/logMessage",
            json!({ "type": kind, "message": message }),
        );
    }

    pub(super) fn log_panic(&self, what: &str, result: std::thread::Result<()>) {
        if let Err(panic) = result {
            let message = format!("Handling {what} panicked: {}", panic_message(&*panic));
            self.log(lt::MessageType::Error, message);
        }
    }

    pub(super) fn show(&mut self, page: String, url: Option<String>) {
        if let Some(url) = url.filter(|_| self.view.client.show_document) {
            let params = json!({ "uri": url, "takeFocus": true });
            self.send_request("window/showDocument", params, Expected::Shown);
        } else {
            let kind = lt::MessageType::Info;
            self.notify(
                "window/showMessage",
                json!({ "type": kind, "message": page }),
            );
        }
    }

    pub(super) fn begin_progress(&mut self, title: &'static str) -> Option<Progress> {
        if !self.view.client.progress {
            return None;
        }
        // The id of the request is the token.
        let params = json!({ "token": self.next_id + 1 });
        let id = self.send_request("window/workDoneProgress/create", params, Expected::Progress);
        Some(Progress {
            id,
            title,
            has_begun: false,
        })
    }

    pub(super) fn end_settle_progress(&mut self) {
        if let Some(progress) = self.settle_progress.take()
            && progress.has_begun
        {
            let value = json!({ "kind": "end" });
            self.notify(
                "$/progress",
                json!({ "token": progress.id, "value": value }),
            );
        }
    }
}
