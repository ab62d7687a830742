//! Is a finding true at run time for certain?
//!
//! The inference reports what may go wrong with one of several types that a value has. Where the user
//! declared these types, that is right. Where they are what the inference gathered from the values that
//! it saw (`{"rate": 0.1, "layers": [1, 2]}["layers"]`), the program knows better.

use std::cell::RefCell;

use ruff_db::diagnostic as ty;
use ruff_db::files::{File, FileRange};
use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_python_ast::find_node::{CoveringNode, covering_node};
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::static_member_type_for_attribute;
use ty_python_semantic::{HasType, ResolvedDefinition, SemanticModel};

use super::assignability::{found_and_expected, quoted};
use crate::db::{ProxyDb, is_on_disk, is_stub};
use crate::proxy::declared::definitions;
use crate::proxy::display::{MARK, fold, is_proxy, split};
use crate::proxy::lower;
use crate::proxy::model::{Proxiness, print};
use crate::proxy::repair::unwrapped;
use crate::proxy::returns::is_ours;

/// Built-in classes whose instances take no new attributes.
const BUILT_IN: [&str; 11] = [
    "bool",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "set",
    "str",
    "tuple",
];

pub(super) struct Certainty<'a, 'db> {
    db: &'db dyn ProxyDb,
    model: &'a SemanticModel<'db>,
    /// How many findings there are at each place.
    counts: FxHashMap<TextRange, usize>,
    /// The assignments of which it is being asked whether their value is declared.
    looked_at: RefCell<Vec<Definition<'db>>>,
}

impl<'a, 'db> Certainty<'a, 'db> {
    pub(super) fn new(
        db: &'db dyn ProxyDb,
        model: &'a SemanticModel<'db>,
        diagnostics: &[ty::Diagnostic],
    ) -> Self {
        let mut counts = FxHashMap::default();
        for range in diagnostics.iter().filter_map(ty::Diagnostic::range) {
            *counts.entry(range).or_default() += 1;
        }
        Certainty {
            db,
            model,
            counts,
            looked_at: RefCell::default(),
        }
    }

    pub(super) fn is_certain(
        &self,
        diagnostic: &ty::Diagnostic,
        node: AnyNodeRef<'_>,
        covering: &CoveringNode<'_>,
    ) -> bool {
        let message = diagnostic.concise_message().to_str();
        let quoted: Vec<&str> = quoted(&message).collect();
        !is_expected_to_fail(covering)
            && !unpacks_arguments(covering)
            && !self.is_call_of_partial(covering)
            && (!quoted.iter().any(|it| is_vague(it))
                || self.is_about_bound_type_variable(diagnostic, &quoted, node))
            && if is_about_attribute(diagnostic, &message) {
                self.is_certain_of_attribute(&message, &quoted, node, covering)
            } else {
                self.is_certain_of_value(diagnostic, &message, node, covering)
            }
    }

    /// Whether a finding is about a call of what `functools.partial` returns, of which the inference does
    /// not always know what is left to be given.
    fn is_call_of_partial(&self, covering: &CoveringNode<'_>) -> bool {
        covering.ancestors().any(|it| match it {
            AnyNodeRef::ExprCall(it) => self
                .print(&it.func)
                .is_some_and(|it| it.starts_with("partial[")),
            _ => false,
        })
    }

