//! What a store does for each object: the hot half of `proxyrt.store.base.Store`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyException, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView, PyString, PyTuple, PyType};

use crate::cache::LRUCache;
use crate::factory::StoreFactory;
use crate::packed::Key;
use crate::proxy;
use crate::serialize::{self, SerializationError};

pyo3::import_exception!(proxyrt.store.exceptions, NonProxiableTypeError);

/// The operations of a store that every object goes through. `Store` adds the rest.
#[pyclass(subclass, weakref, module = "proxyrt._proxyrt")]
pub(crate) struct StoreCore {
    /// Shared with the operations that are under way; `None` before `__init__`.
    state: Option<Arc<State>>,
}

struct State {
    name: Py<PyString>,
    /// The connector that `frames` is about. The one in use is the attribute `connector` of the store.
    connector: Py<PyAny>,
    cache: Py<LRUCache>,
    serializer: Option<Py<PyAny>>,
    deserializer: Option<Py<PyAny>>,
    metrics: Option<Py<PyAny>>,
    /// Held while the connector is used, if only one thread may.
    lock: Option<Py<PyAny>>,
    config: Py<PyAny>,
    packed_config: Option<Py<PyBytes>>,
    populate_target: bool,
    allow_pickle: bool,
    /// Whether the connector takes frames, and whether it wants checksums of large ones.
    frames: Option<bool>,
}

