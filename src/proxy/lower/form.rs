//! The proxy types, and the modules that define them.

/// Which proxy type a name denotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    Proxy,
    OwnedProxy,
    RefProxy,
    RefMutProxy,
    BaseRefProxy,
    /// `T | Proxy[T]`.
    ProxyOr,
    /// The class at this position of those that are configured.
    Foreign(u8),
}

impl Form {
    pub const ALL: [Form; 6] = [
        Form::Proxy,
        Form::OwnedProxy,
        Form::RefProxy,
        Form::RefMutProxy,
        Form::BaseRefProxy,
        Form::ProxyOr,
    ];

    /// The name under which the defining module exports the type.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Proxy => "Proxy",
            Form::OwnedProxy => "OwnedProxy",
            Form::RefProxy => "RefProxy",
            Form::RefMutProxy => "RefMutProxy",
            Form::BaseRefProxy => "BaseRefProxy",
            Form::ProxyOr => "ProxyOr",
            Form::Foreign(_) => "a proxy class",
        }
    }

    /// What a member of a module of a [provider](is_provider) denotes.
    pub(super) fn of_member(name: &str) -> Option<Form> {
        match name {
            // The spelling of `ProxyOr` for type checkers that do not know `TypeAliasType`.
            "_ProxyOr" => Some(Form::ProxyOr),
            _ => Form::ALL.into_iter().find(|form| form.name() == name),
        }
    }
}

/// Whether a module belongs to a package that defines proxy types.
pub(super) fn is_provider(module: &str) -> bool {
    let package = module.split('.').next().unwrap_or(module);
    matches!(package, "proxystore" | "proxystore_ex" | "proxyrt")
}

/// Whether a text can name a module of a provider.
pub(super) fn mentions_provider(text: &str) -> bool {
    text.contains("proxystore") || text.contains("proxyrt")
}

/// The proxy types that `from module import *` brings in. They are known by name because the
/// package need not be installed where it is checked, and its stubs need not repeat its imports.
pub(super) fn star_exports(module: &str) -> &'static [Form] {
    use Form::{BaseRefProxy, OwnedProxy, Proxy, ProxyOr, RefMutProxy, RefProxy};
    match module.split_once('.') {
        None if module == "proxyrt" => &Form::ALL,
        Some(("proxystore" | "proxyrt", module)) => match module {
            "proxy" => &[Proxy, ProxyOr],
            "store.ref" => &[Proxy, OwnedProxy, RefProxy, RefMutProxy, BaseRefProxy],
            "store.base" => &[Proxy, OwnedProxy],
            "store.scopes" => &[RefProxy, RefMutProxy],
            "store.executor" | "store.future" | "store.lifetimes" | "store.metrics"
            | "store.utils" => &[Proxy],
            _ => &[],
        },
        Some(("proxystore_ex", "plugins.distributed")) => &[Proxy],
        _ => &[],
    }
}
