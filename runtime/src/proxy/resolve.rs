//! Resolution: once per proxy, also when threads race for it.
//!
//! The first thread claims the proxy by writing its token into [`ProxyObject::resolver`] and calls the factory; others
//! release the interpreter and sleep until the claim is gone. A factory that fails gives the claim back, and the next
//! thread tries again. A thread that would wait for a thread that waits for it gets a `RecursionError`, as does a
//! factory that uses its own proxy.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyAttributeError, PyException, PyRecursionError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::object::{
    Obj, ProxyObject, Strong, fields, is_resolved, load, store, stored, with_python,
};
use crate::trace;

const NOT_INITIALISED: &str = "Proxy is not initialized: __proxy_factory__ is missing.";
const FACTORY_FAILED: &str = "The factory of this proxy raised an error while resolving the target object. \
                              See the full stack trace for the direct cause of this exception.";

/// How often a waiting thread looks for signals.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// The upper bits of a token tell the process apart from its parent: after a fork the other threads' claims are void.
const GENERATION_SHIFT: u32 = 40;
static NEXT_TOKEN: AtomicU64 = AtomicU64::new(1);
static GENERATION: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static TOKEN: Cell<u64> = const { Cell::new(0) };
}

fn new_token() -> u64 {
    GENERATION.load(Ordering::Relaxed) << GENERATION_SHIFT
        | NEXT_TOKEN.fetch_add(1, Ordering::Relaxed)
}

fn is_stale(token: u64) -> bool {
    token >> GENERATION_SHIFT != GENERATION.load(Ordering::Relaxed)
}

#[inline]
fn own_token() -> u64 {
    TOKEN.with(|token| {
        if token.get() == 0 || is_stale(token.get()) {
            token.set(new_token());
        }
        token.get()
    })
}

/// Which thread (by token) sleeps on which proxy (by address). A proxy in the map is kept alive by the sleeping thread.
static SLEEPERS: Mutex<Option<HashMap<u64, usize>>> = Mutex::new(None);
static SLEEPER_COUNT: AtomicUsize = AtomicUsize::new(0);
static RELEASED: Condvar = Condvar::new();

fn sleepers() -> MutexGuard<'static, Option<HashMap<u64, usize>>> {
    SLEEPERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Claims `this` for `token`; `Err` names the thread that has it.
#[inline]
unsafe fn claim(this: Obj, token: u64) -> Result<(), u64> {
    // SAFETY: `this` is a proxy.
    let resolver = unsafe { &fields(this).resolver };
    let mut holder = resolver.load(Ordering::Acquire);
    while holder == 0 || is_stale(holder) {
        // With a GIL nobody can come between the look and the claim.
        if cfg!(not(Py_GIL_DISABLED)) {
            resolver.store(token, Ordering::Relaxed);
            return Ok(());
        }
        match resolver.compare_exchange(holder, token, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => return Ok(()),
            Err(other) => holder = other,
        }
    }
    Err(holder)
}

/// Whether a thread of this process has claimed `this`.
pub(crate) unsafe fn is_claimed(this: Obj) -> bool {
    // SAFETY: `this` is a proxy.
    let holder = unsafe { fields(this) }.resolver.load(Ordering::Acquire);
    holder != 0 && !is_stale(holder)
}

/// Gives the claim back and wakes the threads that wait for it.
///
/// A thread that is going to sleep counts itself first and looks at the claim then, so one of the two sees the other:
/// by sequential consistency, or because both happen while holding the GIL.
#[inline]
unsafe fn release(this: Obj) {
    const ORDERING: Ordering = if cfg!(Py_GIL_DISABLED) {
        Ordering::SeqCst
    } else {
        Ordering::Release
    };
    // SAFETY: `this` is a proxy.
    unsafe { fields(this) }.resolver.store(0, ORDERING);
    if SLEEPER_COUNT.load(Ordering::SeqCst) != 0 {
        let _guard = sleepers();
        RELEASED.notify_all();
    }
}

enum Woken {
    Released,
    Interval,
    Deadlock,
}

