//! A failure of the checker in one file concerns that file only.

use std::any::Any;
use std::sync::Arc;

use proxycheck::check::{Request, check};
use proxycheck::diagnostics::Severity;
use proxycheck::{Apis, ProgramOptions};
use ruff_db::system::walk_directory::WalkDirectoryBuilder;
use ruff_db::system::{
    CommandExecutor, DirectoryEntry, InMemorySystem, Metadata, Result, System, SystemPath,
    SystemPathBuf, SystemVirtualPath, WhichResult, WritableSystem,
};
use ruff_notebook::{Notebook, NotebookError};
use ruff_python_ast::{PySourceType, PythonVersion};

/// Panics when it is to read `broken.py`.
#[derive(Debug, Clone)]
struct FailingSystem(InMemorySystem);

impl System for FailingSystem {
    fn read_to_string(&self, path: &SystemPath) -> Result<String> {
        assert!(!path.ends_with("broken.py"), "this file cannot be read");
        self.0.read_to_string(path)
    }

    fn path_metadata(&self, path: &SystemPath) -> Result<Metadata> {
        self.0.path_metadata(path)
    }

    fn canonicalize_path(&self, path: &SystemPath) -> Result<SystemPathBuf> {
        self.0.canonicalize_path(path)
    }

    fn is_same_file(&self, first: &SystemPath, second: &SystemPath) -> Result<bool> {
        self.0.is_same_file(first, second)
    }

    fn source_type(&self, path: &SystemPath) -> Option<PySourceType> {
        self.0.source_type(path)
    }

    fn which(&self, binary_name: &str) -> WhichResult {
        self.0.which(binary_name)
    }

    fn command_executor(&self) -> Option<&dyn CommandExecutor> {
        None
    }

    fn read_to_notebook(&self, path: &SystemPath) -> std::result::Result<Notebook, NotebookError> {
        self.0.read_to_notebook(path)
    }

    fn read_virtual_path_to_string(&self, path: &SystemVirtualPath) -> Result<String> {
        self.0.read_virtual_path_to_string(path)
    }

    fn read_virtual_path_to_notebook(
        &self,
        path: &SystemVirtualPath,
    ) -> std::result::Result<Notebook, NotebookError> {
        self.0.read_virtual_path_to_notebook(path)
    }

    fn current_directory(&self) -> &SystemPath {
        self.0.current_directory()
    }

    fn user_config_directory(&self) -> Option<SystemPathBuf> {
        None
    }

    fn cache_dir(&self) -> Option<SystemPathBuf> {
        None
    }

    fn read_directory<'a>(
        &'a self,
        path: &SystemPath,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + 'a>> {
        self.0.read_directory(path)
    }

    fn walk_directory(&self, path: &SystemPath) -> WalkDirectoryBuilder {
        self.0.walk_directory(path)
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

#[test]
fn a_panic_is_one_finding_and_the_other_files_are_checked() {
    let system = InMemorySystem::default();
    let mistake = "from proxystore.proxy import Proxy\n\n\ndef f(p: Proxy[int]) -> bool:\n    return p is True\n";
    system
        .fs()
        .write_files_all([("/src/good.py", mistake), ("/src/broken.py", "")])
        .expect("new files");
    let options = ProgramOptions::of_folder("/src", PythonVersion::PY312);
    let request = Request {
        options: &options,
        files: &["/src/broken.py".into(), "/src/good.py".into()],
        all: false,
        apis: &Apis::default(),
    };
    let outcome =
        check(Arc::new(FailingSystem(system)), &request, &|_| ()).expect("the folder exists");

    let mut rules: Vec<(&str, &str)> = outcome
        .diagnostics
        .iter()
        .map(|it| (it.primary.source.path.as_str(), &*it.rule))
        .collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            ("src/broken.py", "internal-error"),
            ("src/good.py", "identity-check-on-proxy")
        ]
    );
    assert_eq!(outcome.internal_errors, 1);
    let failure = outcome
        .diagnostics
        .iter()
        .find(|it| it.severity == Severity::Fatal);
    assert!(failure.is_some_and(|it| it.message.contains("this file cannot be read")));
}