    fn is_certain_of_attribute(
        &self,
        message: &str,
        quoted: &[&str],
        node: AnyNodeRef<'_>,
        covering: &CoveringNode<'_>,
    ) -> bool {
        // Those that begin so are wrapt's own.
        if message.contains(MARK) && quoted.iter().any(|it| it.starts_with("_self_")) {
            return false;
        }
        let is_special = |it: &&str| it.starts_with("__") && it.ends_with("__");
        let has_no_more = quoted
            .first()
            .is_some_and(|it| is_built_in(class_of(&fold(it))));
        // Functions have attributes that no type tells, and may be given others.
        if quoted
            .iter()
            .any(|it| it.contains(") -> ") || (is_special(it) && !has_no_more))
        {
            return false;
        }
        let attribute = covering.ancestors().find_map(|it| match it {
            AnyNodeRef::ExprAttribute(it) => Some(it),
            _ => None,
        });
        let Some(attribute) = attribute else {
            return true;
        };
        if attribute.attr.starts_with('_') && self.is_of_stubs(&attribute.value) {
            return false;
        }
        if attribute.ctx.is_store() {
            // An object takes a new attribute, unless it is of a built-in class. One that the user's
            // class does not declare is still a mistake where the class says which ones there are.
            let class = quoted.last().map_or("", |it| class_of(it));
            return static_member_type_for_attribute(self.model, attribute).is_some()
                || is_built_in(class)
                || self.is_undeclared(attribute);
        }
        if self.may_be_set(&attribute.value, attribute.attr.as_str()) {
            return false;
        }
        if message.contains("None") && self.is_compared_with_none(&attribute.value) {
            return false;
        }
        let is_partial = message.contains(" in union `");
        if !is_partial {
            return true;
        }
        // `float` is printed as what it means, `int | float`.
        let printed = self.print(&attribute.value).unwrap_or_default();
        let is_number = |it: &str| matches!(it, "float" | "complex" | "int | float");
        if is_number(&printed) || is_number(target_of(&printed)) {
            return false;
        }
        let is_none = message.contains("on `None` in union");
        match node {
            // An attribute is often `None` until it is set.
            AnyNodeRef::ExprAttribute(it) if is_none => {
                unwrapped(&it.value).is_name_expr() && self.is_declared(&it.value)
            }
            _ => self.is_declared(&attribute.value),
        }
    }

    /// Whether the class of an object is one of our stubs, which leave out what is private.
    fn is_of_stubs(&self, object: &Expr) -> bool {
        let env = self.model.program_environment();
        unwrapped(object)
            .inferred_type(self.model)
            .and_then(|ty| ty.definition(self.db, &env)?.focus_range(self.db))
            .is_some_and(|it| is_stub(self.db, it.file()))
    }

    /// Whether the class of a container declares a proxy in `__getitem__` or `__contains__`, of which the
    /// inference looks at one part at a time.
    fn takes_proxies_as_keys(&self, container: &Expr) -> bool {
        let env = self.model.program_environment();
        let place = unwrapped(container)
            .inferred_type(self.model)
            .and_then(|ty| ty.definition(self.db, &env)?.focus_range(self.db))
            .filter(|it| is_on_disk(self.db, it.file()));
        place.is_some_and(|place| {
            source_text(self.db, place.file()).lines().any(|line| {
                let line = lower::restore_names(line);
                ["def __getitem__(", "def __contains__("]
                    .iter()
                    .any(|it| line.contains(it))
                    && line.contains("Proxy")
            })
        })
    }

    /// `p == None`, which a proxy forwards, tells whether its target is `None`; the inference does not
    /// take it for that.
    fn is_compared_with_none(&self, object: &Expr) -> bool {
        let text = source_text(self.db, self.model.file());
        let object = &text[unwrapped(object).range()];
        let comparisons = ["==", "!="].map(|op| format!("{object} {op} None"));
        // A repair may stand around the object.
        let text = text.replace("Zstrip((", "").replace("))", "");
        comparisons.iter().any(|it| text.contains(it))
    }

