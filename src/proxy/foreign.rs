//! Proxies of other libraries: classes that the user declares to be transparent proxies of their parameter.
//!
//! Each is modelled like ProxyStore's own, as an intersection of a class with its target. The class is not
//! the library's but one of our stubs: the library's forwards each operator by a method that takes and
//! returns anything, which would hide the target's.

use std::fmt::Write as _;

use crate::proxy::display::MARK;

/// A class that is a transparent proxy of its parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyClass {
    /// The module from which users import it, `werkzeug.local`.
    pub module: String,
    pub name: String,
}

/// How many classes there may be: as many as there are letters to name them.
pub const MAX_CLASSES: usize = 26;

/// From what a class makes a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MadeFrom {
    /// A function that returns the target.
    Factory,
    /// The target itself.
    Target,
    /// A function or a variable of a context.
    Context,
}

/// What is known of a library's class.
struct Known {
    path: &'static str,
    made_from: MadeFrom,
    /// Members of its own, as lines of a stub in which the target is `T`.
    members: &'static str,
    /// What gives the target: a suffix to the proxy.
    unwrap: &'static str,
}

const KNOWN: [Known; 3] = [
    Known {
        path: "werkzeug.local.LocalProxy",
        made_from: MadeFrom::Context,
        members: "    __wrapped__: Any\n    def _get_current_object(self) -> T: ...\n",
        unwrap: "._get_current_object()",
    },
    Known {
        path: "wrapt.ObjectProxy",
        made_from: MadeFrom::Target,
        members: "    @property\n    def __wrapped__(self) -> T: ...\n    __self_setattr__: Any\n    __object_proxy__: Any\n",
        unwrap: ".__wrapped__",
    },
    Known {
        path: "lazy_object_proxy.Proxy",
        made_from: MadeFrom::Factory,
        members: "    @property\n    def __wrapped__(self) -> T: ...\n    @property\n    def __target__(self) -> T: ...\n    __factory__: Any\n    __resolved__: bool\n",
        unwrap: ".__wrapped__",
    },
];

impl ProxyClass {
    /// The class of a dotted path.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub fn parse(path: &str) -> Result<Self, String> {
        let is_identifier = |part: &str| {
            part.chars().all(|it| it.is_alphanumeric() || it == '_')
                && part.starts_with(|it: char| it.is_alphabetic() || it == '_')
        };
        match path.rsplit_once('.') {
            Some((module, name)) if path.split('.').all(is_identifier) => Ok(ProxyClass {
                module: module.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(format!(
                "`{path}` is no class: name it with its module, as in `werkzeug.local.LocalProxy`"
            )),
        }
    }

    /// The top-level package.
    pub(crate) fn package(&self) -> &str {
        self.module.split('.').next().unwrap_or(&self.module)
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|it| {
            it.path
                .strip_prefix(&self.module)
                .and_then(|it| it.strip_prefix('.'))
                == Some(&self.name)
        })
    }

    /// Whether calls of the class are replaced by those of a function of our stubs. Others are of a class
    /// that has type parameters, and a constructor that solves them.
    pub(crate) fn has_known_constructor(&self) -> bool {
        self.known().is_some()
    }

    /// What follows a proxy to give its target, if that is known.
    pub(crate) fn unwrap(&self) -> Option<&'static str> {
        self.known().map(|it| it.unwrap)
    }
}

/// The letter that names the class at a position.
pub(crate) fn letter(position: u8) -> char {
    char::from(b'a' + position % 26)
}

/// The position of the class whose stub is a module, `_proxycheck.class_a`.
pub(crate) fn position_of_module(module: &str) -> Option<u8> {
    let letter = module.strip_prefix("_proxycheck.class_")?;
    match letter.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(letter - b'a'),
        _ => None,
    }
}

/// The stubs of the classes, by path below the root of the stubs. `members` are the names of those members
/// of a class that it does not forward; `None` if they are not known.
pub(crate) fn stubs(
    classes: &[ProxyClass],
    members: impl Fn(&ProxyClass) -> Option<Vec<String>>,
) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (position, class) in (0_u8..).zip(classes) {
        let letter = letter(position);
        let name = format!("{MARK}{}", class.name);
        let own = match class.known() {
            Some(known) => known.members.to_owned(),
            None => match members(class) {
                Some(members) => members.iter().fold(String::new(), |mut text, name| {
                    let _ = writeln!(text, "    {name}: Any");
                    text
                }),
                None => "    def __getattr__(self, name: str, /) -> Any: ...\n".to_owned(),
            },
        };
        files.push((
            format!("_proxycheck/class_{letter}.pyi"),
            format!(
                "from typing import Any\n\nfrom _proxycheck import Foreign\n\n\
                 class {name}[T](Foreign[T]):\n    __slots__: Any\n{own}"
            ),
        ));
        files.push((
            format!("_proxycheck/alias_{letter}.pyi"),
            format!(
                "from typing import Any\n\nfrom ty_extensions import Intersection\n\n\
                 from _proxycheck import class_{letter} as _class\n\n\
                 type {name}[T] = Intersection[_class.{name}[T], T]\n\
                 type Opaque{name}[T] = Intersection[_class.{name}[T], Any]\n"
            ),
        ));
        files.push((
            format!("_proxycheck/make_{letter}.pyi"),
            constructor(class, letter, &name),
        ));
    }
    files
}

