//! A program and what its files know of each other.
//!
//! What there is to do is handed out as [`Work`], so that it can be done on other threads, and given up
//! when the program changes.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;
use ruff_db::files::{File, FileRange};
use ruff_db::parsed::parsed_module;
use ruff_db::source::{SourceText, source_text};
use ruff_db::system::{SystemPath, SystemPathBuf};
use ruff_text_size::{Ranged as _, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};
use salsa::Setter as _;
use ty_python_semantic::{Db as _, check_file_unwrap};

use crate::dask::arguments::task_arguments;
use crate::dask::passages::passages;
use crate::db::{Db, caught};
use crate::infer::infer_in_parallel;
use crate::proxy::carry::carried;
use crate::proxy::edit::{EditMap, Repair};
use crate::proxy::passed::{Passage, Passed};
use crate::proxy::repair::{empty_types, repairs};
use crate::proxy::returns;
use crate::reach::{Imports, Reach};

pub(crate) type Edits = FxHashMap<File, EditMap>;

/// The later steps of lowering, in their order. What one of them finds depends on what the ones before
/// it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    ReturnTypes,
    /// What an earlier text of the file needed, which is quicker to know than what this one needs.
    Carry,
    EmptyTypes,
    /// Until there are none.
    Repairs,
}

/// A search for repairs finds what those before it hid, so a second one may find some. A third one has
/// not been seen to.
const MAX_LAYERS: usize = 8;

impl Step {
    const ALL: [Step; 4] = [
        Step::ReturnTypes,
        Step::Carry,
        Step::EmptyTypes,
        Step::Repairs,
    ];
    const FIRST: Step = Step::ReturnTypes;

    fn find(self, db: &Db, file: File, earlier: Option<Layer>) -> Arc<[Repair]> {
        let program_file = db.program_file(file);
        match self {
            Step::Carry => {
                let Some(layer) = earlier else {
                    return Arc::default();
                };
                let module = parsed_module(db, program_file.python_file(db)).load(db);
                let text = source_text(db, file);
                carried(&layer.text, &layer.repairs, &text, module.tokens()).into()
            }
            Step::ReturnTypes => {
                let module = parsed_module(db, program_file.python_file(db)).load(db);
                let errors: Vec<TextRange> = module.errors().iter().map(|it| it.location).collect();
                returns::return_types(&source_text(db, file), module.suite(), &errors).into()
            }
            Step::EmptyTypes => {
                // Looking for single types first takes longer.
                check_file_unwrap(db, program_file);
                empty_types(db, program_file)
            }
            Step::Repairs => {
                let types = repairs(db, program_file);
                let tasks = task_arguments(db, program_file);
                types.iter().chain(&*tasks).cloned().collect()
            }
        }
    }
}

/// A count of what happened to the files of an analysis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// What is to be found out before the program is known.
#[derive(Debug)]
pub(crate) enum Work {
    /// The edits of one step in some files, each with those of an earlier text.
    Edit(Moment, Step, Vec<(File, Option<Layer>)>),
    /// What the calls in some files pass.
    Pass(Moment, Vec<File>),
}

/// What came of some [`Work`].
#[derive(Debug)]
pub(crate) enum Found {
    Edits(Moment, Step, Vec<(File, Arc<[Repair]>)>),
    Passages(Moment, Vec<(File, Arc<[Passage]>)>),
}

impl Work {
    pub(crate) fn run(self, db: &Db) -> Found {
        match self {
            Work::Edit(moment, step, files) => {
                if let (Step::EmptyTypes, [(file, _)]) = (step, &*files) {
                    infer_in_parallel(db, *file);
                }
                let find = |db: &Db, file, earlier: Option<Layer>| step.find(db, file, earlier);
                Found::Edits(moment, step, in_parallel(db, files, find))
            }
            Work::Pass(moment, files) => {
                let files = files.into_iter().map(|it| (it, ())).collect();
                let find = |db: &Db, file, ()| passages(db, db.program_file(file));
                Found::Passages(moment, in_parallel(db, files, find))
            }
        }
    }
}

