//! Generated programs, each with marks around what is to be replaced, and arbitrary text.
//!
//! `PROPTEST_CASES` sets the number of programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Form, Project, SystemPath, unmark};

/// A way to name a proxy type.
#[derive(Debug, Clone)]
struct Spelling {
    form: Form,
    import: Import,
}

#[derive(Debug, Clone, Copy)]
enum Import {
    Name,
    NameAs,
    Star,
    Module,
    ModuleAs,
    ModuleFromPackage,
    TypeChecking,
    Try,
    Alias,
    GenericAlias,
    AnnotatedAlias,
    /// Over so many modules of the user.
    ReExport(usize),
    ReExportedModule(usize),
    StarReExport(usize),
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let import = prop_oneof![
        Just(Import::Name),
        Just(Import::NameAs),
        Just(Import::Star),
        Just(Import::Module),
        Just(Import::ModuleAs),
        Just(Import::ModuleFromPackage),
        Just(Import::TypeChecking),
        Just(Import::Try),
        Just(Import::Alias),
        Just(Import::GenericAlias),
        Just(Import::AnnotatedAlias),
        (0..6_usize).prop_map(Import::ReExport),
        (0..6_usize).prop_map(Import::ReExportedModule),
        (0..6_usize).prop_map(Import::StarReExport),
    ];
    (prop::sample::select(&Form::ALL), import).prop_map(|(form, import)| Spelling { form, import })
}

/// What a spelling is in the program whose `number`th it is.
struct Spelled {
    imports: String,
    modules: Vec<(String, String)>,
    /// The name that is bound.
    root: String,
    /// What the rest of the program writes.
    expr: String,
    form: Form,
}

impl Spelling {
    fn spell(&self, number: usize) -> Spelled {
        let name = self.form.name();
        let (package, module) = match self.form {
            Form::Proxy | Form::ProxyOr => ("proxystore", "proxy"),
            _ => ("proxystore.store", "ref"),
        };
        let full = format!("{package}.{module}");
        let direct = format!("from {full} import {name}");
        let other = format!("É{number}");
        let mut modules = Vec::new();
        let mut re_export = |depth: usize, star: bool| {
            let module_name = |level| format!("m{number}_{level}");
            let mut text = format!("{direct}\n");
            for level in 0..depth {
                modules.push((format!("/src/{}.py", module_name(level)), text));
                let names = if star { "*" } else { name };
                text = format!("from .{} import {names}\n", module_name(level));
            }
            modules.push((format!("/src/{}.py", module_name(depth)), text));
            module_name(depth)
        };
        let attribute = format!("{other}.{name}");
        let (imports, root, expr) = match self.import {
            Import::Name => (direct, name.to_owned(), name.to_owned()),
            Import::NameAs => (format!("{direct} as {other}"), other.clone(), other),
            Import::Star => (
                format!("from {full} import *"),
                name.to_owned(),
                name.to_owned(),
            ),
            Import::Module => (
                format!("import {full}"),
                "proxystore".into(),
                format!("{full}.{name}"),
            ),
            Import::ModuleAs => (format!("import {full} as {other}"), other, attribute),
            Import::ModuleFromPackage => (
                format!("from {package} import {module} as {other}"),
                other,
                attribute,
            ),
            Import::TypeChecking => (
                format!("if TYPE_CHECKING:\n {direct} as {other}\nelse:\n {other} = object"),
                other.clone(),
                other,
            ),
            Import::Try => (
                format!("try:\n {direct} as {other}\nexcept ImportError:\n {other} = None"),
                other.clone(),
                other,
            ),
            Import::Alias => (
                format!("{direct} as B{number}\n{other} = B{number}"),
                other.clone(),
                other,
            ),
            Import::GenericAlias => (
                format!("{direct} as B{number}\n{other} = B{number}[T]"),
                other.clone(),
                other,
            ),
            Import::AnnotatedAlias => (
                format!("{direct} as B{number}\n{other}: TypeAlias = B{number}"),
                other.clone(),
                other,
            ),
            Import::ReExport(depth) => (
                format!("from {} import {name} as {other}", re_export(depth, false)),
                other.clone(),
                other,
            ),
            Import::ReExportedModule(depth) => (
                format!("import {} as {other}", re_export(depth, false)),
                other,
                attribute,
            ),
            Import::StarReExport(depth) => (
                format!("from {} import *", re_export(depth, true)),
                name.to_owned(),
                name.to_owned(),
            ),
        };
        Spelled {
            imports: imports + "\n",
            modules,
            root,
            expr,
            form: self.form,
        }
    }
}

