//! Finds modules and remembers what is known of each file.

use std::sync::{Arc, OnceLock, RwLock};

use ruff_db::system::{FileType, System, SystemPath, SystemPathBuf};
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr};
use ruff_python_ast::{Expr, PySourceType, Stmt};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Form;
use super::facts::{Facts, Import};
use super::form::is_provider;
use super::parse::with_parsed;
use super::scope::{Exported, ImportPath, Scope, Syntax};
use crate::proxy::foreign::ProxyClass;

/// Knows what modules export, by reading them from the file system.
///
/// Modules are searched in the first-party roots and then in the site packages, never in the standard
/// library. What was read is remembered until [`Resolver::invalidate`]. All methods take `&self` and may
/// be called from many threads.
#[derive(Debug)]
pub struct Resolver {
    system: Arc<dyn System>,
    first_party: Vec<SystemPathBuf>,
    site_packages: Vec<SystemPathBuf>,
    proxy_classes: Vec<ProxyClass>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    files: FxHashMap<SystemPathBuf, Arc<SourceFile>>,
    folders: FxHashMap<SystemPathBuf, Arc<Folder>>,
    /// By absolute name.
    modules: FxHashMap<Name, Module>,
    /// Whether a first-party file mentions a provider or imports, however indirectly, one that does.
    leads: FxHashMap<SystemPathBuf, bool>,
    /// Counts the invalidations, so that an answer from before one is not remembered after it.
    revision: u64,
}

#[derive(Debug)]
struct SourceFile {
    facts: Facts,
    summary: OnceLock<Option<Arc<Summary>>>,
}

/// The names of a module.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) scope: Scope,
    /// The value of `__all__`.
    pub(super) exported: Option<Exported>,
    pub(super) is_stub: bool,
}

impl Summary {
    fn of(body: &[Stmt], text: &str, source_type: PySourceType) -> Self {
        Summary {
            scope: Scope::of_module(body, Syntax::of(text)),
            exported: Exported::of_module(body),
            is_stub: source_type.is_stub(),
        }
    }
}

/// The Python files and folders of a folder, by the name of the module that they may be.
#[derive(Debug, Default)]
struct Folder {
    entries: FxHashMap<Box<str>, Entry>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Entry {
    is_folder: bool,
    has_source: bool,
    has_stub: bool,
}

/// Whether a module leads to a provider.
enum Leading {
    Yes,
    No,
    /// If something leads there that its file, which is a first-party one, imports.
    Maybe(SystemPathBuf, Arc<SourceFile>),
}

/// A module that an import names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Module {
    /// Belongs to a package that defines proxy types; its absolute name.
    Provider(Name),
    /// `typing` and the like.
    Typing,
    /// Its classes are generic: `collections`, `collections.abc`.
    Collections,
    /// The path without `.py` or `/__init__.py`.
    At(SystemPathBuf),
    /// Not found, or the standard library's.
    Unknown,
}

impl Resolver {
    /// Resolves over `system`, whose files must be what the user wrote, not what is lowered.
    ///
    /// `first_party` and `site_packages` are absolute paths of folders, in the order in which they are
    /// searched. Only a first-party file is lowered because of what another file re-exports.
    pub fn new(
        system: Arc<dyn System>,
        first_party: Vec<SystemPathBuf>,
        site_packages: Vec<SystemPathBuf>,
    ) -> Self {
        Resolver {
            system,
            first_party,
            site_packages,
            proxy_classes: Vec::new(),
            state: RwLock::default(),
        }
    }

    /// With classes of other libraries that are proxies of their parameter, too.
    #[must_use]
    pub fn with_proxy_classes(mut self, classes: Vec<ProxyClass>) -> Self {
        self.proxy_classes = classes;
        self
    }

    /// The configured class that a module exports under a name.
    pub(super) fn proxy_class(&self, module: &Module, name: &str) -> Option<Form> {
        if !self.proxy_classes.iter().any(|it| it.name == name) {
            return None;
        }
        let Module::At(stem) = module else {
            return None;
        };
        let module = self.name_below_root(stem)?;
        let is_it = |it: &ProxyClass| it.name == name && it.module == module;
        let position = self.proxy_classes.iter().position(is_it)?;
        u8::try_from(position).ok().map(Form::Foreign)
    }

