//! In these tests `«…»` stands around what is replaced: `x: «Proxy»[int]`. What it means is what
//! the last part of the dotted name spells, or what stands after a bar: `x: «MyProxy|Proxy»[int]`.

mod aliases;
mod corpus;
mod finality;
mod foreign;
mod imports;
mod independent;
mod invariants;
mod names;
mod positions;
mod project;
mod random;
mod robustness;

use std::sync::Arc;

use ruff_db::system::{InMemorySystem, SystemPath, WritableSystem};
use ruff_python_ast::PySourceType;
use ruff_text_size::{TextRange, TextSize};

use super::{Form, Lowered, Meaning, Replacement, Resolver, form_of, lower};

/// Files in memory: the user's below `/src`, installed packages below `/site-packages`.
struct Project {
    system: InMemorySystem,
    resolver: Resolver,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let system = InMemorySystem::default();
        let project = Project {
            resolver: Resolver::new(
                Arc::new(system.clone()),
                vec!["/src".into()],
                vec!["/site-packages".into()],
            ),
            system,
        };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = SystemPath::new(path);
        let folder = path.parent().expect("the path is absolute");
        self.system
            .create_directory_all(folder)
            .expect("the folder can be made");
        self.system
            .write_file(path, text)
            .expect("the file can be written");
        self.resolver.invalidate(path);
    }

    fn lower(&self, text: &str, path: &str) -> Option<Lowered> {
        let path = SystemPath::new(path);
        let source_type = path
            .extension()
            .and_then(PySourceType::try_from_extension)
            .unwrap_or_default();
        let lowered = lower(text, path, source_type, &self.resolver)?;
        invariants::check(text, &lowered, source_type);
        if source_type == PySourceType::Python {
            independent::check(text, &lowered);
        }
        assert_eq!(
            lower(&lowered.text, path, source_type, &self.resolver),
            None,
            "not idempotent"
        );
        Some(lowered)
    }

    /// Lowers the file at `path` with the marked text as its content.
    #[track_caller]
    fn check(&self, path: &str, marked: &str) {
        let (text, expected) = unmark(marked);
        self.write(path, &text);
        let found = self
            .lower(&text, path)
            .map_or(Vec::new(), |it| it.replacements);
        if found != expected {
            panic!(
                "in {path}\nexpected:\n{marked}\nfound:\n{}",
                mark(&text, &found)
            );
        }
    }
}

/// The text without its marks, and what they say.
fn unmark(marked: &str) -> (String, Vec<Replacement>) {
    let mut text = String::new();
    let mut replacements = Vec::new();
    let mut parts = marked.split('«');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (inside, rest) = part.split_once('»').expect("each « is closed");
        let (expr, name) = match inside.split_once('|') {
            Some((expr, name)) => (expr, name),
            None => (inside, inside.rsplit(['.', ' ']).next().unwrap_or(inside)),
        };
        let start = TextSize::of(&text);
        text.push_str(expr);
        replacements.push(Replacement {
            range: TextRange::new(start, TextSize::of(&text)),
            meaning: meaning(name),
        });
        text.push_str(rest);
    }
    (text, replacements)
}

fn meaning(name: &str) -> Meaning {
    let form = Form::ALL.into_iter().find(|form| form.name() == name);
    match form {
        Some(form) => Meaning::Proxy(form),
        None if name == Meaning::Final.name() => Meaning::Final,
        None => panic!("`{name}` is not replaced"),
    }
}

fn mark(text: &str, replacements: &[Replacement]) -> String {
    let mut marked = String::new();
    let mut end = 0;
    for Replacement { range, meaning } in replacements {
        marked.push_str(&text[end..range.start().to_usize()]);
        let expr = &text[*range];
        let bar = match expr.ends_with(meaning.name()) {
            true => String::new(),
            false => format!("|{}", meaning.name()),
        };
        marked.push_str(&format!("«{expr}{bar}»"));
        end = range.end().to_usize();
    }
    marked.push_str(&text[end..]);
    marked
}

/// The imports before what [`check`] is given.
const PRELUDE: &str = "\
import typing
import collections.abc
from typing import *
from proxystore.proxy import Proxy, ProxyOr
from proxystore.store.ref import BaseRefProxy, OwnedProxy, RefMutProxy, RefProxy
";

/// Checks a module that begins with the [`PRELUDE`].
#[track_caller]
fn check(marked: &str) {
    Project::new(&[]).check("/src/main.py", &format!("{PRELUDE}{marked}"));
}

/// Checks a module without anything before it.
#[track_caller]
fn check_module(marked: &str) {
    Project::new(&[]).check("/src/main.py", marked);
}
