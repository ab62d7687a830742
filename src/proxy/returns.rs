//! Gives functions without a return annotation the type of what they return.
//!
//! ty takes what such a function returns as unknown, but it infers the attributes of an instance from
//! what methods assign to `self`, and `TypeOf[expression]` is the type of an expression. So
//!
//! ```py
//! def load(store):
//!     return store.proxy(Foo())
//! ```
//!
//! becomes
//!
//! ```py
//! class Zreturn0:
//!  def load(Zself, store):
//!     Zself.value = store.proxy(Foo()); return
//! def load(store) -> ZTypeOf[Zreturn0().value]:
//!     return store.proxy(Foo())
//! ```
//!
//! The *twin* of a function stands before it, or before the class of which it is a method, so that
//! names mean the same in both. Findings in a twin are nobody's.

use std::fmt::Write;

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor};
use ruff_python_ast::{Expr, Parameter, Stmt, StmtClassDef, StmtFunctionDef, StmtReturn};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

use super::edit::Repair;

/// The names that twins and annotations need, as lines of `__builtins__.pyi`.
pub(crate) const BUILTINS: &str = "\
from collections.abc import AsyncGenerator, Generator
from typing import Any
from typing_extensions import Self
from ty_extensions._internal import TypeOf
ZAny = Any
ZAsyncGenerator = AsyncGenerator
ZGenerator = Generator
ZSelf = Self
ZTypeOf = TypeOf
";

const TWIN: &str = "Zreturn";

/// A twin holds twins of the functions inside it, so the text doubles with each level.
const MAX_DEPTH: usize = 3;

/// Whether a class is the twin of a function.
pub(crate) fn is_twin(class: &StmtClassDef) -> bool {
    class
        .name
        .strip_prefix(TWIN)
        .is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a return annotation is one that was inserted.
pub(crate) fn is_ours(annotation: &Expr) -> bool {
    match annotation {
        Expr::Subscript(it) => is_ours(&it.value),
        Expr::Name(it) => {
            matches!(
                it.id.as_str(),
                "ZTypeOf" | "ZSelf" | "ZGenerator" | "ZAsyncGenerator"
            )
        }
        _ => false,
    }
}

/// The insertions that give every function in `suite` a return type, if it has none and returns
/// something. Functions with one of the syntax `errors` in them are left alone.
pub(crate) fn return_types(text: &str, suite: &[Stmt], errors: &[TextRange]) -> Vec<Repair> {
    let mut finder = Finder {
        text,
        errors,
        type_variables: type_variables(suite),
        twins: 0,
    };
    let mut repairs = Vec::new();
    finder.visit_suite(suite, None, 0, &mut repairs);
    repairs
}

struct Finder<'a> {
    text: &'a str,
    errors: &'a [TextRange],
    type_variables: FxHashSet<&'a str>,
    twins: usize,
}

/// The classes around a method, up to the next function.
#[derive(Clone, Copy)]
struct Classes<'a> {
    outermost: &'a StmtClassDef,
    innermost: &'a StmtClassDef,
    outer_name: &'a str,
}

impl<'a> Finder<'a> {
    fn visit_suite(
        &mut self,
        suite: &'a [Stmt],
        classes: Option<Classes<'a>>,
        depth: usize,
        repairs: &mut Vec<Repair>,
    ) {
        for stmt in suite {
            match stmt {
                Stmt::FunctionDef(function) => {
                    self.visit_function(function, classes, depth, repairs);
                    self.visit_suite(&function.body, None, depth + 1, repairs);
                }
                Stmt::ClassDef(class) => {
                    let classes = match classes {
                        None => Some(Classes {
                            outermost: class,
                            innermost: class,
                            outer_name: "",
                        }),
                        Some(it) if it.outer_name.is_empty() => Some(Classes {
                            outer_name: it.innermost.name.as_str(),
                            innermost: class,
                            ..it
                        }),
                        // Three classes inside one another: nobody writes that.
                        Some(_) => continue,
                    };
                    self.visit_suite(&class.body, classes, depth, repairs);
                }
                _ => {
                    for suite in suites(stmt) {
                        self.visit_suite(suite, classes, depth, repairs);
                    }
                }
            }
        }
    }

