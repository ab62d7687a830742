//! The factory of proxies of stored objects.

use std::time::Instant;

use pyo3::PyTypeInfo;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};

use crate::packed::{self, Key};
use crate::store::{self, StoreCore};

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
    key: Key,
    store_config: Py<PyAny>,
    /// The short form of `store_config`, if it is known.
    packed_config: Option<Py<PyBytes>>,
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
            key: Key::Object(key),
            store_config,
            packed_config: None,
            evict,
            deserializer,
            future: None,
        }
    }

    /// The key of the object in the store.
    #[getter]
    fn key<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let made = match &slf.borrow().key {
            Key::Object(key) => return Ok(key.bind(py).clone()),
            packed @ Key::Token(..) => packed.object(py)?,
        };
        slf.borrow_mut().key = Key::Object(made.clone().unbind());
        Ok(made)
    }

    #[setter]
    fn set_key(&mut self, key: Py<PyAny>) {
        self.key = Key::Object(key);
    }

    /// How to open the store. Proxies share it: assign another one instead of changing it.
    #[getter]
    fn store_config(&self, py: Python<'_>) -> Py<PyAny> {
        self.store_config.clone_ref(py)
    }

    #[setter]
    fn set_store_config(&mut self, config: Py<PyAny>) {
        self.store_config = config;
        self.packed_config = None;
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
        Self::record(slf, "factory.call", start)?;
        Ok(object)
    }

    /// Returns the store, opening it if need be.
    fn get_store<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static STORES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static OPEN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let config = slf.borrow().store_config.bind(py).clone();
        let name = config.getattr(intern!(py, "name"))?;
        let open = STORES
            .import(py, "proxyrt.store._registry", "_stores")?
            .cast::<PyDict>()?
            .get_item(name)?;
        match open {
            Some(store) => Ok(store),
            None => OPEN
                .import(py, "proxyrt.store._registry", "get_or_create_store")?
                .call1((config,)),
        }
    }

    /// Returns the object.
    ///
    /// Raises:
    ///     ProxyResolveMissingKeyError: If the store does not have the object.
    fn resolve<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static MISSING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let start = Instant::now();
        let key = Self::key(slf)?;
        let (evict, deserializer) = {
            let this = slf.borrow();
            let deserializer = this
                .deserializer
                .as_ref()
                .map(|function| function.bind(py).clone());
            (this.evict, deserializer)
        };
        let store = Self::get_store(slf)?;
        let found = if let Some(core) = store::exact(&store)? {
            StoreCore::fetch(core, &key, deserializer.as_ref())?
        } else {
            let missing = MISSING.get_or_try_init(py, || {
                PyResult::Ok(PyAny::type_object(py).call0()?.unbind())
            })?;
            let keywords = PyDict::new(py);
            keywords.set_item(intern!(py, "deserializer"), deserializer)?;
            keywords.set_item(intern!(py, "default"), missing)?;
            let found = store.call_method(intern!(py, "get"), (&key,), Some(&keywords))?;
            (!found.is(missing)).then_some(found)
        };
        let Some(object) = found else {
            let name: String = store.getattr("name")?.extract()?;
            return Err(ProxyResolveMissingKeyError::new_err((
                key.unbind(),
                store.get_type().unbind(),
                name,
            )));
        };
        if evict {
            store.call_method1(intern!(py, "evict"), (key,))?;
        }
        Self::record(slf, "factory.resolve", start)?;
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
        static RESTORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static PACKED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        if let Some(arguments) = Self::packed(slf, None, None)? {
            let restore = PACKED.import(py, "proxyrt._proxyrt", "_factory")?;
            return PyTuple::new(py, [restore, arguments.as_any()]);
        }
        let key = Self::key(slf)?;
        let this = slf.borrow();
        let arguments = (
            slf.get_type(),
            key,
            this.store_config.bind(py),
            this.evict,
            this.deserializer.as_ref(),
        )
            .into_pyobject(py)?;
        let restore = RESTORE.import(py, "proxyrt.store._config", "restore_factory")?;
        PyTuple::new(py, [restore, arguments.as_any()])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let key = Self::key(slf)?;
        let store = slf.borrow().store_config.bind(slf.py()).getattr("name")?;
        let name = slf.get_type().name()?;
        Ok(format!("{name}({}, store={})", key.repr()?, store.repr()?))
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
        if let Key::Object(key) = &self.key {
            visit.call(key)?;
        }
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
    /// A factory whose configuration has a known short form.
    pub(crate) fn with_packed_config(
        key: Key,
        store_config: Py<PyAny>,
        packed_config: Option<Py<PyBytes>>,
        evict: bool,
        deserializer: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            key,
            store_config,
            packed_config,
            evict,
            deserializer,
            future: None,
        }
    }

    /// The short form of a factory and of what a proxy knows of its target; `None` if there is no such form.
    pub(crate) fn packed<'py>(
        slf: &Bound<'py, Self>,
        class: Option<&Bound<'py, PyAny>>,
        hash: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        static PACK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let this = slf.borrow();
        if !slf.is_exact_instance_of::<Self>() || this.deserializer.is_some() {
            return Ok(None);
        }
        let config = match &this.packed_config {
            Some(config) => config.bind(py).clone(),
            None => {
                let pack = PACK.import(py, "proxyrt.store._config", "pack")?;
                let packed = pack.call1((this.store_config.bind(py),))?;
                if packed.is_none() {
                    return Ok(None);
                }
                packed.cast_into::<PyBytes>()?
            }
        };
        packed::pack(&config, &this.key, this.evict, class, hash).map(Some)
    }

    /// Notes how long an operation took, if the store measures.
    fn record(slf: &Bound<'_, Self>, name: &str, start: Instant) -> PyResult<()> {
        let store = Self::get_store(slf)?;
        let measures = match store::exact(&store)? {
            Some(core) => core.borrow().measures(),
            None => true,
        };
        if !measures {
            return Ok(());
        }
        let metrics = store.getattr(intern!(slf.py(), "metrics"))?;
        if metrics.is_none() {
            return Ok(());
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        metrics.call_method1("add_time", (name, Self::key(slf)?, milliseconds))?;
        Ok(())
    }
}
