//! Which files can see a proxy at all.
//!
//! Types flow along imports. A file none of whose imports leads, over any number of the user's own
//! modules and our stubs, to a module that makes proxies has no proxy in it: that a file names a
//! connector is not enough.

use rayon::prelude::*;
use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_db::system::SystemPathBuf;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{Alias, Expr, Stmt};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_module_resolver::{ImportingFile, ModuleName, resolve_module};
use ty_python_semantic::Db as _;

use crate::db::{Db, ProxyDb as _, caught, is_stub};

/// The packages among our stubs all of whose modules can give a proxy. Those of ProxyStore give one if
/// they import one of these.
const MAKERS: [&str; 3] = ["_proxycheck", "dask", "distributed"];

/// What a proxy can be seen from. Files are in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// The files that import a package that makes proxies, directly or over other files.
    pub(crate) files: Vec<File>,
    /// These and all that they import of the user's own code.
    pub(crate) imported: Vec<File>,
}

/// What the user's own files and our stubs import.
#[derive(Debug)]
pub(crate) struct Imports {
    /// The packages that make proxies by what they depend on.
    makers: FxHashSet<String>,
    by_file: FxHashMap<File, OfFile>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct OfFile {
    is_stub: bool,
    /// Whether a module that makes proxies is imported directly.
    has_proxies: bool,
    /// The user's own modules and our stubs.
    imported: Vec<File>,
}

impl Imports {
    /// Looks at `roots` and at all that they import of the user's own code.
    ///
    /// What is installed in `site_packages` makes proxies if it depends on a package that does.
    pub(crate) fn of(db: &Db, roots: &[File], site_packages: &[SystemPathBuf]) -> Self {
        let mut imports = Imports {
            makers: packages_that_make_proxies(db, site_packages),
            by_file: FxHashMap::default(),
        };
        let mut unknown = roots.to_vec();
        while !unknown.is_empty() {
            let found: Vec<(File, OfFile)> = unknown
                .par_iter()
                .map_with(db.clone(), |db, file| {
                    (*file, imports_of(db, *file, &imports.makers))
                })
                .collect();
            imports.by_file.extend(found);
            let next = (unknown.iter())
                .flat_map(|it| &imports.by_file[it].imported)
                .filter(|it| !imports.by_file.contains_key(it));
            let next: FxHashSet<File> = next.copied().collect();
            unknown = next.into_iter().collect();
        }
        imports
    }

    /// Looks at a file again, and at all that it imports for the first time. Whether anything is
    /// different.
    pub(crate) fn look_at(&mut self, db: &Db, file: File) -> bool {
        let mut queue = vec![file];
        let mut is_different = false;
        while let Some(file) = queue.pop() {
            let found = imports_of(db, file, &self.makers);
            let unknown = |it: &File| !self.by_file.contains_key(it) && *it != file;
            queue.extend(found.imported.iter().copied().filter(unknown));
            if self.by_file.get(&file) != Some(&found) {
                is_different = true;
                self.by_file.insert(file, found);
            }
        }
        is_different
    }

    /// All files of the user's own that have been looked at.
    pub(crate) fn files(&self) -> impl Iterator<Item = File> {
        let own = self.by_file.iter().filter(|(_, it)| !it.is_stub);
        own.map(|(file, _)| *file)
    }

    /// The files that import one of `files`, directly or over other files.
    pub(crate) fn importers(&self, files: impl IntoIterator<Item = File>) -> FxHashSet<File> {
        let mut importers: FxHashMap<File, Vec<File>> = FxHashMap::default();
        for (file, imports) in &self.by_file {
            for imported in &imports.imported {
                importers.entry(*imported).or_default().push(*file);
            }
        }
        closure(files, |file| importers.remove(&file).unwrap_or_default())
    }