    fn visit_function(
        &mut self,
        function: &'a StmtFunctionDef,
        classes: Option<Classes<'a>>,
        depth: usize,
        repairs: &mut Vec<Repair>,
    ) {
        let is_broken = |it: &TextRange| it.intersect(function.range()).is_some();
        if depth >= MAX_DEPTH
            || self.errors.iter().any(is_broken)
            || function.returns.is_some()
            || function.type_params.is_some()
            || is_excluded(function)
            || classes.is_some_and(|it| is_special(it.innermost))
            || self.mentions_type_variable(function)
        {
            return;
        }
        let Some(results) = Results::of(function) else {
            return;
        };
        let receiver = classes.and_then(|_| receiver(function));
        if is_recursive(function, receiver) {
            return;
        }
        let annotation_at = function.parameters.end();
        if let Some(receiver) = receiver
            && results.yields.is_empty()
            && !results.falls_through
            && results
                .returns
                .iter()
                .all(|it| returns_receiver(it, receiver, function))
        {
            repairs.push(insertion(annotation_at, " -> ZSelf".to_owned()));
            return;
        }
        let anchor = classes.map_or_else(|| function.start(), |it| it.outermost.start());
        let Some(twin) = self.twin(function, &results, classes, receiver, anchor, depth) else {
            return;
        };
        let name = format!("{TWIN}{}", self.twins);
        self.twins += 1;
        let indent = self.indent(anchor).unwrap_or_default();
        let is_async = if function.is_async { "async " } else { "" };
        repairs.push(insertion(
            anchor,
            format!("class {name}:\n{indent} {is_async}{twin}\n{indent}"),
        ));
        let value = format!("ZTypeOf[{name}().value]");
        let annotation = match (results.yields.is_empty(), function.is_async) {
            (true, _) => value,
            (false, false) => format!("ZGenerator[{value}, ZAny, ZAny]"),
            (false, true) => format!("ZAsyncGenerator[{value}, ZAny]"),
        };
        repairs.push(insertion(annotation_at, format!(" -> {annotation}")));
    }

    /// The text of a method that assigns what the function returns.
    fn twin(
        &mut self,
        function: &'a StmtFunctionDef,
        results: &Results<'a>,
        classes: Option<Classes<'a>>,
        receiver: Option<&'a Parameter>,
        anchor: TextSize,
        depth: usize,
    ) -> Option<String> {
        let indent = self.indent(anchor)?;
        let body_end = function.body.last()?.end();
        let is_on_one_line = !self.text
            [TextRange::new(function.parameters.end(), function.body[0].start())]
        .contains('\n');
        let body_indent = if is_on_one_line {
            None
        } else {
            let body_indent = self.indent(function.body[0].start())?;
            // The method stands one space deeper than the class, and its body deeper still.
            let deeper = body_indent.strip_prefix(indent)?;
            if deeper.len() < 2 || !deeper.starts_with(' ') {
                return None;
            }
            Some(body_indent)
        };

        let mut edits = Vec::new();
        self.visit_suite(&function.body, None, depth + 1, &mut edits);
        for it in &results.returns {
            edits.extend(assignment(it));
        }
        for it in &results.yields {
            edits.push(Repair {
                range: TextRange::at(it.start(), "yield".len().try_into().ok()?),
                text: "Zself.value =".to_owned(),
            });
            edits.push(insertion(it.end(), "; yield".to_owned()));
        }

        let parameters = &function.parameters;
        let inside = TextRange::new(parameters.start(), parameters.end());
        let inside = self.text[inside].strip_prefix('(')?;
        let mut twin = format!("def {}(Zself, ", function.name);
        match receiver {
            Some(receiver) if receiver.annotation.is_none() => {
                let classes = classes?;
                let at = receiver.name.end() - parameters.start() - TextSize::from(1);
                let (before, after) = inside.split_at_checked(at.to_usize())?;
                let dot = if classes.outer_name.is_empty() {
                    ""
                } else {
                    "."
                };
                let name = format!("{}{dot}{}", classes.outer_name, classes.innermost.name);
                let annotation = if is_decorated(function, "classmethod") {
                    format!("type[{name}]")
                } else {
                    name
                };
                let _ = write!(twin, "{before}: \"{annotation}\"{after}");
            }
            _ => twin.push_str(inside),
        }
        apply(
            self.text,
            TextRange::new(parameters.end(), body_end),
            edits,
            &mut twin,
        )?;
        if results.falls_through && results.yields.is_empty() {
            match body_indent {
                Some(indent) => {
                    let _ = write!(twin, "\n{indent}Zself.value = None");
                }
                None => twin.push_str("; Zself.value = None"),
            }
        }
        Some(twin)
    }