    /// Whether calls of a configured class are replaced by those of a function of our stubs.
    pub(super) fn has_known_constructor(&self, position: u8) -> bool {
        let class = self.proxy_classes.get(usize::from(position));
        class.is_some_and(ProxyClass::has_known_constructor)
    }

    fn mentions_provider(&self, text: &str) -> bool {
        super::form::mentions_provider(text)
            || self
                .proxy_classes
                .iter()
                .any(|it| text.contains(it.package()))
    }

    /// The names of what a class that is defined in Python has of its own, but for special methods; `None`
    /// if they are not all known.
    pub(crate) fn own_members(&self, class: &ProxyClass) -> Option<Vec<String>> {
        let Module::At(stem) = self.absolute(&class.module) else {
            return None;
        };
        let path = self.file_of(&stem)?;
        let text = self.system.read_to_string(&path).ok()?;
        with_parsed(&text, source_type(&path), |parsed| {
            members_of_class(parsed.suite(), &class.name)
        })?
    }

    /// Forgets what was read from `path`. To be called when the file is changed, created or deleted,
    /// before any file is lowered again.
    pub fn invalidate(&self, path: &SystemPath) {
        let exists = self.system.path_exists(path);
        self.write(|state| {
            state.revision += 1;
            state.files.remove(path);
            state.leads.clear();
            let is_listed = path
                .parent()
                .and_then(|parent| state.folders.get(parent))
                .is_some_and(|folder| folder.lists(path));
            if is_listed != exists {
                state.folders.clear();
                state.modules.clear();
            }
        });
    }

