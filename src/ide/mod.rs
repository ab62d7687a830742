//! What an editor asks, answered by the analysis: the only bridge between `lsp` and the database.

use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proxycheck_lsp as lsp;
use ruff_db::files::{File, system_path_to_file};
use ruff_db::system::{System as _, SystemPath, SystemPathBuf};
use ruff_python_ast::PySourceType;
use rustc_hash::FxHashSet;

use crate::analysis::{Analysis, Work};
use crate::config::environment::{self, Environment};
use crate::config::file as configuration;
use crate::config::rules;
use crate::db::Db;
use crate::overlay::Overlay;
use crate::project::Project;
use crate::rules::Apis;

mod actions;
mod completion;
mod diagnostics;
mod hints;
mod hover;
mod members;
mod navigation;
mod place;
mod question;
mod signature;
#[cfg(test)]
mod tests;

use question::Question;

/// The state of the editor's workspace.
pub(crate) struct Host {
    shared: Arc<Mutex<State>>,
}

/// The workspace as it was at one time. Questions are answered as long as it is still so.
pub(crate) struct Snapshot {
    shared: Arc<Mutex<State>>,
    version: u64,
}

struct State {
    /// Counts the changes by the editor.
    version: u64,
    overlay: Overlay,
    folders: Vec<SystemPathBuf>,
    settings: lsp::Settings,
    workspaces: Vec<Workspace>,
    problems: Vec<String>,
}

/// A folder of the editor's, or the folder of a file that is in none of these.
struct Workspace {
    project: Arc<Project>,
    apis: Arc<Apis>,
    /// The files to check, open or not.
    files: BTreeSet<SystemPathBuf>,
    groups: Vec<Group>,
    /// Whether it is for single files, whatever the configuration selects.
    is_makeshift: bool,
}

/// Files whose modules are searched in the same folders.
struct Group {
    src: Vec<SystemPathBuf>,
    files: FxHashSet<SystemPathBuf>,
    analysis: Analysis,
}

