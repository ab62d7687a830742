//! Names of objects that no other process chooses: 96 random bits.

use std::cell::RefCell;
use std::process;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pyo3::PyTypeInfo;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

/// The bits of a name.
pub(crate) type Token = [u8; 12];

/// The length of a name: URL-safe Base64 of a token, without padding.
const LENGTH: usize = size_of::<Token>() / 3 * 4;

/// How many tokens one system call makes.
const BATCH: usize = 32;

struct Pool {
    /// The process that the bits were drawn by: a forked child must not use them again.
    process: u32,
    left: usize,
    tokens: [Token; BATCH],
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { process: 0, left: 0, tokens: [[0; size_of::<Token>()]; BATCH] })
    };
}

fn draw() -> Result<Token, getrandom::Error> {
    POOL.with_borrow_mut(|pool| {
        if pool.left == 0 || pool.process != process::id() {
            getrandom::fill(pool.tokens.as_flattened_mut())?;
            pool.process = process::id();
            pool.left = BATCH;
        }
        pool.left -= 1;
        Ok(pool.tokens[pool.left])
    })
}

/// The name that a token stands for.
pub(crate) fn name(token: &Token) -> String {
    URL_SAFE_NO_PAD.encode(token)
}

/// The token of a name, if it is one.
pub(crate) fn parse(name: &str) -> Option<Token> {
    let mut token = Token::default();
    match URL_SAFE_NO_PAD.decode_slice(name, &mut token) {
        Ok(length) if name.len() == LENGTH && length == token.len() => Some(token),
        _ => None,
    }
}

/// Makes a key of a class that has one field, as `NamedTuple` classes do, but without a call of Python code.
pub(crate) fn key<'py>(class: &Bound<'py, PyType>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = class.py();
    NEW.get_or_try_init(py, || {
        PyResult::Ok(PyTuple::type_object(py).getattr("__new__")?.unbind())
    })?
    .bind(py)
    .call1((class, (name,)))
}

/// A name that no other object has.
pub(crate) fn new_name() -> PyResult<String> {
    match draw() {
        Ok(token) => Ok(name(&token)),
        Err(error) => Err(PyOSError::new_err(error.to_string())),
    }
}

/// Makes a new key.
///
/// Args:
///     class: A `NamedTuple` with one field, the name of an object.
#[pyfunction]
#[pyo3(signature = (class, /))]
pub(crate) fn new_key<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    key(class, &new_name()?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Token, draw, name, parse};

    #[test]
    fn tokens_differ_and_survive_their_names() {
        let tokens: Vec<Token> = (0..1000).map(|_| draw().unwrap()).collect();
        assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 1000);
        for token in tokens {
            assert_eq!(parse(&name(&token)), Some(token));
        }
    }

    #[test]
    fn other_names_are_no_tokens() {
        for name in [
            "",
            "x",
            "abcdefghijklmno",
            "abcdefghijklmnop\u{e9}",
            "abcdefghijklmno=",
            "abcdefghijklmnopqrst",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
