//! What an editor needs from an analysis, in plain data.
//!
//! Offsets are UTF-8 bytes into [`Snapshot::text`]; nothing here names the protocol, and nothing here
//! names what the analysis is made of.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The project changed while a question was being answered. The adapter asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

pub type Cancellable<T> = Result<T, Cancelled>;

/// What the adapter learned from the client before the backend is made.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Absolute paths of the workspace's folders.
    pub folders: Vec<PathBuf>,
    pub settings: Settings,
}

/// What the user set in the editor. Unset values are those of the project's configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The Python environment: an interpreter, or the folder of a virtual environment.
    pub python: Option<PathBuf>,
    /// A configuration file to take instead of the project's.
    pub config: Option<PathBuf>,
    /// Report everything that is found, not only what concerns proxies.
    pub all: Option<bool>,
}

/// The text of a document as the editor has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    Plain(String),
    /// The code cells of a notebook in their order. [`Snapshot::text`] has each of them followed by a
    /// line feed.
    Notebook(Vec<NotebookCell>),
}

/// One code cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookCell {
    /// The number of the cell in its notebook, from 1, counting cells of every type.
    pub number: usize,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A document was opened or edited: from now on this text counts, not the file's.
    Buffer { path: PathBuf, text: Text },
    /// A document was closed: the file counts again.
    Closed { path: PathBuf },
    /// A file, or a folder with whatever is in it, was created, changed or deleted outside the editor.
    Disk { path: PathBuf },
    /// The workspace has these folders now.
    Folders(Vec<PathBuf>),
    /// The user's settings are these now.
    Settings(Settings),
}

/// The project. Only the adapter's main thread changes it.
pub trait Backend: 'static {
    type Snapshot: Snapshot;

    /// Applies what happened since the last call, in order. Questions that are being answered end with
    /// [`Cancelled`].
    fn apply(&mut self, changes: Vec<Change>);

    /// The project as it is now, to ask questions on another thread. Cheap.
    fn snapshot(&self) -> Self::Snapshot;

    /// Glob patterns of the files of which changes are to be told by [`Change::Disk`].
    fn watched(&self) -> Vec<String>;

    /// What is wrong that is no finding about a file, such as a configuration file that cannot be read.
    /// For the user, one sentence each. `None` as long as it has not been looked at again after a change.
    fn problems(&self) -> Option<Vec<String>>;
}

