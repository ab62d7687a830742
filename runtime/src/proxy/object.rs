//! The proxy's memory layout, its states and its life cycle.
//!
//! # Why the raw accesses are sound
//!
//! * Every function here is called by the interpreter, or by a function that the interpreter called, with an attached
//!   thread state. On builds with a GIL that makes each access to a field exclusive between two calls into Python.
//! * `this` is always an instance of [`type_object`] or of a subclass of it: these functions are only reachable through
//!   the type's slots, methods and getters, for which CPython checks the receiver, or after [`is_proxy`]. The type is
//!   created with `size_of::<ProxyObject>()` as its basic size, and subclasses only append to it.
//! * A field owns one strong reference or is null. It is changed by [`replace`], which drops the old reference last,
//!   because dropping it can run arbitrary Python code.
//! * Whoever uses the target holds a [`Strong`] reference meanwhile: the operation may itself rebind the proxy.
//! * On free-threaded builds a replaced object is *retired* instead of released, so that a thread which has loaded the
//!   pointer but not yet taken its reference never sees it freed while the proxy lives.

use std::ffi::{c_int, c_ulong, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};

use pyo3::Python;
use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::names;
use super::resolve;

/// A pointer to a Python object as CPython's slots pass it.
pub(crate) type Obj = *mut PyObject;

/// What a slot returns when it has set an exception.
pub(crate) trait Failure {
    const FAILED: Self;
}
impl Failure for Obj {
    const FAILED: Self = ptr::null_mut();
}
impl Failure for c_int {
    const FAILED: Self = -1;
}
impl Failure for isize {
    const FAILED: Self = -1;
}

/// Runs `f`, which uses PyO3's types. PyO3 keeps its own account of attached threads, in which a slot that CPython
/// calls does not appear; without an entry it would put off dropping references.
#[cold]
pub(crate) fn with_python<R>(f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    // SAFETY: this thread is attached (module documentation), so the interpreter is initialised.
    unsafe { Python::attach_unchecked(f) }
}

/// A strong reference, released on every way out of a function.
pub(crate) struct Strong(NonNull<PyObject>);

impl Strong {
    /// Takes over the reference that `object` carries; `None` (an exception is set) for null.
    ///
    /// # Safety
    /// `object` is null or a reference that the caller owns.
    #[inline(always)]
    pub(crate) unsafe fn from_owned(object: Obj) -> Option<Self> {
        NonNull::new(object).map(Self)
    }

    /// Takes a new reference.
    ///
    /// # Safety
    /// `object` is alive.
    #[inline(always)]
    pub(crate) unsafe fn from_borrowed(object: NonNull<PyObject>) -> Self {
        // SAFETY: the caller's promise.
        unsafe { ffi::Py_INCREF(object.as_ptr()) };
        Self(object)
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> Obj {
        self.0.as_ptr()
    }

    #[inline(always)]
    pub(crate) fn into_ptr(self) -> Obj {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Clone for Strong {
    #[inline(always)]
    fn clone(&self) -> Self {
        // SAFETY: we keep the object alive.
        unsafe { Self::from_borrowed(self.0) }
    }
}

impl Drop for Strong {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and the thread is attached (module documentation).
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) };
    }
}

/// How operations find the target when [`ProxyObject::target`] is null.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// By calling the factory.
    Direct,
    /// The target is itself a proxy: operations go to the innermost target, without recursion.
    Nested,
    /// A subclass overrides `__proxy_wrapped__`: that property is asked at every operation.
    Indirect,
    /// The reference has been given away: every operation raises.
    Invalid,
}

#[repr(C)]
pub(crate) struct ProxyObject {
    head: PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    /// The target, where operations may use it as it is.
    target: AtomicPtr<PyObject>,
    /// The target, where they may not: see [`Mode`].
    held: AtomicPtr<PyObject>,
    pub(crate) factory: AtomicPtr<PyObject>,
    pub(crate) default_class: AtomicPtr<PyObject>,
    pub(crate) default_hash: AtomicPtr<PyObject>,
    /// The bound method of the target that was asked for last: the next one is made of it, if nobody else has it.
    pub(crate) bound: AtomicPtr<PyObject>,
    #[cfg(Py_GIL_DISABLED)]
    retired: std::sync::Mutex<Vec<usize>>,
    dict: Obj,
    weakrefs: Obj,
    /// The token of the thread that resolves this proxy, or 0.
    pub(crate) resolver: AtomicU64,
    mode: AtomicU8,
}