#[pymethods]
impl StoreCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { state: None }
    }

    #[pyo3(signature = (*, name, connector, cache, serializer, deserializer, metrics, lock, config, packed_config, populate_target, allow_pickle))]
    #[expect(clippy::too_many_arguments, reason = "called once, with names")]
    fn _setup(
        &mut self,
        name: Py<PyString>,
        connector: Bound<'_, PyAny>,
        cache: Py<LRUCache>,
        serializer: Option<Py<PyAny>>,
        deserializer: Option<Py<PyAny>>,
        metrics: Option<Py<PyAny>>,
        lock: Option<Py<PyAny>>,
        config: Py<PyAny>,
        packed_config: Option<Py<PyBytes>>,
        populate_target: bool,
        allow_pickle: bool,
    ) {
        let frames = frames(&connector);
        self.state = Some(Arc::new(State {
            name,
            connector: connector.unbind(),
            cache,
            serializer,
            deserializer,
            metrics,
            lock,
            config,
            packed_config,
            populate_target,
            allow_pickle,
            frames,
        }));
    }

    /// The name.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<Py<PyString>> {
        Ok(self.state()?.name.clone_ref(py))
    }

    /// The objects at hand.
    #[getter]
    fn cache(&self, py: Python<'_>) -> PyResult<Py<LRUCache>> {
        Ok(self.state()?.cache.clone_ref(py))
    }

    /// What has been measured, or None.
    #[getter]
    fn metrics(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let state = self.state()?;
        Ok(state.metrics.as_ref().map(|metrics| metrics.clone_ref(py)))
    }

    #[getter]
    fn _config(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.state()?.config.clone_ref(py))
    }

    #[getter]
    fn _serializer(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let state = self.state()?;
        Ok(state
            .serializer
            .as_ref()
            .map(|serializer| serializer.clone_ref(py)))
    }

    #[getter]
    fn _deserializer(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let state = self.state()?;
        Ok(state
            .deserializer
            .as_ref()
            .map(|deserializer| deserializer.clone_ref(py)))
    }

    #[getter]
    fn _populate_target(&self) -> PyResult<bool> {
        Ok(self.state()?.populate_target)
    }

    /// Makes the bytes of an object, or a frame if the connector takes that.
    #[pyo3(signature = (obj, serializer, /))]
    fn _encode<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        serializer: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let state = slf.borrow().state()?;
        state.encode(&connector(slf)?, obj, serializer)
    }

    /// The default deserializer: arrays can be changed in place.
    #[pyo3(signature = (data, /))]
    fn _deserialize<'py>(&self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        serialize::deserialize(data, self.state()?.allow_pickle, true)
    }

    /// Keeps an object and returns its key; further arguments are the connector's.
    ///
    /// Args:
    ///     obj: The object.
    ///     lifetime: Evicts the object when it ends.
    ///     serializer: Used instead of the store's.
    ///     kwargs: For the connector.
    ///
    /// Raises:
    ///     SerializationError: If the object cannot be serialized.
    ///     TypeError: If `serializer` returns no bytes.
    #[pyo3(signature = (obj, *, lifetime = None, serializer = None, **kwargs))]
    fn put<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        lifetime: Option<&Bound<'py, PyAny>>,
        serializer: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let state = slf.borrow().state()?;
        let key = state.put(&connector(slf)?, obj, serializer, kwargs)?;
        if let Some(lifetime) = lifetime {
            live(slf, lifetime, &key)?;
        }
        Ok(key)
    }

    /// Returns the object of a key, or `default` if there is none.
    ///
    /// Args:
    ///     key: The key.
    ///     deserializer: Used instead of the store's.
    ///     default: The result if there is no object.
    ///
    /// Raises:
    ///     SerializationError: If the object cannot be read.
    #[pyo3(signature = (key, *, deserializer = None, default = None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        deserializer: Option<&Bound<'py, PyAny>>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Self::fetch(slf, key, deserializer)?.or(default))
    }

    /// Removes the object of a key, if there is one.
    #[pyo3(signature = (key))]
    fn evict<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = key.py();
        let state = slf.borrow().state()?;
        let used = connector(slf)?;
        let watch = watch(py)?;
        let clock = state.clock();
        let took = state.exclusively(py, || {
            let connector = state.clock();
            used.call_method1(intern!(py, "evict"), (key,))?;
            let took = connector.elapsed();
            state.cache.get().evict(key)?;
            Ok(took)
        })?;
        state.log("evict", key, None, watch)?;
        state.time("store.evict.connector", key, took)?;
        state.time("store.evict", key, clock.elapsed())
    }

    /// Tells whether there is an object of a key.
    #[pyo3(signature = (key))]
    fn exists<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<bool> {
        let py = key.py();
        let state = slf.borrow().state()?;
        let clock = state.clock();
        let mut found = state.cache.get().exists(key)?;
        if !found {
            let used = connector(slf)?;
            let connector = state.clock();
            found = state.exclusively(py, || {
                used.call_method1(intern!(py, "exists"), (key,))?
                    .is_truthy()
            })?;
            state.time("store.exists.connector", key, connector.elapsed())?;
        }
        state.time("store.exists", key, clock.elapsed())?;
        Ok(found)
    }

    /// Tells whether the object of a key is at hand.
    #[pyo3(signature = (key))]
    fn is_cached(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.state()?.cache.get().exists(key)
    }

    /// Keeps an object and returns a proxy of it.
    ///
    /// Args:
    ///     obj: The object.
    ///     evict: Whether to remove the object once a proxy has been resolved.
    ///     lifetime: Evicts the object when it ends.
    ///     serializer: Used instead of the store's.
    ///     deserializer: Used instead of the store's.
    ///     populate_target: Whether the proxy is resolved. Default: what the store was told.
    ///     skip_nonproxiable: Whether to return None, True and False as they are.
    ///     kwargs: For the connector.
    ///
    /// Raises:
    ///     NonProxiableTypeError: If the object is None, True or False.
    ///     ValueError: If both `evict` and `lifetime` are given.
    #[pyo3(signature = (obj, *, evict = false, lifetime = None, serializer = None, deserializer = None, populate_target = None, skip_nonproxiable = false, **kwargs))]
    #[expect(clippy::too_many_arguments, reason = "ProxyStore's")]
    fn proxy<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        evict: bool,
        lifetime: Option<&Bound<'py, PyAny>>,
        serializer: Option<&Bound<'py, PyAny>>,
        deserializer: Option<&Bound<'py, PyAny>>,
        populate_target: Option<bool>,
        skip_nonproxiable: bool,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        require_one_end(evict, lifetime.is_some())?;
        if is_constant(obj) {
            if skip_nonproxiable {
                return Ok(obj.clone());
            }
            return Err(not_proxiable());
        }
        let state = slf.borrow().state()?;
        let clock = state.clock();
        let key = if is_exact(slf.as_any())? {
            state.put(&connector(slf)?, obj, serializer, kwargs)?
        } else {
            // A subclass may put objects its own way.
            let arguments = kwargs.map_or_else(|| Ok(PyDict::new(py)), |kwargs| kwargs.copy())?;
            arguments.set_item("serializer", serializer)?;
            slf.call_method("put", (obj,), Some(&arguments))?
        };
        let proxy = state.make(&key, Some(obj), evict, deserializer, populate_target)?;
        if let Some(lifetime) = lifetime {
            live(slf, lifetime, &key)?;
        }
        state.time("store.proxy", &key, clock.elapsed())?;
        Ok(proxy)
    }

    /// Makes a proxy of the object of a key, which is `obj` if that is known.
    #[pyo3(signature = (key, obj, evict, deserializer, populate_target, /))]
    fn _make<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        obj: Option<&Bound<'py, PyAny>>,
        evict: bool,
        deserializer: Option<&Bound<'py, PyAny>>,
        populate_target: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.state()?
            .make(key, obj, evict, deserializer, populate_target)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        visit.call(&state.connector)?;
        visit.call(&state.cache)?;
        visit.call(&state.serializer)?;
        visit.call(&state.deserializer)?;
        visit.call(&state.metrics)?;
        visit.call(&state.lock)?;
        visit.call(&state.config)
    }

    fn __clear__(&mut self) {
        self.state = None;
    }
}

