//! Is a value of one type certainly not what a parameter of another type is for?
//!
//! That it is not assignable is not enough: much code takes any sequence where a list is declared, any
//! number where a `float` is, or an array where a number is. What counts is what no code is likely to
//! have meant.

use ty_python_semantic::ProgramEnvironment;
use ty_python_semantic::types::Type;

use crate::db::{ProxyDb, is_on_disk};
use crate::proxy::display::split;
use crate::proxy::model::{Proxiness, print};

/// What a type is like, as far as code that takes another one would notice.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Nature {
    Number,
    Text,
    Bytes,
    None,
    /// Lists, tuples and sets, which code often takes for each other; with the printed type.
    Elements(String),
    Mapping(String),
    /// `Sequence`, `Iterable`, …
    AnyContainer,
    /// An array or a table of a library's.
    Array,
    /// A class of the user's.
    Own,
    Unknown,
}

/// Whether no value of type `value` is what a parameter of type `parameter` is for.
pub(crate) fn is_mismatch<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    value: Type<'db>,
    parameter: Type<'db>,
) -> bool {
    let printed = print(db, env, parameter);
    // Type variables and literals are not to be told by the nature of a type.
    if printed.contains('@') || printed.contains("Literal[") {
        return false;
    }
    let expected = alternatives(db, parameter);
    let values = alternatives(db, value);
    !values.is_empty()
        && values.iter().all(|value| {
            !value.is_assignable_to(db, env, parameter)
                && target(db, env, *value).is_some_and(|value| {
                    let value = nature(db, env, value);
                    expected.iter().all(|expected| {
                        target(db, env, *expected)
                            .is_some_and(|it| excludes(&value, &nature(db, env, it)))
                    })
                })
        })
}

/// Whether the elements of a container are certainly not what a parameter is for. The inference gives no
/// access to the type of the elements, so the printed type is read.
pub(crate) fn is_mismatch_of_elements<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    container: Type<'db>,
    parameter: Type<'db>,
) -> Option<String> {
    let printed = print(db, env, container);
    let element = match printed.as_str() {
        "range" => "int",
        "str" => "str",
        _ => {
            let (class, arguments) = printed.strip_suffix(']')?.split_once('[')?;
            let arguments = split(arguments, ", ");
            match (class, arguments.as_slice()) {
                ("list" | "set" | "frozenset" | "Sequence" | "Iterable" | "Iterator", [it])
                | ("tuple", [it, "..."]) => *it,
                _ => return None,
            }
        }
    };
    let expected: Vec<Nature> = alternatives(db, parameter)
        .into_iter()
        .map(|it| nature(db, env, it))
        .collect();
    let values = split(element, " | ");
    values
        .iter()
        .all(|it| {
            let value = printed_nature(it);
            expected.iter().all(|expected| excludes(&value, expected))
        })
        .then(|| element.to_owned())
}

fn alternatives<'db>(db: &'db dyn ProxyDb, ty: Type<'db>) -> Vec<Type<'db>> {
    match ty {
        Type::TypeAlias(it) => alternatives(db, it.value_type(db)),
        Type::Union(it) => it
            .elements(db)
            .iter()
            .flat_map(|it| alternatives(db, *it))
            .collect(),
        ty => vec![ty],
    }
}

/// The target of a proxy; what is no proxy stays what it is.
fn target<'db>(
    db: &'db dyn ProxyDb,
    env: &ProgramEnvironment<'db>,
    ty: Type<'db>,
) -> Option<Type<'db>> {
    let proxiness = Proxiness::of(db, env, ty);
    match proxiness.proxies.as_slice() {
        [] => Some(ty),
        [proxy] if proxiness.others.is_empty() => match proxy.target.as_slice() {
            [target] => Some(*target),
            _ => None,
        },
        _ => None,
    }
}

fn nature<'db>(db: &'db dyn ProxyDb, env: &ProgramEnvironment<'db>, ty: Type<'db>) -> Nature {
    match printed_nature(&print(db, env, ty)) {
        Nature::Unknown => {}
        known => return known,
    }
    let Type::NominalInstance(_) = ty else {
        return Nature::Unknown;
    };
    let place = ty.definition(db, env).and_then(|it| it.focus_range(db));
    match place {
        Some(place) if is_on_disk(db, place.file()) => {
            let path = place.file().path(db).as_str().to_owned();
            if path.split(['/', '\\']).any(|it| it == "site-packages") {
                Nature::Unknown
            } else {
                Nature::Own
            }
        }
        _ => Nature::Unknown,
    }
}

fn printed_nature(printed: &str) -> Nature {
    let class = printed.split('[').next().unwrap_or(printed);
    match class {
        "bool" | "int" | "float" | "complex" => Nature::Number,
        "str" | "LiteralString" => Nature::Text,
        "bytes" | "bytearray" => Nature::Bytes,
        "None" => Nature::None,
        "list" | "tuple" | "set" | "frozenset" | "range" => Nature::Elements(printed.to_owned()),
        "dict" => Nature::Mapping(printed.to_owned()),
        "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Mapping"
        | "MutableMapping" => Nature::AnyContainer,
        "ndarray" | "DataFrame" | "Series" => Nature::Array,
        "Literal" => match printed["Literal".len()..].chars().nth(1) {
            Some('"' | '\'') => Nature::Text,
            Some('b') => Nature::Bytes,
            Some('T' | 'F' | '-' | '0'..='9') => Nature::Number,
            _ => Nature::Unknown,
        },
        _ => Nature::Unknown,
    }
}

/// Whether a value is certainly not what is expected.
fn excludes(value: &Nature, expected: &Nature) -> bool {
    use Nature::{AnyContainer, Array, Bytes, Elements, Mapping, None, Number, Own, Text, Unknown};
    match (value, expected) {
        (Unknown, _) | (_, Unknown) => false,
        (Elements(value), Elements(expected)) | (Mapping(value), Mapping(expected)) => {
            arguments_exclude(value, expected)
        }
        (Own, AnyContainer | Array) | (AnyContainer | Array, Own) => false,
        (Own, _) | (_, Own) => true,
        (Number | None, AnyContainer) => true,
        (AnyContainer, _) | (_, AnyContainer) => false,
        (Array, Text | Bytes) | (Text | Bytes, Array) => true,
        (Array, _) | (_, Array) => false,
        (value, expected) => std::mem::discriminant(value) != std::mem::discriminant(expected),
    }
}

/// Whether the elements of one container are not what those of another are: `list[str]`, `list[int]`.
fn arguments_exclude(value: &str, expected: &str) -> bool {
    let parts = |printed: &str| -> Option<(String, Vec<String>)> {
        let (class, arguments) = printed.strip_suffix(']')?.split_once('[')?;
        let mut arguments = split(arguments, ", ");
        arguments.retain(|it| *it != "...");
        Some((
            class.to_owned(),
            arguments.into_iter().map(str::to_owned).collect(),
        ))
    };
    let (Some((class, values)), Some((other, expected))) = (parts(value), parts(expected)) else {
        return false;
    };
    class == other
        && values.len() == expected.len()
        && values.iter().zip(&expected).any(|(value, expected)| {
            let expected: Vec<Nature> = split(expected, " | ")
                .into_iter()
                .map(printed_nature)
                .collect();
            split(value, " | ").into_iter().all(|value| {
                let value = printed_nature(value);
                expected.iter().all(|expected| excludes(&value, expected))
            })
        })
}
