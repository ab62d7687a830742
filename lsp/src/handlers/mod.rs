//! Requests: from the protocol's terms to the backend's and back.
//!
//! All of them run on the pool, with a snapshot and with what was open when it was taken.

mod annotations;
mod code_actions;
pub mod diagnostics;
mod file;
mod language;
mod navigation;
mod rules;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use lsp_server::ErrorCode;
use lsp_types::{self as lt, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backend::{Cancellable, Cancelled, FileEdits, Snapshot};
use crate::capabilities::Client;
use crate::documents::Documents;
use crate::pool::Lane;
use crate::settings::Options;
use crate::task::Task;

use file::File;

/// What the adapter itself knows when a task is started.
#[derive(Debug, Clone)]
pub struct View {
    pub client: Client,
    pub documents: Documents,
    pub options: Options,
}

pub struct Context<S> {
    pub snapshot: S,
    pub view: Arc<View>,
    files: RefCell<HashMap<PathBuf, Option<Rc<File>>>>,
}

#[derive(Debug)]
pub enum Failure {
    Cancelled,
    Error { code: ErrorCode, message: String },
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Failure::Cancelled
    }
}

impl Failure {
    /// For the user, who asked for something that cannot be done.
    fn refused(message: String) -> Self {
        Failure::Error {
            code: ErrorCode::RequestFailed,
            message,
        }
    }

    fn invalid(error: impl std::fmt::Display) -> Self {
        Failure::Error {
            code: ErrorCode::InvalidParams,
            message: error.to_string(),
        }
    }
}

/// What comes of a request.
#[derive(Debug)]
pub enum Outcome {
    Answer(Value),
    /// There is nothing new to tell. The request waits until something has changed.
    Wait,
    /// The page is shown, then the answer is null.
    Show {
        page: String,
        url: Option<String>,
    },
}

/// How a method is answered.
pub struct Route<S> {
    pub lane: Lane,
    /// Whether an answer for a document that was edited since would do harm.
    pub is_exact: bool,
    pub run: Box<Handler<S>>,
}

type Handler<S> = dyn Fn(&Context<S>, &Task, Value) -> Answer<Outcome> + Send;

type Answer<T> = Result<T, Failure>;

/// Nothing for a method that is not known.
pub fn route<S: Snapshot>(method: &str) -> Option<Route<S>> {
    use Lane::{Background, Latency, Work};
    let mut route = match method {
        "textDocument/completion" => on(Latency, language::completion),
        "completionItem/resolve" => on(Latency, language::resolve_completion),
        "textDocument/hover" => on(Latency, language::hover),
        "textDocument/signatureHelp" => on(Latency, language::signature_help),
        "textDocument/definition" => on(Latency, navigation::definition),
        "textDocument/typeDefinition" => on(Latency, navigation::type_definition),
        "textDocument/documentHighlight" => on(Latency, navigation::highlights),
        "textDocument/prepareRename" => on(Latency, navigation::prepare_rename),
        "textDocument/rename" => on(Work, navigation::rename),
        "textDocument/references" => on(Work, navigation::references),
        "textDocument/inlayHint" => on(Work, annotations::inlay_hints),
        "textDocument/semanticTokens/full" => on(Work, annotations::tokens),
        "textDocument/semanticTokens/range" => on(Work, annotations::tokens_in_range),
        "textDocument/codeAction" => on(Work, code_actions::code_actions),
        "textDocument/diagnostic" => on(Work, diagnostics::document),
        "workspace/diagnostic" => with_task(Background, diagnostics::workspace),
        "workspace/executeCommand" => with_task(Latency, rules::execute_command),
        "proxycheck/rulePage" => on(Latency, rules::rule_page),
        _ => return None,
    };
    route.is_exact = matches!(method, "textDocument/rename" | "textDocument/prepareRename");
    Some(route)
}

fn on<S: Snapshot, P: DeserializeOwned + 'static, R: Serialize + 'static>(
    lane: Lane,
    handler: fn(&Context<S>, P) -> Answer<R>,
) -> Route<S> {
    Route {
        lane,
        is_exact: false,
        run: Box::new(move |context, _, params| {
            let params = serde_json::from_value(params).map_err(Failure::invalid)?;
            let answer = handler(context, params)?;
            let answer = serde_json::to_value(answer).map_err(|error| Failure::Error {
                code: ErrorCode::InternalError,
                message: error.to_string(),
            })?;
            Ok(Outcome::Answer(answer))
        }),
    }
}

fn with_task<S: Snapshot, P: DeserializeOwned + 'static>(
    lane: Lane,
    handler: fn(&Context<S>, &Task, P) -> Answer<Outcome>,
) -> Route<S> {
    Route {
        lane,
        is_exact: false,
        run: Box::new(move |context, task, params| {
            let params = serde_json::from_value(params).map_err(Failure::invalid)?;
            handler(context, task, params)
        }),
    }
}

/// Where a question is asked.
struct Place {
    path: PathBuf,
    file: Rc<File>,
    uri: Uri,
    offset: usize,
}

