//! The one place that answers: is this type a proxy, of what target, and of which kind?

use ruff_python_ast as ast;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, ProgramEnvironment, SemanticModel};

use super::display;
use super::lower;
use crate::db::ProxyDb;

/// What a proxy allows its holder to do with the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `Proxy[T]`: shared, read through a cache.
    Plain,
    /// `OwnedProxy[T]`: evicts the object when it goes out of scope.
    Owned,
    /// `RefProxy[T]`: a shared borrow of an owned proxy.
    Ref,
    /// `RefMutProxy[T]`: the only mutable borrow of an owned proxy.
    RefMut,
    /// `ProxyLocker[T]`: not a proxy until it is unlocked.
    Locked,
}

impl Kind {
    /// The name of the class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Kind::Plain => "Proxy",
            Kind::Owned => "OwnedProxy",
            Kind::Ref => "RefProxy",
            Kind::RefMut => "RefMutProxy",
            Kind::Locked => "ProxyLocker",
        }
    }

    fn of_class(module: &str, class: &str) -> Option<Kind> {
        let package = module.split('.').next().unwrap_or(module);
        if !matches!(package, "proxystore" | "proxystore_ex" | "proxyrt") {
            return None;
        }
        match class {
            "Proxy" => Some(Kind::Plain),
            "OwnedProxy" => Some(Kind::Owned),
            "RefProxy" | "BaseRefProxy" => Some(Kind::Ref),
            "RefMutProxy" => Some(Kind::RefMut),
            "ProxyLocker" => Some(Kind::Locked),
            _ => None,
        }
    }
}

/// A type that is a proxy for certain.
#[derive(Debug, Clone)]
pub(crate) struct Proxy<'db> {
    pub(crate) kind: Kind,
    /// What is known of the target: the parts of an intersection, usually one. Empty if nothing is.
    pub(crate) target: Vec<Type<'db>>,
}

impl Proxy<'_> {
    /// Whether the target is declared but cannot be a part of the intersection, as an enum cannot.
    pub(crate) fn hides_target(&self) -> bool {
        !self.target.is_empty() && self.target.iter().all(|it| matches!(it, Type::Dynamic(_)))
    }
}

/// Whether values of a type are proxies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxiness<'db> {
    /// The alternatives that are proxies.
    pub(crate) proxies: Vec<Proxy<'db>>,
    /// The alternatives that are not.
    pub(crate) others: Vec<Type<'db>>,
}

impl<'db> Proxiness<'db> {
    /// What the values of `ty` are.
    pub(crate) fn of(db: &'db dyn ProxyDb, env: &ProgramEnvironment<'db>, ty: Type<'db>) -> Self {
        let mut result = Proxiness::default();
        result.add(db, env, ty);
        result
    }

    /// What an expression's values are.
    pub(crate) fn of_expr(
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        expr: &ast::Expr,
    ) -> Self {
        match expr.inferred_type(model) {
            Some(ty) => Self::of(db, &model.program_environment(), ty),
            None => Proxiness {
                proxies: Vec::new(),
                others: vec![Type::unknown()],
            },
        }
    }

    fn add(&mut self, db: &'db dyn ProxyDb, env: &ProgramEnvironment<'db>, ty: Type<'db>) {
        match ty {
            Type::TypeAlias(alias) => self.add(db, env, alias.value_type(db)),
            Type::Union(union) => {
                for element in union.elements(db) {
                    self.add(db, env, *element);
                }
            }
            Type::Intersection(intersection) => {
                let mut class = None;
                let mut target = Vec::new();
                for part in intersection.iter_positive(db) {
                    match (proxy_class(db, env, part), class) {
                        (Some(kind), None) => class = Some(kind),
                        (Some(_), Some(_)) => {}
                        (None, _) => target.push(part),
                    }
                }
                match class {
                    Some(kind) => self.proxies.push(Proxy { kind, target }),
                    None => self.others.push(ty),
                }
            }
            _ => match proxy_class(db, env, ty) {
                Some(kind) => self.proxies.push(Proxy {
                    kind,
                    target: Vec::new(),
                }),
                None => self.others.push(ty),
            },
        }
    }

    /// Whether each value is a proxy.
    pub(crate) fn is_certain(&self) -> bool {
        !self.proxies.is_empty() && self.others.is_empty()
    }

    /// Whether some value is a proxy.
    pub(crate) fn is_possible(&self) -> bool {
        !self.proxies.is_empty()
    }

    /// Whether the values are proxies of a type or of that type itself: `ProxyOr[T]`, or `T`, for which
    /// a `Proxy[T]` may stand everywhere.
    pub(crate) fn is_proxy_or_target(&self) -> bool {
        !self.others.is_empty()
            && self
                .proxies
                .iter()
                .all(|it| it.target.iter().all(|it| self.others.contains(it)))
    }

    /// Whether each value is a proxy that forwards to its target, which a locked one does not.
    pub(crate) fn is_transparent(&self) -> bool {
        self.is_certain() && self.proxies.iter().all(|it| it.kind != Kind::Locked)
    }
}

/// The kind of a nominal proxy class, for an instance of it.
fn proxy_class<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Option<Kind> {
    let Type::NominalInstance(instance) = ty else {
        return None;
    };
    let name = instance.class_name(db, env).as_str();
    if !name.ends_with("Proxy") && name != "ProxyLocker" {
        return None;
    }
    Kind::of_class(instance.class_module_name(db, env)?.as_str(), name)
}

/// A type as users write it.
pub(crate) fn print<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> String {
    let printed = ty.display(db, env).to_string();
    display::fold(&lower::restore_names(&display::merge_numbers(&printed)))
}