    pub(crate) fn reach(&self, db: &Db) -> Reach {
        let direct: Vec<File> = (self.by_file.iter())
            .filter(|(_, imports)| imports.has_proxies)
            .map(|(file, _)| *file)
            .collect();
        let mut files = self.importers(direct.iter().copied());
        files.extend(direct);
        let is_own = |file: &File| self.by_file.get(file).is_some_and(|it| !it.is_stub);
        files.retain(is_own);
        let mut imported = closure(files.iter().copied(), |file| {
            let imported = self.by_file.get(&file).map_or(&[][..], |it| &it.imported);
            imported.iter().copied().filter(is_own).collect()
        });
        imported.extend(&files);
        let sorted = |files: FxHashSet<File>| {
            let mut files: Vec<File> = files.into_iter().collect();
            files.sort_unstable_by_key(|file| file.path(db).as_str().to_owned());
            files
        };
        Reach {
            files: sorted(files),
            imported: sorted(imported),
        }
    }
}

/// All that one or more steps lead to.
fn closure(
    from: impl IntoIterator<Item = File>,
    mut step: impl FnMut(File) -> Vec<File>,
) -> FxHashSet<File> {
    let mut found = FxHashSet::default();
    let mut queue: Vec<File> = from.into_iter().collect();
    while let Some(file) = queue.pop() {
        for next in step(file) {
            if found.insert(next) {
                queue.push(next);
            }
        }
    }
    found
}

/// The top-level modules of installed packages that require ProxyStore or proxyrt.
fn packages_that_make_proxies(db: &Db, site_packages: &[SystemPathBuf]) -> FxHashSet<String> {
    let system = ruff_db::Db::system(db);
    let mut modules = FxHashSet::default();
    let folders = site_packages
        .iter()
        .filter_map(|it| system.read_directory(it).ok());
    for entry in folders.flatten().flatten() {
        let folder = entry.path();
        let Some(name) = folder
            .file_name()
            .and_then(|it| it.strip_suffix(".dist-info"))
        else {
            continue;
        };
        let is_maker = system
            .read_to_string(&folder.join("METADATA"))
            .is_ok_and(|metadata| requires_maker(&metadata));
        if !is_maker {
            continue;
        }
        match system.read_to_string(&folder.join("top_level.txt")) {
            Ok(names) => modules.extend(names.split_whitespace().map(str::to_owned)),
            Err(_) => {
                let distribution = name.split('-').next().unwrap_or(name);
                modules.insert(distribution.to_lowercase());
                // The name of a distribution need not be that of its module.
                let record = system
                    .read_to_string(&folder.join("RECORD"))
                    .unwrap_or_default();
                modules.extend(record.lines().filter_map(|line| {
                    let (module, rest) = line.split_once('/')?;
                    rest.starts_with("__init__.py").then(|| module.to_owned())
                }));
            }
        }
    }
    modules
}

fn requires_maker(metadata: &str) -> bool {
    metadata
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("Requires-Dist: "))
        .any(|requirement| {
            let end =
                requirement.find(|it: char| !it.is_ascii_alphanumeric() && it != '-' && it != '_');
            matches!(
                &requirement[..end.unwrap_or(requirement.len())],
                "proxystore" | "proxystore-ex" | "proxystore_ex" | "proxyrt"
            )
        })
}

fn imports_of(db: &Db, file: File, makers: &FxHashSet<String>) -> OfFile {
    // The check of the file will fail in the same way, and say so.
    caught(|| find_imports(db, file, makers)).unwrap_or_default()
}

fn find_imports(db: &Db, file: File, makers: &FxHashSet<String>) -> OfFile {
    let program_file = db.program_file(file);
    let module = parsed_module(db, program_file.python_file(db)).load(db);
    let importing = ImportingFile::ResolverFile(program_file.resolver_file(db));
    let mut finder = Finder {
        db,
        importing,
        makers,
        seen: FxHashMap::default(),
        found: OfFile {
            is_stub: is_stub(db, file),
            ..OfFile::default()
        },
    };
    finder.visit_body(module.suite());
    finder.found
}

/// Looks at the modules that a file may import, wherever in the file it does so.
struct Finder<'db> {
    db: &'db Db,
    importing: ImportingFile<'db>,
    makers: &'db FxHashSet<String>,
    /// Modules, and whether those in them are of interest, too.
    seen: FxHashMap<ModuleName, bool>,
    found: OfFile,
}

impl Finder<'_> {
    /// Whether the modules in this one, if it is a package, are of interest, too.
    fn visit_module(&mut self, name: ModuleName) -> bool {
        if let Some(is_of_interest) = self.seen.get(&name) {
            return *is_of_interest;
        }
        let is_of_interest = self.look_at(&name);
        self.seen.insert(name, is_of_interest);
        is_of_interest
    }

    fn look_at(&mut self, name: &ModuleName) -> bool {
        let package = name.components().next().unwrap_or_default();
        let classes = self.db.proxy_classes();
        if classes.iter().any(|it| it.package() == package) {
            self.found.has_proxies = true;
        }
        let Some(module) = resolve_module(self.db, self.importing, name) else {
            return false;
        };
        let Some(file) = module.file(self.db) else {
            return true;
        };
        let is_stub = is_stub(self.db, file);
        let is_own = || (module.search_path(self.db)).is_some_and(|it| it.is_first_party());
        if is_stub && MAKERS.contains(&package) {
            self.found.has_proxies = true;
            false
        } else if is_stub || is_own() {
            self.found.imported.push(file);
            true
        } else {
            self.found.has_proxies |= self.makers.contains(package);
            false
        }
    }
}