/// A type expression. Numbers are those of spellings.
#[derive(Debug, Clone)]
enum Type {
    Plain(&'static str),
    Proxy(usize),
    ProxyOf(usize, Box<Type>),
    Generic(&'static str, Vec<Type>),
    Callable(Vec<Type>, Box<Type>),
    Union(Box<Type>, Box<Type>),
    Annotated(Box<Type>, usize),
    Literal(usize),
    Class(Box<Type>),
    String(Box<Type>),
    /// A string that no type checker reads.
    UnreadString(usize, Box<Type>),
}

const UNREAD_STRINGS: [(&str, &str); 5] = [
    ("r\"", "\""),
    ("b\"", "\""),
    ("f\"", "\""),
    ("\"\" \"", "\""),
    ("\"", "\\x20\""),
];

fn type_expr() -> impl Strategy<Value = Type> {
    let plain = prop::sample::select(&["int", "None", "Thing", "np.ndarray", "ÄÖ"][..]);
    let leaf = prop_oneof![
        plain.prop_map(Type::Plain),
        any::<usize>().prop_map(Type::Proxy),
        any::<usize>().prop_map(Type::Literal),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let generic = prop::sample::select(
            &[
                "list",
                "dict",
                "tuple",
                "t.Sequence",
                "Optional",
                "Union",
                "Thing",
            ][..],
        );
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            (any::<usize>(), boxed()).prop_map(|(number, ty)| Type::ProxyOf(number, ty)),
            (generic, vec(inner.clone(), 1..4))
                .prop_map(|(name, types)| Type::Generic(name, types)),
            (vec(inner.clone(), 0..3), boxed()).prop_map(|(types, ty)| Type::Callable(types, ty)),
            (boxed(), boxed()).prop_map(|(left, right)| Type::Union(left, right)),
            (boxed(), any::<usize>()).prop_map(|(ty, number)| Type::Annotated(ty, number)),
            boxed().prop_map(Type::Class),
            boxed().prop_map(Type::String),
            (0..UNREAD_STRINGS.len(), boxed()).prop_map(|(kind, ty)| Type::UnreadString(kind, ty)),
        ]
    })
}

