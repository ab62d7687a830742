//! ty's findings, as far as they concern proxies, in the user's words.

mod assignability;
mod certainty;
mod origin;
mod translate;

use ruff_db::diagnostic as ty;
use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ruff_text_size::TextRange;
use ty_python_core::ProgramFile;
use ty_python_semantic::{SemanticModel, check_file_unwrap};

use crate::db::ProxyDb;
use crate::diagnostics::Diagnostic;
use crate::rules;
pub(crate) use certainty::{is_expected_to_fail, is_tested_to_fail};
pub(crate) use translate::Translator;

/// What is to be reported of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What concerns proxies.
    Proxies,
    /// The same, of a file that cannot see a proxy.
    NoProxies,
    /// Everything that ty finds.
    All,
}

/// A finding of ty's, and what there is to be said of the proxy that it is about.
pub(crate) struct Finding {
    pub(crate) diagnostic: ty::Diagnostic,
    /// Where the proxy was declared, and what it is.
    pub(crate) declaration: Option<(FileRange, String)>,
    /// The target's type in the message, and the proxy's type that is to stand there.
    pub(crate) renamed: Option<(String, String)>,
    /// What to say in the place of ty's message.
    pub(crate) message: Option<String>,
    /// Whether it is about the value that a variable is assigned.
    pub(crate) is_rebinding: bool,
}

/// ty's diagnostics of a file that are within `scope` and true at run time.
pub(crate) fn findings<'db>(
    db: &'db dyn ProxyDb,
    file: ProgramFile<'db>,
    scope: Scope,
) -> Vec<Finding> {
    let module = parsed_module(db, file.python_file(db)).load(db);
    if scope == Scope::NoProxies
        && module.errors().is_empty()
        && !(source_text(db, file.file(db)).contains(REVEAL) && reveals_types(module.suite()))
    {
        return Vec::new();
    }
    let diagnostics = check_file_unwrap(db, file);
    if diagnostics.is_empty() {
        return Vec::new();
    }
    let model = SemanticModel::new(db, file);
    let evidence = origin::Evidence::new(db, &model, &module, &diagnostics);
    // That a file is written for a later Python than the project asks for is no reason not to check it.
    let of_later_python = |diagnostic: &ty::Diagnostic| {
        diagnostic.id() == ty::DiagnosticId::InvalidSyntax
            && module
                .unsupported_syntax_errors()
                .iter()
                .any(|it| Some(it.range) == diagnostic.range())
    };
    diagnostics
        .into_iter()
        .filter(|diagnostic| {
            !evidence.is_artefact(diagnostic)
                && !is_wrong_arity_of_task(diagnostic)
                && (scope == Scope::All
                    || (is_always_reported(diagnostic) && !of_later_python(diagnostic))
                    || evidence.concerns_proxy(diagnostic))
        })
        .map(|diagnostic| evidence.explain(diagnostic))
        .collect()
}

const REVEAL: &str = "reveal_type";

/// Whether a type is asked for anywhere.
fn reveals_types(suite: &[Stmt]) -> bool {
    struct Calls {
        found: bool,
    }

    impl<'a> SourceOrderVisitor<'a> for Calls {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            if let AnyNodeRef::ExprCall(call) = node {
                self.found |= match &*call.func {
                    Expr::Name(it) => it.id == REVEAL,
                    Expr::Attribute(it) => &it.attr == REVEAL,
                    _ => false,
                };
            }
            if self.found {
                TraversalSignal::Skip
            } else {
                TraversalSignal::Traverse
            }
        }
    }

    let mut calls = Calls { found: false };
    calls.visit_body(suite);
    calls.found
}

/// `Executor.submit(f)` without an argument for `f`: the rule `submit-wrong-arity` says it of `f`.
fn is_wrong_arity_of_task(diagnostic: &ty::Diagnostic) -> bool {
    const ARITY: [&str; 4] = [
        "missing-argument",
        "parameter-already-assigned",
        "too-many-positional-arguments",
        "unknown-argument",
    ];
    ARITY.iter().any(|it| diagnostic.id().is_lint_named(it))
        && diagnostic
            .concise_message()
            .to_str()
            .contains("bound method `Executor.submit`")
}

/// What the user asked for, or what keeps the file from being checked.
fn is_always_reported(diagnostic: &ty::Diagnostic) -> bool {
    matches!(
        diagnostic.id(),
        ty::DiagnosticId::InvalidSyntax | ty::DiagnosticId::Io | ty::DiagnosticId::RevealedType
    )
}

/// Leaves one finding of a rule at one place: what is said of the parts of an intersection is said
/// once, of the proxy, and what one of our own rules says is not said by ty again.
pub(crate) fn merge(diagnostics: &mut Vec<Diagnostic>) {
    let key = |it: &Diagnostic| {
        (
            it.primary.range.start(),
            it.primary.range.end(),
            it.rule.clone(),
        )
    };
    diagnostics.sort_by_cached_key(|it| (key(it), !it.message.contains("Proxy[")));
    diagnostics.dedup_by_key(|it| key(it));
    // Our own rule has said it better.
    let said: Vec<(TextRange, &str)> = diagnostics
        .iter()
        .flat_map(|it| {
            let superseded = rules::supersedes(&it.rule).iter();
            superseded.map(|rule| (it.primary.range, *rule))
        })
        .collect();
    diagnostics.retain(|it| !said.contains(&(it.primary.range, it.rule.as_ref())));
}