    fn is_certain_of_value(
        &self,
        diagnostic: &ty::Diagnostic,
        message: &str,
        node: AnyNodeRef<'_>,
        covering: &CoveringNode<'_>,
    ) -> bool {
        if let Some((found, expected)) = found_and_expected(message) {
            let alternatives = split(found, " | ");
            if found == "types.GeneratorType"
                || expected.contains("Literal[")
                || alternatives.iter().any(|it| is_absent(it))
                || (alternatives.len() > 1 && alternatives.iter().any(|it| it.contains(") -> ")))
            {
                return false;
            }
            let value = value_of(node, covering);
            if value.is_some_and(|it| self.is_declared(it)) {
                return true;
            }
            let is_of_several = alternatives.len() > 1
                || found.starts_with("ProxyOr[")
                || split(target_of(found), " | ").len() > 1;
            // What a container may hold was gathered from what it does hold.
            let is_same_container = class_of(found) == class_of(expected)
                && target_of(found).contains('[')
                && target_of(expected).contains('[');
            let is_assigned_item = message.starts_with("Invalid subscript assignment");
            let is_written_here = matches!(
                node,
                AnyNodeRef::ExprList(_) | AnyNodeRef::ExprDict(_) | AnyNodeRef::ExprSet(_)
            );
            return !is_of_several && (!is_same_container || is_written_here) && !is_assigned_item;
        }
        // ProxyStore's proxies turn into an index by `int(target)`, which most targets allow.
        if message.contains("with key of type `Proxy[")
            && !message.contains("key of type `Proxy[str]`")
        {
            return false;
        }
        // Some findings about an item are placed at the container.
        let of_container = covering.ancestors().find(|it| {
            message.starts_with("Method `__getitem__`")
                && matches!(it, AnyNodeRef::ExprSubscript(it) if it.value.range() == node.range())
        });
        match of_container.unwrap_or(node) {
            AnyNodeRef::ExprSubscript(it) => {
                if self.takes_proxies_as_keys(&it.value) {
                    return false;
                }
                if self.is_declared(&it.value) {
                    return !message.contains("`None`") || !self.has_absent(&it.value);
                }
                let is_key_of_dictionary = ["`dict[", "`Proxy[dict["]
                    .iter()
                    .any(|it| message.contains(&format!("type {it}")));
                (!is_key_of_dictionary || self.is_never_a_key(&it.slice))
                    && self.fails_for_all_parts(&it.value, diagnostic)
            }
            AnyNodeRef::ExprCall(it) => {
                self.is_declared(&it.func) || self.fails_for_all_parts(&it.func, diagnostic)
            }
            AnyNodeRef::ExprBinOp(it) => self.is_one_type(&it.left) && self.is_one_type(&it.right),
            AnyNodeRef::ExprUnaryOp(it) => self.is_one_type(&it.operand),
            AnyNodeRef::ExprCompare(it)
                if it
                    .comparators
                    .iter()
                    .any(|it| self.takes_proxies_as_keys(it)) =>
            {
                false
            }
            AnyNodeRef::ExprCompare(it) => {
                self.is_one_type(&it.left) && it.comparators.iter().all(|it| self.is_one_type(it))
            }
            _ => match node
                .as_expr_ref()
                .and_then(|it| it.inferred_type(self.model))
            {
                Some(ty) => {
                    let printed = print(self.db, &self.model.program_environment(), ty);
                    // What is unpacked is looked at one part at a time.
                    let is_about_part = message.contains("may not")
                        || (message.ends_with("is not iterable") && !message.contains(&printed));
                    split(&printed, " | ").len() == 1 || !is_about_part
                }
                None => true,
            },
        }
    }

    fn print(&self, expr: &Expr) -> Option<String> {
        let ty = unwrapped(expr).inferred_type(self.model)?;
        Some(print(self.db, &self.model.program_environment(), ty))
    }

    fn has_absent(&self, expr: &Expr) -> bool {
        self.print(expr)
            .is_some_and(|printed| split(&printed, " | ").iter().any(|it| is_absent(it)))
    }

    /// Whether a value has one type, or was declared to have one of several.
    fn is_one_type(&self, expr: &Expr) -> bool {
        let Some(printed) = self.print(expr) else {
            return true;
        };
        let alternatives = split(&printed, " | ");
        if alternatives.iter().any(|it| is_absent(it)) && alternatives.len() > 1 {
            return false;
        }
        let is_one = alternatives.len() == 1 && split(target_of(&printed), " | ").len() == 1;
        is_one || self.is_declared(expr)
    }

    /// Whether there is a finding for each type that a value may have, and for each part of it.
    fn fails_for_all_parts(&self, expr: &Expr, diagnostic: &ty::Diagnostic) -> bool {
        let Some(ty) = expr.inferred_type(self.model) else {
            return true;
        };
        if self.has_absent(expr) {
            return false;
        }
        let printed = self.print(expr).unwrap_or_default();
        if split(target_of(&printed), " | ").len() == 1 {
            return true;
        }
        let Type::Union(union) = ty else {
            return self.is_declared(expr);
        };
        let parts: usize = union
            .elements(self.db)
            .iter()
            .map(|element| match element {
                Type::Intersection(it) => it.iter_positive(self.db).count(),
                _ => 1,
            })
            .sum();
        let found = diagnostic.range().and_then(|it| self.counts.get(&it));
        found.is_some_and(|it| *it >= parts)
    }

