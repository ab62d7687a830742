//! What an answer is made from: one file of the program as it is at one time.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use ruff_db::files::{File, FilePath, FileRange};
use ruff_db::parsed::{ParsedModuleRef, parsed_module};
use ruff_db::system::{SystemPath, SystemPathBuf};
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use ruff_text_size::{Ranged as _, TextRange, TextSize};
use ty_python_core::ProgramFile;
use ty_python_semantic::{Db as _, SemanticModel};

use super::place;
use crate::analysis::View;
use crate::dask::results::sighting;
use crate::diagnostics::Source;
use crate::project::Project;
use crate::proxy::edit::EditMap;
use crate::proxy::sighting::Sighting;
use crate::rules::{Apis, Checker, Original, with_checker};

pub(super) struct Question {
    pub(super) view: View,
    pub(super) file: File,
    pub(super) path: SystemPathBuf,
    pub(super) project: Arc<Project>,
    pub(super) apis: Arc<Apis>,
    /// The text as the user wrote it.
    pub(super) source: Arc<Source>,
    /// Whether findings in the file are wanted.
    pub(super) is_checked: bool,
}

impl Question {
    pub(super) fn program_file(&self) -> ProgramFile<'_> {
        self.view.db.program_file(self.file)
    }

    pub(super) fn model(&self) -> SemanticModel<'_> {
        SemanticModel::new(&self.view.db, self.program_file())
    }

    pub(super) fn module(&self) -> ParsedModuleRef {
        let db = &self.view.db;
        parsed_module(db, self.program_file().python_file(db)).load(db)
    }

    fn edits(&self) -> Option<&EditMap> {
        self.view.edits.get(&self.file)
    }

    /// Where an offset into the user's text is in the text that is analyzed.
    pub(super) fn offset(&self, offset: usize) -> TextSize {
        let offset = offset.min(self.source.text.len());
        let offset = TextSize::try_from(offset).unwrap_or_default();
        match self.edits() {
            Some(edits) => edits.after(offset),
            None => offset,
        }
    }

    /// Where a place in this file is in the user's text.
    pub(super) fn user_range(&self, range: TextRange) -> Option<Range<usize>> {
        let range = match self.edits() {
            Some(edits) => edits.before(range)?,
            None => range,
        };
        Some(clamped(range, &self.source.text))
    }

    /// The same, if it touches what is `wanted` there.
    pub(super) fn user_range_in(
        &self,
        range: TextRange,
        wanted: &Range<usize>,
    ) -> Option<Range<usize>> {
        let range = self.user_range(range)?;
        (wanted.start <= range.end && range.start <= wanted.end && !range.is_empty())
            .then_some(range)
    }

    /// Where a place in any file is in the text of that file.
    pub(super) fn place(&self, place: FileRange) -> Option<(PathBuf, Range<usize>)> {
        if place.file() == self.file {
            let range = self.user_range(place.range())?;
            return Some((self.path.as_std_path().to_path_buf(), range));
        }
        let path = match place.file().path(&self.view.db) {
            FilePath::System(path) if crate::db::is_on_disk(&self.view.db, place.file()) => {
                path.as_std_path().to_path_buf()
            }
            _ => place::on_disk(&self.view.db, place.file())?,
        };
        let range = match self.view.edits.get(&place.file()) {
            Some(edits) => edits.before(place.range())?,
            None => place.range(),
        };
        Some((path, range.to_std_range()))
    }

    /// The file at a path that a finding shows.
    pub(super) fn absolute(&self, shown: &str) -> PathBuf {
        let path = SystemPath::absolute(shown, &self.project.cwd);
        path.as_std_path().to_path_buf()
    }

    /// Whether there is a proxy in the place of an expression, and how that is known.
    pub(super) fn sighting<'db>(
        &'db self,
        model: &SemanticModel<'db>,
        expr: &Expr,
    ) -> Option<Sighting<'db>> {
        sighting(&self.view.db, model, &self.view.passed, expr)
    }

    /// Looks at the file with what a rule sees.
    pub(super) fn with_checker<'db, R>(
        &'db self,
        look: impl FnOnce(&mut Checker<'_, 'db>) -> R,
    ) -> R {
        let original = Original {
            source: &self.source,
            edits: self.edits(),
        };
        let file = self.program_file();
        let (db, passed) = (&self.view.db, &self.view.passed);
        with_checker(db, file, passed, &original, &self.apis, look)
    }
}

/// The parameter around an offset.
pub(super) fn parameter_at(module: &ParsedModuleRef, offset: TextSize) -> Option<&ast::Parameter> {
    covering(module, offset)
        .into_iter()
        .find_map(|node| match node {
            AnyNodeRef::Parameter(it) => Some(it),
            _ => None,
        })
}

/// The nodes around an offset, the innermost first.
fn covering<'a>(module: &'a ParsedModuleRef, offset: TextSize) -> Vec<AnyNodeRef<'a>> {
    let all = module.syntax().range();
    let offset = offset.min(all.end());
    // Between two nodes the one that ends there is meant, too.
    let after = covering_node(module.syntax().into(), TextRange::empty(offset));
    let nodes: Vec<AnyNodeRef> = after.ancestors().collect();
    let is_name =
        |it: &AnyNodeRef| matches!(it, AnyNodeRef::ExprName(_) | AnyNodeRef::Identifier(_));
    if nodes.first().is_some_and(is_name) || offset == TextSize::default() {
        return nodes;
    }
    let before = TextRange::at(offset - TextSize::from(1), TextSize::from(1));
    let before = covering_node(module.syntax().into(), before);
    let ending: Vec<AnyNodeRef> = before.ancestors().collect();
    if ending.first().is_some_and(is_name) {
        ending
    } else {
        nodes
    }
}

pub(super) fn clamped(range: TextRange, text: &str) -> Range<usize> {
    let range = range.to_std_range();
    range.start.min(text.len())..range.end.min(text.len())
}