#[derive(Debug, Clone)]
enum Statement {
    Annotation(Type),
    Attribute(Type, usize),
    Function(Vec<Type>, Vec<Statement>),
    GenericFunction(Type, Vec<Statement>),
    Class(Type, Vec<Statement>),
    Subclass(usize, Type, Vec<Statement>),
    FinalClass(Vec<Statement>),
    Block(&'static str, Vec<Statement>),
    Cast(Type),
    TypeVar(Type),
    TypeAlias(Type),
    Alias(usize, Type),
    Values(usize),
    Construction(usize, Type),
    Pattern(usize),
    Text(Type),
    Interpolation(Type, bool),
    LocalImport(Type),
    /// A function of which a parameter hides a spelling.
    Parameter(usize, Vec<Statement>),
    /// A function that binds the name of a spelling.
    Local(usize, usize, Vec<Statement>),
    /// A class that does.
    ClassLocal(usize, Vec<Statement>),
    Nonlocal(usize, Vec<Statement>),
    Comprehension(usize, Type),
    Lambda(usize, Type),
}

const BINDINGS: [&str; 9] = [
    "NAME = 3",
    "del NAME",
    "for NAME in x: ...",
    "with x as (NAME, y): ...",
    "import other.thing as NAME",
    "if (NAME := x): ...",
    "def NAME(): ...",
    "class NAME: ...",
    "try: ...\nexcept E as NAME: ...",
];

fn statement() -> impl Strategy<Value = Statement> {
    let number = any::<usize>;
    let leaf = prop_oneof![
        type_expr().prop_map(Statement::Annotation),
        (type_expr(), number()).prop_map(|(ty, of)| Statement::Attribute(ty, of)),
        type_expr().prop_map(Statement::Cast),
        type_expr().prop_map(Statement::TypeVar),
        type_expr().prop_map(Statement::TypeAlias),
        (number(), type_expr()).prop_map(|(of, ty)| Statement::Alias(of, ty)),
        number().prop_map(Statement::Values),
        (number(), type_expr()).prop_map(|(of, ty)| Statement::Construction(of, ty)),
        number().prop_map(Statement::Pattern),
        type_expr().prop_map(Statement::Text),
        (type_expr(), any::<bool>()).prop_map(|(ty, debug)| Statement::Interpolation(ty, debug)),
        type_expr().prop_map(Statement::LocalImport),
        (number(), type_expr()).prop_map(|(of, ty)| Statement::Comprehension(of, ty)),
        (number(), type_expr()).prop_map(|(of, ty)| Statement::Lambda(of, ty)),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let body = || vec(inner.clone(), 0..4);
        let header = prop::sample::select(
            &[
                "if x:",
                "while x:",
                "for y in x:",
                "with x:",
                "async def f():",
                "if TYPE_CHECKING:",
            ][..],
        );
        prop_oneof![
            (vec(type_expr(), 5), body())
                .prop_map(|(types, body)| Statement::Function(types, body)),
            (type_expr(), body()).prop_map(|(ty, body)| Statement::GenericFunction(ty, body)),
            (type_expr(), body()).prop_map(|(ty, body)| Statement::Class(ty, body)),
            (number(), type_expr(), body())
                .prop_map(|(of, ty, body)| Statement::Subclass(of, ty, body)),
            body().prop_map(Statement::FinalClass),
            (header, body()).prop_map(|(header, body)| Statement::Block(header, body)),
            (number(), body()).prop_map(|(of, body)| Statement::Parameter(of, body)),
            (number(), number(), body())
                .prop_map(|(of, how, body)| Statement::Local(of, how, body)),
            (number(), body()).prop_map(|(of, body)| Statement::ClassLocal(of, body)),
            (number(), body()).prop_map(|(of, body)| Statement::Nonlocal(of, body)),
        ]
    })
}

/// How a program is written down.
#[derive(Debug, Clone)]
struct Layout {
    line_end: &'static str,
    indent: &'static str,
    /// Before the first line.
    start: &'static str,
    /// Around the types of annotations.
    wrap: (&'static str, &'static str),
    path: &'static str,
}

fn layout() -> impl Strategy<Value = Layout> {
    (
        prop::sample::select(&["\n", "\r\n", "\r"][..]),
        prop::sample::select(&["    ", "\t", " ", "  \t"][..]),
        prop::sample::select(&["", "\u{feff}", "# 😀 ü\n", "\u{c}", "'''Proxy[int]'''\n"][..]),
        prop::sample::select(&[("", ""), ("(\n", "\n)"), ("\\\n  ", ""), ("((", ")  )")][..]),
        prop::sample::select(&["/src/main.py", "/src/main.pyi", "/src/main.ipynb"][..]),
    )
        .prop_map(|(line_end, indent, start, wrap, path)| Layout {
            line_end,
            indent,
            start,
            wrap,
            path,
        })
}

#[derive(Debug, Clone)]
struct Program {
    spellings: Vec<Spelling>,
    statements: Vec<Statement>,
    /// A spelling whose name is bound again in the module, and how.
    rebound: Option<(usize, usize)>,
    layout: Layout,
}

fn program() -> impl Strategy<Value = Program> {
    (
        vec(spelling(), 1..5),
        vec(statement(), 1..8),
        prop::option::weighted(0.3, any::<(usize, usize)>()),
        layout(),
    )
        .prop_map(|(spellings, statements, rebound, layout)| Program {
            spellings,
            statements,
            rebound,
            layout,
        })
}

const PRELUDE: &str = "\
import typing as t
from typing import (
    TYPE_CHECKING, Annotated, Callable, Literal, Optional, TypeAlias, TypeVar, Union, cast, final,
)
import numpy as np
T = TypeVar('T')
";

