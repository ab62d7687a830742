//! One thread owns the backend and the documents. It takes events, applies what the client has changed,
//! and hands out requests to the pool together with a snapshot.

mod publish;
mod tell;

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use crossbeam_channel::{Receiver, Sender, at, never, select, unbounded};
use lsp_server::{
    Connection, ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError,
};
use lsp_types::{self as lt, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::backend::{Backend, Cancellable, Change, Start};
use crate::capabilities::{self, Client};
use crate::documents::Documents;
use crate::handlers::diagnostics::Report;
use crate::handlers::{self, Context, Failure, Outcome, View};
use crate::pool::Pool;
use crate::settings::{self, Options};
use crate::task::Task;
use crate::{uri, watchdog};

/// Diagnostics are sent after this much silence. When they are asked for, the client sets the pace.
const QUIET: Duration = Duration::from_millis(100);
/// What files know of each other is brought up to date after this much.
const SETTLE: Duration = Duration::from_millis(400);
/// Messages that are taken in before what they change is applied.
const TURN: usize = 256;
/// The request that may wait until there is something to tell.
const WAITING: &str = "workspace/diagnostic";

/// Everything that wakes the loop up.
enum Event {
    Client(Message),
    Done(Done),
    Quiet,
    Settle,
}

/// What the pool reports back.
pub enum Done {
    Request {
        id: RequestId,
        generation: u64,
        result: Result<Outcome, Failure>,
    },
    /// Goes before the answer, or nowhere.
    Stream(RequestId, Notification),
    Publish {
        path: PathBuf,
        reports: Cancellable<Vec<Report>>,
    },
    /// Whether findings may have changed; nothing if it panicked.
    Settled {
        generation: u64,
        result: Option<Cancellable<bool>>,
    },
    Panicked(String),
}

/// What is to be done with the answer to a request of ours.
enum Expected {
    Nothing,
    Settings,
    Progress,
    Shown,
}

/// A request that has no answer yet.
struct Pending {
    request: Request,
    task: Task,
    /// The document that it names, and its version when the request came.
    subject: Option<(Uri, Option<i32>)>,
}

struct Server<B: Backend> {
    client: Sender<Message>,
    done: Sender<Done>,
    pool: Pool,
    backend: B,
    view: Arc<View>,
    folders: Vec<PathBuf>,

    /// Not applied yet.
    changes: Vec<Change>,
    /// How often the backend has changed.
    generation: u64,

    pending: HashMap<RequestId, Pending>,
    /// Requests that came since changes were applied last.
    arrived: Vec<RequestId>,
    /// Requests that wait for something to change.
    waiting: Vec<RequestId>,
    is_shut_down: bool,

    next_id: i32,
    expected: HashMap<RequestId, Expected>,
    watched: Vec<String>,

    /// What was set at the start, and what the client said since.
    initial_settings: Value,
    client_settings: Value,
    /// The problems that the user knows of.
    problems_of_settings: Vec<String>,
    problems_of_backend: Vec<String>,

    /// Files of which diagnostics are to be sent, and when.
    stale: BTreeSet<PathBuf>,
    quiet_at: Option<Instant>,
    published: HashMap<Uri, (PathBuf, Vec<lt::Diagnostic>)>,

    settle_at: Option<Instant>,
    is_settling: bool,
    /// Something has changed of which the backend does not know that it changes findings.
    must_refresh: bool,
    settle_progress: Option<Progress>,
}

/// Progress that the server shows on its own account.
struct Progress {
    /// Both the token and the id of the request that makes it.
    id: i32,
    title: &'static str,
    has_begun: bool,
}

/// Answers a client until it leaves. An error if it leaves without saying so.
pub fn run<B: Backend>(
    connection: Connection,
    start: impl FnOnce(Start) -> anyhow::Result<B>,
) -> anyhow::Result<()> {
    let Connection { sender, receiver } = connection;
    let (id, params) = initialize(&sender, &receiver)?;
    // Before the client is answered: it may be gone by then.
    let died = watchdog::watch(params["processId"].as_i64());
    let client = Client::new(&params["capabilities"]);
    let folders = folders(&params);
    let base = base(&folders);
    let initial_settings = settings::section(&params["initializationOptions"]).clone();
    let mut problems = Vec::new();
    let mut options = Options::default();
    options.update(&initial_settings, &base, &mut problems);

    let started = start(Start {
        folders: folders.clone(),
        settings: options.settings.clone(),
    });
    let backend = match started {
        Ok(backend) => backend,
        Err(error) => {
            let mut response = ResponseError {
                code: ErrorCode::RequestFailed as i32,
                message: format!("{error:#}"),
                data: None,
            };
            // The client need not offer to try again.
            response.data = Some(json!({ "retry": false }));
            let _ = sender.send(Message::Response(Response {
                id,
                response_result: Err(response),
            }));
            return Err(error);
        }
    };
    let result = capabilities::server(client.encoding);
    let _ = sender.send(Response::new_ok(id, result).into());

    let (done, results) = unbounded();
    let mut server = Server {
        client: sender,
        done,
        pool: Pool::new()?,
        backend,
        view: Arc::new(View {
            documents: Documents::new(client.encoding, base),
            client,
            options,
        }),
        folders,
        changes: Vec::new(),
        generation: 0,
        pending: HashMap::new(),
        arrived: Vec::new(),
        waiting: Vec::new(),
        is_shut_down: false,
        next_id: 0,
        expected: HashMap::new(),
        watched: Vec::new(),
        initial_settings,
        client_settings: Value::Null,
        problems_of_settings: Vec::new(),
        problems_of_backend: Vec::new(),
        stale: BTreeSet::new(),
        quiet_at: None,
        published: HashMap::new(),
        settle_at: None,
        is_settling: false,
        must_refresh: false,
        settle_progress: None,
    };
    server.warn_of_settings(problems);
    server.warn_of_backend();
    server.run(&receiver, &results, &died)
}

/// Waits for the client to introduce itself.
fn initialize(
    client: &Sender<Message>,
    messages: &Receiver<Message>,
) -> anyhow::Result<(RequestId, Value)> {
    for message in messages {
        match message {
            Message::Request(request) if request.method == "initialize" => {
                return Ok((request.id, request.params));
            }
            Message::Request(request) => {
                let message = "The server has not been initialized".to_owned();
                let code = ErrorCode::ServerNotInitialized as i32;
                let _ = client.send(Response::new_err(request.id, code, message).into());
            }
            Message::Notification(it) if it.method == "exit" => {
                bail!("the client left before it introduced itself");
            }
            Message::Notification(_) | Message::Response(_) => (),
        }
    }
    bail!("the client vanished")
}

fn folders(params: &Value) -> Vec<PathBuf> {
    let to_path = |uri: &Value| uri::to_path(&Uri::parse(uri.as_str()?).ok()?);
    let folders = params["workspaceFolders"].as_array().into_iter().flatten();
    let folders: Vec<_> = folders.filter_map(|it| to_path(&it["uri"])).collect();
    if !folders.is_empty() {
        return folders;
    }
    let root = to_path(&params["rootUri"]);
    let root = root.or_else(|| params["rootPath"].as_str().map(PathBuf::from));
    root.filter(|it| it.is_absolute()).into_iter().collect()
}

/// The folder of relative paths and of documents without a file.
fn base(folders: &[PathBuf]) -> PathBuf {
    match folders.first() {
        Some(folder) => folder.clone(),
        None => std::env::current_dir().unwrap_or_else(|_| std::env::temp_dir()),
    }
}

/// The document that a request is about.
fn subject(params: &Value) -> Option<Uri> {
    Uri::parse(params["textDocument"]["uri"].as_str()?).ok()
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    message.unwrap_or("without a message")
}

impl<B: Backend> Server<B> {
    fn run(
        mut self,
        messages: &Receiver<Message>,
        results: &Receiver<Done>,
        died: &Receiver<()>,
    ) -> anyhow::Result<()> {
        loop {
            let quiet = self.quiet_at.map_or_else(never, at);
            let settle = self
                .settle_at
                .filter(|_| !self.is_settling)
                .map_or_else(never, at);
            let event = select! {
                recv(messages) -> it => Event::Client(it.map_err(|_| anyhow!("the client vanished"))?),
                recv(results) -> it => Event::Done(it?),
                recv(quiet) -> _ => Event::Quiet,
                recv(settle) -> _ => Event::Settle,
                recv(died) -> _ => bail!("the client's process has ended"),
            };
            // What else has come is taken in before anything is applied: one step for many changes.
            let more = messages.try_iter().map(Event::Client);
            let more = more.chain(results.try_iter().map(Event::Done)).take(TURN);
            for event in std::iter::once(event).chain(more) {
                if let Event::Client(Message::Notification(it)) = &event
                    && it.method == "exit"
                {
                    return if self.is_shut_down {
                        Ok(())
                    } else {
                        Err(anyhow!("the client left without shutting the server down"))
                    };
                }
                // Whatever is wrong with one event is not to end the server.
                let handled = catch_unwind(AssertUnwindSafe(|| self.handle(event)));
                self.log_panic("an event", handled);
            }
            let flushed = catch_unwind(AssertUnwindSafe(|| self.apply()));
            self.log_panic("a change", flushed);
            for id in std::mem::take(&mut self.arrived) {
                self.dispatch(&id);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Client(Message::Request(it)) => self.request(it),
            Event::Client(Message::Notification(it)) => self.notification(it),
            Event::Client(Message::Response(it)) => self.response(it),
            Event::Done(it) => self.done(it),
            Event::Quiet => self.publish_stale(),
            Event::Settle => self.settle(),
        }
    }

    // Messages of the client

    fn request(&mut self, request: Request) {
        let Request { id, method, .. } = &request;
        let refused = if self.is_shut_down {
            Some((ErrorCode::InvalidRequest, "The server was shut down".into()))
        } else if method == "shutdown" {
            self.shut_down(id.clone());
            return;
        } else if method == "initialize" {
            let message = "The server is initialized already".into();
            Some((ErrorCode::InvalidRequest, message))
        } else if self.pending.contains_key(id) {
            let message = format!("The request {id} has not been answered yet");
            Some((ErrorCode::InvalidRequest, message))
        } else if handlers::route::<B::Snapshot>(method).is_none() {
            let message = format!("There is no method {method}");
            Some((ErrorCode::MethodNotFound, message))
        } else {
            None
        };
        if let Some((code, message)) = refused {
            self.respond_error(request.id, code, message);
            return;
        }
        let id = request.id.clone();
        let subject = subject(&request.params).map(|uri| {
            let version = self.view.documents.version(&uri);
            (uri, version)
        });
        let pending = Pending {
            task: Task::new(id.clone(), self.done.clone()),
            request,
            subject,
        };
        self.pending.insert(id.clone(), pending);
        self.arrived.push(id);
    }

    fn shut_down(&mut self, id: RequestId) {
        self.is_shut_down = true;
        self.quiet_at = None;
        self.settle_at = None;
        for (pending, it) in std::mem::take(&mut self.pending) {
            it.task.abandon();
            let message = "The server was shut down".to_owned();
            self.respond_error(pending, ErrorCode::RequestCanceled, message);
        }
        self.respond(id, Value::Null);
    }

    fn notification(&mut self, it: Notification) {
        if self.is_shut_down {
            return;
        }
        let Notification { method, params } = it;
        let result = match &*method {
            "initialized" => {
                self.initialized();
                Ok(())
            }
            "$/cancelRequest" => self.with(params, Self::cancel),
            "textDocument/didOpen" => {
                self.with(params, |it, params: lt::DidOpenTextDocumentParams| {
                    it.edit(|it| it.open(params.text_document));
                })
            }
            "textDocument/didChange" => self.with(params, |it, params| {
                it.edit(|it| it.change(params));
            }),
            "textDocument/didClose" => {
                self.with(params, |it, params: lt::DidCloseTextDocumentParams| {
                    it.edit(|it| it.close(&params.text_document.uri));
                })
            }
            "textDocument/didSave" => {
                self.with(params, |it, params: lt::DidSaveTextDocumentParams| {
                    // Other clients tell of files that have changed.
                    if !it.view.client.register_watchers {
                        it.disk([&params.text_document.uri]);
                    }
                })
            }
            "notebookDocument/didOpen" => self.with(params, |it, params| {
                it.edit(|it| it.open_notebook(params));
            }),
            "notebookDocument/didChange" => self.with(params, |it, params| {
                it.edit(|it| it.change_notebook(params));
            }),
            "notebookDocument/didClose" => {
                self.with(params, |it, params: lt::DidCloseNotebookDocumentParams| {
                    it.edit(|it| it.close(&params.notebook_document.uri));
                })
            }
            "workspace/didChangeWatchedFiles" => {
                self.with(params, |it, params: lt::DidChangeWatchedFilesParams| {
                    it.disk(params.changes.iter().map(|it| &it.uri));
                })
            }
            "workspace/didCreateFiles" => self.with(params, |it, params: lt::CreateFilesParams| {
                it.disk(params.files.iter().map(|it| &it.uri));
            }),
            "workspace/didDeleteFiles" => self.with(params, |it, params: lt::DeleteFilesParams| {
                it.disk(params.files.iter().map(|it| &it.uri));
            }),
            "workspace/didRenameFiles" => self.with(params, |it, params: lt::RenameFilesParams| {
                it.disk(
                    params
                        .files
                        .iter()
                        .flat_map(|it| [&it.old_uri, &it.new_uri]),
                );
            }),
            "workspace/didChangeWorkspaceFolders" => self.with(params, Self::change_folders),
            "workspace/didChangeConfiguration" => self.with(params, Self::change_configuration),
            // Those that start with a dollar sign, and those that a client sends unasked, may be ignored.
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.log(lt::MessageType::Error, format!("{method}: {error}"));
        }
    }

    fn with<P: DeserializeOwned>(
        &mut self,
        params: Value,
        handle: impl FnOnce(&mut Self, P),
    ) -> serde_json::Result<()> {
        handle(self, serde_json::from_value(params)?);
        Ok(())
    }

    fn initialized(&mut self) {
        self.watch();
        if self.view.client.register_configuration {
            self.send_request(
                "client/registerCapability",
                json!({ "registrations": [{
                    "id": "configuration",
                    "method": "workspace/didChangeConfiguration",
                    "registerOptions": { "section": "proxycheck" },
                }] }),
                Expected::Nothing,
            );
        }
        self.ask_for_settings();
        self.settle_progress = self.begin_progress("Looking at the project");
        self.settle_at = Some(Instant::now());
    }

    fn cancel(&mut self, params: Value) {
        let Ok(id) = serde_json::from_value::<RequestId>(params["id"].clone()) else {
            return;
        };
        if let Some(pending) = self.pending.remove(&id) {
            pending.task.abandon();
            let message = "The client has cancelled the request".to_owned();
            self.respond_error(id, ErrorCode::RequestCanceled, message);
        }
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Documents) -> Vec<Change>) {
        let changes = edit(&mut Arc::make_mut(&mut self.view).documents);
        if changes.is_empty() {
            let message = "A document that is not known was changed or closed, or is no Python";
            self.log(lt::MessageType::Log, message.into());
        }
        for change in &changes {
            if let Change::Buffer { path, .. } | Change::Closed { path } = change {
                self.make_stale(path.clone());
            }
        }
        self.changes.extend(changes);
    }

    fn disk<'a>(&mut self, uris: impl IntoIterator<Item = &'a Uri>) {
        let paths = uris.into_iter().filter_map(uri::to_path);
        self.changes.extend(paths.map(|path| Change::Disk { path }));
    }

    fn change_folders(&mut self, params: lt::DidChangeWorkspaceFoldersParams) {
        let paths = |it: Vec<lt::WorkspaceFolder>| -> Vec<PathBuf> {
            it.iter().filter_map(|it| uri::to_path(&it.uri)).collect()
        };
        let removed = paths(params.event.removed);
        self.folders.retain(|it| !removed.contains(it));
        for added in paths(params.event.added) {
            if !self.folders.contains(&added) {
                self.folders.push(added);
            }
        }
        let base = base(&self.folders);
        Arc::make_mut(&mut self.view).documents.set_folder(base);
        self.changes.push(Change::Folders(self.folders.clone()));
        self.must_refresh = true;
        self.update_settings();
    }

    fn change_configuration(&mut self, params: lt::DidChangeConfigurationParams) {
        if self.view.client.configuration {
            self.ask_for_settings();
        } else {
            self.client_settings = settings::section(&params.settings).clone();
            self.update_settings();
        }
    }

    fn ask_for_settings(&mut self) {
        if self.view.client.configuration {
            let params = json!({ "items": [{ "section": "proxycheck" }] });
            self.send_request("workspace/configuration", params, Expected::Settings);
        }
    }

    fn update_settings(&mut self) {
        let base = base(&self.folders);
        let mut problems = Vec::new();
        let mut options = Options::default();
        options.update(&self.initial_settings, &base, &mut problems);
        options.update(&self.client_settings, &base, &mut problems);
        self.warn_of_settings(problems);
        let old = std::mem::replace(&mut Arc::make_mut(&mut self.view).options, options.clone());
        if old.settings != options.settings {
            self.changes
                .push(Change::Settings(options.settings.clone()));
        }
        if old != options {
            self.must_refresh = true;
            self.settle_at = Some(Instant::now() + SETTLE);
        }
    }

    fn response(&mut self, response: Response) {
        let Response {
            id,
            response_result,
        } = response;
        match (self.expected.remove(&id), response_result) {
            (Some(Expected::Settings), Ok(Value::Array(items))) => {
                self.client_settings = items.into_iter().next().unwrap_or_default();
                self.update_settings();
            }
            (Some(Expected::Progress), Ok(_)) => {
                if let Some(progress) = &mut self.settle_progress
                    && RequestId::from(progress.id) == id
                {
                    progress.has_begun = true;
                    let (token, title) = (progress.id, progress.title);
                    let value = json!({ "kind": "begin", "title": title });
                    self.notify("$/progress", json!({ "token": token, "value": value }));
                }
            }
            (Some(Expected::Shown), Err(error)) => {
                self.log(lt::MessageType::Error, error.message);
            }
            _ => (),
        }
    }

    // Changes

    fn apply(&mut self) {
        if self.changes.is_empty() || self.is_shut_down {
            return;
        }
        let changes = std::mem::take(&mut self.changes);
        self.generation += 1;
        self.settle_at = Some(Instant::now() + SETTLE);
        self.backend.apply(changes);
        self.warn_of_backend();
        self.watch();
    }

    /// Asks the client to tell of changes of files.
    fn watch(&mut self) {
        if !self.view.client.register_watchers {
            return;
        }
        let watched = self.backend.watched();
        if watched == self.watched {
            return;
        }
        let (id, method) = ("watched-files", "workspace/didChangeWatchedFiles");
        if !self.watched.is_empty() {
            self.send_request(
                "client/unregisterCapability",
                // The protocol spells it like this.
                json!({ "unregisterations": [{ "id": id, "method": method }] }),
                Expected::Nothing,
            );
        }
        let watchers: Vec<_> = watched
            .iter()
            .map(|it| json!({ "globPattern": it }))
            .collect();
        self.send_request(
            "client/registerCapability",
            json!({ "registrations": [{
                "id": id,
                "method": method,
                "registerOptions": { "watchers": watchers },
            }] }),
            Expected::Nothing,
        );
        self.watched = watched;
    }

    // Work of the pool

    /// Starts a request with the state of now.
    fn dispatch(&mut self, id: &RequestId) {
        let Some(pending) = self.pending.get_mut(id) else {
            return;
        };
        let Some(route) = handlers::route::<B::Snapshot>(&pending.request.method) else {
            return;
        };
        if route.is_exact
            && let Some((uri, version)) = &pending.subject
            && self.view.documents.version(uri) != *version
        {
            let message = "The document has changed".to_owned();
            self.respond_pending(id, Err((ErrorCode::ContentModified, message)));
            return;
        }
        pending.task.next_attempt();
        let task = pending.task.clone();
        let Request { method, params, .. } = pending.request.clone();
        let generation = self.generation;
        let done = self.done.clone();
        let (snapshot, view) = self.state();
        self.pool.spawn(route.lane, move || {
            if task.is_abandoned() {
                return;
            }
            let id = task.id.clone();
            let context = Context::new(snapshot, view);
            let result = catch_unwind(AssertUnwindSafe(|| (route.run)(&context, &task, params)));
            drop(context);
            let result = result.unwrap_or_else(|panic| {
                let message = format!("{method} panicked: {}", panic_message(&*panic));
                let _ = done.send(Done::Panicked(message.clone()));
                Err(Failure::Error {
                    code: ErrorCode::InternalError,
                    message,
                })
            });
            let _ = done.send(Done::Request {
                id,
                generation,
                result,
            });
        });
    }

    fn state(&self) -> (B::Snapshot, Arc<View>) {
        (self.backend.snapshot(), self.view.clone())
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Request {
                id,
                generation,
                result,
            } => self.finish(id, generation, result),
            Done::Stream(id, notification) => {
                if self.pending.contains_key(&id) {
                    let _ = self.client.send(notification.into());
                }
            }
            Done::Publish { path, reports } => match reports {
                Ok(reports) => self.publish(&path, reports),
                // A change of this file makes it stale, one of another does not.
                Err(_) => self.make_stale(path),
            },
            Done::Settled { generation, result } => self.settled(generation, result),
            Done::Panicked(message) => self.log(lt::MessageType::Error, message),
        }
    }

    fn finish(&mut self, id: RequestId, generation: u64, result: Result<Outcome, Failure>) {
        let Some(pending) = self.pending.get(&id) else {
            return;
        };
        // Without a change there is no reason to expect another answer.
        let has_changed = generation != self.generation;
        let may_wait = pending.request.method == WAITING;
        match result {
            Ok(Outcome::Answer(answer)) => self.respond_pending(&id, Ok(answer)),
            Ok(Outcome::Show { page, url }) => {
                self.show(page, url);
                self.respond_pending(&id, Ok(Value::Null));
            }
            Ok(Outcome::Wait) => {
                self.waiting.push(id);
                // The change that it is to wait for may have come meanwhile, and settled.
                if has_changed && self.settle_at.is_none() && !self.is_settling {
                    self.wake();
                }
            }
            // It takes long: the next change would end it again.
            Err(Failure::Cancelled) if has_changed && may_wait => {
                self.waiting.push(id);
                self.settle_at
                    .get_or_insert_with(|| Instant::now() + SETTLE);
            }
            Err(Failure::Cancelled) if has_changed => self.arrived.push(id),
            Err(Failure::Cancelled) => {
                let message = "The project has changed".to_owned();
                self.respond_pending(&id, Err((ErrorCode::ContentModified, message)));
            }
            Err(Failure::Error { code, message }) => {
                self.respond_pending(&id, Err((code, message)));
            }
        }
    }

    /// Lets requests try again that waited for something to change.
    fn wake(&mut self) {
        self.arrived.append(&mut self.waiting);
    }

    // Diagnostics that are sent
}