impl Host {
    pub(crate) fn new(start: lsp::Start) -> anyhow::Result<Self> {
        let cwd = std::env::current_dir()?;
        let cwd = SystemPathBuf::from_path_buf(cwd).unwrap_or_else(|_| SystemPathBuf::from("/"));
        let state = State {
            version: 0,
            overlay: Overlay::new(&cwd),
            folders: start.folders.into_iter().filter_map(system_path).collect(),
            settings: start.settings,
            workspaces: Vec::new(),
            problems: Vec::new(),
        };
        Ok(Host {
            shared: Arc::new(Mutex::new(state)),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn system_path(path: PathBuf) -> Option<SystemPathBuf> {
    SystemPathBuf::from_path_buf(path).ok()
}

impl lsp::Backend for Host {
    type Snapshot = Snapshot;

    fn apply(&mut self, changes: Vec<lsp::Change>) {
        let mut state = self.state();
        state.version += 1;
        for change in changes {
            match change {
                lsp::Change::Buffer { path, text } => {
                    if let Some(path) = system_path(path) {
                        state.overlay.insert(path.clone(), file_text(text));
                        state.sync(&path);
                    }
                }
                lsp::Change::Closed { path } => {
                    if let Some(path) = system_path(path) {
                        state.overlay.remove(&path);
                        state.sync(&path);
                    }
                }
                lsp::Change::Disk { path } => {
                    if let Some(path) = system_path(path) {
                        state.disk_changed(&path);
                    }
                }
                lsp::Change::Folders(folders) => {
                    state.folders = folders.into_iter().filter_map(system_path).collect();
                    state.forget();
                }
                lsp::Change::Settings(settings) => {
                    if state.settings != settings {
                        state.settings = settings;
                        state.forget();
                    }
                }
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            shared: Arc::clone(&self.shared),
            version: self.state().version,
        }
    }

    fn watched(&self) -> Vec<String> {
        let patterns = [
            "**/*.py",
            "**/*.pyi",
            "**/*.ipynb",
            "**/pyproject.toml",
            "**/proxycheck.toml",
            "**/pyvenv.cfg",
            "**/.gitignore",
        ];
        patterns.map(str::to_owned).to_vec()
    }

    fn problems(&self) -> Option<Vec<String>> {
        let state = self.state();
        (!state.workspaces.is_empty()).then(|| state.problems.clone())
    }
}

/// What a file of this text would hold.
fn file_text(text: lsp::Text) -> String {
    let cells = match text {
        lsp::Text::Plain(text) => return text,
        lsp::Text::Notebook(cells) => cells,
    };
    let mut json = Vec::new();
    for cell in cells {
        // What is not code counts for the numbers of the cells.
        while json.len() + 1 < cell.number {
            json.push(serde_json::json!({
                "cell_type": "markdown", "id": json.len().to_string(), "metadata": {}, "source": "",
            }));
        }
        json.push(serde_json::json!({
            "cell_type": "code", "id": json.len().to_string(), "metadata": {}, "source": cell.text,
            "outputs": [], "execution_count": null,
        }));
    }
    serde_json::json!({
        "cells": json, "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4, "nbformat_minor": 5,
    })
    .to_string()
}

fn is_python(path: &SystemPath) -> bool {
    path.extension()
        .and_then(PySourceType::try_from_extension)
        .is_some()
}

impl State {
    /// Tells the analyses that a file has another text.
    fn sync(&mut self, path: &SystemPath) {
        for workspace in &mut self.workspaces {
            for group in &mut workspace.groups {
                group.analysis.sync(path);
            }
        }
    }

    fn disk_changed(&mut self, path: &SystemPath) {
        // What the editor has open is what counts.
        if self.overlay.get(path).is_some() {
            return;
        }
        if !is_python(path) {
            // The configuration, the environment, or what is ignored.
            self.forget();
            return;
        }
        self.sync(path);
        let exists = self.overlay.is_file(path);
        for workspace in &mut self.workspaces {
            if path.starts_with(&workspace.project.cwd) && workspace.files.contains(path) != exists
            {
                workspace.find_files(&self.overlay, &mut self.problems);
            }
        }
    }

    /// The workspace of a file and its number; the one that is made for it if there is none.
    fn workspace_of(&mut self, path: &SystemPath) -> usize {
        self.load();
        let is_in = |workspace: &Workspace| path.starts_with(&workspace.project.cwd);
        let nearest = (self.workspaces.iter().enumerate())
            .filter(|(_, it)| is_in(it))
            .max_by_key(|(_, it)| it.project.cwd.as_str().len());
        if let Some((number, _)) = nearest {
            return number;
        }
        let folder = path.parent().unwrap_or(path).to_path_buf();
        let workspace = self.open_folder(folder, true);
        self.workspaces.push(workspace);
        self.workspaces.len() - 1
    }

    /// Has all folders opened anew.
    fn forget(&mut self) {
        self.workspaces.clear();
        self.problems.clear();
    }

    /// Opens the folders of the editor, if that has not happened since the last change of settings.
    fn load(&mut self) {
        for folder in self.folders.clone() {
            let is_open = |it: &Workspace| !it.is_makeshift && it.project.cwd == folder;
            if !self.workspaces.iter().any(is_open) {
                let workspace = self.open_folder(folder, false);
                self.workspaces.push(workspace);
            }
        }
    }

    fn open_folder(&mut self, folder: SystemPathBuf, is_makeshift: bool) -> Workspace {
        let project = Arc::new(self.project(&folder));
        let mut workspace = Workspace {
            apis: Arc::new(project.apis()),
            project,
            files: BTreeSet::new(),
            groups: Vec::new(),
            is_makeshift,
        };
        if !is_makeshift {
            workspace.find_files(&self.overlay, &mut self.problems);
        }
        workspace
    }

    fn project(&mut self, folder: &SystemPath) -> Project {
        let overlay = &self.overlay;
        let unconfigured = || configuration::Project {
            root: folder.to_path_buf(),
            ..configuration::Project::default()
        };
        let found = match &self.settings.config {
            Some(path) => {
                let mut found = unconfigured();
                let path = path.to_string_lossy();
                configuration::apply(&path, folder, overlay, &mut found.config).map(|()| found)
            }
            None => configuration::find(folder, folder, overlay),
        };
        let mut found = found.unwrap_or_else(|errors| {
            self.problems.extend(errors);
            unconfigured()
        });
        self.problems.extend(found.broken.take());
        if let Some(all) = self.settings.all {
            found.config.all = Some(all);
        }
        let environment = self.environment(&found, folder);
        Project::new(found, environment, folder.to_path_buf())
    }

    fn environment(&mut self, found: &configuration::Project, folder: &SystemPath) -> Environment {
        let named = self.settings.python.as_ref();
        let named = named.map(|it| it.to_string_lossy().into_owned());
        let named = named.or_else(|| found.config.python.clone());
        if let Some(path) = named {
            match environment::at(&path, &found.root, &self.overlay) {
                Ok(environment) => return environment,
                Err(error) => self.problems.push(format!("python: {error}")),
            }
        }
        let discovered = environment::discover(folder, &self.overlay);
        self.problems.extend(discovered.warnings);
        discovered.environment.unwrap_or_default()
    }
}

impl Workspace {
    /// Looks for the files to check. Groups whose files are the same stay as they are.
    fn find_files(&mut self, overlay: &Overlay, problems: &mut Vec<String>) {
        let cwd = &self.project.cwd;
        let selection = match self.project.selection() {
            Ok(selection) => selection,
            Err(error) => {
                problems.push(error.to_string());
                return;
            }
        };
        let mut found = selection.find(std::slice::from_ref(cwd), cwd);
        problems.append(&mut found.errors);
        self.files = found.files.iter().cloned().collect();
        let readable = found.files.into_iter();
        let readable: Vec<SystemPathBuf> = readable
            .filter(|path| self.project.read(path, overlay).is_ok())
            .collect();
        let groups = match self.project.groups(readable, overlay) {
            Ok(groups) => groups,
            Err(error) => {
                problems.push(error.to_string());
                return;
            }
        };
        let mut before = std::mem::take(&mut self.groups);
        for group in groups {
            let known = before.iter().position(|it| it.src == group.src);
            let kept = known.map(|at| before.swap_remove(at));
            let next = match kept {
                Some(mut kept) => {
                    for path in &group.files {
                        if !kept.files.contains(path) {
                            kept.add(path);
                        }
                    }
                    kept.files = group.files.into_iter().collect();
                    Some(kept)
                }
                None => Group::new(&self.project, group.src, group.files, overlay, problems),
            };
            self.groups.extend(next);
        }
    }

    /// The group that a file belongs to; one that is made for it if there is none.
    fn group_of(
        &mut self,
        path: &SystemPath,
        overlay: &Overlay,
        problems: &mut Vec<String>,
    ) -> Option<&mut Group> {
        if let Some(at) = self.groups.iter().position(|it| it.files.contains(path)) {
            return self.groups.get_mut(at);
        }
        let groups = self.project.groups(vec![path.to_path_buf()], overlay);
        let src = groups.ok().and_then(|it| it.into_iter().next())?.src;
        let has_all = |it: &Group| src.iter().all(|folder| it.src.contains(folder));
        let at = match self.groups.iter().position(has_all) {
            Some(at) => at,
            None => {
                let project = &self.project;
                let group = Group::new(project, src, Vec::new(), overlay, problems)?;
                self.groups.push(group);
                self.groups.len() - 1
            }
        };
        let group = self.groups.get_mut(at)?;
        group.add(path);
        Some(group)
    }
}

impl Group {
    fn new(
        project: &Project,
        src: Vec<SystemPathBuf>,
        files: Vec<SystemPathBuf>,
        overlay: &Overlay,
        problems: &mut Vec<String>,
    ) -> Option<Self> {
        let options = project.program_options(src.clone());
        // Findings name files as seen from the folder of the project, wherever the server was started.
        let overlay = Arc::new(overlay.within(&project.cwd));
        let db = match Db::new(overlay, &options) {
            Ok(db) => db,
            Err(error) => {
                problems.push(format!("{error:#}"));
                return None;
            }
        };
        let roots = files.iter();
        let roots: Vec<File> = roots
            .filter_map(|path| system_path_to_file(&db, path).ok())
            .collect();
        Some(Group {
            src,
            files: files.into_iter().collect(),
            analysis: Analysis::new(db, &roots, &options.site_packages),
        })
    }

    fn add(&mut self, path: &SystemPath) {
        if let Ok(file) = system_path_to_file(self.analysis.db(), path) {
            self.files.insert(path.to_path_buf());
            self.analysis.add_root(file);
        }
    }
}

impl Snapshot {
    /// The state, if it is still that of the snapshot.
    fn state(&self) -> lsp::Cancellable<MutexGuard<'_, State>> {
        let state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if state.version == self.version {
            Ok(state)
        } else {
            Err(lsp::Cancelled)
        }
    }

    /// Answers a question about a file; `None` if there is no such file.
    fn ask<R>(&self, path: &Path, answer: impl Fn(&Question) -> R) -> lsp::Cancellable<Option<R>> {
        let Some(path) = SystemPath::from_std_path(path) else {
            return Ok(None);
        };
        loop {
            match self.step(path)? {
                None => return Ok(None),
                Some(Step::Work(db, work)) => {
                    if let Some(found) = unless_cancelled(move || work.run(&db))
                        && let Some(group) = self.state()?.group_of(path)
                    {
                        group.analysis.accept(found);
                    }
                }
                Some(Step::Ready(question)) => {
                    let answered = unless_cancelled(|| answer(&question));
                    if answered.is_some() {
                        return Ok(answered);
                    }
                }
            }
        }
    }

    /// Answers a question about a file; by nothing if there is no such file.
    fn answer<R: Default>(
        &self,
        path: &Path,
        answer: impl Fn(&Question) -> R,
    ) -> lsp::Cancellable<R> {
        Ok(self.ask(path, answer)?.unwrap_or_default())
    }

    /// What is to be done before a question about a file can be answered.
    fn step(&self, path: &SystemPath) -> lsp::Cancellable<Option<Step>> {
        let mut state = self.state()?;
        let overlay = state.overlay.clone();
        if !overlay.is_file(path) {
            return Ok(None);
        }
        let number = state.workspace_of(path);
        let State {
            workspaces,
            problems,
            ..
        } = &mut *state;
        let Some(workspace) = workspaces.get_mut(number) else {
            return Ok(None);
        };
        let is_checked = workspace.is_makeshift
            || workspace.files.contains(path)
            || !path.as_std_path().exists();
        let project = Arc::clone(&workspace.project);
        let apis = Arc::clone(&workspace.apis);
        let Some(group) = workspace.group_of(path, &overlay, problems) else {
            return Ok(None);
        };
        let Ok(file) = system_path_to_file(group.analysis.db(), path) else {
            return Ok(None);
        };
        if let Some(work) = group.analysis.next_work_for(file) {
            return Ok(Some(Step::Work(group.analysis.db().clone(), work)));
        }
        let view = group.analysis.view();
        let Ok(source) = project.source(path, &overlay) else {
            return Ok(None);
        };
        Ok(Some(Step::Ready(Box::new(Question {
            view,
            file,
            path: path.to_path_buf(),
            project,
            apis,
            source: Arc::new(source),
            is_checked,
        }))))
    }

    /// Does all there is to do in one group of files.
    fn settle_group(&self, workspace: usize, group: usize) -> lsp::Cancellable<()> {
        loop {
            let step = {
                let mut state = self.state()?;
                let group = group_at(&mut state, workspace, group);
                group.and_then(|group| {
                    let work = group.analysis.next_work()?;
                    Some((group.analysis.db().clone(), work))
                })
            };
            let Some((db, work)) = step else {
                return Ok(());
            };
            let Some(found) = unless_cancelled(move || work.run(&db)) else {
                continue;
            };
            let mut state = self.state()?;
            if let Some(group) = group_at(&mut state, workspace, group) {
                group.analysis.accept(found);
            }
        }
    }
}

/// Does some work on a copy of the database; `None` if the database is to be changed meanwhile, which
/// waits until the copy is gone. The copy must not be held while the state is asked for.
fn unless_cancelled<R>(work: impl FnOnce() -> R) -> Option<R> {
    salsa::Cancelled::catch(AssertUnwindSafe(work)).ok()
}

enum Step {
    Work(Db, Work),
    Ready(Box<Question>),
}

fn group_at(state: &mut State, workspace: usize, group: usize) -> Option<&mut Group> {
    state.workspaces.get_mut(workspace)?.groups.get_mut(group)
}

impl State {
    fn group_of(&mut self, path: &SystemPath) -> Option<&mut Group> {
        let number = self.workspace_of(path);
        let State {
            workspaces,
            overlay,
            problems,
            ..
        } = self;
        workspaces
            .get_mut(number)?
            .group_of(path, overlay, problems)
    }
}

impl lsp::Snapshot for Snapshot {
    fn text(&self, path: &Path) -> lsp::Cancellable<Option<Arc<str>>> {
        self.ask(path, |it| Arc::from(it.source.text.as_str()))
    }

    fn cells(&self, path: &Path) -> lsp::Cancellable<Vec<(usize, usize)>> {
        self.answer(path, |it| {
            let cells = it.source.cells.iter();
            cells.map(|it| (it.number, it.start.to_usize())).collect()
        })
    }

    fn files(&self) -> lsp::Cancellable<Vec<PathBuf>> {
        let mut state = self.state()?;
        state.load();
        let files = state.workspaces.iter().flat_map(|it| &it.files);
        Ok(files.map(|it| it.as_std_path().to_path_buf()).collect())
    }

    fn diagnostics(&self, path: &Path) -> lsp::Cancellable<Vec<lsp::Diagnostic>> {
        self.answer(path, diagnostics::diagnostics)
    }

    fn settle(&self) -> lsp::Cancellable<bool> {
        let groups: Vec<(usize, usize)> = {
            let mut state = self.state()?;
            state.load();
            let mut unsettled = Vec::new();
            for (number, workspace) in state.workspaces.iter_mut().enumerate() {
                for (at, group) in workspace.groups.iter_mut().enumerate() {
                    if group.analysis.settle() {
                        unsettled.push((number, at));
                    }
                }
            }
            unsettled
        };
        for (workspace, group) in &groups {
            self.settle_group(*workspace, *group)?;
        }
        Ok(!groups.is_empty())
    }

    fn hover(&self, path: &Path, offset: usize) -> lsp::Cancellable<Option<lsp::Hover>> {
        self.answer(path, |it| hover::hover(it, offset))
    }

    fn completions(&self, path: &Path, offset: usize) -> lsp::Cancellable<Vec<lsp::Completion>> {
        self.answer(path, |it| completion::completions(it, offset))
    }

    fn completion_documentation(
        &self,
        path: &Path,
        offset: usize,
        label: &str,
    ) -> lsp::Cancellable<Option<String>> {
        self.answer(path, |it| completion::documentation(it, offset, label))
    }

    fn signature_help(
        &self,
        path: &Path,
        offset: usize,
    ) -> lsp::Cancellable<Option<lsp::SignatureHelp>> {
        self.answer(path, |it| signature::signature_help(it, offset))
    }

    fn definition(&self, path: &Path, offset: usize) -> lsp::Cancellable<Vec<lsp::Target>> {
        self.answer(path, |it| navigation::definition(it, offset))
    }

    fn type_definition(&self, path: &Path, offset: usize) -> lsp::Cancellable<Vec<lsp::Target>> {
        self.answer(path, |it| navigation::type_definition(it, offset))
    }

    fn references(&self, path: &Path, offset: usize) -> lsp::Cancellable<Vec<lsp::Reference>> {
        self.answer(path, |it| navigation::references(it, offset))
    }

    fn highlights(&self, path: &Path, offset: usize) -> lsp::Cancellable<Vec<lsp::Reference>> {
        self.answer(path, |it| navigation::highlights(it, offset))
    }

    fn prepare_rename(
        &self,
        path: &Path,
        offset: usize,
    ) -> lsp::Cancellable<Result<Range<usize>, String>> {
        let found = self.ask(path, |it| navigation::prepare_rename(it, offset))?;
        Ok(found.unwrap_or_else(|| Err(navigation::NOTHING_TO_RENAME.to_owned())))
    }

    fn rename(
        &self,
        path: &Path,
        offset: usize,
        name: &str,
    ) -> lsp::Cancellable<Result<Vec<lsp::FileEdits>, String>> {
        let found = self.ask(path, |it| navigation::rename(it, offset, name))?;
        Ok(found.unwrap_or_else(|| Err(navigation::NOTHING_TO_RENAME.to_owned())))
    }

    fn inlay_hints(
        &self,
        path: &Path,
        range: Range<usize>,
    ) -> lsp::Cancellable<Vec<lsp::InlayHint>> {
        self.answer(path, |it| hints::inlay_hints(it, &range))
    }

    fn proxies(&self, path: &Path, range: Range<usize>) -> lsp::Cancellable<Vec<Range<usize>>> {
        self.answer(path, |it| hints::proxies(it, &range))
    }

    fn actions(&self, path: &Path, range: Range<usize>) -> lsp::Cancellable<Vec<lsp::Action>> {
        self.answer(path, |it| actions::actions(it, &range))
    }

    fn fix_all(&self, path: &Path) -> lsp::Cancellable<Vec<lsp::Edit>> {
        self.answer(path, actions::fix_all)
    }

    fn rule_page(&self, rule: &str) -> Option<String> {
        rules::find(rule).map(place::page)
    }

    fn rule_url(&self, rule: &str) -> Option<String> {
        place::page_url(rules::find(rule)?)
    }
}
