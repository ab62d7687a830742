//! The factory of proxies of stored objects.

use std::time::Instant;

use pyo3::PyTypeInfo;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

pyo3::import_exception!(proxyrt.store.exceptions, ProxyResolveMissingKeyError);

/// Gets an object from its store. The store is opened if this process has none of its name.
///
/// Args:
///     key: The key of the object in the store.
///     store_config: How to open the store.
///     evict: Whether to remove the object from the store once it has been resolved.
///     deserializer: Used instead of the store's.
#[pyclass(subclass, weakref, module = "proxyrt.store.factory")]
pub(crate) struct StoreFactory {
    #[pyo3(get, set)]
    key: Py<PyAny>,
    #[pyo3(get, set)]
    store_config: Py<PyAny>,
    #[pyo3(get, set)]
    evict: bool,
    #[pyo3(get, set)]
    deserializer: Option<Py<PyAny>>,
    /// The result that `resolve_async` has asked for.
    #[pyo3(get, set, name = "_obj_future")]
    future: Option<Py<PyAny>>,
}

#[pymethods]
impl StoreFactory {
    #[new]
    #[pyo3(signature = (key, store_config, *, evict = false, deserializer = None))]
    fn new(
        key: Py<PyAny>,
        store_config: Py<PyAny>,
        evict: bool,
        deserializer: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            key,
            store_config,
            evict,
            deserializer,
            future: None,
        }
    }

    fn __call__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let start = Instant::now();
        let future = slf.borrow_mut().future.take();
        let object = match future {
            Some(future) => future.bind(py).call_method0(intern!(py, "result"))?,
            None if slf.is_exact_instance_of::<Self>() => Self::resolve(slf)?,
            None => slf.call_method0(intern!(py, "resolve"))?,
        };
        let metrics = Self::get_store(slf)?.getattr(intern!(py, "metrics"))?;
        Self::record(slf, &metrics, "factory.call", start)?;
        Ok(object)
    }

    /// Returns the store, opening it if need be.
    fn get_store<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static OPEN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let config = slf.borrow().store_config.clone_ref(py);
        OPEN.import(py, "proxyrt.store._registry", "get_or_create_store")?
            .call1((config,))
    }

    /// Returns the object.
    ///
    /// Raises:
    ///     ProxyResolveMissingKeyError: If the store does not have the object.
    fn resolve<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static MISSING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let start = Instant::now();
        let (key, evict, deserializer) = {
            let this = slf.borrow();
            let deserializer = this
                .deserializer
                .as_ref()
                .map(|function| function.clone_ref(py));
            (this.key.clone_ref(py), this.evict, deserializer)
        };
        let missing = MISSING.get_or_try_init(py, || {
            PyResult::Ok(PyAny::type_object(py).call0()?.unbind())
        })?;
        let store = Self::get_store(slf)?;
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "deserializer"), deserializer)?;
        keywords.set_item(intern!(py, "default"), missing)?;
        let object = store.call_method(intern!(py, "get"), (&key,), Some(&keywords))?;
        if object.is(missing) {
            let name: String = store.getattr("name")?.extract()?;
            return Err(ProxyResolveMissingKeyError::new_err((
                key,
                store.get_type().unbind(),
                name,
            )));
        }
        if evict {
            store.call_method1(intern!(py, "evict"), (key,))?;
        }
        let metrics = store.getattr(intern!(py, "metrics"))?;
        Self::record(slf, &metrics, "factory.resolve", start)?;
        Ok(object)
    }

    /// Starts to get the object in another thread; the next call of the factory waits for it.
    fn resolve_async(slf: &Bound<'_, Self>) -> PyResult<()> {
        static SUBMIT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let submit = SUBMIT.import(py, "proxyrt.store._background", "submit")?;
        let future = submit.call1((slf.getattr("resolve")?,))?;
        slf.borrow_mut().future = Some(future.unbind());
        Ok(())
    }

    /// The arguments; not a result that is under way, which belongs to this process.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        static REDUCE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let this = slf.borrow();
        REDUCE
            .import(py, "proxyrt.store._pickle", "reduce")?
            .call1((
                slf.get_type(),
                this.key.bind(py),
                this.store_config.bind(py),
                this.evict,
                this.deserializer.as_ref(),
            ))?
            .cast_into::<PyTuple>()
            .map_err(PyErr::from)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.borrow();
        let py = slf.py();
        let store = this.store_config.bind(py).getattr("name")?;
        let name = slf.get_type().name()?;
        Ok(format!(
            "{name}({}, store={})",
            this.key.bind(py).repr()?,
            store.repr()?
        ))
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
        visit.call(&self.key)?;
        visit.call(&self.store_config)?;
        visit.call(&self.deserializer)?;
        visit.call(&self.future)
    }

    fn __clear__(&mut self) {
        self.deserializer = None;
        self.future = None;
    }
}

impl StoreFactory {
    /// Notes how long an operation took, if the store measures.
    fn record(
        slf: &Bound<'_, Self>,
        metrics: &Bound<'_, PyAny>,
        name: &str,
        start: Instant,
    ) -> PyResult<()> {
        if metrics.is_none() {
            return Ok(());
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        let key = slf.borrow().key.clone_ref(slf.py());
        metrics.call_method1("add_time", (name, key, milliseconds))?;
        Ok(())
    }
}
