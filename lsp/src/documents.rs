//! The documents that are open in the editor: what their texts are, and which path each belongs to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{self as lt, Uri};

use crate::backend::{Change, NotebookCell, Text};
use crate::position::{Encoding, LineIndex};
use crate::uri;

/// Cheap to clone: tasks keep a copy of what was open when they were started.
#[derive(Debug, Clone)]
pub struct Documents {
    encoding: Encoding,
    /// Where documents without a file are taken to be.
    folder: PathBuf,
    files: HashMap<PathBuf, Arc<OpenFile>>,
    /// Documents, notebooks and cells.
    paths: HashMap<Uri, PathBuf>,
}

#[derive(Debug, Clone)]
pub struct OpenFile {
    pub uri: Uri,
    pub version: i32,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Plain(Arc<str>),
    Notebook(Vec<Cell>),
}

#[derive(Debug, Clone)]
pub struct Cell {
    pub uri: Uri,
    pub version: i32,
    is_python: bool,
    pub text: Arc<str>,
}

impl OpenFile {
    /// The code cells of a notebook, with their numbers.
    pub fn code_cells(&self) -> impl Iterator<Item = (usize, &Cell)> {
        let cells = match &self.content {
            Content::Plain(_) => &[][..],
            Content::Notebook(cells) => cells,
        };
        (1..).zip(cells).filter(|(_, cell)| cell.is_python)
    }

    fn text(&self) -> Text {
        match &self.content {
            Content::Plain(text) => Text::Plain(text.to_string()),
            Content::Notebook(_) => Text::Notebook(
                self.code_cells()
                    .map(|(number, cell)| NotebookCell {
                        number,
                        text: cell.text.to_string(),
                    })
                    .collect(),
            ),
        }
    }
}

impl Documents {
    pub fn new(encoding: Encoding, folder: PathBuf) -> Self {
        Self {
            encoding,
            folder,
            files: HashMap::new(),
            paths: HashMap::new(),
        }
    }

    /// The path of a document, a notebook, a cell, or a file that is not open.
    pub fn path(&self, uri: &Uri) -> Option<PathBuf> {
        match self.paths.get(uri) {
            Some(path) => Some(path.clone()),
            None => uri::to_path(uri),
        }
    }

    pub fn get(&self, path: &Path) -> Option<&OpenFile> {
        self.files.get(path).map(|it| &**it)
    }