    /// What stands before a statement in its line; `None` if that is more than space.
    fn indent(&self, start: TextSize) -> Option<&'a str> {
        let before = &self.text[..start.to_usize()];
        let line = before.rfind(['\n', '\r']).map_or(0, |it| it + 1);
        let indent = &before[line..];
        indent
            .bytes()
            .all(|it| matches!(it, b' ' | b'\t'))
            .then_some(indent)
    }

    fn mentions_type_variable(&self, function: &StmtFunctionDef) -> bool {
        !self.type_variables.is_empty()
            && function
                .parameters
                .iter()
                .filter_map(|it| it.annotation())
                .any(|annotation| {
                    let text = &self.text[annotation.range()];
                    text.split(|it: char| !it.is_alphanumeric() && it != '_')
                        .any(|word| self.type_variables.contains(word))
                })
    }
}

fn insertion(offset: TextSize, text: String) -> Repair {
    Repair {
        range: TextRange::empty(offset),
        text,
    }
}

/// Appends the text of `range` with edits applied; `None` if they overlap.
fn apply(text: &str, range: TextRange, mut edits: Vec<Repair>, result: &mut String) -> Option<()> {
    edits.sort_by_key(|it| (it.range.start(), it.range.end()));
    let mut done = range.start();
    for edit in edits {
        if edit.range.start() < done {
            return None;
        }
        result.push_str(&text[TextRange::new(done, edit.range.start())]);
        result.push_str(&edit.text);
        done = edit.range.end();
    }
    result.push_str(&text[TextRange::new(done, range.end())]);
    Some(())
}

/// `return x` becomes `Zself.value = x; return`.
fn assignment(statement: &StmtReturn) -> [Repair; 2] {
    let keyword = TextRange::at(statement.start(), TextSize::from(6));
    let text = match statement.value {
        Some(_) => "Zself.value =",
        None => "Zself.value = None",
    };
    [
        Repair {
            range: keyword,
            text: text.to_owned(),
        },
        insertion(statement.end(), "; return".to_owned()),
    ]
}

/// The blocks of a compound statement that is no definition.
fn suites(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::If(it) => std::iter::once(&*it.body)
            .chain(it.elif_else_clauses.iter().map(|it| &*it.body))
            .collect(),
        Stmt::For(it) => vec![&it.body, &it.orelse],
        Stmt::While(it) => vec![&it.body, &it.orelse],
        Stmt::With(it) => vec![&it.body],
        Stmt::Try(it) => [&*it.body]
            .into_iter()
            .chain(it.handlers.iter().map(|it| match it {
                ruff_python_ast::ExceptHandler::ExceptHandler(it) => &*it.body,
            }))
            .chain([&*it.orelse, &*it.finalbody])
            .collect(),
        Stmt::Match(it) => it.cases.iter().map(|it| &*it.body).collect(),
        _ => Vec::new(),
    }
}

/// Functions whose return annotation would say something wrong, or nothing.
fn is_excluded(function: &StmtFunctionDef) -> bool {
    const NAMES: [&str; 7] = [
        "__init__",
        "__new__",
        "__getattr__",
        "__getattribute__",
        "__class_getitem__",
        "__init_subclass__",
        "__set_name__",
    ];
    NAMES.contains(&function.name.as_str())
        || ["abstractmethod", "overload", "setter", "deleter"]
            .iter()
            .any(|it| is_decorated(function, it))
}

