//! The file system as the type inference sees it: Python text is lowered while it is read.

use std::any::Any;
use std::sync::Arc;

use ruff_db::system::walk_directory::WalkDirectoryBuilder;
use ruff_db::system::{
    CommandExecutor, DirectoryEntry, MemoryFileSystem, Metadata, Result, System, SystemPath,
    SystemPathBuf, SystemVirtualPath, WhichResult, WritableSystem,
};
use ruff_diagnostics::SourceMap;
use ruff_notebook::{Notebook, NotebookError};
use ruff_python_ast::PySourceType;

use super::vendored::{is_stub, stubs};
use crate::proxy::foreign::ProxyClass;
use crate::proxy::lower::{self, Resolver};

/// Wraps the system on which the user's files are (the disk, the editor's buffers or a test's memory).
#[derive(Debug, Clone)]
pub(crate) struct LoweringSystem {
    user: Arc<dyn System>,
    stubs: MemoryFileSystem,
    resolver: Arc<Resolver>,
    respect_ty_ignore: bool,
}

impl LoweringSystem {
    /// Unless `respect_ty_ignore`, the comments `# ty: ignore` are hidden from ty.
    pub(crate) fn new(
        user: Arc<dyn System>,
        resolver: Arc<Resolver>,
        proxy_classes: &[ProxyClass],
        respect_ty_ignore: bool,
    ) -> Self {
        LoweringSystem {
            user,
            stubs: stubs(proxy_classes, &resolver),
            resolver,
            respect_ty_ignore,
        }
    }

    /// The system whose files are what the user wrote.
    pub(crate) fn user(&self) -> &dyn System {
        &*self.user
    }

    pub(crate) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The text of a file as the type inference sees it before any edit.
    pub(crate) fn lowered_text(&self, path: &SystemPath) -> Option<String> {
        if path.extension() == Some("ipynb") {
            let notebook = self.read_to_notebook(path).ok()?;
            return Some(notebook.source_code().to_owned());
        }
        self.read_to_string(path).ok()
    }

    fn lower(&self, text: String, path: &SystemPath, source_type: PySourceType) -> String {
        let lowered = match lower::lower(&text, path, source_type, &self.resolver) {
            Some(lowered) => lowered.text,
            None => text,
        };
        if self.respect_ty_ignore {
            lowered
        } else {
            without_ty_ignore(lowered)
        }
    }
}

/// Spoils each `ty: ignore` comment without moving anything.
fn without_ty_ignore(text: String) -> String {
    if !text.contains("ty: ignore") && !text.contains("ty:ignore") {
        return text;
    }
    text.split_inclusive('\n')
        .map(|line| match line.rfind('#') {
            Some(comment) => {
                let (code, comment) = line.split_at(comment);
                let comment = comment
                    .replace("ty: ignore", "ty- ignore")
                    .replace("ty:ignore", "ty-ignore");
                format!("{code}{comment}")
            }
            None => line.to_owned(),
        })
        .collect()
}

impl System for LoweringSystem {
    fn path_metadata(&self, path: &SystemPath) -> Result<Metadata> {
        if is_stub(path) {
            self.stubs.metadata(path)
        } else {
            self.user.path_metadata(path)
        }
    }

    fn canonicalize_path(&self, path: &SystemPath) -> Result<SystemPathBuf> {
        if is_stub(path) {
            self.stubs.canonicalize(path)
        } else {
            self.user.canonicalize_path(path)
        }
    }

    fn is_same_file(&self, first: &SystemPath, second: &SystemPath) -> Result<bool> {
        if is_stub(first) || is_stub(second) {
            Ok(first == second)
        } else {
            self.user.is_same_file(first, second)
        }
    }

    fn source_type(&self, path: &SystemPath) -> Option<PySourceType> {
        self.user.source_type(path)
    }

    fn which(&self, binary_name: &str) -> WhichResult {
        self.user.which(binary_name)
    }

    fn command_executor(&self) -> Option<&dyn CommandExecutor> {
        self.user.command_executor()
    }

    fn read_to_string(&self, path: &SystemPath) -> Result<String> {
        if is_stub(path) {
            return self.stubs.read_to_string(path);
        }
        let text = self.user.read_to_string(path)?;
        match path.extension().and_then(PySourceType::try_from_extension) {
            Some(source_type) => Ok(self.lower(text, path, source_type)),
            None => Ok(text),
        }
    }

    fn read_to_notebook(&self, path: &SystemPath) -> std::result::Result<Notebook, NotebookError> {
        let mut notebook = self.user.read_to_notebook(path)?;
        let text = notebook.source_code().to_owned();
        let lowered = self.lower(text, path, PySourceType::Ipynb);
        if lowered != notebook.source_code() {
            // Lowering keeps every offset, so the cells stay where they are.
            notebook.update(&SourceMap::default(), lowered);
        }
        Ok(notebook)
    }

    fn read_virtual_path_to_string(&self, path: &SystemVirtualPath) -> Result<String> {
        self.user.read_virtual_path_to_string(path)
    }

    fn read_virtual_path_to_notebook(
        &self,
        path: &SystemVirtualPath,
    ) -> std::result::Result<Notebook, NotebookError> {
        self.user.read_virtual_path_to_notebook(path)
    }

    fn current_directory(&self) -> &SystemPath {
        self.user.current_directory()
    }

    fn user_config_directory(&self) -> Option<SystemPathBuf> {
        self.user.user_config_directory()
    }

    fn cache_dir(&self) -> Option<SystemPathBuf> {
        self.user.cache_dir()
    }

    fn read_directory<'a>(
        &'a self,
        path: &SystemPath,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + 'a>> {
        if is_stub(path) {
            Ok(Box::new(self.stubs.read_directory(path)?))
        } else {
            self.user.read_directory(path)
        }
    }

    fn walk_directory(&self, path: &SystemPath) -> WalkDirectoryBuilder {
        self.user.walk_directory(path)
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
