//! The short pickled form of proxies of stored objects.
//!
//! `proxyrt._p(config, item, class, key, hash)`, where `config` are the bytes that `proxyrt.store._config.pack` made of
//! the configuration of the store, and `item` is:
//!
//! ```text
//! 0  u8   bits 0-3: class of the key in [`KEYS`], from 1; 0: the argument `key`
//!         bit 4: evict the object once it has been resolved
//!         bits 5-6: hash of the target: 0 none or the argument `hash`, 1 a number, 2 the error of its type
//! 1  u8   class of the target in [`CLASSES`], from 1; 0: none, or the argument `class`
//! 2  i64  the hash, if it is a number
//!    12 B the token, if the class of the key is known
//! ```
//!
//! The first two bytes are left out if the class of the key is that of the connector in `config`, and the rest is 0: then
//! the item is only the token. A number is little-endian. Arguments at the end that are None are left out. Classes that
//! are not in the table are the pickler's business, because it may have its own way with them.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyTuple, PyType};

use crate::factory::StoreFactory;
use crate::proxy;
use crate::token::{self, Token};

/// A class that is found when it is needed.
struct Known {
    module: &'static str,
    name: &'static str,
    class: PyOnceLock<Py<PyType>>,
}

const fn known(module: &'static str, name: &'static str) -> Known {
    Known {
        module,
        name,
        class: PyOnceLock::new(),
    }
}

/// Key classes with one field, the name of the object. The position is part of the format: only ever append.
static KEYS: [Known; 4] = [
    known("proxyrt.connectors.local", "LocalKey"),
    known("proxyrt.connectors.file", "FileKey"),
    known("proxyrt.connectors.shm", "SharedMemoryKey"),
    known("proxyrt.connectors.redis", "RedisKey"),
];

/// Usual classes of targets. The position is part of the format: only ever append.
static CLASSES: [Known; 12] = [
    known("builtins", "str"),
    known("builtins", "bytes"),
    known("builtins", "int"),
    known("builtins", "float"),
    known("builtins", "list"),
    known("builtins", "tuple"),
    known("builtins", "dict"),
    known("builtins", "set"),
    known("builtins", "bytearray"),
    known("builtins", "complex"),
    known("builtins", "frozenset"),
    known("numpy", "ndarray"),
];

impl Known {
    fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyType>> {
        self.class.import(py, self.module, self.name)
    }

    /// Whether `class` is the one. Never imports a module.
    fn is(&self, class: &Bound<'_, PyType>) -> bool {
        let py = class.py();
        if let Some(known) = self.class.get(py) {
            return class.is(known);
        }
        let named = class.name().is_ok_and(|name| name == self.name)
            && class.module().is_ok_and(|module| module == self.module);
        named && self.get(py).is_ok_and(|known| class.is(known))
    }
}

fn position(table: &[Known], class: &Bound<'_, PyType>) -> Option<u8> {
    let index = table.iter().position(|known| known.is(class))?;
    u8::try_from(index + 1).ok()
}

/// The key of an object in its store.
pub(crate) enum Key {
    Object(Py<PyAny>),
    /// A key that has not been needed yet: its class in [`KEYS`], from 1, and its name.
    Token(u8, Token),
}

impl Key {
    pub(crate) fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Object(key) => Ok(key.bind(py).clone()),
            Self::Token(class, token) => {
                let known = &KEYS[usize::from(*class) - 1];
                token::key(known.get(py)?, &token::name(token))
            }
        }
    }

    /// The class and the token, if the key has that form.
    fn token(&self, py: Python<'_>) -> Option<(u8, Token)> {
        match self {
            Self::Token(class, token) => Some((*class, *token)),
            Self::Object(key) => {
                let key = key.bind(py);
                let class = position(&KEYS, &key.get_type())?;
                let name = key.cast::<PyTuple>().ok()?.get_item(0).ok()?;
                Some((class, token::parse(name.extract().ok()?)?))
            }
        }
    }
}

const EVICT: u8 = 1 << 4;
const HASH: u8 = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    None = 0,
    Number = 1,
    Unhashable = 2,
}

/// The message of the error that hashing an instance of a class raises which has no hash.
fn unhashable(class: &Bound<'_, PyType>) -> String {
    format!("unhashable type: '{}'", proxy::type_name(class))
}

/// The class of the keys of the connector in a configuration, from 1, if its short form tells. See `pack` in
/// `proxyrt.store._config`.
fn key_class(config: &[u8]) -> Option<u8> {
    let [first, ..] = config else { return None };
    let usual = match first & 7 {
        0 => return None,
        1 => first >> 3,
        kind => kind - 2,
    };
    // Shared memory, local, file; each twice.
    [3, 1, 2].get(usize::from(usual / 2)).copied()
}