impl StoreCore {
    fn state(&self) -> PyResult<Arc<State>> {
        self.state
            .clone()
            .ok_or_else(|| PyRuntimeError::new_err("Store.__init__ has not been called"))
    }

    /// Whether operations are measured.
    pub(crate) fn measures(&self) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| state.metrics.is_some())
    }

    /// The object of a key, if there is one.
    pub(crate) fn fetch<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        deserializer: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let state = slf.borrow().state()?;
        let clock = state.clock();
        let cache = state.cache.get();
        if let Some(cached) = cache.get(key)? {
            state.count("store.get.cache_hits", key)?;
            state.time("store.get", key, clock.elapsed())?;
            return Ok(Some(cached));
        }
        let py = slf.py();
        let evictions = cache.evictions();
        let used = connector(slf)?;
        let watch = watch(py)?;
        let connector = state.clock();
        let data = state.exclusively(py, || used.call_method1(intern!(py, "get"), (key,)))?;
        state.count("store.get.cache_misses", key)?;
        state.time("store.get.connector", key, connector.elapsed())?;
        if data.is_none() {
            state.log("get", key, None, watch)?;
            state.time("store.get", key, clock.elapsed())?;
            return Ok(None);
        }
        let clock_of_deserializer = state.clock();
        let deserializer = match deserializer {
            Some(deserializer) => Some(deserializer),
            None => state.deserializer.as_ref().map(|own| own.bind(py)),
        };
        let read = match deserializer {
            Some(deserializer) => deserializer.call1((&data,)),
            None => serialize::deserialize(&data, state.allow_pickle, true),
        };
        let obj = read.map_err(|error| unreadable(key, deserializer, error))?;
        if state.metrics.is_some() {
            state.time(
                "store.get.deserialize",
                key,
                clock_of_deserializer.elapsed(),
            )?;
            state.attribute("store.get.object_size", key, data.len()?)?;
        }
        cache.set(key, &obj, Some(evictions))?;
        if watch.is_some() {
            state.log("get", key, Some(data.len()?), watch)?;
        }
        state.time("store.get", key, clock.elapsed())?;
        Ok(Some(obj))
    }
}

/// The store, if it is a `Store` and of no subclass, so that its methods are the ones here.
pub(crate) fn exact<'a, 'py>(
    store: &'a Bound<'py, PyAny>,
) -> PyResult<Option<&'a Bound<'py, StoreCore>>> {
    Ok(if is_exact(store)? {
        store.cast::<StoreCore>().ok()
    } else {
        None
    })
}

