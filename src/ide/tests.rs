//! After any edits, what the editor is told is what a new start would tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proxycheck_lsp::{Backend as _, Change, Diagnostic, Snapshot as _, Start, Text};

use ruff_db::files::system_path_to_file;
use ruff_db::system::SystemPath;

use super::Host;
use crate::analysis::{Step, Work};

/// Files of a program, on disk and as the editor has them.
struct Workspace {
    folder: tempfile::TempDir,
    texts: BTreeMap<PathBuf, String>,
    host: Host,
}

impl Workspace {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut texts = BTreeMap::new();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("writable");
            fs::write(&path, text).expect("writable");
            texts.insert(path, (*text).to_owned());
        }
        let host = host(folder.path());
        Workspace {
            folder,
            texts,
            host,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn edit(&mut self, path: &Path, text: String) {
        self.texts.insert(path.to_path_buf(), text.clone());
        self.host.apply(vec![Change::Buffer {
            path: path.to_path_buf(),
            text: Text::Plain(text),
        }]);
    }

    fn diagnostics(&self, path: &Path) -> Vec<Diagnostic> {
        self.host
            .snapshot()
            .diagnostics(path)
            .expect("not cancelled")
    }

    fn rules(&self, name: &str) -> Vec<String> {
        let found = self.diagnostics(&self.path(name));
        found.into_iter().map(|it| it.rule).collect()
    }

    fn settle(&self) -> bool {
        self.host.snapshot().settle().expect("not cancelled")
    }

    /// Compares with a server that is told of the same texts at once.
    #[track_caller]
    fn check_like_new(&self) {
        self.settle();
        let mut other = host(self.folder.path());
        let open = self.texts.iter().map(|(path, text)| Change::Buffer {
            path: path.clone(),
            text: Text::Plain(text.clone()),
        });
        other.apply(open.collect());
        let other = other.snapshot();
        other.settle().expect("not cancelled");
        for path in self.texts.keys() {
            let expected = other.diagnostics(path).expect("not cancelled");
            let found = self.diagnostics(path);
            assert_eq!(found, expected, "{}", path.display());
        }
    }
}

fn host(folder: &Path) -> Host {
    Host::new(Start {
        folders: vec![folder.to_path_buf()],
        ..Start::default()
    })
    .expect("it starts")
}

const MODELS: &str = "\
import io
import json

from proxystore.proxy import Proxy

Alias = Proxy[dict[str, int]]


class Model:
    size: int = 3

    def scaled(self, by: int):
        return [by] * self.size


def read(text):
    return io.StringIO(text)


def build():
    return Model()
";

const MAIN: &str = "\
import json

from proxystore.connectors.local import LocalConnector
from proxystore.proxy import Proxy
from proxystore.store import Store

import models
from models import Alias, build, read

store = Store('s', LocalConnector())
text = store.proxy('text')
model = store.proxy(build())


def run(p: Proxy[str], a: Alias, q: Proxy[bool]) -> None:
    read(text)
    if p is True:
        json.dumps(p)
    model.scaled(1).missing
    json.dumps(a)
    type(q) is bool


run(text, store.proxy({}), store.proxy(True))
";

fn program() -> Workspace {
    Workspace::new(&[("models.py", MODELS), ("main.py", MAIN)])
}

#[test]
fn a_proxy_that_another_file_passes_is_seen_after_settling() {
    let mut workspace = program();
    assert!(workspace.settle());
    assert_eq!(workspace.rules("models.py"), ["proxy-to-c-function"]);
    let path = workspace.path("main.py");
    workspace.edit(&path, MAIN.replace("    read(text)\n", "    pass\n"));
    assert!(workspace.settle());
    assert_eq!(workspace.rules("models.py"), [""; 0]);
    assert!(!workspace.settle(), "nothing has happened since");
    workspace.check_like_new();
}

#[test]
fn findings_about_arguments_stay_while_their_file_is_edited() {
    let mut workspace = program();
    workspace.settle();
    let path = workspace.path("models.py");
    workspace.edit(&path, format!("# a line\n\n{MODELS}"));
    // Nothing is settled again: the calls in the other file are remembered.
    assert_eq!(workspace.rules("models.py"), ["proxy-to-c-function"]);
    workspace.check_like_new();
}

#[test]
fn an_alias_in_another_file_is_lowered_again() {
    let mut workspace = program();
    workspace.settle();
    let before = workspace.rules("main.py");
    assert!(
        before.contains(&"proxy-to-serializer".to_owned()),
        "{before:?}"
    );
    let path = workspace.path("models.py");
    workspace.edit(
        &path,
        MODELS.replace("Alias = Proxy[dict[str, int]]", "Alias = dict"),
    );
    workspace.check_like_new();
    workspace.edit(&path, MODELS.to_owned());
    workspace.check_like_new();
    assert_eq!(workspace.rules("main.py"), before);
}

