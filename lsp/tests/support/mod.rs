//! An analysis of words, with the habits of a real one: a change ends all questions and waits until
//! nobody has a snapshot any more.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use proxycheck_lsp::*;

/// Long enough for the slowest machine; reached only if something is broken.
pub const GUARD: Duration = Duration::from_secs(60);

/// What a test sees of the backend, and how it directs it.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    /// What was applied, one item for each call.
    pub applied: Receiver<Vec<Change>>,
    /// The question that has just been stopped at the word `block`.
    pub blocked: Receiver<String>,
    /// What the backend was started with.
    pub started: Receiver<Start>,
}

struct Shared {
    state: Mutex<Status>,
    wake: Condvar,
    disk: Mutex<BTreeMap<PathBuf, String>>,
    applied: Sender<Vec<Change>>,
    blocked: Sender<String>,
    started: Sender<Start>,
}

#[derive(Default)]
struct Status {
    revision: u64,
    snapshots: usize,
    is_open: bool,
    settles: bool,
    holds_changes: bool,
    cancels_always: bool,
    panics_on_apply: bool,
    watched: Vec<String>,
    problems: Vec<String>,
}

impl Control {
    pub fn new() -> Self {
        let (applied, applied_receiver) = unbounded();
        let (blocked, blocked_receiver) = unbounded();
        let (started, started_receiver) = unbounded();
        let state = Status {
            watched: vec!["**/*.py".into()],
            ..Status::default()
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                wake: Condvar::new(),
                disk: Mutex::default(),
                applied,
                blocked,
                started,
            }),
            applied: applied_receiver,
            blocked: blocked_receiver,
            started: started_receiver,
        }
    }

    pub fn write(&self, path: &str, text: &str) {
        let mut disk = self.shared.disk.lock().unwrap();
        disk.insert(path.into(), text.into());
    }

    /// Lets questions pass the word `block`.
    pub fn open_gate(&self) {
        self.set(|it| it.is_open = true);
    }

    /// Lets a change wait, as if it took long.
    pub fn hold_changes(&self, holds: bool) {
        self.set(|it| it.holds_changes = holds);
    }

    /// Whether bringing everything up to date changes something.
    pub fn settle_changes(&self, changes: bool) {
        self.set(|it| it.settles = changes);
    }

    pub fn cancel_always(&self) {
        self.set(|it| it.cancels_always = true);
    }

    pub fn panic_on_apply(&self, panics: bool) {
        self.set(|it| it.panics_on_apply = panics);
    }

    pub fn watch(&self, patterns: &[&str]) {
        self.set(|it| it.watched = patterns.iter().map(|it| (*it).to_owned()).collect());
    }

    pub fn add_problem(&self, problem: &str) {
        self.set(|it| it.problems.push(problem.into()));
    }

    pub fn solve_problems(&self) {
        self.set(|it| it.problems.clear());
    }

    fn set(&self, set: impl FnOnce(&mut Status)) {
        set(&mut self.shared.state.lock().unwrap());
        self.shared.wake.notify_all();
    }

    pub fn start(&self, start: Start) -> FakeBackend {
        let _ = self.shared.started.send(start);
        FakeBackend {
            shared: self.shared.clone(),
            buffers: Arc::default(),
        }
    }
}

pub struct FakeBackend {
    shared: Arc<Shared>,
    buffers: Arc<BTreeMap<PathBuf, Text>>,
}

impl Backend for FakeBackend {
    type Snapshot = FakeSnapshot;

    fn apply(&mut self, changes: Vec<Change>) {
        let mut state = self.shared.state.lock().unwrap();
        state.revision += 1;
        self.shared.wake.notify_all();
        if state.holds_changes {
            let _ = self.shared.blocked.send("apply".into());
        }
        let wait = self
            .shared
            .wake
            .wait_timeout_while(state, GUARD, |it| it.snapshots > 0 || it.holds_changes);
        let (state, waited) = wait.unwrap();
        assert!(
            !waited.timed_out(),
            "a snapshot is held while a change is applied"
        );
        let panics = state.panics_on_apply;
        drop(state);
        assert!(!panics, "told to panic");
        let buffers = Arc::make_mut(&mut self.buffers);
        for change in &changes {
            match change {
                Change::Buffer { path, text } => {
                    buffers.insert(path.clone(), text.clone());
                }
                Change::Closed { path } => {
                    buffers.remove(path);
                }
                Change::Disk { .. } | Change::Folders(_) | Change::Settings(_) => (),
            }
        }
        let _ = self.shared.applied.send(changes);
    }

