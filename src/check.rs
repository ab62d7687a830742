//! The main job: from settings and files to findings.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use rayon::prelude::*;
use ruff_db::files::{File, FileError, system_path_to_file};
use ruff_db::panic::catch_unwind;
use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;
use salsa::Setter as _;
use ty_python_semantic::Db as _;

use crate::dask::arguments::task_arguments;
use crate::dask::passages::passages;
use crate::db::{Db, ProgramOptions};
use crate::diagnostics::{Diagnostic, Outcome, Progress, Severity, Source, shown};
use crate::findings::{self, Scope, Translator};
use crate::proxy::edit::{EditMap, Repair};
use crate::proxy::passed::{Passage, Passed};
use crate::proxy::repair::{empty_types, repairs};
use crate::proxy::returns;
use crate::reach::Reach;
use crate::rules::{self, Apis, Original};

/// What to check.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub options: &'a ProgramOptions,
    /// Absolute paths.
    pub files: &'a [SystemPathBuf],
    /// Report everything that ty finds, not only what concerns proxies.
    pub all: bool,
    /// The functions and operators that do not treat a proxy like its target.
    pub apis: &'a Apis,
}

/// Checks files, in parallel.
///
/// # Errors
/// A search path that cannot be used. What goes wrong with one file is a finding about that file.
pub fn check(
    system: Arc<dyn System>,
    request: &Request,
    progress: &(dyn Fn(Progress) + Sync),
) -> anyhow::Result<Outcome> {
    let mut db = Db::new(system, request.options)?;
    let scope = if request.all {
        Scope::All
    } else {
        Scope::Proxies
    };
    let mut outcome = Outcome {
        files_checked: request.files.len(),
        ..Outcome::default()
    };
    let mut files = Vec::with_capacity(request.files.len());
    for path in request.files {
        match system_path_to_file(&db, path) {
            Ok(file) => files.push(file),
            Err(error) => outcome.diagnostics.push(unreadable(&db, path, error)),
        }
    }
    let reach = Reach::of(&db, &files, &request.options.site_packages);
    // Only the files that are known by now are edited, and none changes otherwise.
    ruff_db::Db::files(&db).freeze();
    let edits = edit(&mut db, &reach);
    let passed = passed(&db, &reach);
    let found: Vec<Vec<Diagnostic>> = files
        .par_iter()
        .map_with(db.clone(), |db, file| {
            let scope = match scope {
                Scope::Proxies if !passed.contains(*file) => Scope::NoProxies,
                _ => scope,
            };
            let found = check_file(db, *file, &edits, &passed, scope, request.apis);
            progress(Progress::FileChecked);
            found
        })
        .collect();
    outcome.diagnostics.extend(found.into_iter().flatten());
    outcome.internal_errors = outcome
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Fatal)
        .count();
    Ok(outcome)
}

/// Runs the later steps of lowering.
fn edit(db: &mut Db, reach: &Reach) -> FxHashMap<File, EditMap> {
    let mut edits = FxHashMap::default();
    apply_edits(db, &reach.imported, &mut edits, return_types);
    apply_edits(db, &reach.files, &mut edits, |db, file| {
        empty_types(db, db.program_file(file))
    });
    apply_edits(db, &reach.files, &mut edits, |db, file| {
        let file = db.program_file(file);
        let (types, tasks) = (repairs(db, file), task_arguments(db, file));
        types.iter().chain(&*tasks).cloned().collect()
    });
    edits
}

fn return_types(db: &Db, file: File) -> Arc<[Repair]> {
    let module = parsed_module(db, db.program_file(file).python_file(db)).load(db);
    if module.errors().is_empty() {
        returns::return_types(&source_text(db, file), module.suite()).into()
    } else {
        Arc::default()
    }
}