impl ProxyObject {
    /// The target, when operations may use it as it is.
    ///
    /// # Safety
    /// The thread is attached.
    #[inline(always)]
    pub(crate) unsafe fn direct_target(&self) -> Option<Strong> {
        // SAFETY: the field owns a reference, so the object is alive until we have our own.
        unsafe {
            NonNull::new(self.target.load(Ordering::Acquire))
                .map(|target| Strong::from_borrowed(target))
        }
    }
}

pub(crate) const DICT_OFFSET: usize = std::mem::offset_of!(ProxyObject, dict);
pub(crate) const WEAKREFS_OFFSET: usize = std::mem::offset_of!(ProxyObject, weakrefs);
pub(crate) const VECTORCALL_OFFSET: usize = std::mem::offset_of!(ProxyObject, vectorcall);

static TYPE: AtomicPtr<PyTypeObject> = AtomicPtr::new(ptr::null_mut());

/// The `Proxy` type; null before the module is initialised.
#[inline(always)]
pub(crate) fn type_object() -> *mut PyTypeObject {
    TYPE.load(Ordering::Relaxed)
}

pub(crate) fn set_type_object(ty: *mut PyTypeObject) {
    TYPE.store(ty, Ordering::Relaxed);
}

/// Whether `object` is an instance of `Proxy`, whatever its `__class__` says.
///
/// # Safety
/// `object` is alive.
#[inline(always)]
pub(crate) unsafe fn is_proxy(object: Obj) -> bool {
    const BUILTIN: c_ulong = ffi::Py_TPFLAGS_LONG_SUBCLASS
        | ffi::Py_TPFLAGS_LIST_SUBCLASS
        | ffi::Py_TPFLAGS_TUPLE_SUBCLASS
        | ffi::Py_TPFLAGS_BYTES_SUBCLASS
        | ffi::Py_TPFLAGS_UNICODE_SUBCLASS
        | ffi::Py_TPFLAGS_DICT_SUBCLASS
        | ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS
        | ffi::Py_TPFLAGS_TYPE_SUBCLASS;
    // SAFETY: `object` is alive, so its type is.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        ty == type_object()
            || (type_flags(ty) & BUILTIN == 0 && ffi::PyType_IsSubtype(ty, type_object()) != 0)
    }
}

/// # Safety
/// `ty` is alive.
#[inline(always)]
unsafe fn type_flags(ty: *mut PyTypeObject) -> c_ulong {
    // SAFETY: the caller's promise. The flags of a free-threaded build are atomic: ask the function.
    #[cfg(Py_GIL_DISABLED)]
    unsafe {
        ffi::PyType_GetFlags(ty)
    }
    #[cfg(not(Py_GIL_DISABLED))]
    unsafe {
        (*ty).tp_flags
    }
}

/// # Safety
/// `this` is a proxy (module documentation); the same holds for every function below that takes `this`.
#[inline(always)]
pub(crate) unsafe fn fields<'a>(this: Obj) -> &'a ProxyObject {
    // SAFETY: the layout of a proxy starts with `ProxyObject`; shared access only, all mutable fields are atomics.
    unsafe { &*this.cast::<ProxyObject>() }
}

#[inline(always)]
pub(crate) unsafe fn has_instance_dict(this: Obj) -> bool {
    // SAFETY: a pointer-sized read of a field that only CPython writes, with this thread attached.
    unsafe { !fields(this).dict.is_null() }
}

pub(crate) unsafe fn mode(this: Obj) -> Mode {
    // SAFETY: `this` is a proxy.
    match unsafe { fields(this) }.mode.load(Ordering::Acquire) {
        0 => Mode::Direct,
        1 => Mode::Nested,
        2 => Mode::Indirect,
        _ => Mode::Invalid,
    }
}

/// A new reference to what a field points to.
pub(crate) unsafe fn load(
    this: Obj,
    field: fn(&ProxyObject) -> &AtomicPtr<PyObject>,
) -> Option<Strong> {
    // SAFETY: the field owns a reference.
    unsafe {
        NonNull::new(field(fields(this)).load(Ordering::Acquire))
            .map(|object| Strong::from_borrowed(object))
    }
}

/// Exchanges what a field points to. The GIL, where there is one, is cheaper than an atomic exchange.
#[inline(always)]
fn exchange(field: &AtomicPtr<PyObject>, value: Obj) -> Obj {
    #[cfg(Py_GIL_DISABLED)]
    return field.swap(value, Ordering::AcqRel);
    #[cfg(not(Py_GIL_DISABLED))]
    {
        let old = field.load(Ordering::Relaxed);
        field.store(value, Ordering::Relaxed);
        old
    }
}