    /// Whether the type of a variable or an attribute is what the user says that it is.
    fn is_declared(&self, expr: &Expr) -> bool {
        let expr = unwrapped(expr);
        if expr.is_call_expr() {
            return self.has_declared_result(expr);
        }
        // Someone wrote both, and one of them is what it becomes.
        if let Expr::If(it) = expr {
            return self.is_one_type(&it.body) && self.is_one_type(&it.orelse);
        }
        let definitions = definitions(self.model, expr.into());
        !definitions.is_empty()
            && definitions
                .iter()
                .filter_map(ResolvedDefinition::definition)
                .all(|it| match it.kind(self.db) {
                    DefinitionKind::AnnotatedAssignment(_) => true,
                    DefinitionKind::Assignment(assignment)
                        if it.file(self.db) == self.model.file() =>
                    {
                        // `x = extract(x)` depends on what else `x` may be.
                        if self.looked_at.borrow().contains(&it) {
                            return true;
                        }
                        self.looked_at.borrow_mut().push(it);
                        let module = parsed_module(self.db, it.python_file(self.db)).load(self.db);
                        let is_declared = self.has_declared_result(assignment.value(&module));
                        self.looked_at.borrow_mut().pop();
                        is_declared
                    }
                    DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(
                        parameter,
                    )) => {
                        let module = parsed_module(self.db, it.python_file(self.db)).load(self.db);
                        parameter.node(&module).annotation().is_some()
                    }
                    _ => false,
                })
    }

    /// Whether an expression calls a function whose result the user declared.
    fn has_declared_result(&self, expr: &Expr) -> bool {
        let Expr::Call(call) = unwrapped(expr) else {
            return false;
        };
        let env = self.model.program_environment();
        let place = call
            .func
            .inferred_type(self.model)
            .and_then(|ty| ty.definition(self.db, &env)?.focus_range(self.db));
        if place.is_some_and(|it| is_stub(self.db, it.file())) {
            return self.passes_declared_on(call);
        }
        // What a library's function returns often depends on its arguments.
        let is_users = |file: File| {
            let path = file.path(self.db).as_str();
            is_on_disk(self.db, file) && !path.split(['/', '\\']).any(|it| it == "site-packages")
        };
        place.filter(|it| is_users(it.file())).is_some_and(|place| {
            let file = self.db.program_file(place.file());
            let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
            let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
            covering.ancestors().any(|node| match node {
                AnyNodeRef::StmtFunctionDef(it) => {
                    it.name.range() == place.range()
                        && it.returns.as_deref().is_some_and(|it| !is_ours(it))
                }
                _ => false,
            })
        })
    }

    /// Whether the result of a function of ProxyStore's has the type that the user declared for what it is
    /// called with: `future.proxy()`, `extract(proxy)`, `Proxy(load)`.
    fn passes_declared_on(&self, call: &ast::ExprCall) -> bool {
        let is_declared = |it: &Expr| self.is_declared(it) || self.is_declared_function(it);
        match &*call.func {
            Expr::Attribute(it) if matches!(it.attr.as_str(), "proxy" | "result" | "unlock") => {
                // `store.proxy(None)` fails, so what it returns is never a proxy of `None`.
                call.arguments.is_empty() && self.is_declared(&it.value)
            }
            func => {
                let is_passed_on = matches!(
                    last_name(func),
                    Some("Proxy" | "extract" | "borrow" | "mut_borrow" | "clone" | "into_owned")
                );
                let [argument] = &*call.arguments.args else {
                    return false;
                };
                is_passed_on && is_declared(argument)
            }
        }
    }

    /// Whether an expression names a function of the user's whose result is declared.
    fn is_declared_function(&self, expr: &Expr) -> bool {
        let definitions = definitions(self.model, unwrapped(expr).into());
        !definitions.is_empty()
            && definitions
                .iter()
                .filter_map(ResolvedDefinition::definition)
                .all(|it| match it.kind(self.db) {
                    DefinitionKind::Function(function) if is_on_disk(self.db, it.file(self.db)) => {
                        let module = parsed_module(self.db, it.python_file(self.db)).load(self.db);
                        let returns = &function.node(&module).returns;
                        returns.as_deref().is_some_and(|it| !is_ours(it))
                    }
                    _ => false,
                })
    }

    /// Whether a key of an inferred dictionary is a literal under which the file stores nothing.
    fn is_never_a_key(&self, key: &Expr) -> bool {
        let is_literal = matches!(
            key,
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BytesLiteral(_)
        );
        let text = source_text(self.db, self.model.file());
        let written = &text[key.range()];
        let stores = |suffix: &str| text.contains(&format!("[{written}]{suffix}"));
        is_literal
            && ![" =", "="].into_iter().any(stores)
            && !["setdefault(", ".update(", "defaultdict", "|="]
                .iter()
                .any(|it| text.contains(it))
    }

    /// Whether the attribute of an assignment is not among those that the class of the object declares,
    /// though the class says which ones there are. Nothing else may mention the name.
    fn is_undeclared(&self, attribute: &ast::ExprAttribute) -> bool {
        let name = attribute.attr.as_str();
        let text = source_text(self.db, self.model.file());
        let mentions = |text: &str| {
            // A comment gives an object no attribute.
            let code = text.lines().filter_map(|line| line.split('#').next());
            code.flat_map(|it| it.split(|it: char| !it.is_alphanumeric() && it != '_'))
                .filter(|word| *word == name)
                .count()
        };
        if mentions(&text) != 1 {
            return false;
        }
        let Some(place) = self.class_of_target(&attribute.value) else {
            return false;
        };
        if !is_on_disk(self.db, place.file())
            || self.sets_attributes_by_name(&attribute.value)
            || (place.file() != self.model.file()
                && mentions(&source_text(self.db, place.file())) > 0)
        {
            return false;
        }
        let file = self.db.program_file(place.file());
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
        let class = covering.ancestors().find_map(|it| match it {
            AnyNodeRef::StmtClassDef(it) => Some(it),
            _ => None,
        });
        class.is_some_and(declares_attributes)
    }

    /// The definition of the class of an object, or of the target of a proxy.
    fn class_of_target(&self, object: &Expr) -> Option<FileRange> {
        let env = self.model.program_environment();
        let ty = unwrapped(object).inferred_type(self.model)?;
        let proxiness = Proxiness::of(self.db, &env, ty);
        let [proxy] = proxiness.proxies.as_slice() else {
            return None;
        };
        let [target] = proxy.target.as_slice() else {
            return None;
        };
        (proxiness.is_certain() && matches!(target, Type::NominalInstance(_)))
            .then(|| target.definition(self.db, &env)?.focus_range(self.db))?
    }

    /// Whether a finding about an attribute is about that of a type variable which has a bound.
    fn is_about_bound_type_variable(
        &self,
        diagnostic: &ty::Diagnostic,
        quoted: &[&str],
        node: AnyNodeRef<'_>,
    ) -> bool {
        let [object, attribute] = quoted else {
            return false;
        };
        let AnyNodeRef::ExprAttribute(node) = node else {
            return false;
        };
        let env = self.model.program_environment();
        let Some(ty) = unwrapped(&node.value).inferred_type(self.model) else {
            return false;
        };
        let proxies = Proxiness::of(self.db, &env, ty).proxies;
        diagnostic.id().is_lint_named("unresolved-attribute")
            && object.contains('@')
            && !attribute.contains('@')
            && !proxies.is_empty()
            && proxies.iter().all(|it| {
                !it.target.is_empty()
                    && it.target.iter().all(|it| {
                        matches!(it, Type::TypeVar(_))
                            && it
                                .definition(self.db, &env)
                                .and_then(|it| it.focus_range(self.db))
                                .is_some_and(|it| self.has_bound(it))
                    })
            })
    }

    /// Whether the type variable that is defined at a place has a bound.
    fn has_bound(&self, place: FileRange) -> bool {
        let file = self.db.program_file(place.file());
        let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
        let covering = covering_node(AnyNodeRef::from(module.syntax()), place.range());
        covering.ancestors().any(|node| match node {
            AnyNodeRef::TypeParamTypeVar(it) => {
                it.bound.as_deref().is_some_and(|it| !it.is_tuple_expr())
            }
            AnyNodeRef::StmtAssign(it) => it
                .value
                .as_call_expr()
                .is_some_and(|it| it.arguments.find_keyword("bound").is_some()),
            _ => false,
        })
    }

    /// Whether an attribute is set in a way that the inference does not see.
    fn may_be_set(&self, object: &Expr, attribute: &str) -> bool {
        let text = source_text(self.db, self.model.file());
        let assigns = |text: &str| {
            text.match_indices(&format!(".{attribute}"))
                .any(|(start, found)| {
                    let rest = text[start + found.len()..].trim_start();
                    rest.starts_with('=') && !rest.starts_with("==")
                })
        };
        assigns(&text) || self.sets_attributes_by_name(object)
    }

    /// Whether the class of an object, or of its target, uses `setattr` or `__dict__`.
    fn sets_attributes_by_name(&self, object: &Expr) -> bool {
        let env = self.model.program_environment();
        let Some(ty) = unwrapped(object).inferred_type(self.model) else {
            return false;
        };
        let ty = match ty {
            Type::TypeAlias(alias) => alias.value_type(self.db),
            _ => ty,
        };
        let parts: Vec<Type> = match ty {
            Type::Intersection(it) => it.iter_positive(self.db).collect(),
            _ => vec![ty],
        };
        parts
            .into_iter()
            .filter_map(|part| part.definition(self.db, &env)?.focus_range(self.db))
            .any(|place| {
                let file = self.db.program_file(place.file());
                let module = parsed_module(self.db, file.python_file(self.db)).load(self.db);
                let root = AnyNodeRef::from(module.syntax());
                let covering = covering_node(root, place.range());
                let class = covering.ancestors().find(|it| it.is_stmt_class_def());
                class.is_some_and(|class| {
                    let text = source_text(self.db, place.file());
                    let text = &text[class.range()];
                    ["setattr(", "__setattr__", "__dict__", "__getattr__"]
                        .iter()
                        .any(|it| text.contains(it))
                })
            })
    }
}