fn apply_edits(
    db: &mut Db,
    files: &[File],
    edits: &mut FxHashMap<File, EditMap>,
    find: impl Fn(&Db, File) -> Arc<[Repair]> + Sync,
) {
    let found: Vec<(File, Arc<[Repair]>)> = files
        .par_iter()
        .map_with(db.clone(), |db, file| {
            let found = catch_unwind(AssertUnwindSafe(|| find(db, *file)));
            // The check of the file will fail in the same way, and say so.
            (*file, found.unwrap_or_default())
        })
        .filter(|(_, found)| !found.is_empty())
        .collect();
    for (file, found) in found {
        let source = source_text(db, file);
        let (text, map, markers) = EditMap::apply(source.as_str(), found.to_vec());
        let edited = source.with_text(text, &markers);
        file.set_source_text_override(db).to(Some(edited));
        let map = match edits.remove(&file) {
            Some(earlier) => earlier.then(map),
            None => map,
        };
        edits.insert(file, map);
    }
}

/// What calls pass to parameters: in the files from which a proxy can be seen, and from there on in those
/// with a function that is given one.
fn passed(db: &Db, reach: &Reach) -> Passed {
    let mut passed = Passed::default();
    let mut files = reach.files.clone();
    while !files.is_empty() {
        let found: Vec<Arc<[Passage]>> = files
            .par_iter()
            .map_with(db.clone(), |db, file| {
                // The check of the file will fail in the same way, and say so.
                catch_unwind(AssertUnwindSafe(|| passages(db, db.program_file(*file))))
                    .unwrap_or_default()
            })
            .collect();
        files = passed.add(files, found.iter().flat_map(|it| it.iter()));
    }
    passed
}

fn check_file(
    db: &Db,
    file: File,
    edits: &FxHashMap<File, EditMap>,
    passed: &Passed,
    scope: Scope,
    apis: &Apis,
) -> Vec<Diagnostic> {
    let found = catch_unwind(AssertUnwindSafe(|| {
        findings_of(db, file, edits, passed, scope, apis)
    }));
    found.unwrap_or_else(|error| {
        let message = format!("The check of this file failed: {}", error.payload);
        let path = file.path(db).as_str();
        let mut diagnostic = about_file(db, path, "internal-error", Severity::Fatal, message);
        if let Some(location) = &error.location {
            diagnostic.notes.push(format!("at {location}"));
        }
        diagnostic.help =
            Some("This is a bug in proxycheck; please report it with this file".to_owned());
        vec![diagnostic]
    })
}

fn findings_of(
    db: &Db,
    file: File,
    edits: &FxHashMap<File, EditMap>,
    passed: &Passed,
    scope: Scope,
    apis: &Apis,
) -> Vec<Diagnostic> {
    let mut translator = Translator::new(db, edits);
    let program_file = db.program_file(file);
    let mut diagnostics: Vec<Diagnostic> = findings::findings(db, program_file, scope)
        .iter()
        .filter_map(|it| translator.of_ty(it))
        .collect();
    if scope != Scope::NoProxies
        && let Some(source) = translator.source(file)
    {
        let original = Original {
            source: &source,
            edits: edits.get(&file),
        };
        let own = rules::check(db, program_file, passed, &original, apis);
        diagnostics.extend(
            own.into_iter()
                .filter_map(|it| translator.finding(file, it)),
        );
    }
    findings::merge(&mut diagnostics);
    diagnostics
}

fn unreadable(db: &Db, path: &SystemPathBuf, error: FileError) -> Diagnostic {
    let what = match error {
        FileError::IsADirectory => "This is a directory",
        FileError::NotFound => "This file does not exist",
    };
    about_file(
        db,
        path.as_str(),
        "io-error",
        Severity::Error,
        what.to_owned(),
    )
}

/// A finding about a file of which there is no text to show.
fn about_file(
    db: &Db,
    path: &str,
    rule: &'static str,
    severity: Severity,
    message: String,
) -> Diagnostic {
    let current = ruff_db::Db::system(db).current_directory();
    let source = Source::new(
        shown(SystemPath::new(path), current),
        String::new(),
        Vec::new(),
    );
    Diagnostic::new(
        rule,
        severity,
        message,
        &Arc::new(source),
        TextRange::default(),
    )
}
