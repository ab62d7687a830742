//! The salsa database: ty's queries and ours over one set of files.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use ruff_db::Db as SourceDb;
use ruff_db::diagnostic::{Diagnostic, Severity};
use ruff_db::files::{File, FileRootKind, Files};
use ruff_db::panic::{PanicError, catch_unwind};
use ruff_db::system::{System, SystemPathBuf};
use ruff_db::vendored::VendoredFileSystem;
use ruff_python_ast::PythonVersion;
use ty_module_resolver::{Db as ModuleResolverDb, FallibleStrategy, SearchPathSettings};
use ty_python_core::platform::PythonPlatform;
use ty_python_core::program::{Program, ProgramSettings};
use ty_python_core::{Db as CoreDb, ProgramFile};
use ty_python_semantic::lint::{LintRegistry, LintSource, RuleSelection};
use ty_python_semantic::{
    AnalysisSettings, Db as SemanticDb, PythonVersionWithSource, check_file_unwrap,
    default_lint_registry,
};

mod system;
mod vendored;

pub(crate) use system::LoweringSystem;

use crate::proxy::foreign::ProxyClass;
use crate::proxy::lower::Resolver;

/// What the type inference has to know about a project. All paths are absolute.
#[derive(Debug, Clone)]
pub struct ProgramOptions {
    /// Where first-party imports are searched, in this order.
    pub src: Vec<SystemPathBuf>,
    /// Searched before everything but our own stubs.
    pub extra: Vec<SystemPathBuf>,
    /// Where installed packages are.
    pub site_packages: Vec<SystemPathBuf>,
    pub python_version: PythonVersion,
    /// Classes of other libraries that are transparent proxies of their parameter.
    pub proxy_classes: Vec<ProxyClass>,
    /// The value of `sys.platform`, or `all`.
    pub platform: Option<String>,
    /// Rules of ty's that are to run though they are off by default.
    pub enabled_rules: Vec<&'static str>,
    /// Whether `# type: ignore` silences ty's rules.
    pub respect_type_ignore: bool,
    /// Whether `# ty: ignore` silences ty's rules.
    pub respect_ty_ignore: bool,
}

impl ProgramOptions {
    /// Options for a program whose first-party imports are searched in one folder, without an environment.
    pub fn of_folder(src: impl Into<SystemPathBuf>, python_version: PythonVersion) -> Self {
        ProgramOptions {
            src: vec![src.into()],
            extra: Vec::new(),
            site_packages: Vec::new(),
            python_version,
            proxy_classes: Vec::new(),
            platform: None,
            enabled_rules: Vec::new(),
            respect_type_ignore: false,
            respect_ty_ignore: false,
        }
    }
}

#[salsa::db]
#[derive(Clone)]
pub(crate) struct Db {
    storage: salsa::Storage<Self>,
    files: Files,
    system: Arc<LoweringSystem>,
    settings: Arc<Settings>,
}

struct Settings {
    program: ProgramSettings,
    rules: RuleSelection,
    analysis: AnalysisSettings,
    proxy_classes: Vec<ProxyClass>,
}

impl Db {
    /// A database over the files of `system`.
    ///
    /// # Errors
    /// A search path that is not a directory.
    pub(crate) fn new(system: Arc<dyn System>, options: &ProgramOptions) -> anyhow::Result<Self> {
        let mut first_party = options.src.clone();
        first_party.extend(options.extra.iter().cloned());
        let resolver = Resolver::new(
            Arc::clone(&system),
            first_party,
            options.site_packages.clone(),
        );
        let resolver = Arc::new(resolver.with_proxy_classes(options.proxy_classes.clone()));
        let system = LoweringSystem::new(
            system,
            resolver,
            &options.proxy_classes,
            options.respect_ty_ignore,
        );
        let mut search_paths = SearchPathSettings::new(options.src.clone());
        search_paths.extra_paths = std::iter::once(SystemPathBuf::from(vendored::STUB_ROOT))
            .chain(options.extra.iter().cloned())
            .collect();
        search_paths
            .site_packages_paths
            .clone_from(&options.site_packages);
        let search_paths =
            search_paths.to_search_paths(&system, vendored::typeshed(), &FallibleStrategy)?;
        let db = Db {
            storage: salsa::Storage::new(None),
            files: Files::default(),
            system: Arc::new(system),
            settings: Arc::new(Settings {
                program: ProgramSettings {
                    python_version: PythonVersionWithSource {
                        version: options.python_version,
                        ..PythonVersionWithSource::default()
                    },
                    python_platform: options.platform.as_ref().map_or_else(
                        PythonPlatform::default,
                        |it| match it.as_str() {
                            "all" => PythonPlatform::All,
                            _ => PythonPlatform::Identifier(it.clone()),
                        },
                    ),
                    search_paths,
                },
                proxy_classes: options.proxy_classes.clone(),
                rules: rule_selection(&options.enabled_rules),
                analysis: AnalysisSettings {
                    respect_type_ignore_comments: options.respect_type_ignore,
                    ..AnalysisSettings::default()
                },
            }),
        };
        // What is under a root of this kind is what changes: what depends on nothing else stays valid
        // when it does.
        for root in &options.src {
            db.files.try_add_root(&db, root, FileRootKind::Project);
        }
        db.settings
            .program
            .search_paths
            .try_register_static_roots(&db);
        Ok(db)
    }