/// Whether a class says which attributes its instances have: by annotations or `__slots__`.
fn declares_attributes(class: &ast::StmtClassDef) -> bool {
    class.body.iter().any(|it| match it {
        ast::Stmt::AnnAssign(_) => true,
        ast::Stmt::Assign(it) => it
            .targets
            .iter()
            .any(|it| last_name(it) == Some("__slots__")),
        _ => false,
    })
}

fn is_built_in(class: &str) -> bool {
    BUILT_IN.contains(&class)
}

fn is_about_attribute(diagnostic: &ty::Diagnostic, message: &str) -> bool {
    diagnostic.id().is_lint_named("unresolved-attribute")
        || (diagnostic.id().is_lint_named("invalid-assignment")
            && message.contains("attribute `")
            && message.contains("` on type `"))
}

/// What a finding about an argument, an assignment or a `return` is about.
fn value_of<'ast>(node: AnyNodeRef<'ast>, covering: &CoveringNode<'ast>) -> Option<&'ast Expr> {
    let statement = covering.ancestors().find(|it| it.is_statement())?;
    match statement {
        AnyNodeRef::StmtReturn(it) if node.range() == it.value.as_ref()?.range() => {
            it.value.as_deref()
        }
        AnyNodeRef::StmtAssign(it) => match it.targets.as_slice() {
            [Expr::Subscript(target)] if it.value.range() != node.range() => Some(&*target.value),
            _ if it.value.range() == node.range() => Some(&*it.value),
            _ => None,
        },
        _ => None,
    }
    .or_else(|| match node {
        AnyNodeRef::ExprName(_) | AnyNodeRef::ExprAttribute(_) => {
            covering.ancestors().find_map(|it| match it {
                AnyNodeRef::ExprCall(call) => {
                    let arguments = call.arguments.iter_source_order().map(|it| it.value());
                    arguments.into_iter().find(|it| it.range() == node.range())
                }
                _ => None,
            })
        }
        _ => None,
    })
}