fn in_parallel<I: Send, T: Send + Sync>(
    db: &Db,
    mut files: Vec<(File, I)>,
    find: impl Fn(&Db, File, I) -> Arc<[T]> + Sync,
) -> Vec<(File, Arc<[T]>)> {
    // A long one at the end would have the other threads wait.
    files.sort_by_cached_key(|(file, _)| Reverse(source_text(db, *file).as_str().len()));
    files
        .into_iter()
        .par_bridge()
        .map_with(db.clone(), |db, (file, input)| {
            // The check of the file will fail in the same way, and say so.
            (file, caught(|| find(db, file, input)).unwrap_or_default())
        })
        .collect()
}

/// Edits of one step that depend on types, and the text that they are edits of.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    text: SourceText,
    repairs: Arc<[Repair]>,
}

/// The program as it is at one time, for questions on any thread.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) db: Db,
    pub(crate) edits: Arc<Edits>,
    pub(crate) passed: Arc<Passed>,
    /// The user's own files that are checked or imported by those.
    pub(crate) files: Arc<[File]>,
}

pub(crate) struct Analysis {
    db: Db,
    imports: Imports,
    /// All that [`Analysis::imports`] knows.
    files: Arc<[File]>,
    reach: Reach,
    reaching: FxHashSet<File>,
    edits: Arc<Edits>,
    passed: Arc<Passed>,
    /// What is next to be done with a file: the first step if it is not here, nothing if it is `None`.
    steps: FxHashMap<File, Option<Step>>,
    now: Moment,
    /// When a file was edited or changed.
    touched: FxHashMap<File, Moment>,
    /// The files that were edited because of types, which other files may change, and their edits.
    layers: FxHashMap<File, Vec<Layer>>,
    /// What is left to carry over from earlier texts of a file.
    earlier: FxHashMap<File, VecDeque<Layer>>,
    /// The files that have edits of an earlier text, which they need no more perhaps.
    approximate: FxHashSet<File>,
    /// The files for which nothing is to be carried over.
    exact: FxHashSet<File>,
    /// A hash of each file's text before the first step.
    lowered: FxHashMap<File, u64>,
    /// By path, with the text that the ranges are in.
    passages: BTreeMap<SystemPathBuf, OfFile>,
    /// The files whose calls have to be looked at.
    to_pass: FxHashSet<File>,
    /// The files that are different and have not been looked at.
    changed: FxHashSet<File>,
    /// The files that are different since [`Analysis::settle`].
    unsettled: FxHashSet<File>,
    /// Whether there are files that there were not, or the other way round.
    is_restructured: bool,
}

struct OfFile {
    file: File,
    text: SourceText,
    passages: Arc<[Passage]>,
}