/// Whether a function uses itself, but for `return f(…)`, which adds nothing to what it returns.
///
/// What it returns may then contain itself: the type of `[f(i) for i in x]` has no end.
fn is_recursive(function: &StmtFunctionDef, receiver: Option<&Parameter>) -> bool {
    struct Uses<'a> {
        function: &'a str,
        receiver: Option<&'a str>,
        found: bool,
    }

    impl Uses<'_> {
        fn is_itself(&self, expr: &Expr) -> bool {
            match (expr, self.receiver) {
                (Expr::Name(it), None) => it.id == *self.function,
                (Expr::Attribute(it), Some(receiver)) => {
                    let is_receiver =
                        |it: &Expr| it.as_name_expr().is_some_and(|it| it.id == *receiver);
                    it.attr == *self.function && is_receiver(&it.value)
                }
                _ => false,
            }
        }
    }

    impl<'a> SourceOrderVisitor<'a> for Uses<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            let value = stmt.as_return_stmt().and_then(|it| it.value.as_deref());
            let value = match value {
                Some(Expr::Await(it)) => Some(&*it.value),
                value => value,
            };
            match value {
                Some(Expr::Call(call)) if self.is_itself(&call.func) => {
                    self.visit_arguments(&call.arguments);
                }
                _ => source_order::walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            self.found |= self.is_itself(expr);
            source_order::walk_expr(self, expr);
        }
    }

    let mut uses = Uses {
        function: function.name.as_str(),
        receiver: receiver.map(|it| it.name.as_str()),
        found: false,
    };
    uses.visit_body(&function.body);
    uses.found
}

/// Whether a decorator's last name is `name`.
fn is_decorated(function: &StmtFunctionDef, name: &str) -> bool {
    function
        .decorator_list
        .iter()
        .any(|it| last_name(&it.expression) == Some(name))
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.as_str()),
        Expr::Subscript(it) => last_name(&it.value),
        Expr::Call(it) => last_name(&it.func),
        _ => None,
    }
}

/// Classes to whose methods a type is not to be given: protocols are declarations.
fn is_special(class: &StmtClassDef) -> bool {
    class
        .bases()
        .iter()
        .any(|it| last_name(it) == Some("Protocol"))
}

/// The parameter that is bound to the instance or the class.
fn receiver(function: &StmtFunctionDef) -> Option<&Parameter> {
    if is_decorated(function, "staticmethod") {
        return None;
    }
    let parameters = &function.parameters;
    let first = parameters
        .posonlyargs
        .first()
        .or_else(|| parameters.args.first())?;
    Some(&first.parameter)
}

/// `return self`, or `return cls(…)` in a class method.
fn returns_receiver(
    statement: &StmtReturn,
    receiver: &Parameter,
    function: &StmtFunctionDef,
) -> bool {
    let is_receiver = |expr: &Expr| {
        expr.as_name_expr()
            .is_some_and(|it| it.id == receiver.name.id)
    };
    match statement.value.as_deref() {
        Some(Expr::Call(call)) => is_decorated(function, "classmethod") && is_receiver(&call.func),
        Some(value) => !is_decorated(function, "classmethod") && is_receiver(value),
        None => false,
    }
}

/// What comes out of a function.
struct Results<'a> {
    returns: Vec<&'a StmtReturn>,
    /// The statements `yield x`; other uses of `yield` are not understood.
    yields: Vec<&'a ruff_python_ast::ExprYield>,
    /// Whether the end of the body may be reached.
    falls_through: bool,
}

impl<'a> Results<'a> {
    /// `None` if nothing but `None` is returned, or it is not understood what.
    fn of(function: &'a StmtFunctionDef) -> Option<Self> {
        let mut results = Results {
            returns: Vec::new(),
            yields: Vec::new(),
            falls_through: falls_through(&function.body),
        };
        results.visit_body(&function.body);
        let mut yields = Yields::default();
        yields.visit_body(&function.body);
        let has_result = if yields.all == 0 {
            results.returns.iter().any(|it| {
                it.value
                    .as_deref()
                    .is_some_and(|it| !it.is_none_literal_expr())
            })
        } else {
            results.returns.clear();
            yields.all == results.yields.len() && results.yields.iter().all(|it| it.value.is_some())
        };
        has_result.then_some(results)
    }
}

impl<'a> StatementVisitor<'a> for Results<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(it) => self.returns.push(it),
            Stmt::Expr(it) => {
                if let Expr::Yield(it) = &*it.value {
                    self.yields.push(it);
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }
}

