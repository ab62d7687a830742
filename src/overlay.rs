//! Files whose text is in memory, over those on disk.

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

use ruff_db::file_revision::FileRevision;
use ruff_db::system::walk_directory::WalkDirectoryBuilder;
use ruff_db::system::{
    CommandExecutor, DirectoryEntry, FileType, Metadata, OsSystem, Result, System, SystemPath,
    SystemPathBuf, SystemVirtualPath, WhichResult, WritableSystem,
};
use ruff_notebook::{Notebook, NotebookError};
use ruff_python_ast::PySourceType;
use rustc_hash::FxHashMap;

/// The disk, with the text on the standard input and the files that fixes have changed over it.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    disk: OsSystem,
    texts: Arc<RwLock<Texts>>,
}

#[derive(Debug, Default)]
struct Texts {
    by_path: FxHashMap<SystemPathBuf, (u64, Arc<str>)>,
    /// Counts the texts that files were given.
    revision: u64,
}

impl Overlay {
    pub(crate) fn new(cwd: &SystemPath) -> Self {
        Overlay {
            disk: OsSystem::new(cwd),
            texts: Arc::default(),
        }
    }

    /// The same files, seen from another folder.
    pub(crate) fn within(&self, cwd: &SystemPath) -> Self {
        Overlay {
            disk: OsSystem::new(cwd),
            texts: Arc::clone(&self.texts),
        }
    }

    /// Gives a file another text; for a notebook, its JSON.
    pub(crate) fn insert(&self, path: SystemPathBuf, text: String) {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        texts.revision += 1;
        let revision = texts.revision;
        texts.by_path.insert(path, (revision, text.into()));
    }

    /// Takes the text away that a file was given.
    pub(crate) fn remove(&self, path: &SystemPath) {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        texts.by_path.remove(path);
    }

    /// The text that a file was given.
    pub(crate) fn get(&self, path: &SystemPath) -> Option<Arc<str>> {
        self.entry(path).map(|(_, text)| text)
    }

    fn entry(&self, path: &SystemPath) -> Option<(u64, Arc<str>)> {
        // A writer that panicked has left the map whole.
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        texts.by_path.get(path).cloned()
    }
}

impl System for Overlay {
    fn path_metadata(&self, path: &SystemPath) -> Result<Metadata> {
        match self.entry(path) {
            Some((revision, _)) => {
                let revision = FileRevision::new(revision.into());
                Ok(Metadata::new(revision, None, FileType::File))
            }
            None => self.disk.path_metadata(path),
        }
    }

    fn canonicalize_path(&self, path: &SystemPath) -> Result<SystemPathBuf> {
        self.disk
            .canonicalize_path(path)
            .or_else(|error| match self.get(path) {
                Some(_) => Ok(path.to_path_buf()),
                None => Err(error),
            })
    }

    fn is_same_file(&self, first: &SystemPath, second: &SystemPath) -> Result<bool> {
        if first == second {
            return Ok(true);
        }
        self.disk.is_same_file(first, second)
    }

    fn source_type(&self, path: &SystemPath) -> Option<PySourceType> {
        self.disk.source_type(path)
    }

    fn read_to_string(&self, path: &SystemPath) -> Result<String> {
        match self.get(path) {
            Some(text) => Ok(text.to_string()),
            None => self.disk.read_to_string(path),
        }
    }

    fn read_to_notebook(&self, path: &SystemPath) -> std::result::Result<Notebook, NotebookError> {
        match self.get(path) {
            Some(text) => Notebook::from_source_code(&text),
            None => self.disk.read_to_notebook(path),
        }
    }

    fn read_virtual_path_to_string(&self, path: &SystemVirtualPath) -> Result<String> {
        self.disk.read_virtual_path_to_string(path)
    }

    fn read_virtual_path_to_notebook(
        &self,
        path: &SystemVirtualPath,
    ) -> std::result::Result<Notebook, NotebookError> {
        self.disk.read_virtual_path_to_notebook(path)
    }

    fn which(&self, binary_name: &str) -> WhichResult {
        self.disk.which(binary_name)
    }

    fn env_var(&self, name: &str) -> std::result::Result<String, std::env::VarError> {
        self.disk.env_var(name)
    }

    fn command_executor(&self) -> Option<&dyn CommandExecutor> {
        self.disk.command_executor()
    }

    fn current_directory(&self) -> &SystemPath {
        self.disk.current_directory()
    }

    fn user_config_directory(&self) -> Option<SystemPathBuf> {
        self.disk.user_config_directory()
    }

    fn cache_dir(&self) -> Option<SystemPathBuf> {
        self.disk.cache_dir()
    }

    fn read_directory<'a>(
        &'a self,
        path: &SystemPath,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + 'a>> {
        self.disk.read_directory(path)
    }

    fn walk_directory(&self, path: &SystemPath) -> WalkDirectoryBuilder {
        self.disk.walk_directory(path)
    }

    fn as_writable(&self) -> Option<&dyn WritableSystem> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn dyn_clone(&self) -> Box<dyn System> {
        Box::new(self.clone())
    }
}
