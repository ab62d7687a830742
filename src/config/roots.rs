//! Where the modules of the program are found.

use ruff_db::system::{System, SystemPath, SystemPathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

/// Files that are checked with the same search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// In the order in which they are searched.
    pub src: Vec<SystemPathBuf>,
    pub files: Vec<SystemPathBuf>,
}

/// The folders of a project in which modules are searched where none are configured: `src`, if there
/// is one that is no package, and the project itself.
pub fn project_roots(project: &SystemPath, system: &dyn System) -> Vec<SystemPathBuf> {
    let src = project.join("src");
    let is_src_layout = system.is_directory(&src) && !is_package(&src, system);
    let mut roots: Vec<SystemPathBuf> = is_src_layout.then_some(src).into_iter().collect();
    roots.push(project.to_path_buf());
    roots
}

/// Sorts files into groups whose modules can be searched for together.
///
/// A program may be run from the folder that its files are in. Therefore, for each file, the first
/// folder above it that is no package is searched too, after the `project_roots`. Two such folders
/// may hold different modules of the same name. Where one of these is imported, they cannot share a
/// search path.
pub fn groups(
    files: Vec<SystemPathBuf>,
    project: &SystemPath,
    project_roots: &[SystemPathBuf],
    system: &dyn System,
) -> Vec<Group> {
    let mut by_root: Vec<(SystemPathBuf, Vec<SystemPathBuf>)> = Vec::new();
    let mut index: FxHashMap<SystemPathBuf, usize> = FxHashMap::default();
    for file in files {
        let root = root_of(&file, project, system);
        let at = *index.entry(root.clone()).or_insert_with(|| {
            by_root.push((root, Vec::new()));
            by_root.len() - 1
        });
        by_root[at].1.push(file);
    }
    if let [(root, files)] = by_root.as_mut_slice() {
        return vec![Group {
            src: with(
                project_roots,
                Some(root.clone()).filter(|it| system.is_directory(it)),
            ),
            files: std::mem::take(files),
        }];
    }

    let mut groups: Vec<(Names, Vec<SystemPathBuf>, Vec<SystemPathBuf>)> = Vec::new();
    for (root, files) in by_root {
        let names = if project_roots.contains(&root) {
            // It is searched in every group.
            Names::default()
        } else {
            Names::of(&root, &files, system)
        };
        let (roots, members) = match groups.iter_mut().find(|it| !it.0.conflicts(&names)) {
            Some((all, roots, members)) => {
                all.extend(names);
                (roots, members)
            }
            None => {
                groups.push((names, Vec::new(), Vec::new()));
                match groups.last_mut() {
                    Some((_, roots, members)) => (roots, members),
                    None => continue,
                }
            }
        };
        // The standard input may be checked as a file in a folder that there is not.
        if system.is_directory(&root) {
            roots.push(root);
        }
        members.extend(files);
    }
    groups
        .into_iter()
        .map(|(_, roots, files)| Group {
            src: with(project_roots, roots),
            files,
        })
        .collect()
}

/// The first folder above `file` that is no package, but not one above the project.
fn root_of(file: &SystemPath, project: &SystemPath, system: &dyn System) -> SystemPathBuf {
    let mut folder = file.parent().unwrap_or(file);
    while folder != project && is_package(folder, system) {
        match folder.parent() {
            Some(parent) => folder = parent,
            None => break,
        }
    }
    folder.to_path_buf()
}

fn is_package(folder: &SystemPath, system: &dyn System) -> bool {
    ["__init__.py", "__init__.pyi"]
        .iter()
        .any(|it| system.is_file(&folder.join(it)))
}

fn with(
    roots: &[SystemPathBuf],
    more: impl IntoIterator<Item = SystemPathBuf>,
) -> Vec<SystemPathBuf> {
    let mut all = roots.to_vec();
    for root in more {
        if !all.contains(&root) {
            all.push(root);
        }
    }
    all
}

/// The names of top-level modules.
#[derive(Debug, Default)]
struct Names {
    defined: FxHashSet<String>,
    imported: FxHashSet<String>,
}