impl Program {
    /// The modules that the program imports, and its marked text.
    fn render(&self) -> (Vec<(String, String)>, String) {
        let spellings = self.spellings.iter().enumerate();
        let spelled: Vec<Spelled> = spellings
            .map(|(number, spelling)| spelling.spell(number))
            .collect();
        let mut writer = Writer {
            spelled: &spelled,
            layout: &self.layout,
            text: PRELUDE.to_owned(),
            depth: 0,
            hidden: BTreeSet::new(),
            hidden_in_class: BTreeSet::new(),
            names: 0,
        };
        for it in &spelled {
            writer.text.push_str(&it.imports);
        }
        if let Some((of, how)) = self.rebound {
            let root = &spelled[of % spelled.len()].root;
            let binding = match how % (BINDINGS.len() + 1) {
                how if how < BINDINGS.len() => BINDINGS[how].replace("NAME", root),
                _ => format!("def f():\n global {root}\n {root} = 3"),
            };
            writer.hidden.insert(root.clone());
            writer.lines(&binding);
        }
        // To the parser a lone `\r` does not end a command.
        if self.layout.path.ends_with("ipynb") && self.layout.line_end != "\r" {
            writer.line("%time Proxy[int]");
        }
        writer.body(&self.statements);
        let text = format!("{}{}", self.layout.start, writer.text);
        let text = text.replace('\n', self.layout.line_end);
        (
            spelled.into_iter().flat_map(|it| it.modules).collect(),
            text,
        )
    }

    fn project(modules: &[(String, String)]) -> Project {
        let modules: Vec<_> = modules
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        Project::new(&modules)
    }
}

struct Writer<'p> {
    spelled: &'p [Spelled],
    layout: &'p Layout,
    text: String,
    depth: usize,
    /// The names that no longer denote what the module imported, here and in scopes within.
    hidden: BTreeSet<String>,
    /// Those in the body of the class alone.
    hidden_in_class: BTreeSet<String>,
    /// Counts the names that have to be unique.
    names: usize,
}

