//! Findings that are sent without being asked for, and when everything is looked at again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use lsp_types::{self as lt, Uri};
use serde_json::{Value, json};

use super::{Done, Expected, QUIET, Server, panic_message};
use crate::backend::{Backend, Cancellable, Snapshot as _};
use crate::handlers::Context;
use crate::handlers::diagnostics::{self, Report};
use crate::pool::Lane;

impl<B: Backend> Server<B> {
    pub(super) fn make_stale(&mut self, path: PathBuf) {
        if !self.view.client.pulls_diagnostics {
            self.stale.insert(path);
            self.quiet_at = Some(Instant::now() + QUIET);
        }
    }

    pub(super) fn publish_stale(&mut self) {
        self.quiet_at = None;
        for path in std::mem::take(&mut self.stale) {
            if self.view.documents.get(&path).is_none() {
                self.publish(&path, Vec::new());
                continue;
            }
            let (snapshot, view) = self.state();
            let done = self.done.clone();
            self.pool.spawn(Lane::Work, move || {
                let context = Context::new(snapshot, view);
                let reports =
                    catch_unwind(AssertUnwindSafe(|| diagnostics::reports(&context, &path)));
                drop(context);
                let _ = done.send(match reports {
                    Ok(reports) => Done::Publish { path, reports },
                    Err(panic) => Done::Panicked(format!(
                        "The check of {} panicked: {}",
                        path.display(),
                        panic_message(&*panic)
                    )),
                });
            });
        }
    }

    /// Sends what the client does not have already.
    pub(super) fn publish(&mut self, path: &Path, reports: Vec<Report>) {
        let documents = &self.view.documents;
        // The check of the text of now is under way, or the file was closed and is cleared.
        if reports
            .iter()
            .any(|it| documents.version(&it.uri) != it.version)
        {
            return;
        }
        let is_reported = |uri: &Uri| reports.iter().any(|it| it.uri == *uri);
        let gone = self
            .published
            .iter()
            .filter(|(uri, (of, _))| of == path && !is_reported(uri));
        let gone: Vec<_> = gone.map(|(uri, _)| uri.clone()).collect();
        for uri in gone {
            let published = self.published.remove(&uri);
            if published.is_some_and(|(_, diagnostics)| !diagnostics.is_empty()) {
                self.send_diagnostics(uri, None, &[]);
            }
        }
        for Report {
            uri,
            version,
            diagnostics,
        } in reports
        {
            let before = self.published.get(&uri);
            if before.is_none_or(|(_, it)| *it != diagnostics) {
                self.send_diagnostics(uri.clone(), version, &diagnostics);
                self.published.insert(uri, (path.to_owned(), diagnostics));
            }
        }
    }

    pub(super) fn send_diagnostics(
        &self,
        uri: Uri,
        version: Option<i32>,
        diagnostics: &[lt::Diagnostic],
    ) {
        let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
        if let Some(version) = version.filter(|_| self.view.client.publish_version) {
            params["version"] = json!(version);
        }
        self.notify("textDocument/publishDiagnostics", params);
    }

    // What files know of each other

    pub(super) fn settle(&mut self) {
        self.settle_at = None;
        self.is_settling = true;
        let (snapshot, _) = self.state();
        let (done, generation) = (self.done.clone(), self.generation);
        self.pool.spawn(Lane::Background, move || {
            let result = catch_unwind(AssertUnwindSafe(|| snapshot.settle()));
            drop(snapshot);
            if let Err(panic) = &result {
                let message = format!("Settling panicked: {}", panic_message(&**panic));
                let _ = done.send(Done::Panicked(message));
            }
            let _ = done.send(Done::Settled {
                generation,
                result: result.ok(),
            });
        });
    }

    pub(super) fn settled(&mut self, generation: u64, result: Option<Cancellable<bool>>) {
        self.is_settling = false;
        // What is wrong with a project may show only when it is looked at.
        self.warn_of_backend();
        match result {
            Some(Ok(has_changed)) => {
                if has_changed || self.must_refresh {
                    self.must_refresh = false;
                    self.refresh();
                }
            }
            // The change that has ended it asks for another.
            Some(Err(_)) if generation != self.generation => return,
            Some(Err(_)) | None => (),
        }
        self.end_settle_progress();
        self.wake();
    }

    /// What the client shows may be wrong.
    pub(super) fn refresh(&mut self) {
        if self.is_shut_down {
            return;
        }
        let client = &self.view.client;
        let methods = [
            (client.refresh_diagnostics, "workspace/diagnostic/refresh"),
            (client.refresh_inlay_hints, "workspace/inlayHint/refresh"),
            (
                client.refresh_semantic_tokens,
                "workspace/semanticTokens/refresh",
            ),
        ];
        for (is_supported, method) in methods {
            if is_supported {
                self.send_request(method, Value::Null, Expected::Nothing);
            }
        }
        let open: Vec<_> = self.view.documents.paths().cloned().collect();
        for path in open {
            self.make_stale(path);
        }
    }

    // Messages to the client
}
