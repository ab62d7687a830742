//! Findings: sent, asked for by document, and asked for by workspace.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

use lsp_types::{self as lt, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::file::{File, Section};
use super::{Answer, Context, Failure, Outcome};
use crate::backend::{Cancellable, Diagnostic, Fix, Severity, Snapshot};
use crate::task::Task;

pub const SOURCE: &str = "proxycheck";

/// The findings of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub uri: Uri,
    pub version: Option<i32>,
    pub diagnostics: Vec<lt::Diagnostic>,
}

impl Report {
    /// The same for the same findings.
    pub fn result_id(&self) -> String {
        let mut hasher = DefaultHasher::new();
        json!(self.diagnostics).to_string().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// The documents of a file with their findings, those without any, too.
pub fn reports<S: Snapshot>(context: &Context<S>, path: &Path) -> Cancellable<Vec<Report>> {
    let Some(file) = context.file(path)? else {
        return Ok(Vec::new());
    };
    let mut reports: Vec<Report> = Vec::new();
    for Section { uri, version, .. } in file.sections() {
        // The cells of a closed notebook are one document.
        if reports.last().is_none_or(|it| it.uri != *uri) {
            reports.push(Report {
                uri: uri.clone(),
                version: *version,
                diagnostics: Vec::new(),
            });
        }
    }
    for diagnostic in context.snapshot.diagnostics(path)? {
        let Some(lt::Location { uri, range }) = file.location(diagnostic.range.clone()) else {
            continue;
        };
        if let Some(report) = reports.iter_mut().find(|it| it.uri == uri) {
            let diagnostic = self::diagnostic(context, &file, diagnostic, range)?;
            report.diagnostics.push(diagnostic);
        }
    }
    Ok(reports)
}

fn diagnostic<S: Snapshot>(
    context: &Context<S>,
    file: &File,
    diagnostic: Diagnostic,
    range: lt::Range,
) -> Cancellable<lt::Diagnostic> {
    let client = &context.view.client;
    let mut message = diagnostic.message;
    if file.is_closed_notebook() {
        message = format!("{}: {message}", file.describe(diagnostic.range.start));
    }
    let mut related = Vec::new();
    for other in diagnostic.related {
        if client.related_information {
            if let Some(location) = context.location(&other.path, other.range)? {
                related.push(lt::DiagnosticRelatedInformation {
                    location,
                    message: other.message,
                });
            }
        } else if let Some(file) = context.file(&other.path)? {
            let name = other.path.file_name().unwrap_or_default().to_string_lossy();
            let line = file.describe(other.range.start);
            message = format!("{message}\n{name}, {line}: {}", other.message);
        }
    }
    let mut tags = Vec::new();
    if client.diagnostic_tags && diagnostic.is_unnecessary {
        tags.push(lt::DiagnosticTag::Unnecessary);
    }
    if client.diagnostic_tags && diagnostic.is_deprecated {
        tags.push(lt::DiagnosticTag::Deprecated);
    }
    let url = diagnostic.url.filter(|_| client.diagnostic_links);
    let fix = diagnostic.fix.filter(|_| client.diagnostic_data);
    Ok(lt::Diagnostic {
        range,
        severity: Some(match diagnostic.severity {
            Severity::Error => lt::DiagnosticSeverity::Error,
            Severity::Warning => lt::DiagnosticSeverity::Warning,
            Severity::Information => lt::DiagnosticSeverity::Information,
            Severity::Hint => lt::DiagnosticSeverity::Hint,
        }),
        code: Some(lt::Code::String(diagnostic.rule)),
        code_description: url
            .and_then(|it| Uri::parse(&it).ok())
            .map(|href| lt::CodeDescription { href }),
        source: Some(SOURCE.into()),
        message: message.into(),
        tags: (!tags.is_empty()).then_some(tags),
        related_information: (!related.is_empty()).then_some(related),
        data: fix
            .and_then(|it| FixData::new(file, it))
            .map(|it| json!(it)),
    })
}

/// A fix that travels with its finding, so that it can be offered even where the analysis has no answer
/// at the moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FixData {
    pub title: String,
    pub is_safe: bool,
    edits: Vec<FixEdit>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FixEdit {
    uri: Uri,
    #[serde(flatten)]
    edit: lt::TextEdit,
    /// The lines that it changes. The edit is valid as long as the document has them in this place.
    lines: String,
}

impl FixData {
    fn new(file: &File, fix: Fix) -> Option<Self> {
        let edits = fix.edits.iter().map(|edit| {
            let (uri, edit) = file.edit(edit).ok()?;
            let lines = file.lines(&uri, edit.range)?.to_owned();
            Some(FixEdit { uri, edit, lines })
        });
        Some(Self {
            edits: edits.collect::<Option<_>>()?,
            title: fix.title,
            is_safe: fix.is_safe,
        })
    }

    /// Nothing if the text has changed.
    pub fn text_edits<S: Snapshot>(
        &self,
        context: &Context<S>,
    ) -> Cancellable<Option<Vec<lt::TextDocumentEdit>>> {
        let mut documents: Vec<lt::TextDocumentEdit> = Vec::new();
        for FixEdit { uri, edit, lines } in &self.edits {
            let Some((_, file)) = context.file_of(uri)? else {
                return Ok(None);
            };
            if file.lines(uri, edit.range) != Some(lines) {
                return Ok(None);
            }
            let edit = lt::Edit::TextEdit(edit.clone());
            let identifier = lt::TextDocumentIdentifier { uri: uri.clone() };
            match documents.last_mut() {
                Some(last) if last.text_document.text_document_identifier == identifier => {
                    last.edits.push(edit);
                }
                _ => documents.push(lt::TextDocumentEdit {
                    text_document: lt::OptionalVersionedTextDocumentIdentifier {
                        version: context.view.documents.version(uri),
                        text_document_identifier: identifier,
                    },
                    edits: vec![edit],
                }),
            }
        }
        Ok(Some(documents))
    }
}

pub fn document<S: Snapshot>(
    context: &Context<S>,
    params: lt::DocumentDiagnosticParams,
) -> Answer<Value> {
    let uri = params.text_document.uri;
    let report = match context.view.documents.path(&uri) {
        Some(path) => reports(context, &path)?
            .into_iter()
            .find(|it| it.uri == uri),
        None => None,
    };
    // A document that is not known has no findings.
    let report = report.unwrap_or(Report {
        uri,
        version: None,
        diagnostics: Vec::new(),
    });
    let id = report.result_id();
    Ok(if params.previous_result_id.as_ref() == Some(&id) {
        json!({ "kind": "unchanged", "resultId": id })
    } else {
        json!({ "kind": "full", "resultId": id, "items": report.diagnostics })
    })
}

/// A client that takes partial results is sent what is found while the rest is being looked at. Such a
/// client asks again at once, so it gets its answer when there is something that it does not know yet.
pub fn workspace<S: Snapshot>(
    context: &Context<S>,
    task: &Task,
    params: lt::WorkspaceDiagnosticParams,
) -> Answer<Outcome> {
    let stream = params.partial_result_params.partial_result_token;
    let mut progress = Progress::new(task, params.work_done_progress_params.work_done_token);
    let previous = params.previous_result_ids.into_iter();
    let mut known: HashMap<Uri, String> = previous.map(|it| (it.uri, it.value)).collect();
    known.extend(task.streamed().clone());

    let mut batch = Batch {
        task,
        stream,
        items: Vec::new(),
        ids: Vec::new(),
        since: Instant::now(),
        is_empty: true,
    };
    let files = if context.view.options.workspace_diagnostics {
        context.snapshot.files()?
    } else {
        Vec::new()
    };
    let mut seen = HashSet::new();
    for (index, path) in files.iter().enumerate() {
        if task.is_abandoned() {
            return Err(Failure::Cancelled);
        }
        progress.report(index, files.len());
        for report in reports(context, path)? {
            let id = report.result_id();
            seen.insert(report.uri.clone());
            let before = known.get(&report.uri);
            // What the client has never heard of need not be said to be right.
            if before.is_none() && report.diagnostics.is_empty() {
                continue;
            }
            let is_unchanged = before == Some(&id);
            if !is_unchanged {
                batch.add_full(&report, id);
            } else if batch.stream.is_none() {
                let (uri, version) = (report.uri, report.version);
                batch.items.push(json!({
                    "kind": "unchanged", "uri": uri, "version": version, "resultId": id,
                }));
            }
        }
        context.files.borrow_mut().remove(path);
    }
    for (uri, id) in known {
        let gone = Report {
            uri,
            version: None,
            diagnostics: Vec::new(),
        };
        let none = gone.result_id();
        if !seen.contains(&gone.uri) && id != none {
            batch.add_full(&gone, none);
        }
    }
    if batch.stream.is_some() && batch.is_empty && task.streamed().is_empty() {
        return Ok(Outcome::Wait);
    }
    batch.flush();
    Ok(Outcome::Answer(json!({ "items": batch.items })))
}

/// What is sent at once.
struct Batch<'a> {
    task: &'a Task,
    stream: Option<lt::ProgressToken>,
    items: Vec<Value>,
    ids: Vec<(Uri, String)>,
    since: Instant,
    is_empty: bool,
}

impl Batch<'_> {
    fn add_full(&mut self, report: &Report, id: String) {
        self.is_empty = false;
        self.items.push(json!({
            "kind": "full",
            "uri": report.uri,
            "version": report.version,
            "resultId": id,
            "items": report.diagnostics,
        }));
        self.ids.push((report.uri.clone(), id));
        if self.since.elapsed() > Duration::from_millis(100) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let Some(token) = &self.stream else {
            return;
        };
        if !self.items.is_empty() {
            let items = std::mem::take(&mut self.items);
            self.task.progress(token, json!({ "items": items }));
            self.task.streamed().extend(self.ids.drain(..));
        }
        self.since = Instant::now();
    }
}

/// Ends itself however the task ends.
struct Progress<'a> {
    task: &'a Task,
    token: Option<lt::ProgressToken>,
    percentage: usize,
}

impl<'a> Progress<'a> {
    fn new(task: &'a Task, token: Option<lt::ProgressToken>) -> Self {
        // A token is used up by the first attempt.
        let token = token.filter(|_| task.is_first_attempt());
        if let Some(token) = &token {
            let title = "Checking the workspace";
            task.progress(
                token,
                json!({ "kind": "begin", "title": title, "percentage": 0 }),
            );
        }
        Self {
            task,
            token,
            percentage: 0,
        }
    }

    fn report(&mut self, done: usize, of: usize) {
        let percentage = done * 100 / of.max(1);
        if let Some(token) = &self.token
            && percentage > self.percentage
        {
            self.percentage = percentage;
            let message = format!("{done} of {of}");
            self.task.progress(
                token,
                json!({ "kind": "report", "percentage": percentage, "message": message }),
            );
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            self.task.progress(token, json!({ "kind": "end" }));
        }
    }
}