/// Returns the arguments of `_p`.
pub(crate) fn pack<'py>(
    config: &Bound<'py, PyBytes>,
    key: &Key,
    evict: bool,
    class: Option<&Bound<'py, PyAny>>,
    hash: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = config.py();
    let mut item = [0; 2 + 8 + size_of::<Token>()];
    let mut length = 2;
    let ty = class.and_then(|class| class.cast::<PyType>().ok());
    let code = ty.and_then(|ty| position(&CLASSES, ty)).unwrap_or(0);
    let mut kind = Hash::None;
    if let Some(hash) = hash {
        if hash.is_instance_of::<PyInt>() {
            let number: i64 = hash.extract()?;
            item[length..length + 8].copy_from_slice(&number.to_le_bytes());
            length += 8;
            kind = Hash::Number;
        } else if let Some(ty) = ty
            && hash.is_exact_instance_of::<PyTypeError>()
            && hash.str()?.to_str()? == unhashable(ty)
        {
            kind = Hash::Unhashable;
        }
    }
    let token = key.token(py);
    item[0] = if evict { EVICT } else { 0 } | (kind as u8) << HASH;
    item[1] = code;
    if let Some((class, token)) = token {
        item[0] |= class;
        item[length..length + token.len()].copy_from_slice(&token);
        length += token.len();
    }
    let plain = item[1] == 0 && key_class(config.as_bytes()) == Some(item[0]);
    let item = PyBytes::new(py, &item[if plain { 2 } else { 0 }..length]);
    let class = class.filter(|_| code == 0);
    let hash = hash.filter(|_| kind == Hash::None);
    let key = match token {
        None => Some(key.object(py)?),
        Some(_) => None,
    };
    let mut arguments = vec![
        Some(config.as_any()),
        Some(item.as_any()),
        class,
        key.as_ref(),
        hash,
    ];
    while arguments.last().is_some_and(Option::is_none) {
        arguments.pop();
    }
    PyTuple::new(py, arguments)
}

/// What [`pack`] made, taken apart.
struct Unpacked<'py> {
    factory: Bound<'py, StoreFactory>,
    class: Option<Bound<'py, PyAny>>,
    hash: Option<Bound<'py, PyAny>>,
}

fn unpack<'py>(
    py: Python<'py>,
    arguments: &mut dyn Iterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Unpacked<'py>> {
    let mut next = || arguments.next().filter(|value| !value.is_none());
    let (Some(config), Some(item)) = (next(), next()) else {
        return Err(PyTypeError::new_err("at least two arguments expected"));
    };
    let (config, item) = (
        config.cast::<PyBytes>()?,
        item.cast::<PyBytes>()?.as_bytes(),
    );
    let (class, key, hash) = (next(), next(), next());
    let invalid = || PyValueError::new_err("not a pickled proxy of this version of proxyrt");
    let (flags, code, mut rest) = match item {
        token if token.len() == size_of::<Token>() => {
            (key_class(config.as_bytes()).ok_or_else(invalid)?, 0, token)
        }
        [flags, code, rest @ ..] => (*flags, *code, rest),
        _ => return Err(invalid()),
    };
    let class = match code {
        0 => class,
        _ => {
            let known = CLASSES.get(usize::from(code) - 1).ok_or_else(invalid)?;
            Some(known.get(py)?.clone().into_any())
        }
    };
    let hash = match (flags >> HASH) & 3 {
        0 => hash,
        1 => {
            let (number, left) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
            rest = left;
            Some(i64::from_le_bytes(*number).into_pyobject(py)?.into_any())
        }
        2 => {
            let class = class.as_ref().ok_or_else(invalid)?.cast::<PyType>()?;
            let error = PyTypeError::new_err(unhashable(class));
            Some(error.into_value(py).into_bound(py).into_any())
        }
        _ => return Err(invalid()),
    };
    let key = match (flags & 15, key) {
        (0, Some(key)) => Key::Object(key.unbind()),
        (class, None) if (1..=KEYS.len()).contains(&usize::from(class)) => {
            Key::Token(class, rest.try_into().map_err(|_| invalid())?)
        }
        _ => return Err(invalid()),
    };
    let store_config = unpacked_config(config)?;
    let factory = StoreFactory::with_packed_config(
        key,
        store_config.unbind(),
        Some(config.clone().unbind()),
        flags & EVICT != 0,
        None,
    );
    Ok(Unpacked {
        factory: Bound::new(py, factory)?,
        class,
        hash,
    })
}

/// The configuration that `config` is the short form of. Proxies of one store share it.
fn unpacked_config<'py>(config: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyAny>> {
    static KNOWN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static UNPACK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = config.py();
    let known = KNOWN
        .import(py, "proxyrt.store._config", "UNPACKED")?
        .cast::<PyDict>()?;
    match known.get_item(config)? {
        Some(found) => Ok(found),
        None => UNPACK
            .import(py, "proxyrt.store._config", "unpack")?
            .call1((config,)),
    }
}

/// Makes a proxy of the arguments that [`pack`] made.
pub(crate) fn unpack_proxy<'py>(
    py: Python<'py>,
    arguments: &mut dyn Iterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Unpacked {
        factory,
        class,
        hash,
    } = unpack(py, arguments)?;
    proxy::restored(factory.as_any(), class, hash)
}

/// Makes the factory of a proxy of the arguments that [`pack`] made.
pub(crate) fn unpack_factory<'py>(
    py: Python<'py>,
    arguments: &mut dyn Iterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(unpack(py, arguments)?.factory.into_any())
}
