//! Walks a module and finds the expressions that denote a proxy type in a type position.

use ruff_db::system::SystemPath;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    self as ast, Comprehension, Expr, ExprContext, InterpolatedStringElement, Operator, Parameters,
    Pattern, Stmt, TString, TypeParam,
};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::denote::{Denotation, Query, Scopes, Special, has_star_imports};
use super::parse::{deeply, with_string_annotation};
use super::resolver::Resolver;
use super::scope::{Scope, Syntax, chain, is_type_alias_annotation};
use super::{Form, Meaning, Replacement};

pub(super) struct Lowering<'s> {
    text: &'s str,
    path: &'s SystemPath,
    resolver: &'s Resolver,
    syntax: Syntax,
    /// From the module to the scope being walked.
    scopes: Vec<Scope>,
    found: Vec<Found>,
    /// The names of the aliases that are lowered if they are nothing but types.
    watched: FxHashSet<Name>,
    /// Those of them that are used as values, too.
    used: FxHashSet<Name>,
}

struct Found {
    range: TextRange,
    meaning: Meaning,
    /// The alias whose value the expression is: `A = Proxy[int]`.
    alias: Option<Name>,
}

/// How the arguments of what may be a generic in a value, such as `Box[Proxy[int]]()`, are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arguments {
    /// Those of a class. `Box["name"]` may get a member of an enum.
    NoStrings,
    /// Those of something unknown. `registry[Proxy]` may look something up.
    OnlySubscripts,
}

impl<'s> Lowering<'s> {
    /// The replacements in a module, sorted by offset, and whether it has star imports.
    pub(super) fn of_module(
        body: &[Stmt],
        text: &'s str,
        path: &'s SystemPath,
        resolver: &'s Resolver,
    ) -> (Vec<Replacement>, bool) {
        let syntax = Syntax::of(text);
        let mut lowering = Lowering {
            text,
            path,
            resolver,
            syntax,
            scopes: vec![Scope::of_module(body, syntax)],
            found: Vec::new(),
            watched: FxHashSet::default(),
            used: FxHashSet::default(),
        };
        lowering.visit_body(body);
        let mut found = std::mem::take(&mut lowering.found);
        lowering.watched = found.iter().filter_map(|it| it.alias.clone()).collect();
        if !lowering.watched.is_empty() {
            // An alias can be used before the line that defines it, so this takes a second walk.
            lowering.visit_body(body);
            found.retain(|it| {
                !it.alias
                    .as_ref()
                    .is_some_and(|name| lowering.used.contains(name))
            });
        }
        found.sort_by_key(|it| it.range.start());
        found.dedup_by_key(|it| it.range);
        let replacements = found
            .into_iter()
            .map(|it| Replacement {
                range: it.range,
                meaning: it.meaning,
            })
            .collect();
        (replacements, has_star_imports(lowering.scopes()))
    }