    /// The files that were lowered, or read for that, and import the module at `path` directly or
    /// through others: those whose lowered text may change with it. The file itself is not among them.
    /// The answer does not depend on whether the file exists.
    pub fn dependents(&self, path: &SystemPath) -> Vec<SystemPathBuf> {
        let files: Vec<_> = self.read(|state| {
            let files = state.files.iter();
            files
                .map(|(path, file)| (path.clone(), Arc::clone(file)))
                .collect()
        });
        let mut importers: FxHashMap<SystemPathBuf, Vec<&SystemPath>> = FxHashMap::default();
        for (importer, file) in &files {
            for import in &file.facts.imports {
                for stem in self.possible_stems(importer, import) {
                    importers.entry(stem).or_default().push(importer);
                }
            }
        }
        let mut found: FxHashSet<&SystemPath> = FxHashSet::default();
        let mut queue = vec![stem_of(path)];
        while let Some(stem) = queue.pop() {
            for importer in importers.remove(&stem).unwrap_or_default() {
                if importer != path && found.insert(importer) {
                    queue.push(stem_of(importer));
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().map(SystemPath::to_path_buf).collect();
        found.sort_unstable();
        found
    }

    /// Whether anything in the file can denote a proxy type. Cheap, and right more often than not.
    pub(super) fn is_relevant(&self, text: &str, path: &SystemPath) -> bool {
        if !self.is_first_party(path) {
            return self.mentions_provider(text);
        }
        // The text goes before what the file system says: it may not be written yet.
        let file = self.remember(path, text);
        self.leads(path, file)
    }

    /// Whether it is worth while to ask what a module's file exports.
    pub(super) fn may_export(&self, path: &SystemPath) -> bool {
        self.file(path)
            .is_some_and(|file| match self.is_first_party(path) {
                true => self.leads(path, file),
                false => file.facts.mentions_provider,
            })
    }

    /// The module that `import name` means.
    pub(super) fn absolute(&self, name: &str) -> Module {
        if is_provider(name) {
            return Module::Provider(Name::new(name));
        }
        match name {
            "typing" | "typing_extensions" | "ty_extensions" => return Module::Typing,
            "collections" | "collections.abc" => return Module::Collections,
            _ => {}
        }
        if let Some(known) = self.read(|state| state.modules.get(name).cloned()) {
            return known;
        }
        let revision = self.revision();
        let relative = name.replace('.', "/");
        let roots = self.first_party.iter().chain(&self.site_packages);
        let found = roots
            .map(|root| root.join(&relative))
            .find(|stem| self.exists(stem))
            .map_or(Module::Unknown, Module::At);
        self.write(|state| {
            if state.revision == revision {
                state.modules.insert(Name::new(name), found.clone());
            }
        });
        found
    }

    /// The module that `from … import` names in the file at `path`.
    pub(super) fn imported(&self, path: &SystemPath, import: &ImportPath) -> Module {
        match import.level {
            0 => self.absolute(&import.module),
            level => match relative_stem(path, level as usize, &import.module) {
                Some(stem) => self.at(stem),
                None => Module::Unknown,
            },
        }
    }

    /// The module `name` in the package at `stem`, if there is one.
    pub(super) fn submodule(&self, stem: &SystemPath, name: &str) -> Option<Module> {
        let stem = stem.join(name);
        self.exists(&stem).then(|| self.at(stem))
    }

    fn at(&self, stem: SystemPathBuf) -> Module {
        match self.name_below_root(&stem) {
            Some(name) if is_provider(&name) => Module::Provider(Name::new(name)),
            _ => Module::At(stem),
        }
    }

    /// The file in which the module at `stem` is written; a namespace package has none.
    pub(super) fn file_of(&self, stem: &SystemPath) -> Option<SystemPathBuf> {
        let entry = self.entry(stem)?;
        if entry.is_folder {
            let init = stem.join("__init__");
            if let Some(file) = self.entry(&init).and_then(|entry| entry.file(&init)) {
                return Some(file);
            }
        }
        entry.file(stem)
    }

    fn exists(&self, stem: &SystemPath) -> bool {
        self.entry(stem).is_some()
    }

    /// The names of the module in the file at `path`.
    pub(super) fn summary(&self, path: &SystemPath) -> Option<Arc<Summary>> {
        let file = self.file(path)?;
        let summary = file.summary.get_or_init(|| {
            let text = self.system.read_to_string(path).ok()?;
            let source_type = source_type(path);
            let summary = with_parsed(&text, source_type, |parsed| {
                Summary::of(parsed.suite(), &text, source_type)
            })?;
            Some(Arc::new(summary))
        });
        summary.clone()
    }

    /// Whether a first-party file mentions a provider or imports, however indirectly, one that does.
    fn leads(&self, path: &SystemPath, file: Arc<SourceFile>) -> bool {
        if let Some(known) = self.known_leads(path) {
            return known;
        }
        let revision = self.revision();
        let mut seen: FxHashSet<SystemPathBuf> = [path.to_path_buf()].into_iter().collect();
        // Each file with the position of the one that imports it.
        let mut queue = vec![(path.to_path_buf(), file, None)];
        let mut next = 0;
        let mut leading = None;
        while leading.is_none()
            && let Some((path, file, _)) = queue.get(next)
        {
            if file.facts.mentions_provider {
                leading = Some(next);
                break;
            }
            let (path, file) = (path.clone(), Arc::clone(file));
            let modules = file
                .facts
                .imports
                .iter()
                .flat_map(|it| self.modules_of(&path, it));
            for module in modules {
                match self.leading(&module) {
                    Leading::Yes => {
                        leading = Some(next);
                        break;
                    }
                    Leading::No => {}
                    Leading::Maybe(path, file) => {
                        if seen.insert(path.clone()) {
                            queue.push((path, file, Some(next)));
                        }
                    }
                }
            }
            next += 1;
        }
        self.write(|state| {
            if state.revision != revision {
                return;
            }
            match leading {
                // What was passed on the way to the provider leads there; of the others nothing is known.
                Some(_) => {
                    let mut at = leading;
                    while let Some(position) = at {
                        let (path, _, importer) = &queue[position];
                        state.leads.insert(path.clone(), true);
                        at = *importer;
                    }
                }
                None => state
                    .leads
                    .extend(queue.into_iter().map(|(path, ..)| (path, false))),
            }
        });
        leading.is_some()
    }

    /// What is known without looking at what the module imports.
    fn leading(&self, module: &Module) -> Leading {
        let stem = match module {
            Module::Provider(_) => return Leading::Yes,
            Module::At(stem) => stem,
            Module::Typing | Module::Collections | Module::Unknown => return Leading::No,
        };
        let Some(path) = self.file_of(stem) else {
            return Leading::No;
        };
        let known = match self.is_first_party(&path) {
            true => self.known_leads(&path),
            false => Some(self.may_export(&path)),
        };
        match known {
            Some(true) => Leading::Yes,
            Some(false) => Leading::No,
            None => match self.file(&path) {
                Some(file) => Leading::Maybe(path, file),
                None => Leading::No,
            },
        }
    }

    fn known_leads(&self, path: &SystemPath) -> Option<bool> {
        self.read(|state| state.leads.get(path).copied())
    }

    /// The modules whose names an import may bring in.
    fn modules_of(&self, path: &SystemPath, import: &Import) -> Vec<Module> {
        let module = match import.level {
            0 => self.absolute(&import.module),
            level => match relative_stem(path, level, &import.module) {
                Some(stem) => self.at(stem),
                None => Module::Unknown,
            },
        };
        let mut modules = Vec::new();
        match &import.names {
            Some(names) => {
                if let Module::At(stem) = &module {
                    modules.extend(names.iter().filter_map(|name| self.submodule(stem, name)));
                }
            }
            // After `import a.b` the names of `a` can be used, too.
            None => modules.extend(parents(&import.module).map(|parent| self.absolute(parent))),
        }
        modules.push(module);
        modules
    }

    /// Where the modules that an import names would be, whether or not they exist.
    fn possible_stems(&self, path: &SystemPath, import: &Import) -> Vec<SystemPathBuf> {
        let mut stems: Vec<SystemPathBuf> = match import.level {
            0 => std::iter::once(&*import.module)
                .chain(parents(&import.module))
                .flat_map(|module| {
                    let relative = module.replace('.', "/");
                    self.first_party
                        .iter()
                        .map(move |root| root.join(&relative))
                })
                .collect(),
            level => relative_stem(path, level, &import.module)
                .into_iter()
                .collect(),
        };
        for name in import.names.iter().flatten() {
            let submodules: Vec<_> = stems.iter().map(|stem| stem.join(&**name)).collect();
            stems.extend(submodules);
        }
        stems
    }

    pub(super) fn is_first_party(&self, path: &SystemPath) -> bool {
        let depth = |roots: &[SystemPathBuf]| {
            let roots = roots.iter().filter(|root| path.starts_with(root));
            roots.map(|root| root.as_str().len()).max()
        };
        match depth(&self.site_packages) {
            // An environment may be below the project, and a project in an environment.
            Some(site) => depth(&self.first_party).is_some_and(|root| root > site),
            None => true,
        }
    }

    /// The absolute name of the module at `stem`.
    fn name_below_root(&self, stem: &SystemPath) -> Option<String> {
        let roots = self.first_party.iter().chain(&self.site_packages);
        let root = roots
            .filter(|root| stem.starts_with(root))
            .max_by_key(|root| root.as_str().len())?;
        let relative = stem.strip_prefix(root).ok()?;
        let parts: Vec<&str> = relative.components().map(|part| part.as_str()).collect();
        Some(parts.join("."))
    }

    fn file(&self, path: &SystemPath) -> Option<Arc<SourceFile>> {
        if let Some(known) = self.read(|state| state.files.get(path).cloned()) {
            return Some(known);
        }
        let text = self.system.read_to_string(path).ok()?;
        Some(self.remember(path, &text))
    }

    fn remember(&self, path: &SystemPath, text: &str) -> Arc<SourceFile> {
        if let Some(known) = self.read(|state| state.files.get(path).cloned()) {
            return known;
        }
        let facts = if self.is_first_party(path) {
            Facts {
                mentions_provider: self.mentions_provider(text),
                ..Facts::of(text)
            }
        } else {
            // Whether other packages import each other does not matter.
            Facts {
                mentions_provider: self.mentions_provider(text),
                imports: Vec::new(),
            }
        };
        let file = Arc::new(SourceFile {
            facts,
            summary: OnceLock::new(),
        });
        self.write(|state| Arc::clone(state.files.entry(path.to_path_buf()).or_insert(file)))
    }

    fn entry(&self, stem: &SystemPath) -> Option<Entry> {
        let (folder, name) = (stem.parent()?, stem.file_name()?);
        self.folder(folder).entries.get(name).copied()
    }

    fn folder(&self, path: &SystemPath) -> Arc<Folder> {
        if let Some(known) = self.read(|state| state.folders.get(path).cloned()) {
            return known;
        }
        let revision = self.revision();
        let mut folder = Folder::default();
        for entry in self
            .system
            .read_directory(path)
            .into_iter()
            .flatten()
            .flatten()
        {
            folder.add(entry.path(), entry.file_type());
        }
        let folder = Arc::new(folder);
        self.write(|state| {
            if state.revision == revision {
                state
                    .folders
                    .insert(path.to_path_buf(), Arc::clone(&folder));
            }
        });
        folder
    }

    fn revision(&self) -> u64 {
        self.read(|state| state.revision)
    }

    fn read<R>(&self, get: impl FnOnce(&State) -> R) -> R {
        get(&self
            .state
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn write<R>(&self, set: impl FnOnce(&mut State) -> R) -> R {
        set(&mut self
            .state
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Folder {
    fn add(&mut self, path: &SystemPath, file_type: FileType) {
        let Some(file_name) = path.file_name() else {
            return;
        };
        match file_name.rsplit_once('.') {
            Some((name, "py")) => self.entry(name).has_source = true,
            Some((name, "pyi")) => self.entry(name).has_stub = true,
            None if !file_type.is_file() => self.entry(file_name).is_folder = true,
            _ => {}
        }
    }

    fn entry(&mut self, name: &str) -> &mut Entry {
        self.entries.entry(name.into()).or_default()
    }

    fn lists(&self, path: &SystemPath) -> bool {
        let entry = path.file_stem().and_then(|stem| self.entries.get(stem));
        entry.is_some_and(|entry| match path.extension() {
            Some("py") => entry.has_source,
            Some("pyi") => entry.has_stub,
            _ => entry.is_folder,
        })
    }
}

impl Entry {
    fn file(self, stem: &SystemPath) -> Option<SystemPathBuf> {
        let extension = match self {
            Entry { has_stub: true, .. } => "pyi",
            Entry {
                has_source: true, ..
            } => "py",
            _ => return None,
        };
        Some(SystemPathBuf::from(format!("{stem}.{extension}")))
    }
}

/// The names that the body of a class and the methods in it define; `None` if others come from its bases.
fn members_of_class(body: &[Stmt], name: &str) -> Option<Vec<String>> {
    #[derive(Default)]
    struct SelfAttributes(Vec<String>);
    impl<'a> SourceOrderVisitor<'a> for SelfAttributes {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Attribute(it) = expr
                && it.ctx.is_store()
                && it.value.is_name_expr()
            {
                self.0.push(it.attr.to_string());
            }
            walk_expr(self, expr);
        }
    }

    let class = body.iter().find_map(|it| match it {
        Stmt::ClassDef(it) if &it.name == name => Some(it),
        _ => None,
    })?;
    let is_plain = |base: &Expr| match base {
        Expr::Name(it) => matches!(it.id.as_str(), "object" | "Generic"),
        Expr::Subscript(it) => match &*it.value {
            Expr::Name(it) => it.id == "Generic",
            Expr::Attribute(it) => &it.attr == "Generic",
            _ => false,
        },
        _ => false,
    };
    if !class.bases().iter().all(is_plain) {
        return None;
    }
    let mut attributes = SelfAttributes::default();
    attributes.visit_body(&class.body);
    let mut names = attributes.0;
    for stmt in &class.body {
        match stmt {
            Stmt::FunctionDef(it) => names.push(it.name.to_string()),
            Stmt::AnnAssign(it) => {
                names.extend(it.target.as_name_expr().map(|it| it.id.to_string()))
            }
            Stmt::Assign(it) => {
                let targets = it.targets.iter().filter_map(Expr::as_name_expr);
                names.extend(targets.map(|it| it.id.to_string()));
            }
            _ => {}
        }
    }
    names.retain(|it| !(it.starts_with("__") && it.ends_with("__")));
    names.sort_unstable();
    names.dedup();
    Some(names)
}

fn source_type(path: &SystemPath) -> PySourceType {
    let extension = path.extension().unwrap_or_default();
    PySourceType::try_from_extension(extension).unwrap_or_default()
}

/// The path of a module without `.py` or `/__init__.py`.
fn stem_of(path: &SystemPath) -> SystemPathBuf {
    match (path.file_stem(), path.parent()) {
        (Some("__init__"), Some(package)) => package.to_path_buf(),
        (Some(stem), Some(folder)) => folder.join(stem),
        _ => path.to_path_buf(),
    }
}

/// The module that a relative import in the file at `path` names.
fn relative_stem(path: &SystemPath, level: usize, module: &str) -> Option<SystemPathBuf> {
    let package = path.ancestors().nth(level)?;
    match module {
        "" => Some(package.to_path_buf()),
        module => Some(package.join(module.replace('.', "/"))),
    }
}

/// `a.b` and `a` for `a.b.c`.
fn parents(module: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(module.rsplit_once('.'), |(parent, _)| {
        parent.rsplit_once('.')
    })
    .map(|(parent, _)| parent)
}