    /// The version of a document or a cell.
    pub fn version(&self, uri: &Uri) -> Option<i32> {
        let file = self.get(self.paths.get(uri)?)?;
        if file.uri == *uri {
            return Some(file.version);
        }
        let cell = file.code_cells().find(|(_, cell)| cell.uri == *uri);
        cell.map(|(_, cell)| cell.version)
    }

    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys()
    }

    /// As the client writes it, if it has opened the file.
    pub fn uri(&self, path: &Path) -> Option<Uri> {
        match self.files.get(path) {
            Some(file) => Some(file.uri.clone()),
            None => uri::from_path(path),
        }
    }

    pub fn set_folder(&mut self, folder: PathBuf) {
        self.folder = folder;
    }

    pub fn open(&mut self, document: lt::TextDocumentItem) -> Vec<Change> {
        let lt::TextDocumentItem {
            uri, version, text, ..
        } = document;
        let is_python = document.language_id == lt::LanguageKind::Python
            || [".py", ".pyi"].iter().any(|it| uri.path().ends_with(it));
        if !is_python {
            return Vec::new();
        }
        let content = Content::Plain(text.into());
        self.insert(uri, version, content, false)
    }

    pub fn change(&mut self, params: lt::DidChangeTextDocumentParams) -> Vec<Change> {
        let lt::VersionedTextDocumentIdentifier {
            version,
            text_document_identifier: lt::TextDocumentIdentifier { uri },
        } = params.text_document;
        let encoding = self.encoding;
        self.update(&uri.clone(), |file| {
            let Content::Plain(text) = &mut file.content else {
                return edit_cell(file, &uri, version, params.content_changes, encoding);
            };
            edit(text, params.content_changes, encoding);
            file.version = version;
        })
    }

    pub fn close(&mut self, uri: &Uri) -> Vec<Change> {
        // The cells of a notebook are closed with it.
        let Some(path) = self.paths.get(uri).cloned() else {
            return Vec::new();
        };
        if self.files.get(&path).is_none_or(|it| it.uri != *uri) {
            return Vec::new();
        }
        self.files.remove(&path);
        self.paths.retain(|_, it| *it != path);
        vec![Change::Closed { path }]
    }

    pub fn open_notebook(&mut self, params: lt::DidOpenNotebookDocumentParams) -> Vec<Change> {
        let lt::NotebookDocument {
            uri,
            version,
            cells,
            ..
        } = params.notebook_document;
        let mut texts = by_uri(params.cell_text_documents);
        let cells = cells
            .into_iter()
            .map(|it| cell(it, &mut texts))
            .collect::<Vec<_>>();
        self.insert(uri, version, Content::Notebook(cells), true)
    }

    pub fn change_notebook(&mut self, params: lt::DidChangeNotebookDocumentParams) -> Vec<Change> {
        let encoding = self.encoding;
        let version = params.notebook_document.version;
        self.update(&params.notebook_document.uri, |file| {
            file.version = version;
            let Content::Notebook(cells) = &mut file.content else {
                return;
            };
            let Some(changes) = params.change.cells else {
                return;
            };
            if let Some(structure) = changes.structure {
                let mut texts = by_uri(structure.did_open.unwrap_or_default());
                let array = structure.array;
                let start = (array.start as usize).min(cells.len());
                let end = start
                    .saturating_add(array.delete_count as usize)
                    .min(cells.len());
                // A cell that is moved is deleted and inserted, but not opened again.
                let old = cells.clone();
                let new = array.cells.unwrap_or_default().into_iter().map(|it| {
                    let known = old.iter().find(|cell| cell.uri == it.document);
                    match known {
                        Some(known) if !texts.contains_key(&it.document) => known.clone(),
                        _ => cell(it, &mut texts),
                    }
                });
                let new: Vec<_> = new.collect();
                cells.splice(start..end, new);
            }
            for data in changes.data.unwrap_or_default() {
                if let Some(cell) = cells.iter_mut().find(|it| it.uri == data.document) {
                    cell.is_python &= data.kind == lt::NotebookCellKind::Code;
                }
            }
            for content in changes.text_content.unwrap_or_default() {
                let lt::VersionedTextDocumentIdentifier {
                    version,
                    text_document_identifier: lt::TextDocumentIdentifier { uri },
                } = content.document;
                edit_cell(file, &uri, version, content.changes, encoding);
            }
        })
    }

    fn insert(
        &mut self,
        uri: Uri,
        version: i32,
        content: Content,
        is_notebook: bool,
    ) -> Vec<Change> {
        let path = match (self.paths.get(&uri), uri.scheme()) {
            (Some(path), _) => path.clone(),
            (None, "untitled") => self.unused(uri::untitled_path(&uri, &self.folder, is_notebook)),
            (None, _) => match uri::to_path(&uri) {
                Some(path) => path,
                None => return Vec::new(),
            },
        };
        self.paths.retain(|_, it| *it != path);
        let file = OpenFile {
            uri,
            version,
            content,
        };
        self.replace(path, file)
    }

    fn replace(&mut self, path: PathBuf, file: OpenFile) -> Vec<Change> {
        self.paths.insert(file.uri.clone(), path.clone());
        for (_, cell) in file.code_cells() {
            self.paths.insert(cell.uri.clone(), path.clone());
        }
        let text = file.text();
        self.files.insert(path.clone(), Arc::new(file));
        vec![Change::Buffer { path, text }]
    }

    /// Changes an open file. Others are not known, so nothing can be done about their changes.
    fn update(&mut self, uri: &Uri, change: impl FnOnce(&mut OpenFile)) -> Vec<Change> {
        let Some(path) = self.paths.get(uri).cloned() else {
            return Vec::new();
        };
        let Some(mut file) = self.files.remove(&path) else {
            return Vec::new();
        };
        change(Arc::make_mut(&mut file));
        self.paths.retain(|_, it| *it != path);
        self.replace(path, Arc::unwrap_or_clone(file))
    }

    /// A path like this one that is not taken.
    fn unused(&self, path: PathBuf) -> PathBuf {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_free = |it: &PathBuf| !self.files.contains_key(it) && !it.exists();
        std::iter::once(path.clone())
            .chain((2..).map(|n| path.with_file_name(format!("{stem}-{n}.{extension}"))))
            .find(is_free)
            .unwrap_or(path)
    }
}

fn by_uri(documents: Vec<lt::TextDocumentItem>) -> HashMap<Uri, lt::TextDocumentItem> {
    documents
        .into_iter()
        .map(|it| (it.uri.clone(), it))
        .collect()
}

fn cell(cell: lt::NotebookCell, texts: &mut HashMap<Uri, lt::TextDocumentItem>) -> Cell {
    let document = texts.remove(&cell.document);
    let is_python = cell.kind == lt::NotebookCellKind::Code
        && document
            .as_ref()
            .is_some_and(|it| it.language_id == lt::LanguageKind::Python);
    Cell {
        uri: cell.document,
        version: document.as_ref().map_or(0, |it| it.version),
        is_python,
        text: document.map_or_else(|| "".into(), |it| it.text.into()),
    }
}

fn edit_cell(
    file: &mut OpenFile,
    uri: &Uri,
    version: i32,
    changes: Vec<lt::TextDocumentContentChangeEvent>,
    encoding: Encoding,
) {
    if let Content::Notebook(cells) = &mut file.content
        && let Some(cell) = cells.iter_mut().find(|it| it.uri == *uri)
    {
        edit(&mut cell.text, changes, encoding);
        cell.version = version;
    }
}

fn edit(text: &mut Arc<str>, changes: Vec<lt::TextDocumentContentChangeEvent>, encoding: Encoding) {
    use lt::TextDocumentContentChangeEvent as Event;
    let mut new = text.to_string();
    for change in changes {
        match change {
            Event::TextDocumentContentChangeWholeDocument(whole) => new = whole.text,
            Event::TextDocumentContentChangePartial(part) => {
                let range = LineIndex::new(&new).offsets(&new, part.range, encoding);
                new.replace_range(range, &part.text);
            }
        }
    }
    *text = new.into();
}