impl<S: Snapshot> Context<S> {
    pub fn new(snapshot: S, view: Arc<View>) -> Self {
        Self {
            snapshot,
            view,
            files: RefCell::default(),
        }
    }

    /// The file at a path, open or not.
    fn file(&self, path: &Path) -> Cancellable<Option<Rc<File>>> {
        if let Some(known) = self.files.borrow().get(path) {
            return Ok(known.clone());
        }
        let file = File::read(&self.snapshot, &self.view, path)?.map(Rc::new);
        let mut files = self.files.borrow_mut();
        Ok(files.entry(path.to_owned()).or_insert(file).clone())
    }

    /// The file of a document or of a cell.
    fn file_of(&self, uri: &Uri) -> Cancellable<Option<(PathBuf, Rc<File>)>> {
        let Some(path) = self.view.documents.path(uri) else {
            return Ok(None);
        };
        Ok(self.file(&path)?.map(|file| (path, file)))
    }

    fn place(&self, params: lt::TextDocumentPositionParams) -> Cancellable<Option<Place>> {
        let uri = params.text_document.uri;
        let Some((path, file)) = self.file_of(&uri)? else {
            return Ok(None);
        };
        let offset = file.offset(&uri, params.position);
        Ok(offset.map(|offset| Place {
            path,
            file,
            uri,
            offset,
        }))
    }

    /// Where something is. Nothing for a file that is gone.
    fn location(
        &self,
        path: &Path,
        range: std::ops::Range<usize>,
    ) -> Cancellable<Option<lt::Location>> {
        Ok(self.file(path)?.and_then(|it| it.location(range)))
    }

    /// What the edits are in the protocol's terms, or why they cannot be made.
    fn text_edits(
        &self,
        files: &[FileEdits],
    ) -> Cancellable<Result<Vec<lt::TextDocumentEdit>, String>> {
        let mut documents: Vec<lt::TextDocumentEdit> = Vec::new();
        for FileEdits { path, edits } in files {
            let Some(file) = self.file(path)? else {
                return Ok(Err(format!("{} cannot be read", path.display())));
            };
            for edit in edits {
                let place = match file.edit(edit) {
                    Ok(place) => place,
                    Err(reason) => return Ok(Err(reason)),
                };
                let (uri, edit) = place;
                let same = |it: &&mut lt::TextDocumentEdit| {
                    it.text_document.text_document_identifier.uri == uri
                };
                let edit = lt::Edit::TextEdit(edit);
                match documents.iter_mut().find(same) {
                    Some(document) => document.edits.push(edit),
                    None => documents.push(lt::TextDocumentEdit {
                        text_document: lt::OptionalVersionedTextDocumentIdentifier {
                            version: self.view.documents.version(&uri),
                            text_document_identifier: lt::TextDocumentIdentifier { uri },
                        },
                        edits: vec![edit],
                    }),
                }
            }
        }
        Ok(Ok(documents))
    }

    fn workspace_edit(&self, edits: Vec<lt::TextDocumentEdit>) -> lt::WorkspaceEdit {
        let mut result = lt::WorkspaceEdit::default();
        if self.view.client.document_changes {
            let edits = edits.into_iter().map(lt::DocumentChange::TextDocumentEdit);
            result.document_changes = Some(edits.collect());
        } else {
            let plain = |it: lt::TextDocumentEdit| {
                let edits = it.edits.into_iter().filter_map(|it| match it {
                    lt::Edit::TextEdit(edit) => Some(edit),
                    _ => None,
                });
                (
                    it.text_document.text_document_identifier.uri,
                    edits.collect(),
                )
            };
            result.changes = Some(edits.into_iter().map(plain).collect());
        }
        result
    }
}

/// Documentation in a form that the client shows.
fn markup(text: String, is_markdown: bool) -> lt::MarkupContent {
    if is_markdown {
        return lt::MarkupContent {
            kind: lt::MarkupKind::Markdown,
            value: text,
        };
    }
    lt::MarkupContent {
        kind: lt::MarkupKind::PlainText,
        value: plain(&text),
    }
}

/// Markdown for those who see its source: without the lines that are only marks, and with links that are
/// their text.
fn plain(markdown: &str) -> String {
    let mut result = String::new();
    for line in markdown.lines() {
        if line == "---" || line.starts_with("```") {
            continue;
        }
        let mut rest = line;
        while let Some((before, link)) = rest.split_once('[')
            && let Some((text, target)) = link.split_once("](")
            && let Some((_, after)) = target.split_once(')')
            && !text.contains('[')
        {
            result.push_str(before);
            result.push_str(text);
            rest = after;
        }
        result.push_str(rest);
        result.push('\n');
    }
    result.truncate(result.trim_end().len());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_marks() {
        let markdown = "```python\ndef f(x: Proxy[T]) -> list[T]\n```\nMade in [a.py:3](file:///a.py#L3), \
                        [here](x)\n\n---\nThe `T`.\n";
        assert_eq!(
            plain(markdown),
            "def f(x: Proxy[T]) -> list[T]\nMade in a.py:3, here\n\nThe `T`."
        );
        assert_eq!(plain("no [link] (here)"), "no [link] (here)");
    }
}
