//! `proxyrt._proxyrt`: the compiled half of the Python package `proxyrt`. Private; `python/proxyrt` is the API.

mod borrow;
mod cache;
mod factory;
mod files;
mod frame;
mod memory;
mod packed;
mod proxy;
mod serialize;
mod shared;
mod store;
mod token;
mod trace;

use pyo3::prelude::*;

/// Resolves a proxy in another thread. A use of the proxy waits for it once it has begun.
///
/// At most 32 proxies are resolved at a time, the others wait for their turn; using one of them resolves it at once. If the factory raises, the first use of the proxy calls
/// it again and raises then.
#[pyfunction]
#[pyo3(signature = (proxy, /))]
fn resolve_async(proxy: &Bound<'_, PyAny>) -> PyResult<()> {
    if !proxy::check(proxy) {
        return Err(proxy::not_a_proxy());
    }
    proxy::resolve::resolve_in_background(proxy)
}

/// Waits for all resolutions in the background.
#[pyfunction]
fn join_background(py: Python<'_>) {
    proxy::resolve::join_background(py);
}

/// Tells the extension that it runs in a forked child.
#[pyfunction]
fn after_fork() {
    proxy::resolve::after_fork();
}

/// Makes every operation on a proxy raise `ReferenceInvalidError`, or undoes that.
#[pyfunction]
#[pyo3(signature = (proxy, valid, /))]
fn set_valid(proxy: &Bound<'_, PyAny>, valid: bool) -> PyResult<()> {
    proxy::set_valid(proxy, valid)
}

/// Whether operations on a proxy are allowed.
#[pyfunction]
#[pyo3(signature = (proxy, /))]
fn is_valid(proxy: &Bound<'_, PyAny>) -> PyResult<bool> {
    proxy::is_valid(proxy)
}

/// Whether a thread is resolving a proxy.
#[pyfunction]
#[pyo3(signature = (proxy, /))]
fn is_resolving(proxy: &Bound<'_, PyAny>) -> PyResult<bool> {
    proxy::is_resolving(proxy)
}

#[pymodule]
mod _proxyrt {
    #[pymodule_export]
    use crate::borrow::Borrows;
    #[pymodule_export]
    use crate::cache::LRUCache;
    #[pymodule_export]
    use crate::factory::StoreFactory;
    #[pymodule_export]
    use crate::files::{put_file, read_file, write_file};
    #[pymodule_export]
    use crate::memory::Block;
    #[pymodule_export]
    use crate::serialize::{Frame, codec_head, deserialize, encode, serialize};
    #[pymodule_export]
    use crate::shared::{evict_shared, put_shared, read_shared, release_mappings, write_shared};
    #[pymodule_export]
    use crate::store::StoreCore;
    #[pymodule_export]
    use crate::token::new_key;
    #[pymodule_export]
    use crate::trace::set_trace_hook;
    #[pymodule_export]
    use crate::{after_fork, is_resolving, is_valid, join_background, resolve_async, set_valid};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::proxy::register(module)
    }
}