/// The function that stands for the class where it is called.
fn constructor(class: &ProxyClass, letter: char, name: &str) -> String {
    let mut stub = format!(
        "from collections.abc import Callable\nfrom enum import Enum\nfrom types import FunctionType\n\
         from typing import Any, ParamSpec, TypeVar, overload\n\n\
         from ty_extensions import Intersection\n\n\
         from _proxycheck import Sealed\nfrom _proxycheck.alias_{letter} import {name}, Opaque{name}\n\
         from proxystore.proxy import _Dynamic\n\n\
         P = ParamSpec(\"P\")\nT = TypeVar(\"T\")\nE = TypeVar(\"E\", bound=Enum)\n\n"
    );
    let Some(known) = class.known() else {
        let (module, class) = (&class.module, &class.name);
        let _ = write!(
            stub,
            "import {module}\n\n\
             @overload\ndef make(value: {module}.{class}[E], /) -> Opaque{name}[E]: ...\n\
             @overload\ndef make(value: {module}.{class}[T], /) -> {name}[T]: ...\n"
        );
        return stub;
    };
    let parameters = |target: &str| match known.made_from {
        MadeFrom::Factory => vec![format!("Callable[[], {target}]")],
        MadeFrom::Target => vec![target.to_owned()],
        MadeFrom::Context => vec![
            format!("Callable[[], {target}]"),
            format!("ContextVar[{target}]"),
        ],
    };
    if known.made_from == MadeFrom::Context {
        stub.push_str("from contextvars import ContextVar\n\n");
    }
    let mut overloads = vec![("_Dynamic".to_owned(), format!("{name}[Any]"))];
    let mut add = |target: &str, result: String| {
        for parameter in parameters(target) {
            overloads.push((parameter, result.clone()));
        }
    };
    add("Sealed[E]", format!("Opaque{name}[E]"));
    for class in ["bool", "int", "str", "bytes"] {
        add(&format!("Sealed[{class}]"), format!("{name}[{class}]"));
    }
    add("Sealed[type[T]]", format!("Opaque{name}[type[T]]"));
    add(
        "Intersection[FunctionType, Callable[P, T]]",
        format!("{name}[Callable[P, T]]"),
    );
    add("Sealed[T]", format!("Opaque{name}[T]"));
    add("T", format!("{name}[T]"));
    for (parameter, result) in overloads {
        let _ = writeln!(
            stub,
            "@overload\ndef make(it: {parameter}, /) -> {result}: ..."
        );
    }
    // An attribute of the target, by its name: anything.
    let _ = writeln!(
        stub,
        "@overload\ndef make(*args: Any, **kwargs: Any) -> {name}[Any]: ..."
    );
    stub
}

/// The names that lowering and repairs put into user files, as lines of `__builtins__.pyi`.
pub(crate) fn builtins(classes: &[ProxyClass]) -> String {
    let mut stub = String::new();
    for (position, class) in (0_u8..).zip(classes) {
        let letter = letter(position);
        let name = format!("{MARK}{}", class.name);
        let _ = writeln!(
            stub,
            "import _proxycheck.alias_{letter}, _proxycheck.make_{letter}\n\
             Zopaque_{letter} = _proxycheck.alias_{letter}.Opaque{name}\n\
             Zforeign_{letter} = _proxycheck.make_{letter}.make"
        );
    }
    stub
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_named_with_its_module() {
        let class = ProxyClass::parse("werkzeug.local.LocalProxy").unwrap();
        assert_eq!(
            (&*class.module, &*class.name),
            ("werkzeug.local", "LocalProxy")
        );
        assert!(class.has_known_constructor());
        assert!(ProxyClass::parse("LocalProxy").is_err());
        assert!(ProxyClass::parse("a..B").is_err());
        assert!(ProxyClass::parse("a.B[T]").is_err());
    }

    #[test]
    fn a_stub_is_found_by_its_module() {
        assert_eq!(position_of_module("_proxycheck.class_c"), Some(2));
        assert_eq!(position_of_module("_proxycheck.structural"), None);
    }
}