/// Counts every `yield` of a function.
#[derive(Default)]
struct Yields {
    all: usize,
}

impl<'a> SourceOrderVisitor<'a> for Yields {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => source_order::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(_) => return,
            Expr::Yield(_) | Expr::YieldFrom(_) => self.all += 1,
            _ => {}
        }
        source_order::walk_expr(self, expr);
    }
}

/// Whether the end of a block may be reached, as far as its statements tell.
fn falls_through(suite: &[Stmt]) -> bool {
    !suite.iter().any(ends)
}

/// Whether what follows a statement in its block cannot be reached.
fn ends(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Return(_) | Stmt::Raise(_) | Stmt::Continue(_) | Stmt::Break(_) => true,
        Stmt::If(it) => {
            it.elif_else_clauses
                .last()
                .is_some_and(|it| it.test.is_none())
                && !falls_through(&it.body)
                && it
                    .elif_else_clauses
                    .iter()
                    .all(|it| !falls_through(&it.body))
        }
        Stmt::While(it) => is_true(&it.test) && !has_break(&it.body),
        Stmt::For(it) => {
            !it.orelse.is_empty() && !falls_through(&it.orelse) && !has_break(&it.body)
        }
        // A context manager may swallow an exception, but few do.
        Stmt::With(it) => !falls_through(&it.body),
        Stmt::Try(it) => {
            let handlers_end = it.handlers.iter().all(|it| match it {
                ruff_python_ast::ExceptHandler::ExceptHandler(it) => !falls_through(&it.body),
            });
            !falls_through(&it.finalbody)
                || (handlers_end && (!falls_through(&it.body) || !falls_through(&it.orelse)))
        }
        Stmt::Match(it) => {
            it.cases
                .last()
                .is_some_and(|it| it.guard.is_none() && it.pattern.is_irrefutable())
                && it.cases.iter().all(|it| !falls_through(&it.body))
        }
        Stmt::Expr(it) => matches!(&*it.value, Expr::Call(call)
            if matches!(last_name(&call.func), Some("exit" | "_exit" | "abort"))),
        _ => false,
    }
}

fn is_true(expr: &Expr) -> bool {
    match expr {
        Expr::BooleanLiteral(it) => it.value,
        Expr::NumberLiteral(it) => it.value.as_int().is_some_and(|it| it.as_i64() == Some(1)),
        _ => false,
    }
}

/// Whether a loop over `suite` is left by `break`.
fn has_break(suite: &[Stmt]) -> bool {
    suite.iter().any(|stmt| match stmt {
        Stmt::Break(_) => true,
        Stmt::For(it) => has_break(&it.orelse),
        Stmt::While(it) => has_break(&it.orelse),
        _ => suites(stmt).into_iter().any(has_break),
    })
}

