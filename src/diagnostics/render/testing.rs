//! Findings to render, for the tests of the formats.

use std::sync::Arc;

use codespan_reporting::term::termcolor::{Buffer, WriteColor};
use ruff_text_size::{TextRange, TextSize};

use super::{OutputFormat, Report, write};
use crate::diagnostics::{Applicability, Cell, Diagnostic, Edit, Fix, Label, Severity, Source};

pub(super) fn source(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source::new(path.into(), text.into(), Vec::new()))
}

/// The range of the first occurrence of `needle`.
pub(super) fn find(source: &Source, needle: &str) -> TextRange {
    let start = source.text.find(needle).unwrap();
    TextRange::at(TextSize::try_from(start).unwrap(), TextSize::of(needle))
}

pub(super) fn label(source: &Arc<Source>, needle: &str, message: &str) -> Label {
    Label {
        source: Arc::clone(source),
        range: find(source, needle),
        message: (!message.is_empty()).then(|| message.to_string()),
    }
}

/// A finding with everything a finding can have, and one with nothing but a message.
pub(super) fn sample() -> Vec<Diagnostic> {
    let source = source(
        "app/train.py",
        "from proxystore.store import Store\n\n\n\
         p = store.proxy(None)\n\n\n\
         if p is None:\n    q = 1\n\
         print(q)\n",
    );
    let mut first = Diagnostic::new(
        "identity-check-on-proxy",
        Severity::Error,
        "`p is None` is always `False`",
        &source,
        find(&source, "p is None"),
    );
    first.primary.message = Some("compares the proxy, not its target".into());
    first.secondary = vec![label(
        &source,
        "store.proxy(None)",
        "`p` is a `Proxy[None]`",
    )];
    first.notes = vec!["a proxy is an object of its own".into()];
    first.help = Some("compare the target".into());
    first.url = Some("https://example.org/rules/identity-check-on-proxy".into());
    let p = TextRange::at(find(&source, "p is None").start(), 1.into());
    first.fix = Some(Fix {
        title: "Compare the target with `extract`".into(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::replacement(p, "extract(p)")],
    });
    let q = TextRange::at(find(&source, "q)").start(), 1.into());
    let second = Diagnostic::new(
        "possibly-unbound",
        Severity::Warning,
        "Name `q` may be unbound",
        &source,
        q,
    );
    vec![first, second]
}

/// A finding in the second code cell of a notebook, which is its third cell.
pub(super) fn notebook() -> Diagnostic {
    let text = "import x\nx.y\nz = 1\nreveal_type(z)\n";
    let cell = |number, needle: &str| Cell {
        number,
        start: TextSize::try_from(text.find(needle).unwrap()).unwrap(),
    };
    let source = Arc::new(Source::new(
        "nb.ipynb".into(),
        text.into(),
        vec![cell(1, "import"), cell(3, "z = 1")],
    ));
    let range = find(&source, "reveal_type(z)");
    Diagnostic::new(
        "revealed-type",
        Severity::Info,
        "Revealed type: `int`",
        &source,
        range,
    )
}

pub(super) fn render(format: OutputFormat, diagnostics: &[Diagnostic]) -> String {
    render_to(format, diagnostics, Buffer::no_color())
}

pub(super) fn render_to(
    format: OutputFormat,
    diagnostics: &[Diagnostic],
    mut out: Buffer,
) -> String {
    let report = Report {
        diagnostics,
        files_checked: 41,
        fixed: 0,
        rules: &[],
        width: None,
        quiet: false,
    };
    let writer: &mut dyn WriteColor = &mut out;
    write(format, &report, writer).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}