impl<'p> Writer<'p> {
    fn spelled(&self, number: usize) -> &'p Spelled {
        &self.spelled[number % self.spelled.len()]
    }

    fn root(&self, number: usize) -> &'p str {
        &self.spelled(number).root
    }

    fn is_hidden(&self, number: usize) -> bool {
        let root = self.root(number);
        self.hidden.contains(root) || self.hidden_in_class.contains(root)
    }

    /// A spelling as a type.
    fn marked(&self, number: usize) -> String {
        let Spelled { expr, form, .. } = self.spelled(number);
        match self.is_hidden(number) {
            true => expr.clone(),
            false => format!("«{expr}|{}»", form.name()),
        }
    }

    /// A spelling as a value.
    fn value(&self, number: usize) -> &'p str {
        &self.spelled(number).expr
    }

    fn ty(&self, ty: &Type) -> String {
        self.ty_within(ty, 0)
    }

    /// A type within so many strings.
    fn ty_within(&self, ty: &Type, strings: usize) -> String {
        let list = |types: &[Type]| {
            let types: Vec<_> = types.iter().map(|ty| self.ty_within(ty, strings)).collect();
            types.join(", ")
        };
        let within = |ty: &Type| self.ty_within(ty, strings);
        match ty {
            Type::Plain(name) => (*name).to_owned(),
            Type::Proxy(number) => self.marked(*number),
            Type::ProxyOf(number, of) => format!("{}[{}]", self.marked(*number), within(of)),
            Type::Generic(name, types) => format!("{name}[{}]", list(types)),
            Type::Callable(types, ty) => format!("Callable[[{}], {}]", list(types), within(ty)),
            Type::Union(left, right) => format!("{} | {}", within(left), within(right)),
            Type::Annotated(ty, number) => {
                format!("Annotated[{}, {}]", within(ty), self.value(*number))
            }
            Type::Literal(number) => format!("t.Literal[{}]", self.value(*number)),
            Type::Class(of) => format!("type[{}]", self.class(of, strings)),
            Type::String(ty) => self.string(strings, |strings| self.ty_within(ty, strings)),
            Type::UnreadString(kind, ty) if strings == 0 => {
                let (open, close) = UNREAD_STRINGS[*kind];
                // Within strings nothing else is to be left alone.
                format!("{open}{}{close}", unmark(&self.ty_within(ty, 2)).0)
            }
            Type::UnreadString(_, ty) => within(ty),
        }
    }

    fn string(&self, strings: usize, inside: impl Fn(usize) -> String) -> String {
        match strings {
            0 => format!("\"{}\"", inside(1)),
            1 => format!("'{}'", inside(2)),
            _ => inside(strings),
        }
    }

    /// The argument of `type[…]`.
    fn class(&self, ty: &Type, strings: usize) -> String {
        let class = |ty: &Type| self.class(ty, strings);
        match ty {
            Type::Proxy(number) => self.value(*number).to_owned(),
            Type::ProxyOf(number, of) => {
                format!("{}[{}]", self.value(*number), self.ty_within(of, strings))
            }
            Type::Generic(name @ ("Optional" | "Union"), types) => {
                let types: Vec<_> = types.iter().map(class).collect();
                format!("{name}[{}]", types.join(", "))
            }
            Type::Union(left, right) => format!("{} | {}", class(left), class(right)),
            Type::String(ty) => self.string(strings, |strings| self.class(ty, strings)),
            Type::UnreadString(_, ty) if strings > 0 => class(ty),
            ty => self.ty_within(ty, strings),
        }
    }

    /// A type in an annotation.
    fn annotation(&self, ty: &Type) -> String {
        let (open, close) = self.layout.wrap;
        format!("{open}{}{close}", self.ty(ty))
    }

    fn line(&mut self, line: &str) {
        let indent = self.layout.indent.repeat(self.depth);
        writeln!(self.text, "{indent}{line}").expect("writing to a string succeeds");
    }

    fn lines(&mut self, lines: &str) {
        lines.lines().for_each(|line| self.line(line));
    }

    fn body(&mut self, statements: &[Statement]) {
        self.line("pass");
        statements
            .iter()
            .for_each(|statement| self.statement(statement));
    }

    fn block(&mut self, header: &str, statements: &[Statement]) {
        self.line(header);
        self.depth += 1;
        self.body(statements);
        self.depth -= 1;
    }

    /// The body of a function, which does not see the names of the class around it.
    fn function(&mut self, header: &str, hides: &[&str], write: impl FnOnce(&mut Self)) {
        self.line(header);
        self.depth += 1;
        let (hidden, in_class) = (
            self.hidden.clone(),
            std::mem::take(&mut self.hidden_in_class),
        );
        self.hidden.extend(hides.iter().map(|it| (*it).to_owned()));
        write(self);
        (self.hidden, self.hidden_in_class) = (hidden, in_class);
        self.depth -= 1;
    }

    fn class_body(&mut self, header: &str, hides: &[&str], write: impl FnOnce(&mut Self)) {
        self.line(header);
        self.depth += 1;
        let hides = hides.iter().map(|it| (*it).to_owned()).collect();
        let in_class = std::mem::replace(&mut self.hidden_in_class, hides);
        write(self);
        self.hidden_in_class = in_class;
        self.depth -= 1;
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("L{}", self.names)
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Annotation(ty) => self.line(&format!("x: {}", self.annotation(ty))),
            Statement::Attribute(ty, of) => {
                let line = format!("self.x: {} = f({})", self.annotation(ty), self.value(*of));
                self.line(&line);
            }
            Statement::Function(types, body) => {
                let types: Vec<_> = types.iter().map(|ty| self.annotation(ty)).collect();
                let header = format!(
                    "def f(a: {}, /, *b: {}, c: {} = {}, **d: {}) -> {}:",
                    types[0],
                    types[1],
                    types[2],
                    self.value(0),
                    types[3],
                    types[4]
                );
                self.function(&header, &[], |it| it.body(body));
            }
            Statement::GenericFunction(ty, body) => {
                let ty = self.ty(ty);
                let header = format!("def f[U: ({ty}), *V, **W](x: {ty}, y: U):");
                self.function(&header, &[], |it| it.body(body));
            }
            Statement::Class(ty, body) => {
                let header = format!(
                    "class C(Base[{}], metaclass={}):",
                    self.ty(ty),
                    self.value(0)
                );
                self.line(&format!("@decorator({})", self.value(0)));
                self.class_body(&header, &[], |it| it.body(body));
            }
            Statement::Subclass(of, ty, body) => {
                let header = format!("class C({}[{}]):", self.value(*of), self.ty(ty));
                self.class_body(&header, &[], |it| it.body(body));
            }
            Statement::FinalClass(body) => {
                self.line("@«final»");
                self.class_body("class C:", &[], |it| it.body(body));
                self.line("@final");
                self.line("def f(): ...");
            }
            Statement::Block("async def f():", body) => {
                self.function("async def f():", &[], |it| it.body(body));
            }
            Statement::Block(header, body) => self.block(header, body),
            Statement::Cast(ty) => self.line(&format!("x = f(cast({}, x))", self.ty(ty))),
            Statement::TypeVar(ty) => {
                let ty = self.ty(ty);
                self.line(&format!("U = TypeVar('U', {ty}, bound={ty}, default={ty})"));
            }
            Statement::TypeAlias(ty) => {
                let (name, ty) = (self.name(), self.ty(ty));
                self.line(&format!("type {name}[U: {ty} = {ty}] = {ty}"));
                self.line(&format!("{name}_: t.TypeAlias = list[{ty}]"));
            }
            Statement::Alias(of, ty) if !self.is_hidden(*of) => {
                let name = self.name();
                let line = format!("{name} = {}[{}] | None", self.marked(*of), self.ty(ty));
                self.line(&line);
            }
            Statement::Construction(of, ty) if !self.is_hidden(*of) => {
                let line = format!(
                    "x = {}[{}](f), list[{}]()",
                    self.value(*of),
                    self.ty(ty),
                    self.ty(ty)
                );
                self.line(&line);
            }
            Statement::Alias(..) | Statement::Construction(..) => {}
            Statement::Values(of) => {
                let value = self.value(*of);
                self.line(&format!(
                    "x = isinstance(x, ({value}, int)) or {value}(f) is {value}"
                ));
                self.line(&format!("d[{value}] = lambda y={value}: {{y: {value}}}"));
            }
            Statement::Pattern(of) => {
                let value = self.value(*of);
                self.line("match x:");
                self.lines(&format!(
                    " case {value}(): ...\n case {value}(y={value}()) | [{value}()]: ..."
                ));
            }
            Statement::Text(ty) => {
                let text = unmark(&self.ty_within(ty, 2)).0;
                self.line(&format!("x = '''{text}''', f('{text}') # {text}"));
            }
            Statement::Interpolation(ty, is_debug) => {
                let ty = self.ty_within(ty, 2);
                match is_debug {
                    true => self.line(&format!("f'{{cast({}, x)=}}'", unmark(&ty).0)),
                    false => {
                        self.line(&format!("f'{{{{ ü {{cast({ty}, x)!r:>{{cast({ty}, x)}}}}'"))
                    }
                }
            }
            Statement::LocalImport(ty) => {
                self.function("def f():", &[], |it| {
                    it.line("from proxystore.proxy import Proxy as Local");
                    it.line(&format!("x: «Local|Proxy»[{}]", it.ty(ty)));
                });
                self.line("x: Local[int]");
            }
            Statement::Parameter(of, body) => {
                let (root, value) = (self.root(*of), self.marked(*of));
                let header = format!("def f(x: {value}, {root}: {value}[int] = x):");
                self.function(&header, &[root], |it| it.body(body));
            }
            Statement::Local(of, how, body) => {
                let root = self.root(*of);
                self.function("def f():", &[root], |it| {
                    it.body(body);
                    it.lines(&BINDINGS[how % BINDINGS.len()].replace("NAME", root));
                });
            }
            Statement::ClassLocal(of, body) => {
                let root = self.root(*of);
                self.class_body("class C:", &[root], |it| {
                    it.body(body);
                    it.line(&format!("{root} = 3"));
                });
            }
            Statement::Nonlocal(of, body) => {
                let root = self.root(*of);
                self.function("def f():", &[root], |it| {
                    it.line(&format!("{root} = 3"));
                    it.function("def g():", &[], |it| {
                        it.line(&format!("nonlocal {root}"));
                        it.line(&format!("{root} = 4"));
                        it.body(body);
                    });
                });
            }
            Statement::Comprehension(of, ty) => {
                let outside = self.ty(ty);
                let inside = self.with_hidden(*of, |it| it.ty(ty));
                let root = self.root(*of);
                self.line(&format!(
                    "x = [cast({inside}, {root}) for {root} in cast({outside}, x) if cast({inside}, y)]"
                ));
            }
            Statement::Lambda(of, ty) => {
                let outside = self.ty(ty);
                let inside = self.with_hidden(*of, |it| it.ty(ty));
                let root = self.root(*of);
                self.line(&format!(
                    "x = lambda {root}=cast({outside}, x): cast({inside}, {root})"
                ));
            }
        }
    }

    /// What a scope within writes that binds the name of a spelling.
    fn with_hidden<R>(&mut self, of: usize, write: impl FnOnce(&Self) -> R) -> R {
        let (hidden, in_class) = (
            self.hidden.clone(),
            std::mem::take(&mut self.hidden_in_class),
        );
        self.hidden.insert(self.root(of).to_owned());
        let result = write(self);
        (self.hidden, self.hidden_in_class) = (hidden, in_class);
        result
    }
}