/// Puts `value` (a reference that is given up here, or null) into a field and lets go of the old one.
pub(crate) unsafe fn replace(this: Obj, field: &AtomicPtr<PyObject>, value: Obj) {
    let old = exchange(field, value);
    if old.is_null() {
        return;
    }
    #[cfg(Py_GIL_DISABLED)]
    {
        // SAFETY: `this` is a proxy.
        let mut retired = unsafe { fields(this) }
            .retired
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        retired.push(old as usize);
    }
    #[cfg(not(Py_GIL_DISABLED))]
    {
        let _ = this;
        // SAFETY: the field owned `old`.
        unsafe { ffi::Py_DECREF(old) };
    }
}

/// The strong reference to the object that an operation acts on; resolves the proxy. `None`: an exception is set.
#[inline(always)]
pub(crate) unsafe fn target(this: Obj) -> Option<Strong> {
    // SAFETY: the field owns a reference, so the object is alive until we have our own.
    unsafe {
        match fields(this).direct_target() {
            Some(target) => Some(target),
            None => target_slow(this),
        }
    }
}

#[cold]
#[inline(never)]
unsafe fn target_slow(this: Obj) -> Option<Strong> {
    /// No sane program nests this deep: proxies which stand for each other would never end.
    const DEEPEST: usize = 1000;
    // SAFETY: `wrapped` returns a live object; the type of it is checked before it is taken for a proxy.
    unsafe {
        let mut found = wrapped(this)?;
        for _ in 0..DEEPEST {
            if !is_proxy(found.as_ptr()) {
                return Some(found);
            }
            found = wrapped(found.as_ptr())?;
        }
        ffi::PyErr_SetString(
            ffi::PyExc_RecursionError,
            c"maximum depth exceeded while looking for the target of nested proxies".as_ptr(),
        );
        None
    }
}

/// The value of `__proxy_wrapped__`: what the factory returned, even when that is a proxy.
pub(crate) unsafe fn wrapped(this: Obj) -> Option<Strong> {
    // SAFETY: `this` is a proxy; the attribute lookup returns a new reference or null.
    unsafe {
        match mode(this) {
            Mode::Invalid => {
                resolve::raise_invalid();
                None
            }
            Mode::Indirect => {
                Strong::from_owned(ffi::PyObject_GenericGetAttr(this, names::WRAPPED.get()))
            }
            Mode::Direct | Mode::Nested => resolve::resolved(this),
        }
    }
}

/// What `extract` returns: [`wrapped`], with a short way for the usual case.
#[inline(always)]
pub(crate) unsafe fn immediate(this: Obj) -> Option<Strong> {
    // SAFETY: `this` is a proxy.
    unsafe {
        let direct = fields(this).direct_target();
        if direct.is_some() {
            direct
        } else {
            wrapped(this)
        }
    }
}

/// The stored target without resolving, whatever the mode.
#[inline]
pub(crate) unsafe fn stored(this: Obj) -> Option<Strong> {
    // SAFETY: the fields own what they point to.
    unsafe {
        let fields = fields(this);
        NonNull::new(fields.target.load(Ordering::Acquire))
            .or_else(|| NonNull::new(fields.held.load(Ordering::Acquire)))
            .map(|target| Strong::from_borrowed(target))
    }
}

#[inline]
pub(crate) unsafe fn is_resolved(this: Obj) -> bool {
    // SAFETY: `this` is a proxy.
    unsafe {
        let fields = fields(this);
        !fields.target.load(Ordering::Acquire).is_null()
            || !fields.held.load(Ordering::Acquire).is_null()
    }
}

/// Stores `value`, or forgets the target when it is `None`.
#[inline]
pub(crate) unsafe fn store(this: Obj, value: Option<Strong>) {
    // SAFETY: `this` is a proxy, `value` is alive.
    unsafe {
        let fields = fields(this);
        if !fields.bound.load(Ordering::Relaxed).is_null() {
            replace(this, &fields.bound, ptr::null_mut());
        }
        match value {
            Some(value) if mode(this) == Mode::Direct && !is_proxy(value.as_ptr()) => {
                replace(this, &fields.target, value.into_ptr());
            }
            value => store_slow(this, value),
        }
    }
}