#[test]
fn files_come_and_go() {
    let mut workspace = program();
    workspace.settle();
    let path = workspace.path("models.py");
    fs::remove_file(&path).expect("it can be removed");
    workspace
        .host
        .apply(vec![Change::Disk { path: path.clone() }]);
    workspace.texts.remove(&path);
    workspace.check_like_new();
    fs::write(&path, MODELS).expect("writable");
    workspace
        .host
        .apply(vec![Change::Disk { path: path.clone() }]);
    workspace.texts.insert(path, MODELS.to_owned());
    workspace.settle();
    assert_eq!(workspace.rules("models.py"), ["proxy-to-c-function"]);
    workspace.check_like_new();
}

#[test]
fn a_closed_document_is_read_from_its_file() {
    let mut workspace = program();
    let path = workspace.path("main.py");
    workspace.edit(&path, String::new());
    workspace.settle();
    assert_eq!(workspace.rules("main.py"), [""; 0]);
    workspace
        .host
        .apply(vec![Change::Closed { path: path.clone() }]);
    workspace.texts.insert(path, MAIN.to_owned());
    workspace.check_like_new();
}

#[test]
fn an_outdated_snapshot_answers_no_more() {
    let mut workspace = program();
    let path = workspace.path("main.py");
    let snapshot = workspace.host.snapshot();
    workspace.edit(&path, String::new());
    assert!(snapshot.diagnostics(&path).is_err());
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}

/// Text as it is while somebody works on it.
fn worked_on(text: &str, original: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = random.below(lines.len());
    match random.below(6) {
        0 if lines.len() > 1 => drop(lines.remove(at)),
        1 if !lines.is_empty() => lines.insert(at, lines[at]),
        2 => lines.insert(at, "\n"),
        3 => lines.insert(at, "    x = text.\n"),
        4 if lines.len() > 1 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        _ => return original.to_owned(),
    }
    lines.concat()
}

#[test]
fn edits_lead_to_what_a_new_start_finds() {
    let mut workspace = program();
    workspace.settle();
    let originals = workspace.texts.clone();
    let paths: Vec<PathBuf> = originals.keys().cloned().collect();
    let mut random = Random(7);
    for round in 0..60 {
        let path = &paths[random.below(paths.len())];
        let text = worked_on(&workspace.texts[path], &originals[path], &mut random);
        workspace.edit(path, text);
        // As an editor asks, before anything is settled.
        for path in &paths {
            workspace.diagnostics(path);
        }
        if round % 3 == 0 {
            workspace.check_like_new();
        }
    }
}

const CHAIN: &str = "\
from proxystore.proxy import Proxy
from proxystore.store.ref import borrow


class Model:
    def copied(self):
        return self


def first(p: Proxy[Model]) -> None:
    borrow(p.copied())


def second(p: Proxy[Model]) -> None:
    pass
";

/// The searches for repairs until the types of a file are known.
fn searches(workspace: &Workspace, path: &Path) -> usize {
    let path = SystemPath::from_std_path(path).expect("it is UTF-8");
    let mut state = workspace.host.state();
    let group = state.group_of(path).expect("it is in the workspace");
    let file = system_path_to_file(group.analysis.db(), path).expect("it is there");
    let mut searches = 0;
    while let Some(work) = group.analysis.next_work_for(file) {
        searches += usize::from(matches!(work, Work::Edit(_, Step::Repairs, _)));
        let found = work.run(group.analysis.db());
        group.analysis.accept(found);
    }
    searches
}

#[test]
fn repairs_of_other_lines_are_carried_over() {
    let mut workspace = Workspace::new(&[("main.py", CHAIN)]);
    let path = workspace.path("main.py");
    // The first search finds a repair, the second one none.
    workspace.edit(&path, CHAIN.to_owned());
    assert_eq!(searches(&workspace, &path), 2);
    let before = workspace.rules("main.py");
    assert_eq!(before, ["invalid-argument-type"]);

    let edited = CHAIN.replace("    pass\n", "    x = 1\n    print(x)\n");
    workspace.edit(&path, format!("# moved\n{edited}"));
    assert_eq!(searches(&workspace, &path), 1);
    assert_eq!(workspace.rules("main.py"), before);

    workspace.edit(
        &path,
        CHAIN.replace("    pass\n", "    borrow(p.copied())\n"),
    );
    assert_eq!(searches(&workspace, &path), 2);
    assert_eq!(workspace.rules("main.py").len(), 2);

    // What is not needed any more is gone after settling.
    workspace.edit(&path, CHAIN.replace("return self", "return 1"));
    workspace.check_like_new();
}

#[test]
fn what_two_threads_find_is_done_once() {
    let mut workspace = Workspace::new(&[("main.py", CHAIN)]);
    let path = workspace.path("main.py");
    workspace.edit(&path, CHAIN.to_owned());
    {
        let path = SystemPath::from_std_path(&path).expect("it is UTF-8");
        let mut state = workspace.host.state();
        let group = state.group_of(path).expect("it is in the workspace");
        let file = system_path_to_file(group.analysis.db(), path).expect("it is there");
        let analysis = &mut group.analysis;
        while let (Some(one), Some(other)) =
            (analysis.next_work_for(file), analysis.next_work_for(file))
        {
            let found = [one, other].map(|it| it.run(analysis.db()));
            found.into_iter().for_each(|it| analysis.accept(it));
        }
    }
    assert_eq!(workspace.rules("main.py"), ["invalid-argument-type"]);
}
