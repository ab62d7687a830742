//! What a name denotes: follows imports, aliases and re-exports.

use ruff_db::system::SystemPath;
use ruff_python_ast::name::Name;

use super::Form;
use super::form::star_exports;
use super::resolver::{Module, Resolver};
use super::scope::{Binding, Bound, ImportPath, Scope, ScopeKind};

/// What a name or a dotted name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denotation {
    Form(Form),
    Module(Module),
    Special(Special),
    /// A type variable.
    TypeVar,
    /// A class or a type alias of which no more is known.
    Type,
    Value,
    /// Something imported from a module that was not read, or a builtin.
    Unknown,
}

/// The members of `typing`, and builtins, whose arguments are types in a way of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// Only the first argument is a type.
    Annotated,
    /// No argument is a type.
    Literal,
    /// `type[C]`, the class itself.
    Class,
    /// All arguments are types, and a value is one of one of them: `Union`, `Optional`.
    Union,
    /// All arguments are types.
    Generic,
    Cast,
    AssertType,
    TypeVar,
    NewType,
    NamedTuple,
    TypedDict,
    TypeAliasType,
}

impl Special {
    fn of_typing(name: &str) -> Option<Special> {
        Some(match name {
            "Annotated" => Special::Annotated,
            "Literal" => Special::Literal,
            "Type" => Special::Class,
            "Optional" | "Union" => Special::Union,
            "cast" => Special::Cast,
            "assert_type" => Special::AssertType,
            "TypeVar" | "TypeVarTuple" | "ParamSpec" => Special::TypeVar,
            "NewType" => Special::NewType,
            "NamedTuple" => Special::NamedTuple,
            "TypedDict" => Special::TypedDict,
            "TypeAliasType" => Special::TypeAliasType,
            "Callable" | "ClassVar" | "Concatenate" | "DefaultDict" | "Deque" | "Dict"
            | "Final" | "FrozenSet" | "Generic" | "Iterable" | "Iterator" | "List" | "Mapping"
            | "MutableMapping" | "NotRequired" | "OrderedDict" | "Protocol" | "ReadOnly"
            | "Required" | "Sequence" | "Set" | "Tuple" | "TypeGuard" | "TypeIs" => {
                Special::Generic
            }
            _ => return None,
        })
    }

    fn of_builtin(name: &str) -> Option<Special> {
        Some(match name {
            "type" => Special::Class,
            "dict" | "frozenset" | "list" | "set" | "tuple" => Special::Generic,
            _ => return None,
        })
    }
}

/// A file's scopes from its module's to the one in which a name is looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scopes<'a> {
    pub(super) path: &'a SystemPath,
    pub(super) stack: &'a [Scope],
}

impl<'a> Scopes<'a> {
    fn up_to(self, end: usize) -> Self {
        Scopes {
            stack: &self.stack[..end],
            ..self
        }
    }

    fn module(self) -> &'a Scope {
        &self.stack[0]
    }
}

/// How many steps a question may take; no real chain of re-exports comes near it.
const MAX_STEPS: u32 = 4096;

/// Chains of aliases are short. Cycles would be endless.
const MAX_DEPTH: usize = 64;

/// One question, with the names that are being asked for, so that cycles end.
pub(super) struct Query<'r> {
    resolver: &'r Resolver,
    steps: u32,
    /// Scopes are told apart by their address: they do not move while the question is open.
    asking: Vec<(*const Scope, Name)>,
    /// Whether to read even those first-party files that cannot lead to a proxy type.
    thorough: bool,
}

impl<'r> Query<'r> {
    pub(super) fn new(resolver: &'r Resolver) -> Self {
        Query {
            resolver,
            steps: 0,
            asking: Vec::new(),
            thorough: false,
        }
    }