    fn scopes(&self) -> Scopes<'_> {
        Scopes {
            path: self.path,
            stack: &self.scopes,
        }
    }

    fn within(&mut self, scope: Scope, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(scope);
        walk(self);
        self.scopes.pop();
    }

    fn within_type_params(
        &mut self,
        params: Option<&ast::TypeParams>,
        walk: impl FnOnce(&mut Self),
    ) {
        let Some(params) = params else {
            return walk(self);
        };
        self.within(Scope::of_type_params(params), |it| {
            for param in params.iter() {
                let (bound, default) = match param {
                    TypeParam::TypeVar(param) => (param.bound.as_deref(), param.default.as_deref()),
                    TypeParam::ParamSpec(param) => (None, param.default.as_deref()),
                    TypeParam::TypeVarTuple(param) => (None, param.default.as_deref()),
                };
                bound.into_iter().chain(default).for_each(|ty| it.ty(ty));
            }
            walk(it);
        });
    }

    /// What a name or a dotted name denotes here; `None` for any other expression.
    fn denotation(&self, expr: &Expr) -> Option<Denotation> {
        let chain = chain(expr)?;
        match Query::new(self.resolver).chain(self.scopes(), &chain) {
            Denotation::Unknown => chain.last().map(|name| unknown(name)),
            denotation => Some(denotation),
        }
    }

    fn form(&self, expr: &Expr) -> Option<Form> {
        match self.denotation(expr)? {
            Denotation::Form(form) => Some(form),
            _ => None,
        }
    }

    fn replace(&mut self, expr: &Expr, form: Form, alias: Option<&Name>) {
        self.found.push(Found {
            range: expr.range(),
            meaning: Meaning::Proxy(form),
            alias: alias.cloned(),
        });
    }

    /// A type expression.
    fn ty(&mut self, expr: &Expr) {
        deeply(|| match expr {
            Expr::Name(_) | Expr::Attribute(_) => match self.form(expr) {
                Some(form) => self.replace(expr, form, None),
                None => self.other_name(expr),
            },
            Expr::StringLiteral(string) => self.string(string, Self::ty),
            Expr::Subscript(subscript) => self.subscripted_type(subscript),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                self.ty(&operation.left);
                self.ty(&operation.right);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().for_each(|element| self.ty(element));
            }
            Expr::Starred(starred) => self.ty(&starred.value),
            Expr::If(conditional) => {
                self.value(&conditional.test);
                self.ty(&conditional.body);
                self.ty(&conditional.orelse);
            }
            _ => self.value(expr),
        });
    }

    /// A name in a type that is not one of a proxy type. Naming an alias there does not use its value.
    fn other_name(&mut self, expr: &Expr) {
        if let Expr::Attribute(attribute) = expr
            && chain(expr).is_none()
        {
            self.value(&attribute.value);
        }
    }

    fn subscripted_type(&mut self, subscript: &ast::ExprSubscript) {
        match self.denotation(&subscript.value) {
            Some(Denotation::Form(form)) => {
                self.replace(&subscript.value, form, None);
                self.ty(&subscript.slice);
            }
            Some(Denotation::Special(special)) => self.special(special, &subscript.slice),
            Some(_) => {
                self.value(&subscript.value);
                self.ty(&subscript.slice);
            }
            None => {
                self.ty(&subscript.value);
                self.ty(&subscript.slice);
            }
        }
    }

    /// The arguments of one of the forms of `typing`.
    fn special(&mut self, special: Special, slice: &Expr) {
        match special {
            Special::Literal => {}
            Special::Annotated => match slice {
                Expr::Tuple(arguments) => {
                    let mut arguments = arguments.iter();
                    arguments.next().into_iter().for_each(|ty| self.ty(ty));
                    arguments.for_each(|metadata| self.value(metadata));
                }
                ty => self.ty(ty),
            },
            Special::Class => self.class(slice),
            _ => self.ty(slice),
        }
    }

    /// The argument of `type[…]`, where a proxy class is meant as such.
    fn class(&mut self, expr: &Expr) {
        deeply(|| match expr {
            Expr::Name(_) | Expr::Attribute(_) => self.other_name(expr),
            Expr::StringLiteral(string) => self.string(string, Self::class),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                self.class(&operation.left);
                self.class(&operation.right);
            }
            Expr::Tuple(arguments) => arguments.iter().for_each(|argument| self.class(argument)),
            Expr::Subscript(subscript) => match self.denotation(&subscript.value) {
                Some(Denotation::Form(_)) => self.ty(&subscript.slice),
                Some(Denotation::Special(Special::Union)) => self.class(&subscript.slice),
                _ => self.subscripted_type(subscript),
            },
            _ => self.value(expr),
        });
    }

    fn string(&mut self, string: &ast::ExprStringLiteral, read: fn(&mut Self, &Expr)) {
        with_string_annotation(self.text, string, |ty| read(self, ty));
    }

    /// The value of `alias = …`, which is a type if it can be one.
    fn alias(&mut self, alias: &Name, expr: &Expr) {
        deeply(|| match expr {
            // Another name of what it denotes, as class and as type.
            Expr::Name(_) | Expr::Attribute(_) => self.other_name(expr),
            Expr::Subscript(subscript) => match self.form(&subscript.value) {
                Some(form) => {
                    // ty gives the type parameters of such an alias no meaning.
                    if !self.has_type_var(&subscript.slice) {
                        self.replace(&subscript.value, form, Some(alias));
                    }
                    self.ty(&subscript.slice);
                }
                None => self.value(expr),
            },
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                self.alias(alias, &operation.left);
                self.alias(alias, &operation.right);
            }
            Expr::If(conditional) => {
                self.value(&conditional.test);
                self.alias(alias, &conditional.body);
                self.alias(alias, &conditional.orelse);
            }
            _ => self.value(expr),
        });
    }

    fn has_type_var(&self, ty: &Expr) -> bool {
        struct TypeVars<'l, 's> {
            lowering: &'l Lowering<'s>,
            found: bool,
        }
        impl<'a> Visitor<'a> for TypeVars<'_, '_> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                let lowering = self.lowering;
                if let Some(chain) = chain(expr) {
                    let mut query = Query::new(lowering.resolver);
                    self.found |= query.is_type_var(lowering.scopes(), &chain);
                    return;
                }
                if let Expr::StringLiteral(string) = expr {
                    with_string_annotation(lowering.text, string, |ty| {
                        self.found |= lowering.has_type_var(ty);
                    });
                }
                deeply(|| visitor::walk_expr(self, expr));
            }
        }
        let mut type_vars = TypeVars {
            lowering: self,
            found: false,
        };
        type_vars.visit_expr(ty);
        type_vars.found
    }

    /// An expression that is evaluated.
    fn value(&mut self, expr: &Expr) {
        deeply(|| match expr {
            Expr::Name(name) => {
                if name.ctx == ExprContext::Load && self.watched.contains(&name.id) {
                    self.used.insert(name.id.clone());
                }
            }
            Expr::Attribute(attribute) => {
                // `self.alias(…)` may use one of a class.
                if attribute.ctx == ExprContext::Load && self.watched.contains(&attribute.attr.id) {
                    self.used.insert(attribute.attr.id.clone());
                }
                self.value(&attribute.value);
            }
            Expr::Subscript(subscript) => self.subscripted_value(subscript),
            Expr::Call(call) => self.call(call),
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.defaults(parameters);
                }
                self.within(Scope::of_lambda(lambda), |it| it.value(&lambda.body));
            }
            Expr::ListComp(ast::ExprListComp {
                elt, generators, ..
            })
            | Expr::SetComp(ast::ExprSetComp {
                elt, generators, ..
            })
            | Expr::Generator(ast::ExprGenerator {
                elt, generators, ..
            }) => {
                self.comprehension(generators, [Some(&**elt), None]);
            }
            Expr::DictComp(comprehension) => {
                let (key, value) = (comprehension.key.as_deref(), &*comprehension.value);
                self.comprehension(&comprehension.generators, [key, Some(value)]);
            }
            _ => visitor::walk_expr(self, expr),
        });
    }

    fn comprehension(&mut self, generators: &[Comprehension], results: [Option<&Expr>; 2]) {
        if let Some(first) = generators.first() {
            self.value(&first.iter);
        }
        self.within(Scope::of_comprehension(generators), |it| {
            for (number, generator) in generators.iter().enumerate() {
                if number > 0 {
                    it.value(&generator.iter);
                }
                it.value(&generator.target);
                generator
                    .ifs
                    .iter()
                    .for_each(|condition| it.value(condition));
            }
            results
                .into_iter()
                .flatten()
                .for_each(|result| it.value(result));
        });
    }

    fn subscripted_value(&mut self, subscript: &ast::ExprSubscript) {
        let slice = &*subscript.slice;
        let Some(denotation) = self.denotation(&subscript.value) else {
            self.value(&subscript.value);
            return self.value(slice);
        };
        if !matches!(denotation, Denotation::Form(_)) {
            self.value(&subscript.value);
        }
        match denotation {
            // The class itself, with arguments: `Proxy[int](f)`, `partial(Proxy[int], f)`.
            Denotation::Form(_) => self.ty(slice),
            Denotation::Special(special) => self.special(special, slice),
            Denotation::Type => self.arguments(slice, Arguments::NoStrings),
            Denotation::Unknown | Denotation::Module(_) => {
                self.arguments(slice, Arguments::OnlySubscripts);
            }
            Denotation::TypeVar | Denotation::Value => self.value(slice),
        }
    }

    fn arguments(&mut self, expr: &Expr, arguments: Arguments) {
        deeply(|| match expr {
            Expr::Name(_) | Expr::Attribute(_) => match self.form(expr) {
                Some(form) if arguments == Arguments::NoStrings => self.replace(expr, form, None),
                _ => self.other_name(expr),
            },
            Expr::Subscript(subscript) if self.form(&subscript.value).is_some() => self.ty(expr),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                self.arguments(&operation.left, arguments);
                self.arguments(&operation.right, arguments);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter()
                    .for_each(|element| self.arguments(element, arguments));
            }
            _ => self.value(expr),
        });
    }

    fn call(&mut self, call: &ast::ExprCall) {
        if let Some(Form::Foreign(position)) = self.form(&call.func)
            && self.resolver.has_known_constructor(position)
        {
            self.found.push(Found {
                range: call.func.range(),
                meaning: Meaning::Constructor(position),
                alias: None,
            });
            return self.visit_arguments(&call.arguments);
        }
        self.value(&call.func);
        let Some(Denotation::Special(special)) = self.denotation(&call.func) else {
            return self.visit_arguments(&call.arguments);
        };
        for (position, argument) in call.arguments.args.iter().enumerate() {
            match (special, position) {
                (Special::Cast, 0) | (Special::AssertType | Special::TypeAliasType, 1) => {
                    self.ty(argument);
                }
                (Special::TypeVar, 1..) => self.ty(argument),
                (Special::NamedTuple | Special::TypedDict, 1) => self.fields(argument),
                // `NewType` needs a class: the intersection is none.
                _ => self.value(argument),
            }
        }
        for keyword in &call.arguments.keywords {
            let name = keyword.arg.as_ref().map(|name| name.as_str());
            match (special, name) {
                (Special::Cast | Special::AssertType, Some("typ"))
                | (Special::TypeVar, Some("bound" | "default"))
                | (Special::TypeAliasType, Some("value"))
                | (Special::TypedDict, Some("extra_items")) => self.ty(&keyword.value),
                (Special::NamedTuple, Some("fields")) => self.fields(&keyword.value),
                _ => self.value(&keyword.value),
            }
        }
    }

    /// The fields of `NamedTuple("N", [("a", T)])` and `TypedDict("D", {"a": T})`.
    fn fields(&mut self, fields: &Expr) {
        match fields {
            Expr::Dict(fields) => {
                for item in &fields.items {
                    item.key.iter().for_each(|key| self.value(key));
                    self.ty(&item.value);
                }
            }
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                for field in elts {
                    match field {
                        Expr::Tuple(field) if field.len() == 2 => self.ty(&field.elts[1]),
                        field => self.value(field),
                    }
                }
            }
            fields => self.value(fields),
        }
    }

    fn defaults(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            parameter
                .default()
                .into_iter()
                .for_each(|default| self.value(default));
        }
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.value(&decorator.expression);
        }
        self.defaults(&function.parameters);
        self.within_type_params(function.type_params.as_deref(), |it| {
            for parameter in &*function.parameters {
                parameter.annotation().into_iter().for_each(|ty| it.ty(ty));
            }
            function.returns.iter().for_each(|ty| it.ty(ty));
            it.within(Scope::of_function(function, it.syntax), |it| {
                it.visit_body(&function.body);
            });
        });
    }

    fn class_def(&mut self, class: &ast::StmtClassDef) {
        for decorator in &class.decorator_list {
            self.value(&decorator.expression);
        }
        self.within_type_params(class.type_params.as_deref(), |it| {
            for base in class.bases() {
                it.base(base);
            }
            for keyword in class.keywords() {
                it.value(&keyword.value);
            }
            it.within(Scope::of_class(class, it.syntax), |it| {
                it.visit_body(&class.body)
            });
        });
    }

    /// A class to inherit from: the class itself, with types as arguments.
    fn base(&mut self, base: &Expr) {
        match base {
            Expr::Subscript(subscript) => match self.denotation(&subscript.value) {
                Some(Denotation::Special(special)) => self.special(special, &subscript.slice),
                denotation => {
                    if !matches!(denotation, Some(Denotation::Form(_))) {
                        self.value(&subscript.value);
                    }
                    self.ty(&subscript.slice);
                }
            },
            base => self.value(base),
        }
    }

    fn annotated_assignment(&mut self, assign: &ast::StmtAnnAssign) {
        let value = assign.value.as_deref();
        match (&*assign.target, value) {
            (Expr::Name(name), Some(value)) if is_type_alias_annotation(&assign.annotation) => {
                match value {
                    Expr::Name(_) | Expr::Attribute(_) => self.alias(&name.id, value),
                    Expr::Subscript(subscript) if self.form(&subscript.value).is_some() => {
                        self.alias(&name.id, value);
                    }
                    value => self.ty(value),
                }
            }
            (target, value) => {
                self.ty(&assign.annotation);
                self.value(target);
                value.into_iter().for_each(|value| self.value(value));
            }
        }
    }
}