fn is_exact(store: &Bound<'_, PyAny>) -> PyResult<bool> {
    static STORE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = STORE.import(store.py(), "proxyrt.store.base", "Store")?;
    Ok(store.get_type().is(class))
}

fn is_constant(obj: &Bound<'_, PyAny>) -> bool {
    obj.is_none() || obj.is_exact_instance_of::<pyo3::types::PyBool>()
}

fn not_proxiable() -> PyErr {
    NonProxiableTypeError::new_err("None, True and False are not proxiable.")
}

fn require_one_end(evict: bool, lifetime: bool) -> PyResult<()> {
    if evict && lifetime {
        return Err(PyValueError::new_err(
            "The evict and lifetime parameters are mutually exclusive. Only set one of evict or lifetime.",
        ));
    }
    Ok(())
}

/// Whether a connector takes frames, and whether it wants checksums of large ones.
fn frames(connector: &Bound<'_, PyAny>) -> Option<bool> {
    let says = |name: &str| {
        let value = connector.getattr(name);
        value.is_ok_and(|value| value.extract().unwrap_or(false))
    };
    says("accepts_frames").then(|| says("checksum"))
}

/// Where a store keeps its objects.
fn connector<'py>(store: &Bound<'py, StoreCore>) -> PyResult<Bound<'py, PyAny>> {
    store.getattr(intern!(store.py(), "connector"))
}

/// Ties an object to a lifetime.
fn live<'py>(
    store: &Bound<'py, StoreCore>,
    lifetime: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let keywords = PyDict::new(store.py());
    keywords.set_item("store", store)?;
    lifetime.call_method("add_key", (key,), Some(&keywords))?;
    Ok(())
}