    pub(crate) fn lowering_system(&self) -> &LoweringSystem {
        &self.system
    }
}

fn rule_selection(enabled: &[&str]) -> RuleSelection {
    let registry = default_lint_registry();
    let mut rules = RuleSelection::from_registry(registry);
    for rule in enabled.iter().filter_map(|name| registry.get(name).ok()) {
        rules.enable(rule, Severity::Warning, LintSource::Cli);
    }
    rules
}

/// Runs `step` and gives the panic that it ended in. That an answer is no longer wanted is no failure.
pub(crate) fn caught<R>(step: impl FnOnce() -> R) -> Result<R, PanicError> {
    let result = catch_unwind(AssertUnwindSafe(step));
    if let Err(error) = &result
        && error.payload.downcast_ref::<salsa::Cancelled>().is_some()
        && let Err(error) = result
    {
        error.resume_unwind();
    }
    result
}

/// Whether a file is one of our own stubs.
pub(crate) fn is_stub(db: &dyn SourceDb, file: File) -> bool {
    file.path(db)
        .as_system_path()
        .is_some_and(vendored::is_stub)
}

/// Whether a file is the user's or an installed package's, not embedded in the binary.
pub(crate) fn is_on_disk(db: &dyn SourceDb, file: File) -> bool {
    let path = file.path(db).as_system_path();
    path.is_some_and(|path| !vendored::is_stub(path))
}

#[salsa::db]
impl salsa::Database for Db {}

#[salsa::db]
impl SourceDb for Db {
    fn vendored(&self) -> &VendoredFileSystem {
        vendored::typeshed()
    }

    fn system(&self) -> &dyn System {
        &*self.system
    }

    fn files(&self) -> &Files {
        &self.files
    }
}

#[salsa::db]
impl ModuleResolverDb for Db {}

#[salsa::db]
impl CoreDb for Db {
    fn should_check_file(&self, file: File) -> bool {
        is_on_disk(self, file)
    }
}

#[salsa::db]
impl SemanticDb for Db {
    fn check_file(&self, file: File) -> Vec<Diagnostic> {
        check_file_unwrap(self, self.program_file(file))
    }

    fn program_file(&self, file: File) -> ProgramFile<'_> {
        program(self).program_file(self, file)
    }

    fn python_version_with_source(&self, _file: File) -> &PythonVersionWithSource {
        &self.settings.program.python_version
    }

    fn rule_selection(&self, _file: File) -> &RuleSelection {
        &self.settings.rules
    }

    fn lint_registry(&self) -> &LintRegistry {
        default_lint_registry()
    }

    fn analysis_settings(&self, _file: File) -> &AnalysisSettings {
        &self.settings.analysis
    }

    fn verbose(&self) -> bool {
        false
    }

    fn is_open_file(&self, _file: File) -> bool {
        false
    }

    fn dyn_clone(&self) -> Box<dyn SemanticDb> {
        Box::new(self.clone())
    }
}

/// What our own queries run on.
#[salsa::db]
pub(crate) trait ProxyDb: SemanticDb {
    fn program_settings(&self) -> &ProgramSettings;

    /// Classes of other libraries that are transparent proxies of their parameter.
    fn proxy_classes(&self) -> &[ProxyClass];
}

#[salsa::db]
impl ProxyDb for Db {
    fn program_settings(&self) -> &ProgramSettings {
        &self.settings.program
    }

    fn proxy_classes(&self) -> &[ProxyClass] {
        &self.settings.proxy_classes
    }
}

/// Interning a program hashes every search path, so it is done once.
fn program(db: &dyn ProxyDb) -> Program<'_> {
    #[salsa::tracked(returns(copy))]
    fn interned(db: &dyn ProxyDb) -> Program<'_> {
        Program::from_settings(db, db.program_settings())
    }
    interned(db)
}