impl Names {
    fn of(root: &SystemPath, files: &[SystemPathBuf], system: &dyn System) -> Self {
        let mut names = Names::default();
        for entry in system.read_directory(root).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_module =
                entry.file_type().is_directory() || matches!(path.extension(), Some("py" | "pyi"));
            if let Some(name) = path.file_stem().filter(|_| is_module) {
                names.defined.insert(name.to_owned());
            }
        }
        for file in files {
            // The text of a notebook's cells is quoted in its file.
            let text = system.read_to_string(file).unwrap_or_default();
            for line in text.lines() {
                let line = line.trim_start_matches([' ', '\t', '"']);
                if let Some(rest) = line.strip_prefix("from ") {
                    names.import(rest);
                } else if let Some(rest) = line.strip_prefix("import ") {
                    rest.split(',').for_each(|it| names.import(it));
                }
            }
        }
        names
    }

    fn import(&mut self, module: &str) {
        let end = |it: char| !(it.is_alphanumeric() || it == '_');
        if let Some(name) = module
            .trim_start()
            .split(end)
            .next()
            .filter(|it| !it.is_empty())
        {
            self.imported.insert(name.to_owned());
        }
    }

    /// Whether a name that one of the two imports means different modules in them.
    fn conflicts(&self, other: &Names) -> bool {
        self.defined
            .intersection(&other.defined)
            .any(|name| self.imported.contains(name) || other.imported.contains(name))
    }

    fn extend(&mut self, other: Names) {
        self.defined.extend(other.defined);
        self.imported.extend(other.imported);
    }
}

#[cfg(test)]
mod tests {
    use ruff_db::system::{InMemorySystem, MemoryFileSystem};

    use super::*;

    fn system(files: &[(&str, &str)]) -> InMemorySystem {
        let disk = MemoryFileSystem::with_current_directory("/p");
        let files = files
            .iter()
            .map(|(path, text)| (SystemPathBuf::from(*path), *text));
        disk.write_files_all(files).unwrap();
        InMemorySystem::from_memory_fs(disk)
    }

    fn roots(system: &InMemorySystem) -> Vec<String> {
        let roots = project_roots(SystemPath::new("/p"), system);
        roots.iter().map(ToString::to_string).collect()
    }

    fn grouped(files: &[(&str, &str)]) -> Vec<(Vec<String>, usize)> {
        let system = system(files);
        let project = SystemPath::new("/p");
        let roots = project_roots(project, &system);
        let paths = files
            .iter()
            .map(|(path, _)| SystemPathBuf::from(*path))
            .collect();
        groups(paths, project, &roots, &system)
            .into_iter()
            .map(|it| {
                (
                    it.src.iter().map(ToString::to_string).collect(),
                    it.files.len(),
                )
            })
            .collect()
    }

    #[test]
    fn a_src_folder_comes_before_the_project() {
        let system = system(&[("/p/src/a/__init__.py", "")]);
        assert_eq!(roots(&system), ["/p/src", "/p"]);
    }

    #[test]
    fn a_package_called_src_is_no_root() {
        let system = system(&[("/p/src/__init__.py", "")]);
        assert_eq!(roots(&system), ["/p"]);
    }

    #[test]
    fn the_folder_above_a_package_is_a_root() {
        let found = grouped(&[
            ("/p/tools/pkg/__init__.py", ""),
            ("/p/tools/pkg/sub/__init__.py", ""),
            ("/p/tools/pkg/sub/a.py", ""),
        ]);
        assert_eq!(found, [(vec!["/p".to_owned(), "/p/tools".to_owned()], 3)]);
    }

    #[test]
    fn folders_that_do_not_conflict_share_a_search_path() {
        let found = grouped(&[
            ("/p/one/main.py", "import model\n"),
            ("/p/one/model.py", ""),
            ("/p/two/main.py", "import other\n"),
            ("/p/two/other.py", ""),
        ]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn an_imported_name_with_two_meanings_separates_folders() {
        let found = grouped(&[
            ("/p/one/main.py", "from model import X\n"),
            ("/p/one/model.py", ""),
            ("/p/two/main.py", "import sys, model as m\n"),
            ("/p/two/model.py", ""),
        ]);
        let paths = |root: &str| vec!["/p".to_owned(), root.to_owned()];
        assert_eq!(found, [(paths("/p/one"), 2), (paths("/p/two"), 2)]);
    }
}
