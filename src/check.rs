//! The main job: from settings and files to findings.

use std::sync::Arc;

use rayon::prelude::*;
use ruff_db::files::{File, FileError, system_path_to_file};
use ruff_db::system::{System, SystemPath, SystemPathBuf};
use ruff_text_size::TextRange;
use ty_python_semantic::Db as _;

use crate::analysis::{Analysis, View};
use crate::db::{Db, ProgramOptions, caught};
use crate::diagnostics::{Diagnostic, Outcome, Progress, Severity, Source, shown};
use crate::findings::{self, Scope, Translator};
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
    let db = Db::new(system, request.options)?;
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
    let mut analysis = Analysis::new(db, &files, &request.options.site_packages);
    analysis.freeze();
    while let Some(work) = analysis.next_work() {
        let found = work.run(analysis.db());
        analysis.accept(found);
    }
    let found: Vec<Vec<Diagnostic>> = files
        .par_iter()
        .map_with(analysis.view(), |view, file| {
            let found = check_file(view, *file, request.all, request.apis);
            progress(Progress::FileChecked);
            found
        })
        .collect();
    outcome.diagnostics.extend(found.into_iter().flatten());
    // The program ends soon, and that is quicker than to give the memory back piece by piece.
    std::mem::forget(analysis);
    outcome.internal_errors = outcome
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Fatal)
        .count();
    Ok(outcome)
}

/// The findings of one file, without regard to comments and levels. What goes wrong is one of them.
pub(crate) fn check_file(view: &View, file: File, all: bool, apis: &Apis) -> Vec<Diagnostic> {
    let db = &view.db;
    caught(|| findings_of(view, file, all, apis)).unwrap_or_else(|error| {
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

fn findings_of(view: &View, file: File, all: bool, apis: &Apis) -> Vec<Diagnostic> {
    let View {
        db, edits, passed, ..
    } = view;
    let scope = match passed.contains(file) {
        _ if all => Scope::All,
        true => Scope::Proxies,
        false => Scope::NoProxies,
    };
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