/// The class of a printed type, or of the target of a proxy.
fn class_of(printed: &str) -> &str {
    let target = target_of(printed);
    target.split('[').next().unwrap_or(target)
}

/// `T` for a printed `Proxy[T]` or `ProxyOr[T]`; any other type stays.
fn target_of(printed: &str) -> &str {
    if !is_proxy(printed) && !printed.starts_with("ProxyOr[") {
        return printed;
    }
    printed
        .split_once('[')
        .and_then(|(_, it)| it.strip_suffix(']'))
        .unwrap_or(printed)
}

/// Whether an alternative says nothing.
fn is_absent(alternative: &str) -> bool {
    matches!(alternative, "None" | "Unknown" | "Any")
}

/// Whether a printed type is not known in full, or is one that libraries use for anything.
fn is_vague(printed: &str) -> bool {
    printed.contains('@')
        || printed.contains("omitted ")
        || printed.starts_with("Top[")
        || printed.starts_with("Key[")
        || matches!(
            target_of(printed),
            "object" | "Hashable" | "tuple[Any, ...]"
        )
}

/// Whether code stands where failing is what it is for.
pub(crate) fn is_tested_to_fail(covering: &CoveringNode<'_>) -> bool {
    covering.ancestors().any(|node| match node {
        AnyNodeRef::StmtWith(it) => it
            .items
            .iter()
            .any(|item| expects_failure(&item.context_expr)),
        AnyNodeRef::ExprCall(it) => expects_failure_call(&it.func),
        _ => false,
    })
}