/// The error for an object that the deserializer failed on. What is no `Exception`, such as an interrupt, passes.
fn unreadable(
    key: &Bound<'_, PyAny>,
    deserializer: Option<&Bound<'_, PyAny>>,
    error: PyErr,
) -> PyErr {
    let py = key.py();
    if !error.is_instance_of::<PyException>(py) {
        return error;
    }
    let name = match deserializer {
        Some(deserializer) => deserializer.repr().map(|name| name.to_string()),
        None => Ok("the default".to_owned()),
    };
    let (name, key) = match (name, key.str()) {
        (Ok(name), Ok(key)) => (name, key),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    let wrapped = SerializationError::new_err(format!(
        "Failed to deserialize object (deserializer={name}, key={key}): {}",
        error.value(py)
    ));
    wrapped.set_cause(py, Some(error));
    wrapped
}

/// A stopwatch that only runs if operations are logged.
fn watch(py: Python<'_>) -> PyResult<Option<Instant>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    const DEBUG: i32 = 10;
    let logger = LOGGER.import(py, "proxyrt.store._log", "logger")?;
    let enabled = logger.call_method1(intern!(py, "isEnabledFor"), (DEBUG,))?;
    Ok(enabled.is_truthy()?.then(Instant::now))
}

/// A stopwatch that only runs if the store measures.
struct Clock(Option<Instant>);

impl Clock {
    fn elapsed(&self) -> Option<Duration> {
        self.0.map(|start| start.elapsed())
    }
}

impl State {
    /// Runs `f` while no other thread uses the connector, if the connector needs that.
    fn exclusively<R>(&self, py: Python<'_>, f: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
        let Some(lock) = &self.lock else {
            return f();
        };
        let lock = lock.bind(py);
        lock.call_method0(intern!(py, "acquire"))?;
        let result = f();
        lock.call_method0(intern!(py, "release"))?;
        result
    }

    fn encode<'py>(
        &self,
        connector: &Bound<'py, PyAny>,
        obj: &Bound<'py, PyAny>,
        serializer: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = obj.py();
        let serializer = match serializer {
            Some(serializer) => Some(serializer),
            None => self.serializer.as_ref().map(|own| own.bind(py)),
        };
        if let Some(serializer) = serializer {
            let data = serializer.call1((obj,))?;
            let is_bytes = data.is_instance_of::<PyBytes>()
                || data.is_instance_of::<PyByteArray>()
                || data.is_instance_of::<PyMemoryView>();
            if !is_bytes {
                return Err(PyTypeError::new_err(
                    "Serializer must return a bytes-like object.",
                ));
            }
            return Ok(data);
        }
        let frames = if connector.is(&self.connector) {
            self.frames
        } else {
            frames(connector)
        };
        match frames {
            Some(checksum) => Ok(Bound::new(py, serialize::encode(obj, checksum)?)?.into_any()),
            None => Ok(serialize::serialize(obj, false)?.into_any()),
        }
    }

    fn put<'py>(
        &self,
        connector: &Bound<'py, PyAny>,
        obj: &Bound<'py, PyAny>,
        serializer: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = obj.py();
        let watch = watch(py)?;
        let clock = self.clock();
        let data = self.encode(connector, obj, serializer)?;
        let serialize = clock.elapsed();
        let clock_of_connector = self.clock();
        let key = self.exclusively(py, || match kwargs {
            None => connector.call_method1(intern!(py, "put"), (&data,)),
            Some(_) => connector.call_method(intern!(py, "put"), (&data,), kwargs),
        })?;
        if watch.is_some() {
            self.log("put", &key, Some(data.len()?), watch)?;
        }
        if self.metrics.is_some() {
            let connector = clock_of_connector.elapsed();
            self.attribute("store.put.object_size", &key, data.len()?)?;
            self.time("store.put.serialize", &key, serialize)?;
            self.time("store.put.connector", &key, connector)?;
            self.time("store.put", &key, clock.elapsed())?;
        }
        Ok(key)
    }

    fn make<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        obj: Option<&Bound<'py, PyAny>>,
        evict: bool,
        deserializer: Option<&Bound<'py, PyAny>>,
        populate_target: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let factory = StoreFactory::with_packed_config(
            Key::Object(key.clone().unbind()),
            self.config.clone_ref(py),
            self.packed_config
                .as_ref()
                .map(|packed| packed.clone_ref(py)),
            evict,
            deserializer.map(|deserializer| deserializer.clone().unbind()),
        );
        let factory = Bound::new(py, factory)?;
        let target = obj.filter(|_| populate_target.unwrap_or(self.populate_target));
        proxy::made(factory.as_any(), target)
    }

    /// Logs an operation, if the stopwatch runs.
    fn log(
        &self,
        operation: &str,
        key: &Bound<'_, PyAny>,
        size: Option<usize>,
        watch: Option<Instant>,
    ) -> PyResult<()> {
        static LOG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let Some(start) = watch else {
            return Ok(());
        };
        let py = key.py();
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        LOG.import(py, "proxyrt.store._log", "log_operation")?
            .call1((&self.name, operation, key, size, milliseconds))
            .map(drop)
    }

    fn clock(&self) -> Clock {
        Clock(self.metrics.is_some().then(Instant::now))
    }

    fn time(&self, name: &str, key: &Bound<'_, PyAny>, took: Option<Duration>) -> PyResult<()> {
        let (Some(metrics), Some(took)) = (&self.metrics, took) else {
            return Ok(());
        };
        let milliseconds = took.as_secs_f64() * 1e3;
        metrics
            .bind(key.py())
            .call_method1("add_time", (name, key, milliseconds))
            .map(drop)
    }

    fn count(&self, name: &str, key: &Bound<'_, PyAny>) -> PyResult<()> {
        match &self.metrics {
            None => Ok(()),
            Some(metrics) => metrics
                .bind(key.py())
                .call_method1("add_counter", (name, key, 1))
                .map(drop),
        }
    }

    fn attribute(&self, name: &str, key: &Bound<'_, PyAny>, value: usize) -> PyResult<()> {
        match &self.metrics {
            None => Ok(()),
            Some(metrics) => metrics
                .bind(key.py())
                .call_method1("add_attribute", (name, key, value))
                .map(drop),
        }
    }
}