/// Bits of programs, which put together at random are mostly not valid.
fn soup() -> impl Strategy<Value = String> {
    let bits = [
        "from proxystore.proxy import Proxy\n",
        "import proxystore.store.ref as r\n",
        "from typing import *\n",
        "Proxy",
        "Proxy[int]",
        "r.OwnedProxy",
        "x: ",
        "-> ",
        "def f(",
        "class C(",
        "type X = ",
        "cast(",
        "@final\n",
        "lambda ",
        "f'{",
        "t\"{",
        "'",
        "\"\"\"",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ":",
        "|",
        ",",
        "=",
        ":=",
        "*",
        ".",
        "\\",
        "#",
        "\n",
        "\r",
        "\n    ",
        "\n\t",
        "\u{c}",
        "\0",
        "é",
        "😀",
        "Ｐroxy",
        " for x in y",
        "match x:\n case ",
        "global Proxy",
        "import ",
        "from . import ",
        "if TYPE_CHECKING:",
        "try:",
        "except:",
        "%magic",
        "!ls",
        "1",
        "else",
        "__all__ = [",
    ];
    vec(prop_oneof![8 => prop::sample::select(bits.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"], 0..40)
        .prop_map(|bits| bits.concat())
}

fn check_all_kinds(project: &Project, text: &str) {
    for path in ["/src/main.py", "/src/main.pyi", "/src/main.ipynb"] {
        project.resolver.invalidate(SystemPath::new(path));
        project.lower(text, path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs(program in program()) {
        let (modules, marked) = program.render();
        Program::project(&modules).check(program.layout.path, &marked);
    }

    #[test]
    fn damaged_programs(program in program(), at in any::<prop::sample::Index>(), len in 0..9_usize, bit in soup()) {
        let (modules, marked) = program.render();
        let (text, _) = unmark(&marked);
        let project = Program::project(&modules);
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary(start + len);
        check_all_kinds(&project, &text[..start]);
        check_all_kinds(&project, &text[start..]);
        check_all_kinds(&project, &format!("{}{}", &text[..start], &text[end..]));
        check_all_kinds(&project, &format!("{}{bit}{}", &text[..start], &text[end..]));
    }

    #[test]
    fn any_text(text in prop_oneof![soup(), any::<String>()]) {
        let project = Project::new(&[("/src/a.py", &text)]);
        check_all_kinds(&project, &text);
        check_all_kinds(&project, &format!("from proxystore.proxy import Proxy\n{text}\nx: Proxy[int]\n"));
        check_all_kinds(&project, "from a import *\nimport a\nx: Proxy[a.Proxy[int]]\n");
    }
}