fn names_of(imported: &[Alias]) -> impl Iterator<Item = ModuleName> {
    imported.iter().filter_map(|it| ModuleName::new(&it.name))
}

impl<'ast> SourceOrderVisitor<'ast> for Finder<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for name in names_of(&import.names) {
                    // The first of these is bound to a name, and the others are its members.
                    for ancestor in name.ancestors() {
                        self.visit_module(ancestor);
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let Ok(base) = ModuleName::from_import_statement(self.db, self.importing, import)
                else {
                    return;
                };
                if self.visit_module(base.clone()) {
                    // What is imported from a package may be a module.
                    for name in names_of(&import.names) {
                        let mut submodule = base.clone();
                        submodule.extend(&name);
                        self.visit_module(submodule);
                    }
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _expr: &'ast Expr) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ruff_db::files::system_path_to_file;
    use ruff_db::system::{InMemorySystem, MemoryFileSystem};
    use ruff_python_ast::PythonVersion;

    use super::*;
    use crate::db::ProgramOptions;

    /// The names of those modules in the folder `/p` that can see a proxy, and of those that they import.
    fn reach(modules: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let disk = MemoryFileSystem::with_current_directory("/p");
        let paths: Vec<String> = (modules.iter())
            .map(|(name, _)| format!("/p/{}.py", name.replace('.', "/")))
            .collect();
        for (path, (_, text)) in paths.iter().zip(modules) {
            disk.write_file_all(path, text).expect("it is written");
        }
        let options = ProgramOptions::of_folder("/p", PythonVersion::PY312);
        let system = Arc::new(InMemorySystem::from_memory_fs(disk));
        let db = Db::new(system, &options).expect("the settings are right");
        let file = |path: &String| system_path_to_file(&db, path).expect("it is there");
        let files: Vec<File> = paths.iter().map(file).collect();
        let reach = Imports::of(&db, &files, &[]).reach(&db);
        let names = |found: &[File]| {
            let is_found = |(file, _): &(&File, _)| found.contains(file);
            let found = files.iter().zip(modules).filter(is_found);
            found.map(|(_, (name, _))| (*name).to_owned()).collect()
        };
        (names(&reach.files), names(&reach.imported))
    }

    #[test]
    fn proxies_reach_all_importers_of_what_makes_them() {
        let (files, imported) = reach(&[
            ("stores", "from proxystore.store import Store\n"),
            ("app", "def f():\n    import stores, helper\n"),
            ("helper", "import numpy\n"),
            ("alone", "import helper\n"),
            ("tasks", "from dask.distributed import Client\n"),
        ]);
        assert_eq!(files, ["stores", "app", "tasks"]);
        assert_eq!(imported, ["stores", "app", "helper", "tasks"]);
    }

    #[test]
    fn a_module_of_proxystore_that_makes_no_proxies_is_like_any_other() {
        let (files, _) = reach(&[
            (
                "one",
                "from proxystore.connectors.redis import RedisConnector\n\
                 from proxystore.serialize import serialize\n\
                 from proxyrt.connectors.file import FileConnector\n",
            ),
            ("two", "from proxystore import store\n"),
            ("three", "from proxystore_ex.plugins import distributed\n"),
            ("four", "import proxyrt\n"),
        ]);
        assert_eq!(files, ["two", "three", "four"]);
    }

    #[test]
    fn the_package_of_a_module_is_seen_from_where_it_is_bound() {
        let (files, _) = reach(&[
            ("package.__init__", "from proxystore.proxy import Proxy\n"),
            ("package.part", ""),
            ("binds", "import package.part\n"),
            ("does_not", "from package.part import x\n"),
        ]);
        assert_eq!(files, ["package.__init__", "binds"]);
    }

    #[test]
    fn a_requirement_is_read_up_to_its_version() {
        let requires = |line: &str| requires_maker(&format!("Name: x\n{line}\n\nproxystore"));
        assert!(requires("Requires-Dist: proxystore>=0.6"));
        assert!(requires(
            "Requires-Dist: proxystore[all] (>=0.6) ; extra == 'test'"
        ));
        assert!(!requires("Requires-Dist: proxystore-tools"));
        assert!(!requires("Requires-Dist: dask"));
    }
}
