//! The objects used last.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyDict, PyType};

/// Keeps the values used last. Threads may share it.
///
/// Args:
///     maxsize: How many values to keep.
///
/// Raises:
///     ValueError: If `maxsize` is negative.
#[pyclass(frozen, module = "proxyrt.store.cache")]
pub(crate) struct LRUCache {
    maxsize: usize,
    /// An `OrderedDict`, the value used last at its end.
    data: Py<PyDict>,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

#[pymethods]
impl LRUCache {
    #[new]
    #[pyo3(signature = (maxsize = 16))]
    fn new(py: Python<'_>, maxsize: isize) -> PyResult<Self> {
        let maxsize = usize::try_from(maxsize)
            .map_err(|_| PyValueError::new_err("Cache size must be >= 0"))?;
        let data = PyModule::import(py, "collections")?
            .getattr("OrderedDict")?
            .call0()?
            .cast_into::<PyDict>()?;
        Ok(Self {
            maxsize,
            data: data.unbind(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        })
    }

    /// How many values are kept at most.
    #[getter]
    fn maxsize(&self) -> usize {
        self.maxsize
    }

    /// How often `get` found a value.
    #[getter]
    fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// How often `get` found none.
    #[getter]
    fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// How often `evict` has been called.
    #[getter]
    pub(crate) fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Acquire)
    }

    /// Forgets the value of a key.
    #[pyo3(signature = (key))]
    pub(crate) fn evict(&self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = self.data.bind(key.py());
        with_critical_section(data, || {
            self.evictions.fetch_add(1, Ordering::AcqRel);
            // Usually there is none, and an exception costs more than to look.
            if !data.contains(key)? {
                return Ok(());
            }
            match data.as_any().del_item(key) {
                Err(error) if !error.is_instance_of::<PyKeyError>(key.py()) => Err(error),
                _ => Ok(()),
            }
        })
    }

    /// Tells whether there is a value of a key.
    #[pyo3(signature = (key))]
    pub(crate) fn exists(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.data.bind(key.py()).contains(key)
    }

    /// Returns the value of a key, or `default`.
    #[pyo3(name = "get", signature = (key, default = None))]
    fn get_or<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.get(key)?.or(default))
    }

    /// Remembers the value of a key.
    ///
    /// Args:
    ///     key: The key.
    ///     value: The value.
    ///     evictions: What `evictions` was when the value was read. If it has changed since, the value may be out of
    ///         date and is not remembered.
    #[pyo3(signature = (key, value, *, evictions = None))]
    pub(crate) fn set(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        evictions: Option<u64>,
    ) -> PyResult<()> {
        if self.maxsize == 0 {
            return Ok(());
        }
        let py = key.py();
        let data = self.data.bind(py);
        with_critical_section(data, || {
            if evictions.is_some_and(|evictions| evictions != self.evictions()) {
                return Ok(());
            }
            let ordered = data.as_any();
            ordered.set_item(key, value)?;
            ordered.call_method1(intern!(py, "move_to_end"), (key,))?;
            if data.len() > self.maxsize {
                // The oldest: `last=False`.
                ordered.call_method1(intern!(py, "popitem"), (false,))?;
            }
            Ok(())
        })
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        cls: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let alias = PyModule::import(cls.py(), "types")?.getattr("GenericAlias")?;
        alias.call1((cls, item))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.data)
    }
}

impl LRUCache {
    /// The value of a key, which is the one used last from now on.
    pub(crate) fn get<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = key.py();
        let data = self.data.bind(py);
        with_critical_section(data, || {
            let Some(value) = data.get_item(key)? else {
                self.misses.fetch_add(1, Ordering::Relaxed);
                return Ok(None);
            };
            self.hits.fetch_add(1, Ordering::Relaxed);
            match data
                .as_any()
                .call_method1(intern!(py, "move_to_end"), (key,))
            {
                // Comparing keys may run Python code, and another thread evict the value meanwhile.
                Err(error) if !error.is_instance_of::<PyKeyError>(py) => Err(error),
                _ => Ok(Some(value)),
            }
        })
    }
}