#[inline(never)]
unsafe fn store_slow(this: Obj, value: Option<Strong>) {
    // SAFETY: `this` is a proxy, `value` is alive.
    unsafe {
        let fields = fields(this);
        let nested = value.as_ref().is_some_and(|value| is_proxy(value.as_ptr()));
        let mode = match mode(this) {
            Mode::Direct | Mode::Nested if nested => Mode::Nested,
            Mode::Direct | Mode::Nested => Mode::Direct,
            kept => kept,
        };
        fields.mode.store(mode as u8, Ordering::Release);
        let value = value.map_or(ptr::null_mut(), Strong::into_ptr);
        let (used, unused) = if mode == Mode::Direct {
            (&fields.target, &fields.held)
        } else {
            (&fields.held, &fields.target)
        };
        let stale = exchange(unused, ptr::null_mut());
        replace(this, used, value);
        if !stale.is_null() {
            // Back and out again, so that the retirement of free-threaded builds is in one place.
            unused.store(stale, Ordering::Release);
            replace(this, unused, ptr::null_mut());
        }
    }
}

/// Makes every operation raise (`valid == false`), or undoes that.
pub(crate) unsafe fn set_valid(this: Obj, valid: bool) {
    // SAFETY: `this` is a proxy.
    unsafe {
        if valid == (mode(this) != Mode::Invalid) {
            return;
        }
        let kept = stored(this);
        fields(this).mode.store(
            if valid { Mode::Direct } else { Mode::Invalid } as u8,
            Ordering::Release,
        );
        store(this, kept);
    }
}

/// `tp_new`: an uninitialised proxy; arguments are `__init__`'s business.
pub(crate) unsafe extern "C" fn new(ty: *mut PyTypeObject, _args: Obj, _kwargs: Obj) -> Obj {
    // SAFETY: `ty` is our type or a subclass of it.
    unsafe { allocate(ty) }
}

#[inline]
pub(crate) unsafe fn allocate(ty: *mut PyTypeObject) -> Obj {
    // SAFETY: `tp_alloc` returns zeroed memory of the type's size; zero is a valid value of every field.
    unsafe {
        if ty == type_object() {
            let reused = free_list::pop(ty);
            if !reused.is_null() {
                return reused;
            }
        }
        let Some(alloc) = (*ty).tp_alloc else {
            return ptr::null_mut();
        };
        let this = alloc(ty, 0);
        if this.is_null() {
            return this;
        }
        let object = this.cast::<ProxyObject>();
        (*object).vectorcall = Some(super::slots::vectorcall);
        #[cfg(Py_GIL_DISABLED)]
        ptr::addr_of_mut!((*object).retired).write(std::sync::Mutex::new(Vec::new()));
        if ty != type_object() && super::attributes::overrides_wrapped(ty) {
            (*object).mode = AtomicU8::new(Mode::Indirect as u8);
        }
        this
    }
}

/// A few freed proxies of the exact type, kept for the next ones. Programs make and drop proxies in bursts, and the
/// allocator is most of what that costs. The GIL guards the list; free-threaded builds have none.
mod free_list {
    use super::*;

    #[cfg(not(Py_GIL_DISABLED))]
    mod state {
        use super::*;
        use std::sync::atomic::AtomicUsize;

        pub(super) const CAPACITY: usize = 64;
        /// The first of the list; the others hang on each other's field `factory`.
        pub(super) static HEAD: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());
        pub(super) static LENGTH: AtomicUsize = AtomicUsize::new(0);
    }

    /// A tracked proxy with all fields empty, or null.
    #[cfg(not(Py_GIL_DISABLED))]
    #[inline(always)]
    pub(super) unsafe fn pop(ty: *mut PyTypeObject) -> Obj {
        // SAFETY: an object in the list is memory of a dead proxy of exactly this type, with an intact collector's
        // head and empty fields but for the link.
        unsafe {
            let this = state::HEAD.load(Ordering::Relaxed);
            if !this.is_null() {
                let next = exchange(&fields(this).factory, ptr::null_mut());
                state::HEAD.store(next, Ordering::Relaxed);
                state::LENGTH.store(state::LENGTH.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
                ffi::PyObject_Init(this, ty);
                ffi::PyObject_GC_Track(this.cast());
            }
            this
        }
    }

    /// Keeps the memory of a dead proxy of the exact type whose fields are empty; `false` if the list is full.
    #[cfg(not(Py_GIL_DISABLED))]
    #[inline(always)]
    pub(super) unsafe fn push(this: Obj) -> bool {
        let length = state::LENGTH.load(Ordering::Relaxed);
        if length == state::CAPACITY {
            return false;
        }
        // SAFETY: the caller gives the memory up.
        let link = unsafe { &fields(this).factory };
        link.store(state::HEAD.load(Ordering::Relaxed), Ordering::Relaxed);
        state::HEAD.store(this, Ordering::Relaxed);
        state::LENGTH.store(length + 1, Ordering::Relaxed);
        true
    }

    #[cfg(Py_GIL_DISABLED)]
    pub(super) unsafe fn pop(_ty: *mut PyTypeObject) -> Obj {
        ptr::null_mut()
    }

    #[cfg(Py_GIL_DISABLED)]
    pub(super) unsafe fn push(_this: Obj) -> bool {
        false
    }
}