/// Sleeps until the claim on `this` is given back, at most one interval. Called without the interpreter.
unsafe fn sleep(this: usize, token: u64) -> Woken {
    // SAFETY: the caller holds a reference to `this`, and each other proxy is held by the thread that sleeps on it
    // for as long as it is in the map, which only changes under the lock.
    let claimant = |proxy: usize| unsafe {
        (*(proxy as *const ProxyObject))
            .resolver
            .load(Ordering::SeqCst)
    };
    let mut guard = sleepers();
    let map = guard.get_or_insert_default();
    let mut holder = claimant(this);
    while let Some(&next) = map.get(&holder) {
        holder = claimant(next);
        if holder == 0 {
            break;
        }
    }
    let woken = if holder == token {
        Woken::Deadlock
    } else if claimant(this) == 0 {
        Woken::Released
    } else {
        map.insert(token, this);
        let (mut back, timeout) = RELEASED
            .wait_timeout(guard, SIGNAL_INTERVAL)
            .unwrap_or_else(PoisonError::into_inner);
        back.get_or_insert_default().remove(&token);
        guard = back;
        if timeout.timed_out() {
            Woken::Interval
        } else {
            Woken::Released
        }
    };
    drop(guard);
    woken
}

/// The stored target, or the one that the factory makes. `None`: an exception is set.
#[inline]
pub(crate) unsafe fn resolved(this: Obj) -> Option<Strong> {
    // SAFETY: `this` is a proxy and the thread is attached.
    unsafe {
        if let Some(target) = stored(this) {
            return Some(target);
        }
        let token = own_token();
        while let Err(holder) = claim(this, token) {
            if holder == token {
                raise_recursion("the factory of this proxy uses the proxy itself");
                return None;
            }
            if !wait(this, token) {
                return None;
            }
            if let Some(target) = stored(this) {
                return Some(target);
            }
        }
        // Another thread may have stored the target between our look and our claim.
        let target = match stored(this) {
            Some(target) => Some(target),
            None if trace::is_on() => make_traced(this),
            None => make(this),
        };
        release(this);
        target
    }
}

/// Sleeps once on the claim on `this`; `false` if an exception is set.
#[cold]
unsafe fn wait(this: Obj, token: u64) -> bool {
    let address = this as usize;
    SLEEPER_COUNT.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the caller has a reference to `this`.
    let woken = with_python(
        |py| match unsafe { fields(this) }.resolver.load(Ordering::SeqCst) {
            0 => Woken::Released,
            _ => py.detach(|| unsafe { sleep(address, token) }),
        },
    );
    SLEEPER_COUNT.fetch_sub(1, Ordering::SeqCst);
    match woken {
        Woken::Released => true,
        // SAFETY: attached.
        Woken::Interval => unsafe { ffi::PyErr_CheckSignals() == 0 },
        Woken::Deadlock => {
            raise_recursion(
                "the factories of proxies which are resolved by different threads wait for each other",
            );
            false
        }
    }
}

fn raise_recursion(message: &'static str) {
    with_python(|py| PyRecursionError::new_err(message).restore(py));
}

/// Calls the factory and stores what it returns.
#[inline]
unsafe fn make(this: Obj) -> Option<Strong> {
    // SAFETY: `this` is a proxy; the factory is kept alive by our own reference during the call.
    unsafe {
        let Some(factory) = load(this, |fields| &fields.factory) else {
            raise_not_initialised();
            return None;
        };
        let Some(target) = Strong::from_owned(ffi::PyObject_CallNoArgs(factory.as_ptr())) else {
            wrap_error();
            return None;
        };
        store(this, Some(target.clone()));
        Some(target)
    }
}

#[cold]
fn raise_not_initialised() {
    with_python(|py| {
        let cause = PyAttributeError::new_err("__proxy_factory__");
        resolve_error(py, NOT_INITIALISED, cause).restore(py);
    });
}

/// Wraps the exception that is set in a `ProxyResolveError`, unless it is one that programs end with.
#[cold]
fn wrap_error() {
    with_python(|py| {
        let cause = PyErr::fetch(py);
        let wrapped = cause.is_instance_of::<PyException>(py);
        if wrapped {
            resolve_error(py, FACTORY_FAILED, cause)
        } else {
            cause
        }
        .restore(py);
    });
}