    fn snapshot(&self) -> FakeSnapshot {
        let mut state = self.shared.state.lock().unwrap();
        state.snapshots += 1;
        FakeSnapshot {
            shared: self.shared.clone(),
            buffers: self.buffers.clone(),
            revision: state.revision,
        }
    }

    fn watched(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().watched.clone()
    }

    fn problems(&self) -> Option<Vec<String>> {
        Some(self.shared.state.lock().unwrap().problems.clone())
    }
}

pub struct FakeSnapshot {
    shared: Arc<Shared>,
    buffers: Arc<BTreeMap<PathBuf, Text>>,
    revision: u64,
}

impl Drop for FakeSnapshot {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().snapshots -= 1;
        self.shared.wake.notify_all();
    }
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (index, character) in text.char_indices().filter(|(_, it)| is_word(*it)) {
        let end = index + character.len_utf8();
        match words.last_mut() {
            Some(last) if last.end == index => last.end = end,
            _ => words.push(index..end),
        }
    }
    words
}

fn occurrences(text: &str, word: &str) -> Vec<Range<usize>> {
    words(text)
        .into_iter()
        .filter(|it| &text[it.clone()] == word)
        .collect()
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn line_of(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |it| it + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |it| offset + it);
    start..end
}

impl FakeSnapshot {
    fn check(&self) -> Cancellable<()> {
        let state = self.shared.state.lock().unwrap();
        if state.revision != self.revision || state.cancels_always {
            return Err(Cancelled);
        }
        Ok(())
    }

    /// The text, once the gate lets it pass.
    fn read(&self, question: &str, path: &Path) -> Cancellable<String> {
        self.check()?;
        let text = self
            .text(path)?
            .map(|it| it.to_string())
            .unwrap_or_default();
        assert!(
            !text.contains(&format!("panic_{question}")),
            "told to panic"
        );
        if text.contains("block") {
            let state = self.shared.state.lock().unwrap();
            if !state.is_open {
                let _ = self.shared.blocked.send(question.into());
            }
            let is_stopped = |it: &mut Status| !it.is_open && it.revision == self.revision;
            let wait = self
                .shared
                .wake
                .wait_timeout_while(state, GUARD, is_stopped);
            assert!(!wait.unwrap().1.timed_out(), "nobody opens the gate");
            self.check()?;
        }
        Ok(text)
    }

    fn word(
        &self,
        question: &str,
        path: &Path,
        offset: usize,
    ) -> Cancellable<Option<(String, Range<usize>)>> {
        let text = self.read(question, path)?;
        let word = words(&text)
            .into_iter()
            .find(|it| it.start <= offset && offset <= it.end);
        Ok(word.map(|it| (text[it.clone()].to_owned(), it)))
    }
}

impl Snapshot for FakeSnapshot {
    fn text(&self, path: &Path) -> Cancellable<Option<Arc<str>>> {
        self.check()?;
        Ok(match self.buffers.get(path) {
            Some(Text::Plain(text)) => Some(text.as_str().into()),
            Some(Text::Notebook(cells)) => {
                let text: String = cells.iter().map(|it| format!("{}\n", it.text)).collect();
                Some(text.into())
            }
            None => {
                let disk = self.shared.disk.lock().unwrap();
                disk.get(path).map(|text| {
                    if path.extension().is_some_and(|it| it == "ipynb") {
                        text.split('|')
                            .map(|it| format!("{it}\n"))
                            .collect::<String>()
                            .into()
                    } else {
                        text.as_str().into()
                    }
                })
            }
        })
    }

    /// On disk, a notebook is cells with bars between them, every other of which is prose.
    fn cells(&self, path: &Path) -> Cancellable<Vec<(usize, usize)>> {
        if path.extension().is_none_or(|it| it != "ipynb") {
            return Ok(Vec::new());
        }
        let text = match self.buffers.get(path) {
            Some(_) => return Ok(Vec::new()),
            None => self
                .shared
                .disk
                .lock()
                .unwrap()
                .get(path)
                .cloned()
                .unwrap_or_default(),
        };
        let mut start = 0;
        let cells = text.split('|').enumerate().map(|(index, cell)| {
            let here = start;
            start += cell.len() + 1;
            (2 * index + 1, here)
        });
        Ok(cells.collect())
    }

