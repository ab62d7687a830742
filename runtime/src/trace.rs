//! The hook that is told who resolved a proxy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;

static ON: AtomicBool = AtomicBool::new(false);
static HOOK: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Sets the callable that is called as `hook(proxy, seconds, error)` after each call of a factory, or `None`.
#[pyfunction]
#[pyo3(signature = (hook, /))]
pub(crate) fn set_trace_hook(hook: Option<Py<PyAny>>) {
    ON.store(hook.is_some(), Ordering::Relaxed);
    let old = std::mem::replace(
        &mut *HOOK.lock().unwrap_or_else(PoisonError::into_inner),
        hook,
    );
    drop(old);
}

/// Calls the hook. Its own errors go to `sys.unraisablehook`: tracing must not change what a program does.
pub(crate) fn report(proxy: &Bound<'_, PyAny>, elapsed: Duration, error: Option<&PyErr>) {
    let py = proxy.py();
    let hook = HOOK
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
        .map(|hook| hook.clone_ref(py));
    let Some(hook) = hook else { return };
    let error = error.map(|error| error.value(py));
    if let Err(error) = hook.call1(py, (proxy, elapsed.as_secs_f64(), error)) {
        error.write_unraisable(py, Some(hook.bind(py)));
    }
}