/// The names to which a module assigns a type variable, and those under which it may import one.
fn type_variables(suite: &[Stmt]) -> FxHashSet<&str> {
    let mut names = FxHashSet::default();
    for stmt in suite {
        match stmt {
            Stmt::Assign(assign) => {
                let is_variable = assign.value.as_call_expr().is_some_and(|call| {
                    matches!(
                        last_name(&call.func),
                        Some("TypeVar" | "ParamSpec" | "TypeVarTuple")
                    )
                });
                if is_variable {
                    let targets = assign.targets.iter().filter_map(Expr::as_name_expr);
                    names.extend(targets.map(|it| it.id.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                let imported = import
                    .names
                    .iter()
                    .map(|it| it.asname.as_ref().unwrap_or(&it.name).as_str());
                names.extend(
                    imported.filter(|it| {
                        it.len() == 1 || it.ends_with("_co") || it.ends_with("_contra")
                    }),
                );
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use ruff_python_ast::PySourceType;
    use ruff_python_parser::parse_unchecked_source;

    use super::super::edit::EditMap;
    use super::*;

    fn edited(text: &str) -> String {
        let parsed = parse_unchecked_source(text, PySourceType::Python);
        assert!(parsed.has_valid_syntax(), "{text}");
        let repairs = return_types(text, parsed.suite(), &[]);
        let (edited, _, _) = EditMap::apply(text, repairs);
        let parsed = parse_unchecked_source(&edited, PySourceType::Python);
        assert!(parsed.has_valid_syntax(), "{edited}");
        edited
    }

    #[test]
    fn a_twin_stands_before_a_function() {
        assert_eq!(
            edited(
                "x = 1\n\ndef f(a, b=2):\n    if a:\n        return b\n    return (\n        a\n    )\n"
            ),
            "x = 1\n\nclass Zreturn0:\n def f(Zself, a, b=2):\n    if a:\n        Zself.value = b; return\n    \
             Zself.value = (\n        a\n    ); return\n\
             def f(a, b=2) -> ZTypeOf[Zreturn0().value]:\n    if a:\n        return b\n    return (\n        a\n    )\n"
        );
    }

    #[test]
    fn a_function_that_may_end_without_a_value_returns_none_too() {
        let text = edited("def f(a):\n  if a: return 1\n");
        assert!(text.contains("\n  Zself.value = None\n"), "{text}");
        let text = edited("def f(a):\n  while True:\n    if a: return 1\n");
        assert!(!text.contains("None"), "{text}");
        let text = edited("def f(a):\n  try:\n    return 1\n  finally:\n    g()\n");
        assert!(!text.contains("None"), "{text}");
    }

    #[test]
    fn a_twin_of_a_method_stands_before_its_class() {
        let text = edited(
            "@dataclass\nclass C:\n    @property\n    def f(self):\n        return self.x\n\n    \
             @classmethod\n    def g(cls, a):\n        return cls.y\n",
        );
        assert!(
            text.starts_with(
                "class Zreturn0:\n def f(Zself, self: \"C\"):\n        Zself.value = self.x; return\n\
                 class Zreturn1:\n def g(Zself, cls: \"type[C]\", a):\n        Zself.value = cls.y; return\n\
                 @dataclass\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_method_that_returns_its_receiver_returns_self() {
        let text = edited("class C:\n    def f(self):\n        return self\n");
        assert!(text.contains("def f(self) -> ZSelf:"), "{text}");
        let text = edited("class C:\n    @classmethod\n    def f(cls):\n        return cls()\n");
        assert!(text.contains("def f(cls) -> ZSelf:"), "{text}");
    }

    #[test]
    fn generators_have_the_type_of_what_they_yield() {
        let text = edited("async def f(a):\n    yield a\n    return\n");
        assert!(
            text.contains("-> ZAsyncGenerator[ZTypeOf[Zreturn0().value], ZAny]:"),
            "{text}"
        );
        assert!(
            text.contains(" async def f(Zself, a):\n    Zself.value = a; yield\n"),
            "{text}"
        );
    }

    #[test]
    fn what_declares_or_returns_nothing_stays() {
        for text in [
            "def f(a) -> int:\n    return a\n",
            "def f(a):\n    return None\n",
            "def f(a):\n    pass\n",
            "def f(a):\n    x = yield a\n",
            "def f(a):\n    yield from a\n",
            "class C(Protocol):\n    def f(self):\n        return 1\n",
            "class C:\n    def __init__(self):\n        return g()\n",
            "def f[T](a: T):\n    return a\n",
            "T = TypeVar('T')\ndef f(a: list[T]):\n    return a\n",
            "def f(a):\n\treturn a\n",
        ] {
            assert_eq!(edited(text), text);
        }
    }

    #[test]
    fn what_a_function_returns_may_be_what_it_returns_but_not_contain_it() {
        let retried = "def f(x):\n    if x:\n        return f(0)\n    return 1\n";
        assert_ne!(edited(retried), retried);
        let method = "class A:\n    def f(self):\n        return self.inner.f() + [f]\n";
        assert_ne!(edited(method), method);
        for text in [
            "def f(x):\n    return [f(it) for it in x]\n",
            "def f(x):\n    return f([f(x)])\n",
            "def f(x):\n    x = tuple(map(f, x))\n    return x\n",
            "class A:\n    def f(self):\n        return [self.f()]\n",
        ] {
            assert_eq!(edited(text), text);
        }
    }

    #[test]
    fn functions_inside_functions_have_twins_on_both_sides() {
        let text = edited("def f(a):\n    def g():\n        return a\n    return g()\n");
        assert_eq!(text.matches("class Zreturn").count(), 3, "{text}");
    }
}