    fn files(&self) -> Cancellable<Vec<PathBuf>> {
        self.check()?;
        let disk = self.shared.disk.lock().unwrap();
        let mut files: Vec<_> = disk.keys().chain(self.buffers.keys()).cloned().collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn diagnostics(&self, path: &Path) -> Cancellable<Vec<Diagnostic>> {
        let text = self.read("diagnostics", path)?;
        let mut found = Vec::new();
        for range in words(&text) {
            let word = &text[range.clone()];
            if !["proxy", "old", "unused"].contains(&word) {
                continue;
            }
            let is_proxy = word == "proxy";
            let mut related = Vec::new();
            for other in self.files()?.iter().filter(|_| is_proxy) {
                let text = self.text(other)?.unwrap_or_default();
                related.extend(
                    occurrences(&text, "store")
                        .into_iter()
                        .map(|range| Related {
                            path: other.clone(),
                            range,
                            message: "made here".into(),
                        }),
                );
            }
            found.push(Diagnostic {
                severity: if is_proxy {
                    Severity::Warning
                } else {
                    Severity::Hint
                },
                rule: format!("no-{word}"),
                message: format!("this is {word}"),
                url: Some(format!("https://example.org/no-{word}")),
                is_unnecessary: word == "unused",
                is_deprecated: word == "old",
                related,
                fix: is_proxy.then(|| Fix {
                    title: "Take the target".into(),
                    is_safe: true,
                    edits: vec![Edit {
                        range: range.clone(),
                        text: "target".into(),
                    }],
                }),
                range,
            });
        }
        Ok(found)
    }

    fn settle(&self) -> Cancellable<bool> {
        for path in self.buffers.keys() {
            assert!(!self.read("settle", path)?.contains("panic_settle"));
        }
        let state = self.shared.state.lock().unwrap();
        Ok(state.settles)
    }

    fn hover(&self, path: &Path, offset: usize) -> Cancellable<Option<Hover>> {
        let word = self.word("hover", path, offset)?;
        Ok(word.map(|(word, range)| Hover {
            range,
            markdown: format!("**{word}**"),
        }))
    }

    fn completions(&self, path: &Path, offset: usize) -> Cancellable<Vec<Completion>> {
        let text = self.read("completion", path)?;
        let before = &text[..offset];
        let start = before.len()
            - before
                .chars()
                .rev()
                .take_while(|it| is_word(*it))
                .map(char::len_utf8)
                .sum::<usize>();
        let item = |label: &str, kind, rank| Completion {
            label: label.into(),
            kind,
            detail: Some("() -> int".into()),
            replaces: start..offset,
            is_deprecated: label == "old",
            rank,
        };
        Ok(if before[..start].ends_with('.') {
            vec![
                item("shape", CompletionKind::Property, 0),
                item("old", CompletionKind::Method, 1),
            ]
        } else {
            Vec::new()
        })
    }

    fn completion_documentation(
        &self,
        path: &Path,
        offset: usize,
        label: &str,
    ) -> Cancellable<Option<String>> {
        let known = self
            .completions(path, offset)?
            .into_iter()
            .any(|it| it.label == label);
        Ok(known.then(|| format!("What *{label}* is.")))
    }

    fn signature_help(&self, path: &Path, offset: usize) -> Cancellable<Option<SignatureHelp>> {
        let text = self.read("signature", path)?;
        let Some(open) = text[..offset].rfind('(') else {
            return Ok(None);
        };
        let number = text[open..offset].matches(',').count();
        let label = "f(𝄞: int, b: str) -> é";
        let parameter = |name: &str| {
            let start = label.find(name).unwrap();
            SignatureParameter {
                range: start..start + name.len(),
                documentation: Some(format!("About {name}")),
            }
        };
        Ok(Some(SignatureHelp {
            signatures: vec![Signature {
                label: label.into(),
                documentation: Some("Does *f*.".into()),
                parameters: vec![parameter("𝄞: int"), parameter("b: str")],
                active: Some(number).filter(|it| *it < 2),
            }],
            active: 0,
        }))
    }

    fn definition(&self, path: &Path, offset: usize) -> Cancellable<Vec<Target>> {
        let Some((_, origin)) = self.word("definition", path, offset)? else {
            return Ok(Vec::new());
        };
        let first = self.references(path, offset)?.into_iter().next();
        first
            .map(|it| {
                let text = self.text(&it.path)?.unwrap_or_default();
                Ok(Target {
                    origin,
                    range: line_of(&text, it.range.start),
                    focus: it.range,
                    path: it.path,
                })
            })
            .into_iter()
            .collect()
    }

    fn type_definition(&self, path: &Path, offset: usize) -> Cancellable<Vec<Target>> {
        self.definition(path, offset)
    }

    fn references(&self, path: &Path, offset: usize) -> Cancellable<Vec<Reference>> {
        let Some((word, _)) = self.word("references", path, offset)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for path in self.files()? {
            let text = self.text(&path)?.unwrap_or_default();
            for range in occurrences(&text, &word) {
                let kind = if found.is_empty() {
                    ReferenceKind::Definition
                } else if text[range.end..].starts_with(" =") {
                    ReferenceKind::Write
                } else {
                    ReferenceKind::Read
                };
                found.push(Reference {
                    path: path.clone(),
                    range,
                    kind,
                });
            }
        }
        Ok(found)
    }

    fn highlights(&self, path: &Path, offset: usize) -> Cancellable<Vec<Reference>> {
        let found = self.references(path, offset)?;
        Ok(found.into_iter().filter(|it| it.path == path).collect())
    }

    fn prepare_rename(
        &self,
        path: &Path,
        offset: usize,
    ) -> Cancellable<Result<Range<usize>, String>> {
        Ok(match self.word("rename", path, offset)? {
            Some((word, _)) if word == "def" => Err("`def` is a keyword".into()),
            Some((_, range)) => Ok(range),
            None => Err("There is no name here".into()),
        })
    }

    fn rename(
        &self,
        path: &Path,
        offset: usize,
        name: &str,
    ) -> Cancellable<Result<Vec<FileEdits>, String>> {
        if let Err(reason) = self.prepare_rename(path, offset)? {
            return Ok(Err(reason));
        }
        let mut files: BTreeMap<PathBuf, Vec<Edit>> = BTreeMap::new();
        for Reference { path, range, .. } in self.references(path, offset)? {
            let text = name.to_owned();
            files.entry(path).or_default().push(Edit { range, text });
        }
        let files = files
            .into_iter()
            .map(|(path, edits)| FileEdits { path, edits });
        Ok(Ok(files.collect()))
    }

    fn inlay_hints(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<InlayHint>> {
        let text = self.read("hints", path)?;
        let hints = words(&text).into_iter().filter_map(|it| {
            let (kind, label) = match &text[it.clone()] {
                "proxy" => (HintKind::Type, ": Proxy[int]"),
                "len" => (HintKind::Resolve, "resolves"),
                _ => return None,
            };
            Some(InlayHint {
                offset: it.end,
                kind,
                label: label.into(),
                tooltip: Some("why".into()),
            })
        });
        Ok(hints
            .filter(|it| range.contains(&it.offset) || it.offset == range.end)
            .collect())
    }

    fn proxies(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<Range<usize>>> {
        let text = self.read("tokens", path)?;
        let mut found = occurrences(&text, "proxy");
        if let (Some(start), Some(end)) = (text.find("<<"), text.find(">>")) {
            found.push(start..end + 2);
        }
        found.sort_by_key(|it| it.start);
        Ok(found
            .into_iter()
            .filter(|it| overlaps(it, &range))
            .collect())
    }

    fn actions(&self, path: &Path, range: Range<usize>) -> Cancellable<Vec<Action>> {
        let text = self.read("actions", path)?;
        let mut actions = Vec::new();
        for diagnostic in self.diagnostics(path)? {
            let place = diagnostic.range.clone();
            // A word `slow` hides the fixes, as an analysis that is not finished would.
            if !overlaps(&place, &range) || text.contains("slow") {
                continue;
            }
            let remedies = vec![(diagnostic.rule.clone(), place.clone())];
            let edit = |edits| {
                Effect::Edit(vec![FileEdits {
                    path: path.to_owned(),
                    edits,
                }])
            };
            let action = |title: &str, kind, effect| Action {
                title: title.into(),
                kind,
                remedies: remedies.clone(),
                is_preferred: title.starts_with("Take"),
                effect,
            };
            if let Some(fix) = diagnostic.fix {
                actions.push(action(&fix.title, ActionKind::QuickFix, edit(fix.edits)));
            }
            let end = line_of(&text, place.start).end;
            let ignore = Edit {
                range: end..end,
                text: format!("  # ignore[{}]", diagnostic.rule),
            };
            actions.push(action("Ignore", ActionKind::QuickFix, edit(vec![ignore])));
            let show = Effect::ShowRule(diagnostic.rule.clone());
            actions.push(action("Show the rule", ActionKind::QuickFix, show));
            let rewrite = Edit {
                range: place,
                text: "ProxyOr".into(),
            };
            actions.push(action(
                "Allow both",
                ActionKind::Rewrite,
                edit(vec![rewrite]),
            ));
        }
        Ok(actions)
    }

    fn fix_all(&self, path: &Path) -> Cancellable<Vec<Edit>> {
        let found = self.diagnostics(path)?;
        Ok(found
            .into_iter()
            .filter_map(|it| it.fix)
            .flat_map(|it| it.edits)
            .collect())
    }

    fn rule_page(&self, rule: &str) -> Option<String> {
        rule.starts_with("no-").then(|| format!("# {rule}\n"))
    }

    fn rule_url(&self, rule: &str) -> Option<String> {
        (rule != "no-file").then(|| format!("file:///{rule}.md"))
    }
}