impl Analysis {
    /// `roots` are the files to check. What is installed in `site_packages` may make proxies.
    pub(crate) fn new(db: Db, roots: &[File], site_packages: &[SystemPathBuf]) -> Self {
        let imports = Imports::of(&db, roots, site_packages);
        let mut analysis = Analysis {
            db,
            imports,
            files: Arc::default(),
            reach: Reach::default(),
            reaching: FxHashSet::default(),
            edits: Arc::default(),
            passed: Arc::default(),
            steps: FxHashMap::default(),
            now: Moment::default(),
            touched: FxHashMap::default(),
            layers: FxHashMap::default(),
            earlier: FxHashMap::default(),
            approximate: FxHashSet::default(),
            exact: FxHashSet::default(),
            lowered: FxHashMap::default(),
            passages: BTreeMap::new(),
            to_pass: FxHashSet::default(),
            changed: FxHashSet::default(),
            unsettled: FxHashSet::default(),
            is_restructured: false,
        };
        analysis.update_reach();
        analysis
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn view(&self) -> View {
        View {
            db: self.db.clone(),
            edits: Arc::clone(&self.edits),
            passed: Arc::clone(&self.passed),
            files: Arc::clone(&self.files),
        }
    }

    /// Says that no file will change but by edits, which makes the analysis faster.
    pub(crate) fn freeze(&self) {
        ruff_db::Db::files(&self.db).freeze();
    }

    /// The next thing to do until everything is known.
    pub(crate) fn next_work(&mut self) -> Option<Work> {
        self.catch_up();
        let mut steps = Step::ALL.into_iter();
        let work = steps.find_map(|step| self.edit_work(step, self.files_of(step)));
        if work.is_some() {
            return work;
        }
        let files: Vec<File> = self.to_pass.iter().copied().collect();
        (!files.is_empty()).then_some(Work::Pass(self.now, files))
    }

    /// The next thing to do until the types in `file` are those of its present text. What other files
    /// are to each other may be what it was.
    pub(crate) fn next_work_for(&mut self, file: File) -> Option<Work> {
        self.catch_up();
        let returns = self.edit_work(Step::FIRST, &self.reach.imported);
        if returns.is_some() || !self.reaching.contains(&file) {
            return returns;
        }
        if let Some(step) = self.next_step(file) {
            return self.edit_work(step, &[file]);
        }
        self.to_pass
            .contains(&file)
            .then(|| Work::Pass(self.now, vec![file]))
    }

    pub(crate) fn accept(&mut self, found: Found) {
        match found {
            Found::Edits(moment, step, found) => {
                for (file, repairs) in found {
                    if self.is_untouched_since(moment, file) {
                        self.edit(step, file, repairs);
                    }
                }
            }
            Found::Passages(moment, mut found) => {
                found.retain(|(file, _)| self.is_untouched_since(moment, *file));
                let files: FxHashSet<File> = found.iter().map(|(file, _)| *file).collect();
                for (file, passages) in found {
                    self.to_pass.remove(&file);
                    self.add_passages(file, passages, &files);
                }
                self.update_passed();
            }
        }
    }

    /// Notes that the text of a file is another one, or that the file exists no more or only now.
    pub(crate) fn sync(&mut self, path: &SystemPath) {
        let known_file = |analysis: &Self| {
            let files = ruff_db::Db::files(&analysis.db);
            files.try_system(&analysis.db, path)
        };
        let existed = known_file(self).is_some_and(|it| it.exists(&self.db));
        self.db.lowering_system().resolver().invalidate(path);
        File::sync_path(&mut self.db, path);
        let exists = self.db.lowering_system().user().is_file(path);
        self.is_restructured |= existed != exists;
        if let Some(file) = known_file(self) {
            self.changed.insert(file);
            self.unsettled.insert(file);
            self.exact.remove(&file);
        }
    }

    /// Adds a file to those that are checked.
    pub(crate) fn add_root(&mut self, file: File) {
        self.changed.insert(file);
    }

    /// Begins to bring up to date what files know of each other: [`Analysis::next_work`] is then
    /// everything that may be different. Whether anything may be.
    pub(crate) fn settle(&mut self) -> bool {
        self.catch_up();
        let unsettled = std::mem::take(&mut self.unsettled);
        if unsettled.is_empty() && self.to_pass.is_empty() {
            return false;
        }
        self.lower_dependents(&unsettled);
        let importers = self.imports.importers(unsettled);
        let outdated = (self.layers.keys().copied()).filter(|it| importers.contains(it));
        let outdated: Vec<File> = outdated.chain(self.approximate.drain()).collect();
        for file in outdated {
            self.restart(file);
        }
        self.catch_up();
        self.to_pass.extend(&self.reach.files);
        self.to_pass
            .extend(self.passages.values().map(|it| it.file));
        true
    }

    /// Lowers files again that import one that has changed.
    fn lower_dependents(&mut self, changed: &FxHashSet<File>) {
        let mut dependents: FxHashSet<SystemPathBuf> = FxHashSet::default();
        for file in changed {
            if let Some(path) = file.path(&self.db).as_system_path() {
                let resolver = self.db.lowering_system().resolver();
                dependents.extend(resolver.dependents(path));
            }
        }
        for path in dependents {
            let files = ruff_db::Db::files(&self.db);
            let Some(file) = files.try_system(&self.db, &path) else {
                continue;
            };
            let Some(before) = self.lowered.get(&file) else {
                continue;
            };
            let text = self.db.lowering_system().lowered_text(&path);
            if text.is_some_and(|text| hash(&text) != *before) {
                self.restart(file);
            }
        }
    }

    /// Takes the edits of a file back, and has it edited as if it were new.
    fn restart(&mut self, file: File) {
        // That it is set, to whatever, has the text read again.
        file.set_source_text_override(&mut self.db).to(None);
        self.changed.insert(file);
        self.exact.insert(file);
    }

    /// Looks at the files that have changed.
    fn catch_up(&mut self) {
        if self.changed.is_empty() && !self.is_restructured {
            return;
        }
        let mut is_different = false;
        for file in std::mem::take(&mut self.changed) {
            self.touch(file);
            self.steps.remove(&file);
            self.approximate.remove(&file);
            if let Some(layers) = self.layers.remove(&file) {
                let earlier = self.earlier.remove(&file).unwrap_or_default();
                let layers = layers.into_iter().chain(earlier);
                self.earlier.insert(file, layers.collect());
            }
            if self.edits.contains_key(&file) {
                Arc::make_mut(&mut self.edits).remove(&file);
            }
            self.to_pass.insert(file);
            is_different |= self.imports.look_at(&self.db, file);
        }
        if std::mem::take(&mut self.is_restructured) {
            for file in &*Arc::clone(&self.files) {
                is_different |= self.imports.look_at(&self.db, *file);
            }
        }
        if is_different {
            self.update_reach();
        } else {
            self.to_pass.retain(|it| self.reaching.contains(it));
        }
    }

    fn update_reach(&mut self) {
        self.files = self.imports.files().collect();
        self.reach = self.imports.reach(&self.db);
        let before = std::mem::take(&mut self.reaching);
        self.reaching = self.reach.files.iter().copied().collect();
        self.to_pass.extend(self.reaching.difference(&before));
        self.to_pass.retain(|it| self.reaching.contains(it));
        let gone = before.difference(&self.reaching);
        for file in gone {
            if let Some(path) = file.path(&self.db).as_system_path() {
                self.passages.remove(path);
            }
        }
    }

    fn files_of(&self, step: Step) -> &[File] {
        match step {
            Step::ReturnTypes => &self.reach.imported,
            Step::Carry | Step::EmptyTypes | Step::Repairs => &self.reach.files,
        }
    }

    fn next_step(&self, file: File) -> Option<Step> {
        self.steps.get(&file).map_or(Some(Step::FIRST), |it| *it)
    }

    fn step_after(&self, step: Step, file: File, is_edited: bool) -> Option<Step> {
        let carries = !self.exact.contains(&file) && self.earlier.contains_key(&file);
        match step {
            Step::ReturnTypes | Step::Carry if carries => Some(Step::Carry),
            Step::ReturnTypes | Step::Carry => Some(Step::EmptyTypes),
            Step::EmptyTypes => Some(Step::Repairs),
            Step::Repairs => {
                let is_limited = (self.layers.get(&file)).is_some_and(|it| it.len() >= MAX_LAYERS);
                (is_edited && !is_limited).then_some(Step::Repairs)
            }
        }
    }

    fn edit_work(&self, step: Step, files: &[File]) -> Option<Work> {
        let earlier = |file| match step {
            Step::Carry => self.earlier.get(&file)?.front().cloned(),
            _ => None,
        };
        let files: Vec<(File, Option<Layer>)> = files
            .iter()
            .filter(|it| self.next_step(**it) == Some(step))
            .map(|it| (*it, earlier(*it)))
            .collect();
        (!files.is_empty()).then_some(Work::Edit(self.now, step, files))
    }

    fn edit(&mut self, step: Step, file: File, repairs: Arc<[Repair]>) {
        self.touch(file);
        let text = source_text(&self.db, file);
        match step {
            Step::ReturnTypes => {
                self.lowered.insert(file, hash(text.as_str()));
            }
            Step::Carry => {
                if let Entry::Occupied(mut earlier) = self.earlier.entry(file) {
                    earlier.get_mut().pop_front();
                    if earlier.get().is_empty() {
                        earlier.remove();
                    }
                }
            }
            Step::EmptyTypes | Step::Repairs => {}
        }
        if step != Step::FIRST && !repairs.is_empty() {
            let repairs = Arc::clone(&repairs);
            self.layers
                .entry(file)
                .or_default()
                .push(Layer { text, repairs });
            if step == Step::Carry {
                self.approximate.insert(file);
            }
        }
        let next = self.step_after(step, file, !repairs.is_empty());
        if next.is_none() {
            self.earlier.remove(&file);
        }
        self.steps.insert(file, next);
        if !repairs.is_empty() {
            self.apply(file, &repairs);
        }
    }

    /// Whether what was found then is true of the present text: another thread may have found the same,
    /// and it is done already.
    fn is_untouched_since(&self, moment: Moment, file: File) -> bool {
        self.touched.get(&file).is_none_or(|it| *it <= moment)
    }

    fn touch(&mut self, file: File) {
        self.now.0 += 1;
        self.touched.insert(file, self.now);
    }

    fn apply(&mut self, file: File, repairs: &[Repair]) {
        let source = source_text(&self.db, file);
        let (text, map, markers) = EditMap::apply(source.as_str(), repairs.to_vec());
        let edited = source.with_text(text, &markers);
        drop(source);
        file.set_source_text_override(&mut self.db).to(Some(edited));
        let edits = Arc::make_mut(&mut self.edits);
        let map = match edits.remove(&file) {
            Some(earlier) => earlier.then(map),
            None => map,
        };
        edits.insert(file, map);
    }

    /// `present` are the files whose passages are those of the present texts.
    fn add_passages(&mut self, file: File, passages: Arc<[Passage]>, present: &FxHashSet<File>) {
        let Some(path) = file.path(&self.db).as_system_path() else {
            return;
        };
        let text = source_text(&self.db, file);
        let before = self.passages.insert(
            path.to_path_buf(),
            OfFile {
                file,
                text: text.clone(),
                passages,
            },
        );
        // Calls in other files name places in this one, which may have moved.
        let Some(before) = before.filter(|it| it.text != text) else {
            return;
        };
        let change = Change::between(before.text.as_str(), text.as_str());
        for other in self.passages.values_mut() {
            let is_concerned = |it: &FileRange| it.file() == file;
            let concerns = |it: &Passage| {
                is_concerned(&it.parameter) || it.source.is_some_and(|it| is_concerned(&it))
            };
            if present.contains(&other.file) || !other.passages.iter().any(concerns) {
                continue;
            }
            let moved = |place: FileRange| {
                if is_concerned(&place) {
                    change
                        .after(place.range())
                        .map(|it| FileRange::new(file, it))
                } else {
                    Some(place)
                }
            };
            other.passages = (other.passages.iter())
                .filter_map(|passage| {
                    Some(Passage {
                        argument: passage.argument,
                        parameter: moved(passage.parameter)?,
                        source: match passage.source {
                            Some(source) => Some(moved(source)?),
                            None => None,
                        },
                    })
                })
                .collect();
        }
    }

    fn update_passed(&mut self) {
        let passages = (self.passages.values()).map(|it| (it.file, &*it.passages));
        let passed = Passed::of(passages);
        self.to_pass.extend(passed.unseen());
        if *self.passed != passed {
            self.passed = Arc::new(passed);
        }
    }
}

/// The part in which two texts differ.
struct Change {
    before: TextRange,
    after: TextRange,
}

impl Change {
    fn between(before: &str, after: &str) -> Self {
        let same = |(a, b): &(u8, u8)| a == b;
        let start = before.bytes().zip(after.bytes()).take_while(same).count();
        let (rest_before, rest_after) = (&before.as_bytes()[start..], &after.as_bytes()[start..]);
        let ends = rest_before.iter().rev().zip(rest_after.iter().rev());
        let end = ends.take_while(|(a, b)| a == b).count();
        let range = |text: &str| {
            let offset = |it: usize| TextSize::try_from(it).unwrap_or_default();
            TextRange::new(offset(start), offset(text.len() - end))
        };
        Change {
            before: range(before),
            after: range(after),
        }
    }

    /// Where a range is that is not part of the difference.
    fn after(&self, range: TextRange) -> Option<TextRange> {
        if range.end() <= self.before.start() {
            return Some(range);
        }
        let distance = range.start().checked_sub(self.before.end())?;
        Some(TextRange::at(self.after.end() + distance, range.len()))
    }
}

fn hash(text: &str) -> u64 {
    use std::hash::{BuildHasher as _, BuildHasherDefault};
    BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beside_a_change_moves_with_it() {
        let change = Change::between("abc def ghi", "abc XX def! ghi");
        let after = |start: u32, end: u32| {
            let moved = change.after(TextRange::new(start.into(), end.into()))?;
            Some((u32::from(moved.start()), u32::from(moved.end())))
        };
        assert_eq!(after(0, 3), Some((0, 3)));
        assert_eq!(after(8, 11), Some((12, 15)));
        assert_eq!(after(4, 7), None);
    }

    #[test]
    fn equal_texts_differ_nowhere() {
        let change = Change::between("aa", "aa");
        let all = TextRange::new(0.into(), 2.into());
        assert_eq!(change.after(all), Some(all));
    }
}