    /// What `a.b.c` denotes.
    pub(super) fn chain<'n>(
        &mut self,
        scopes: Scopes<'_>,
        chain: impl IntoIterator<Item = &'n Name>,
    ) -> Denotation {
        let mut parts = chain.into_iter();
        let Some(first) = parts.next() else {
            return Denotation::Unknown;
        };
        let first = self.name(scopes, first);
        parts.fold(first, |object, part| match object {
            Denotation::Module(module) => self.member(&module, part),
            Denotation::Unknown | Denotation::Type => Denotation::Unknown,
            _ => Denotation::Value,
        })
    }

    /// What a name denotes in the last of `scopes`.
    pub(super) fn name(&mut self, scopes: Scopes<'_>, name: &Name) -> Denotation {
        let mut sees_class = true;
        let mut end = scopes.stack.len();
        while end > 0 {
            let scope = &scopes.stack[end - 1];
            if end > 1 && scope.is_global(name) {
                end = 1;
                continue;
            }
            // The body of a function does not see the class around it, type parameters do.
            if (scope.kind != ScopeKind::Class || sees_class)
                && let Some(found) = self.bound_name(scopes.up_to(end), name, None)
            {
                return found;
            }
            sees_class &= scope.kind == ScopeKind::TypeParams;
            end -= 1;
        }
        Special::of_builtin(name).map_or(Denotation::Unknown, Denotation::Special)
    }

    /// What the last of `scopes` itself binds a name to. `exports` restricts the question to what a stub
    /// file exports.
    fn bound_name(
        &mut self,
        scopes: Scopes<'_>,
        name: &Name,
        exports: Option<&dyn Fn(&Bound) -> bool>,
    ) -> Option<Denotation> {
        let scope = scopes.stack.last()?;
        let bounds = scope.bounds(name);
        let stars: &[ImportPath] = match scope.kind {
            ScopeKind::Module => &scope.stars,
            _ => &[],
        };
        if bounds.is_empty() && stars.is_empty() {
            return None;
        }
        let key: *const Scope = scope;
        self.steps += 1;
        if self.steps > MAX_STEPS
            || self.asking.len() > MAX_DEPTH
            || self
                .asking
                .iter()
                .any(|(scope, asked)| *scope == key && asked == name)
        {
            return None;
        }
        self.asking.push((key, name.clone()));
        let has_main = bounds.iter().any(|bound| !bound.is_fallback);
        let mut found = None;
        for bound in bounds {
            if (has_main && bound.is_fallback) || exports.is_some_and(|exports| !exports(bound)) {
                continue;
            }
            if let Some(denotation) = self.binding(scopes, name, &bound.binding) {
                found = Some(merge(found, denotation));
            }
        }
        for star in stars {
            let module = self.resolver.imported(scopes.path, star);
            if let Some(denotation) = self.star_member(&module, name) {
                found = Some(merge(found, denotation));
            }
        }
        self.asking.pop();
        found
    }

    fn binding(
        &mut self,
        scopes: Scopes<'_>,
        name: &Name,
        binding: &Binding,
    ) -> Option<Denotation> {
        Some(match binding {
            Binding::Module(module) => Denotation::Module(self.resolver.absolute(module)),
            Binding::Member { module, name } => {
                let module = self.resolver.imported(scopes.path, module);
                self.member(&module, name)
            }
            // In a class body `Proxy = Proxy` takes the name from outside.
            Binding::Alias(chain) if **chain == [name.clone()] => match scopes.stack.len() {
                1 => return None,
                len => self.name(scopes.up_to(len - 1), name),
            },
            Binding::Alias(chain) => self.chain(scopes, chain),
            Binding::Subscript { base, argument } => match self.chain(scopes, base) {
                // `X = Proxy[T]` is another name of `Proxy`.
                Denotation::Form(form)
                    if argument
                        .as_ref()
                        .is_some_and(|it| self.is_type_var(scopes, it)) =>
                {
                    Denotation::Form(form)
                }
                Denotation::Value | Denotation::TypeVar => Denotation::Value,
                _ => Denotation::Type,
            },
            Binding::Call(function) => match self.chain(scopes, function) {
                Denotation::Special(Special::TypeVar) => Denotation::TypeVar,
                Denotation::Special(
                    Special::NewType
                    | Special::NamedTuple
                    | Special::TypedDict
                    | Special::TypeAliasType,
                ) => Denotation::Type,
                _ => Denotation::Value,
            },
            Binding::Type => Denotation::Type,
            Binding::TypeVar => Denotation::TypeVar,
            Binding::Value => Denotation::Value,
        })
    }

    /// Whether a dotted name is that of a type variable. Of one whose module is not read, its spelling
    /// tells.
    pub(super) fn is_type_var(&mut self, scopes: Scopes<'_>, chain: &[Name]) -> bool {
        let thorough = std::mem::replace(&mut self.thorough, true);
        let denotation = self.chain(scopes, chain);
        self.thorough = thorough;
        match denotation {
            Denotation::TypeVar => true,
            Denotation::Unknown => chain.last().is_some_and(|name| is_spelt_as_type_var(name)),
            _ => false,
        }
    }

    /// What a module's attribute denotes.
    pub(super) fn member(&mut self, module: &Module, name: &Name) -> Denotation {
        if let Some(form) = self.resolver.proxy_class(module, name) {
            return Denotation::Form(form);
        }
        match module {
            Module::Provider(module) => Form::of_member(name).map_or_else(
                || Denotation::Module(Module::Provider(Name::join(&[module.as_str(), name], "."))),
                Denotation::Form,
            ),
            Module::Typing => {
                Denotation::Special(Special::of_typing(name).unwrap_or(Special::Generic))
            }
            Module::Collections if name == "abc" => Denotation::Module(Module::Collections),
            Module::Collections => Denotation::Special(Special::Generic),
            Module::At(stem) => {
                let file = self.resolver.file_of(stem);
                file.and_then(|file| self.export(&file, name, false))
                    .or_else(|| self.resolver.submodule(stem, name).map(Denotation::Module))
                    .unwrap_or(Denotation::Unknown)
            }
            Module::Unknown => Denotation::Unknown,
        }
    }

    /// What `from module import *` binds a name to.
    fn star_member(&mut self, module: &Module, name: &Name) -> Option<Denotation> {
        match module {
            Module::Provider(module) => {
                let form = Form::of_member(name)?;
                star_exports(module)
                    .contains(&form)
                    .then_some(Denotation::Form(form))
            }
            Module::Typing => Special::of_typing(name).map(Denotation::Special),
            Module::Collections | Module::Unknown => None,
            Module::At(stem) => {
                let file = self.resolver.file_of(stem)?;
                self.export(&file, name, true)
            }
        }
    }

    /// What the file of a module exports under a name, to `import *` if `to_star`.
    fn export(&mut self, file: &SystemPath, name: &Name, to_star: bool) -> Option<Denotation> {
        let is_asked = self.thorough && self.resolver.is_first_party(file);
        if !is_asked && !self.resolver.may_export(file) {
            return None;
        }
        let summary = self.resolver.summary(file)?;
        let listed = summary
            .exported
            .as_ref()
            .map(|exported| exported.contains(name));
        if to_star && !listed.unwrap_or(!name.starts_with('_')) {
            return None;
        }
        let scopes = Scopes {
            path: file,
            stack: std::slice::from_ref(&summary.scope),
        };
        if summary.is_stub && listed != Some(true) {
            self.bound_name(scopes, name, Some(&|bound| bound.is_exported))
        } else {
            self.bound_name(scopes, name, None)
        }
    }
}

/// Whether a module's names may come from modules that are not read.
pub(super) fn has_star_imports(scopes: Scopes<'_>) -> bool {
    !scopes.module().stars.is_empty()
}

/// A name that is bound in two ways denotes something only if both agree.
fn merge(first: Option<Denotation>, second: Denotation) -> Denotation {
    match first {
        Some(first) if first != second => Denotation::Value,
        _ => second,
    }
}

/// `T`, `_KT`, `T_co`, `ConnectorT`.
fn is_spelt_as_type_var(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    let mut characters = name.chars();
    let is_short = name.len() <= 2
        && characters
            .next()
            .is_some_and(|first| first.is_ascii_uppercase())
        && characters.all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    let has_suffix = name.ends_with("_co") || name.ends_with("_contra");
    let ends_in_t = name
        .strip_suffix('T')
        .is_some_and(|rest| rest.ends_with(|last: char| last.is_ascii_lowercase()));
    is_short || has_suffix || ends_in_t
}