/// [`make`], reported to the hook.
#[cold]
unsafe fn make_traced(this: Obj) -> Option<Strong> {
    let start = Instant::now();
    // SAFETY: `this` is a live proxy.
    let made = unsafe { make(this) };
    let elapsed = start.elapsed();
    with_python(|py| {
        let error = made.is_none().then(|| PyErr::fetch(py));
        // SAFETY: as above.
        let proxy = unsafe { Bound::from_borrowed_ptr(py, this) };
        trace::report(&proxy, elapsed, error.as_ref());
        if let Some(error) = error {
            error.restore(py);
        }
    });
    made
}

/// `ProxyResolveError(message, cause)`, raised from `cause`.
fn resolve_error(py: Python<'_>, message: &str, cause: PyErr) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let class = py.import("proxyrt._errors")?.getattr("ProxyResolveError")?;
        let value = cause.value(py);
        let error = PyErr::from_value(class.call1((message, value))?);
        error.value(py).setattr("__context__", value)?;
        error.set_cause(py, Some(cause.clone_ref(py)));
        Ok(error)
    };
    build().unwrap_or_else(|error| error)
}

/// Raises `ReferenceInvalidError`.
#[cold]
pub(crate) fn raise_invalid() {
    const MESSAGE: &str = "Reference has been invalidated. This is likely because it was pickled and transferred to a \
                           different process.";
    with_python(|py| {
        let build = || -> PyResult<PyErr> {
            let class = py
                .import("proxyrt._errors")?
                .getattr("ReferenceInvalidError")?;
            Ok(PyErr::from_type(class.cast_into::<PyType>()?, MESSAGE))
        };
        build().unwrap_or_else(|error| error).restore(py);
    });
}

/// How many threads resolve in the background at most.
const MOST_WORKERS: usize = 32;

/// Proxies to resolve in the background. A waiting proxy is not claimed, so that whoever uses it before its turn
/// resolves it at once, and workers whose factories use waiting proxies cannot starve each other.
struct Background {
    waiting: VecDeque<Py<PyAny>>,
    workers: usize,
}

static BACKGROUND: Mutex<Background> = Mutex::new(Background {
    waiting: VecDeque::new(),
    workers: 0,
});
static BACKGROUND_IDLE: Condvar = Condvar::new();

fn background() -> MutexGuard<'static, Background> {
    BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resolves `proxy`, which the caller has checked to be one, in another thread.
pub(crate) fn resolve_in_background(proxy: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: it is a proxy.
    if unsafe { is_resolved(proxy.as_ptr()) } {
        return Ok(());
    }
    let mut background = background();
    background.waiting.push_back(proxy.clone().unbind());
    if background.workers < MOST_WORKERS {
        let worker = std::thread::Builder::new()
            .name("proxyrt-resolve".to_owned())
            .spawn(work);
        match worker {
            Ok(_) => background.workers += 1,
            // The others will come to it.
            Err(_) if background.workers > 0 => {}
            Err(error) => {
                let job = background.waiting.pop_back();
                drop(background);
                drop(job);
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// A worker: resolves until nothing waits.
fn work() {
    loop {
        let mut background = background();
        let Some(proxy) = background.waiting.pop_front() else {
            background.workers -= 1;
            BACKGROUND_IDLE.notify_all();
            return;
        };
        drop(background);
        Python::attach(|_| {
            // SAFETY: only proxies are put into the queue. A failure is not lost: the first use calls the factory
            // again and raises.
            unsafe {
                if stored(proxy.as_ptr()).is_none() && resolved(proxy.as_ptr()).is_none() {
                    ffi::PyErr_Clear();
                }
            }
            drop(proxy);
        });
    }
}

/// Waits for the background to be done: a thread must not attach to an interpreter that has gone.
pub(crate) fn join_background(py: Python<'_>) {
    py.detach(|| {
        let mut background = background();
        while background.workers > 0 {
            background = BACKGROUND_IDLE
                .wait(background)
                .unwrap_or_else(PoisonError::into_inner);
        }
    });
}

/// Runs in a forked child: the other threads of the parent, their claims and their work do not exist there.
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    SLEEPER_COUNT.store(0, Ordering::SeqCst);
    if let Ok(mut map) = SLEEPERS.try_lock() {
        *map = None;
    }
    if let Ok(mut background) = BACKGROUND.try_lock() {
        background.workers = 0;
        background.waiting.clear();
    }
}