/// Paths are absolute. A path that the project does not know, and an offset beyond the text, have empty
/// answers.
pub trait Snapshot: Send + 'static {
    fn text(&self, path: &Path) -> Cancellable<Option<Arc<str>>>;

    /// The number of the cell and the start of its text for each code cell of a notebook; empty for any
    /// other file.
    fn cells(&self, path: &Path) -> Cancellable<Vec<(usize, usize)>>;

    /// The files that a check of the whole workspace looks at.
    fn files(&self) -> Cancellable<Vec<PathBuf>>;

    /// The findings of one file, sorted by place.
    fn diagnostics(&self, path: &Path) -> Cancellable<Vec<Diagnostic>>;

    /// Brings up to date what files know of each other. Until then an answer may be about the state
    /// before the last change of *another* file. To be called when nothing has happened for a while.
    /// Whether findings of any file may have changed.
    fn settle(&self) -> Cancellable<bool>;

    fn hover(&self, path: &Path, offset: usize) -> Cancellable<Option<Hover>>;

    /// What can be written at `offset`.
    fn completions(&self, path: &Path, offset: usize) -> Cancellable<Vec<Completion>>;

    /// The Markdown documentation of one of the [`completions`](Self::completions).
    fn completion_documentation(
        &self,
        path: &Path,
        offset: usize,
        label: &str,
    ) -> Cancellable<Option<String>>;

    fn signature_help(&self, path: &Path, offset: usize) -> Cancellable<Option<SignatureHelp>>;

    fn definition(&self, path: &Path, offset: usize) -> Cancellable<Vec<Target>>;

    fn type_definition(&self, path: &Path, offset: usize) -> Cancellable<Vec<Target>>;

    /// Every place in the project that means what `offset` means, its definitions first.
    fn references(&self, path: &Path, offset: usize) -> Cancellable<Vec<Reference>>;

    /// The same, in this file alone.
    fn highlights(&self, path: &Path, offset: usize) -> Cancellable<Vec<Reference>>;

    /// The name at `offset`, if it can be renamed; otherwise the reason why not.
    fn prepare_rename(
        &self,
        path: &Path,
        offset: usize,
    ) -> Cancellable<Result<Range<usize>, String>>;

    /// The changes that give the name at `offset` another; otherwise the reason why not.
    fn rename(
        &self,
        path: &Path,
        offset: usize,
        name: &str,
    ) -> Cancellable<Result<Vec<FileEdits>, String>>;

    fn inlay_hints(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<InlayHint>>;

    /// The names in `range` that are proxies, in order and not overlapping.
    fn proxies(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<Range<usize>>>;

    /// What can be done about what stands in `range`.
    fn actions(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<Action>>;

    /// All safe fixes of one file, at once.
    fn fix_all(&self, path: &Path) -> Cancellable<Vec<Edit>>;

    /// The Markdown page that documents a rule.
    fn rule_page(&self, rule: &str) -> Option<String>;

    /// Where an editor can open that page.
    fn rule_url(&self, rule: &str) -> Option<String>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Information,
    Hint,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub range: Range<usize>,
    pub severity: Severity,
    pub rule: String,
    /// The finding, and then its notes and its help, each on a line of its own.
    pub message: String,
    /// The page that documents the rule.
    pub url: Option<String>,
    pub is_unnecessary: bool,
    pub is_deprecated: bool,
    pub related: Vec<Related>,
    pub fix: Option<Fix>,
}

/// Another place that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    pub path: PathBuf,
    pub range: Range<usize>,
    pub message: String,
}

/// A change of the file of the finding that remedies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    /// Whether a correct program does the same afterwards.
    pub is_safe: bool,
    pub edits: Vec<Edit>,
}

/// Replaces the text of `range` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

/// Edits of one file, sorted by offset, not overlapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdits {
    pub path: PathBuf,
    pub edits: Vec<Edit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    pub range: Range<usize>,
    pub markdown: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    Class,
    Constant,
    Field,
    Function,
    Keyword,
    Method,
    Module,
    Property,
    Variable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// The type or the signature, in one line.
    pub detail: Option<String>,
    /// What is replaced by `label`.
    pub replaces: Range<usize>,
    pub is_deprecated: bool,
    /// Those with a smaller rank come first; within a rank, in the order of their labels.
    pub rank: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHelp {
    pub signatures: Vec<Signature>,
    pub active: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub label: String,
    pub documentation: Option<String>,
    pub parameters: Vec<SignatureParameter>,
    /// The parameter that the argument at the cursor reaches.
    pub active: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureParameter {
    /// In [`Signature::label`].
    pub range: Range<usize>,
    pub documentation: Option<String>,
}

/// A place to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What is asked about, at the place of the question.
    pub origin: Range<usize>,
    pub path: PathBuf,
    /// The whole definition.
    pub range: Range<usize>,
    /// The name in it.
    pub focus: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    Definition,
    Read,
    Write,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub path: PathBuf,
    pub range: Range<usize>,
    pub kind: ReferenceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HintKind {
    /// The type of a variable, behind its name: `: Proxy[ndarray]`.
    Type,
    /// An expression that resolves a proxy, behind it.
    Resolve,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlayHint {
    pub offset: usize,
    pub kind: HintKind,
    pub label: String,
    pub tooltip: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    QuickFix,
    Rewrite,
}

/// Something that the editor offers to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// The rules and places of the findings that it remedies.
    pub remedies: Vec<(String, Range<usize>)>,
    /// Whether it is what most people want.
    pub is_preferred: bool,
    pub effect: Effect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Edit(Vec<FileEdits>),
    /// The page of this rule is shown.
    ShowRule(String),
}