/// What something is taken for whose module is not read.
fn unknown(name: &str) -> Denotation {
    match name {
        "Annotated" => Denotation::Special(Special::Annotated),
        "Literal" => Denotation::Special(Special::Literal),
        _ => Denotation::Unknown,
    }
}

impl<'a> Visitor<'a> for Lowering<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        deeply(|| match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class_def(class),
            // An intersection with itself has no end.
            Stmt::TypeAlias(alias) if names_itself(alias) => {}
            Stmt::TypeAlias(alias) => {
                self.within_type_params(alias.type_params.as_deref(), |it| it.ty(&alias.value));
            }
            Stmt::AnnAssign(assign) => self.annotated_assignment(assign),
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.value(target));
                match &assign.targets[..] {
                    [Expr::Name(name)] => self.alias(&name.id, &assign.value),
                    _ => self.value(&assign.value),
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        });
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.value(expr);
    }

    /// The class in a pattern is a value.
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        deeply(|| visitor::walk_pattern(self, pattern));
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        // `f"{x=}"` repeats its text.
        if let InterpolatedStringElement::Interpolation(interpolation) = element
            && interpolation.debug_text.is_some()
        {
            return;
        }
        deeply(|| visitor::walk_interpolated_string_element(self, element));
    }

    /// A template string keeps the text of what it interpolates.
    fn visit_t_string(&mut self, _: &'a TString) {}
}

/// Whether the value of an alias mentions the alias.
fn names_itself(alias: &ast::StmtTypeAlias) -> bool {
    struct Mentions<'a> {
        name: &'a str,
        found: bool,
    }

    impl<'a> Visitor<'a> for Mentions<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(it) => self.found |= it.id == self.name,
                Expr::StringLiteral(it) => self.found |= it.value.to_str().contains(self.name),
                _ => deeply(|| visitor::walk_expr(self, expr)),
            }
        }
    }

    let Expr::Name(name) = &*alias.name else {
        return false;
    };
    let mut mentions = Mentions {
        name: &name.id,
        found: false,
    };
    mentions.visit_expr(&alias.value);
    mentions.found
}