fn owned_fields(object: &ProxyObject) -> [&AtomicPtr<PyObject>; 6] {
    [
        &object.target,
        &object.held,
        &object.factory,
        &object.default_class,
        &object.default_hash,
        &object.bound,
    ]
}

pub(crate) unsafe extern "C" fn traverse(
    this: Obj,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a live proxy; `visit` takes borrowed references.
    unsafe {
        let object = fields(this);
        let mut code = visit(ffi::Py_TYPE(this).cast(), arg);
        let references = owned_fields(object).map(|field| field.load(Ordering::Relaxed));
        for reference in references.into_iter().chain([object.dict]) {
            if code == 0 && !reference.is_null() {
                code = visit(reference, arg);
            }
        }
        #[cfg(Py_GIL_DISABLED)]
        if let Ok(retired) = object.retired.try_lock() {
            for &reference in retired.iter() {
                if code == 0 {
                    code = visit(reference as Obj, arg);
                }
            }
        }
        code
    }
}

pub(crate) unsafe extern "C" fn clear(this: Obj) -> c_int {
    // SAFETY: called by the collector or by `dealloc`; each reference is taken out before it is dropped.
    unsafe {
        let object = this.cast::<ProxyObject>();
        release_chain(this);
        for field in owned_fields(&*object) {
            ffi::Py_XDECREF(exchange(field, ptr::null_mut()));
        }
        let dict = ptr::replace(ptr::addr_of_mut!((*object).dict), ptr::null_mut());
        ffi::Py_XDECREF(dict);
        #[cfg(Py_GIL_DISABLED)]
        {
            let retired = (*object)
                .retired
                .lock()
                .map(|mut retired| std::mem::take(&mut *retired));
            for reference in retired.unwrap_or_default() {
                ffi::Py_DECREF(reference as Obj);
            }
        }
    }
    0
}

/// Frees a long chain of proxies one after the other instead of one inside the other, which would exhaust the stack.
unsafe fn release_chain(this: Obj) {
    // SAFETY: `next` is owned here; a chain link is only emptied when nobody else refers to it.
    unsafe {
        let mut next = exchange(&fields(this).held, ptr::null_mut());
        while !next.is_null() {
            let mut after = ptr::null_mut();
            // A subclass may have a `__del__` that wants its target.
            if ffi::Py_TYPE(next) == type_object() && ffi::Py_REFCNT(next) == 1 {
                after = exchange(&fields(next).held, ptr::null_mut());
            }
            ffi::Py_DECREF(next);
            next = after;
        }
    }
}

pub(crate) unsafe extern "C" fn dealloc(this: Obj) {
    // SAFETY: the reference count is zero: nobody else can reach the object. A base heap type owns one reference to
    // the type of the instance, subclasses leave it to us to release it.
    unsafe {
        let ty = ffi::Py_TYPE(this);
        ffi::PyObject_GC_UnTrack(this.cast());
        if !fields(this).weakrefs.is_null() {
            ffi::PyObject_ClearWeakRefs(this);
        }
        clear(this);
        if ty == type_object() {
            let object = fields(this);
            object.mode.store(Mode::Direct as u8, Ordering::Relaxed);
            object.resolver.store(0, Ordering::Relaxed);
            if free_list::push(this) {
                ffi::Py_DECREF(ty.cast());
                return;
            }
        }
        #[cfg(Py_GIL_DISABLED)]
        ptr::drop_in_place(ptr::addr_of_mut!((*this.cast::<ProxyObject>()).retired));
        if let Some(free) = (*ty).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(ty.cast());
    }
}
