//! Which parameters are given proxies by calls?
//!
//! A parameter is more often declared as the target than as a `ProxyOr` of it, or not at all, and given a
//! proxy all the same: that is what transparency is for. What the function then does to it is done to a
//! proxy. A call says so for certain, wherever in the project it is.

use ruff_db::files::{File, FileRange};
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_python_semantic::SemanticModel;

use crate::db::ProxyDb;

/// An argument and the parameter that it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) argument: FileRange,
    /// The name of the parameter, or of the field of a dataclass.
    pub(crate) parameter: FileRange,
    /// `None` if the argument is a proxy; else the name of the parameter that is handed on.
    pub(crate) source: Option<FileRange>,
}

/// What calls pass to the parameters of the user's functions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The argument that is a proxy, by the name of the parameter.
    arguments: FxHashMap<FileRange, FileRange>,
    /// The parameters to which a parameter is passed on.
    handed_on: FxHashMap<FileRange, Vec<FileRange>>,
    /// The files of which the calls have been looked at.
    files: FxHashSet<File>,
}

impl Passed {
    /// What the calls in some files pass, in the order of the files.
    pub(crate) fn of<'a>(passages: impl IntoIterator<Item = (File, &'a [Passage])>) -> Self {
        let mut passed = Passed::default();
        let mut new = Vec::new();
        for (file, passages) in passages {
            passed.files.insert(file);
            for passage in passages {
                match passage.source {
                    None => new.push((passage.parameter, passage.argument)),
                    Some(source) => {
                        let parameters = passed.handed_on.entry(source).or_default();
                        parameters.push(passage.parameter);
                    }
                }
            }
        }
        // The first call in the order of files and lines is the one that is shown.
        new.reverse();
        while let Some((parameter, argument)) = new.pop() {
            if passed.arguments.contains_key(&parameter) {
                continue;
            }
            passed.arguments.insert(parameter, argument);
            let handed_on = passed.handed_on.get(&parameter).into_iter().flatten();
            new.extend(handed_on.map(|it| (*it, argument)));
        }
        passed
    }

    /// The files with a parameter that is given a proxy of which the calls have not been looked at.
    pub(crate) fn unseen(&self) -> FxHashSet<File> {
        self.arguments
            .keys()
            .map(|it| it.file())
            .filter(|it| !self.files.contains(it))
            .collect()
    }

    /// Whether a proxy can be seen from `file`, or is passed to a function in it.
    pub(crate) fn contains(&self, file: File) -> bool {
        self.files.contains(&file)
    }

    /// The proxy that some call passes to the parameter of which this is the name.
    pub(crate) fn argument(&self, file: File, name: TextRange) -> Option<FileRange> {
        self.arguments.get(&FileRange::new(file, name)).copied()
    }
}

/// The expression at a place that a [`Passage`] names, and what it is passed to.
pub(crate) fn with_argument<'db, R>(
    db: &'db dyn ProxyDb,
    place: FileRange,
    look: impl FnOnce(&SemanticModel<'db>, &Expr) -> R,
) -> Option<R> {
    let file = db.program_file(place.file());
    let module = parsed_module(db, file.python_file(db)).load(db);
    let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
    let call = covering.ancestors().find_map(|it| match it {
        AnyNodeRef::ExprCall(it) if it.range() != place.range() => Some(it),
        _ => None,
    })?;
    let argument = call
        .arguments
        .iter_source_order()
        .map(|it| it.value())
        .find(|it| it.range() == place.range())?;
    Some(look(&SemanticModel::new(db, file), argument))
}