/// Whether code stands where failing is what it is for, or is provided for.
pub(crate) fn is_expected_to_fail(covering: &CoveringNode<'_>) -> bool {
    if is_tested_to_fail(covering) {
        return true;
    }
    let mut inside = covering.node();
    covering.ancestors().any(|node| {
        let is_expected = match node {
            AnyNodeRef::StmtTry(it) => {
                it.body
                    .iter()
                    .any(|it| it.range().contains_range(inside.range()))
                    && it.handlers.iter().any(|it| {
                        let ruff_python_ast::ExceptHandler::ExceptHandler(it) = it;
                        it.type_.as_deref().is_some_and(catches_misuse)
                    })
            }
            _ => false,
        };
        inside = node;
        is_expected
    })
}

/// `pytest.raises(…)`, `self.assertRaises(…)`, `contextlib.suppress(AttributeError)`.
fn expects_failure(manager: &Expr) -> bool {
    manager.as_call_expr().is_some_and(|call| {
        expects_failure_call(&call.func)
            || (last_name(&call.func) == Some("suppress")
                && call.arguments.args.iter().any(catches_misuse))
    })
}

fn expects_failure_call(func: &Expr) -> bool {
    matches!(
        last_name(func),
        Some("raises" | "assertRaises" | "assertRaisesRegex")
    )
}

/// Whether an `except` clause names an exception that a misused value raises.
fn catches_misuse(exception: &Expr) -> bool {
    match exception {
        Expr::Tuple(it) => it.elts.iter().any(catches_misuse),
        _ => matches!(
            last_name(exception),
            Some("AttributeError" | "TypeError" | "KeyError" | "IndexError" | "LookupError")
        ),
    }
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.as_str()),
        _ => None,
    }
}

/// Whether the call that a finding is about gets arguments from a sequence or a dictionary.
fn unpacks_arguments(covering: &CoveringNode<'_>) -> bool {
    let call = covering.ancestors().find_map(|it| match it {
        AnyNodeRef::ExprCall(it) => Some(it),
        _ => None,
    });
    call.is_some_and(|it| {
        it.arguments.keywords.iter().any(|it| it.arg.is_none())
            || it.arguments.args.iter().any(Expr::is_starred_expr)
    })
}
