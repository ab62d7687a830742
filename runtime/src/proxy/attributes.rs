//! Attribute access, and the attributes that belong to the proxy itself.
//!
//! A name that the proxy's type does not define goes to the target. The type is asked with `_PyType_Lookup`, which
//! uses the interpreter's method cache and never raises; asking with `PyObject_GenericGetAttr` first, as a fallback
//! `__getattr__` does, creates and drops an `AttributeError` at every forwarded access.
//!
//! Soundness: as in [`object`](super::object). Pointers from a lookup are borrowed from the type's dictionary and are
//! used before any other Python code can run.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, Py_ssize_t, PyObject, PyTypeObject};

use super::names;
use super::object::{
    self, Failure, Mode, Obj, Strong, fields, has_instance_dict, load, mode, replace, store,
    stored, target, type_object, wrapped,
};
use super::slots;

#[cfg(not(Py_GIL_DISABLED))]
unsafe extern "C" {
    fn _PyType_Lookup(ty: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    /// 1: `method` is a function that wants the object as its first argument. 0: it is the attribute, or null.
    #[cfg(not(Py_3_14))]
    fn _PyObject_GetMethod(object: Obj, name: Obj, method: *mut Obj) -> c_int;
    #[cfg(not(Py_3_14))]
    fn PyMethod_New(function: Obj, object: Obj) -> Obj;
}
#[cfg(Py_GIL_DISABLED)]
unsafe extern "C" {
    fn _PyType_LookupRef(ty: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
}

/// What the type's method resolution order has under `name`. Only to be compared, not used as an object.
#[inline]
unsafe fn lookup(ty: *mut PyTypeObject, name: Obj) -> *const PyObject {
    // SAFETY: `ty` is ready and `name` is a string.
    #[cfg(not(Py_GIL_DISABLED))]
    unsafe {
        _PyType_Lookup(ty, name)
    }
    #[cfg(Py_GIL_DISABLED)]
    unsafe {
        let found = _PyType_LookupRef(ty, name);
        ffi::Py_XDECREF(found);
        found
    }
}

/// The descriptors of `Proxy` itself, to tell whether a subclass overrides them.
struct Own {
    wrapped: AtomicPtr<PyObject>,
    class: AtomicPtr<PyObject>,
    call: AtomicPtr<PyObject>,
    getitem: AtomicPtr<PyObject>,
    getattr: AtomicPtr<PyObject>,
    getattribute: AtomicPtr<PyObject>,
}

static OWN: Own = Own {
    wrapped: AtomicPtr::new(ptr::null_mut()),
    class: AtomicPtr::new(ptr::null_mut()),
    call: AtomicPtr::new(ptr::null_mut()),
    getitem: AtomicPtr::new(ptr::null_mut()),
    getattr: AtomicPtr::new(ptr::null_mut()),
    getattribute: AtomicPtr::new(ptr::null_mut()),
};

/// Remembers the descriptors of the finished type.
pub(crate) unsafe fn remember_own(ty: *mut PyTypeObject) {
    for (field, name) in [
        (&OWN.wrapped, &names::WRAPPED),
        (&OWN.class, &names::CLASS),
        (&OWN.call, &names::CALL),
        (&OWN.getitem, &names::GETITEM),
        (&OWN.getattr, &names::GETATTR),
        (&OWN.getattribute, &names::GETATTRIBUTE),
    ] {
        // SAFETY: `ty` is ready.
        field.store(
            unsafe { lookup(ty, name.get()) }.cast_mut(),
            Ordering::Relaxed,
        );
    }
}

unsafe fn is_own(ty: *mut PyTypeObject, name: &names::Name, own: &AtomicPtr<PyObject>) -> bool {
    // SAFETY: `ty` is ready.
    unsafe { ptr::eq(lookup(ty, name.get()), own.load(Ordering::Relaxed)) }
}

/// Whether the subclass `ty` has its own idea of `__proxy_wrapped__`.
pub(crate) unsafe fn overrides_wrapped(ty: *mut PyTypeObject) -> bool {
    // SAFETY: `ty` is ready.
    unsafe { !is_own(ty, &names::WRAPPED, &OWN.wrapped) }
}

/// Whether a name may be one that the proxy treats specially: all but plain ASCII without a leading underscore.
#[inline(always)]
unsafe fn may_be_special(name: Obj) -> bool {
    // SAFETY: attribute names are strings; a compact ASCII string has its characters right behind its head.
    #[cfg(not(Py_3_14))]
    unsafe {
        ffi::PyUnicode_IS_COMPACT_ASCII(name) == 0
            || *name.cast::<ffi::PyASCIIObject>().add(1).cast::<u8>() == b'_'
    }
    // SAFETY: all strings have data. The first byte of a wider string may equal an underscore by chance, which is
    // harmless.
    #[cfg(Py_3_14)]
    unsafe {
        *ffi::PyUnicode_DATA(name).cast::<u8>() == b'_'
    }
}

/// `tp_getattro`.
pub(crate) unsafe extern "C" fn getattro(this: Obj, name: Obj) -> Obj {
    // SAFETY: called for a live proxy with a string.
    unsafe {
        if ffi::Py_TYPE(this) == type_object() && !has_instance_dict(this) {
            if !may_be_special(name) {
                return ordinary_attribute(this, name);
            }
            if name == names::CLASS.get() {
                return class(this);
            }
            if name == names::REDUCE_EX.get() {
                return ffi::PyObject_GenericGetAttr(this, name);
            }
        }
        getattro_slow(this, name, false)
    }
}

/// An attribute of the target that is not one of the proxy.
#[cfg(not(any(Py_GIL_DISABLED, Py_3_14)))]
#[inline(always)]
unsafe fn ordinary_attribute(this: Obj, name: Obj) -> Obj {
    const GENERIC: ffi::getattrofunc = ffi::PyObject_GenericGetAttr;
    // SAFETY: called for a live proxy with a string.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        let object = held.as_ptr();
        match (*ffi::Py_TYPE(object)).tp_getattro {
            Some(getattro) if ptr::fn_addr_eq(getattro, GENERIC) => {}
            Some(getattro) => return getattro(object, name),
            None => return ffi::PyObject_GetAttr(object, name),
        }
        let mut found = ptr::null_mut();
        if _PyObject_GetMethod(object, name, &mut found) == 0 {
            return found;
        }
        let Some(function) = Strong::from_owned(found) else {
            return Failure::FAILED;
        };
        if ptr::eq(
            ffi::Py_TYPE(function.as_ptr()),
            ptr::addr_of!(ffi::PyFunction_Type),
        ) {
            return bound_method(this, function, object);
        }
        match (*ffi::Py_TYPE(function.as_ptr())).tp_descr_get {
            Some(bind) => bind(function.as_ptr(), object, ffi::Py_TYPE(object).cast()),
            None => function.into_ptr(),
        }
    }
}

#[cfg(any(Py_GIL_DISABLED, Py_3_14))]
#[inline(always)]
unsafe fn ordinary_attribute(this: Obj, name: Obj) -> Obj {
    // SAFETY: called for a live proxy with a string.
    unsafe { slots::forwarded_attribute(this, name) }
}

/// CPython's `PyMethodObject`.
#[cfg(not(any(Py_GIL_DISABLED, Py_3_14)))]
#[repr(C)]
struct BoundMethod {
    head: PyObject,
    function: Obj,
    object: Obj,
    weakrefs: Obj,
}

/// Binds a function to the target of `this`. Making a bound method is most of what a method call through a proxy costs
/// more than one without, so a proxy keeps the last one. If nobody else has a reference to it, the next one is made of
/// it: that cannot be told from a new one.
#[cfg(not(any(Py_GIL_DISABLED, Py_3_14)))]
#[inline(always)]
unsafe fn bound_method(this: Obj, function: Strong, object: Obj) -> Obj {
    // SAFETY: `bound` holds a bound method of the target or null. Its layout is the same in all versions that this is
    // compiled for. Our second reference keeps it from being made something else when dropping the old function runs
    // Python code.
    unsafe {
        let kept = fields(this).bound.load(Ordering::Relaxed);
        if !kept.is_null() && ffi::Py_REFCNT(kept) == 1 {
            let method = kept.cast::<BoundMethod>();
            if (*method).object == object && (*method).weakrefs.is_null() {
                ffi::Py_INCREF(kept);
                let old = ptr::replace(ptr::addr_of_mut!((*method).function), function.into_ptr());
                ffi::Py_DECREF(old);
                return kept;
            }
        }
        let Some(made) = Strong::from_owned(PyMethod_New(function.as_ptr(), object)) else {
            return Failure::FAILED;
        };
        replace(this, &fields(this).bound, made.clone().into_ptr());
        made.into_ptr()
    }
}

/// `tp_getattro` of a subclass with a `__getattr__` of its own.
unsafe extern "C" fn getattro_hooked(this: Obj, name: Obj) -> Obj {
    // SAFETY: called for a live proxy with a string.
    unsafe { getattro_slow(this, name, true) }
}

unsafe fn getattro_slow(this: Obj, name: Obj, hooked: bool) -> Obj {
    // SAFETY: called for a live proxy with a string.
    unsafe {
        let ty = ffi::Py_TYPE(this);
        let Some(name) = interned(name) else {
            return Failure::FAILED;
        };
        let name = name.as_ptr();
        if may_be_special(name) {
            if name == names::CLASS.get() && is_own(ty, &names::CLASS, &OWN.class) {
                return class(this);
            }
            if name == names::ARRAY.get() {
                return super::numpy::array_attribute(this);
            }
            if name == names::MRO_ENTRIES.get() {
                return mro_entries_attribute(this);
            }
            if belongs_to_target(name) {
                return slots::forwarded_attribute(this, name);
            }
        }
        if !lookup(ty, name).is_null() || has_instance_dict(this) {
            let found = ffi::PyObject_GenericGetAttr(this, name);
            let own = name == names::WRAPPED.get() || name == names::PROXY_FACTORY.get();
            if !found.is_null()
                || own
                || ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0
            {
                return found;
            }
            ffi::PyErr_Clear();
        }
        if hooked {
            let args = [this, name];
            return ffi::PyObject_VectorcallMethod(
                names::GETATTR.get(),
                args.as_ptr(),
                2,
                ptr::null_mut(),
            );
        }
        slots::forwarded_attribute(this, name)
    }
}

/// The interned equal of `name`, so that names can be compared by identity.
unsafe fn interned(name: Obj) -> Option<Strong> {
    // SAFETY: `name` is alive; `PyUnicode_InternInPlace` swaps our reference for one to the interned string.
    unsafe {
        ffi::Py_INCREF(name);
        let mut name = name;
        if ffi::PyUnicode_CheckExact(name) != 0 {
            ffi::PyUnicode_InternInPlace(&mut name);
        }
        Strong::from_owned(name)
    }
}

/// Names that the proxy's type defines, or every type does, but that mean the target when asked of an instance.
#[inline]
fn belongs_to_target(name: Obj) -> bool {
    [
        &names::MODULE,
        &names::DOC,
        &names::DICT,
        &names::ANNOTATIONS,
        &names::WEAKREF,
        &names::ARRAY_UFUNC,
        &names::ARRAY_FUNCTION,
        &names::INSTANCECHECK,
        &names::SUBCLASSCHECK,
    ]
    .into_iter()
    .any(|special| name == special.get())
}

/// `class X(proxy_of_a_class)` works like `class X(the_class)`; other targets answer for themselves.
unsafe fn mro_entries_attribute(this: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        if ffi::PyType_Check(held.as_ptr()) != 0 {
            return ffi::PyObject_GenericGetAttr(this, names::MRO_ENTRIES.get());
        }
        ffi::PyObject_GetAttr(held.as_ptr(), names::MRO_ENTRIES.get())
    }
}

/// `__mro_entries__(bases)`: METH_O.
pub(crate) unsafe extern "C" fn mro_entries(this: Obj, _bases: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        ffi::PyTuple_Pack(1, held.as_ptr())
    }
}

/// `__class__`: the cached one while the proxy is unresolved.
unsafe fn class(this: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        if fields(this).direct_target().is_none()
            && !object::is_resolved(this)
            && let Some(cached) = load(this, |fields| &fields.default_class)
        {
            return cached.into_ptr();
        }
        slots::forwarded_attribute(this, names::CLASS.get())
    }
}

/// `__setattr__(name, value)`: METH_FASTCALL.
///
/// A method, not a slot: CPython then lets `object.__setattr__` through to the attributes of the proxy itself, which
/// programs use to set them and which a C-level `tp_setattro` would forbid.
pub(crate) unsafe extern "C" fn setattr(this: Obj, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: `args` points to `count` live arguments.
    unsafe {
        if count != 2 {
            return wrong_count(c"__setattr__", 2, count);
        }
        none_if(assign_attribute(this, *args, *args.add(1)))
    }
}

/// `__delattr__(name)`: METH_O.
pub(crate) unsafe extern "C" fn delattr(this: Obj, name: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe { none_if(assign_attribute(this, name, ptr::null_mut())) }
}

/// `value` is null for deletion.
unsafe fn assign_attribute(this: Obj, name: Obj, value: Obj) -> c_int {
    // SAFETY: called for a live proxy; the name is checked to be a string by the functions that it is passed to.
    unsafe {
        if ffi::PyUnicode_Check(name) == 0 {
            return ffi::PyObject_GenericSetAttr(this, name, value);
        }
        let ty = ffi::Py_TYPE(this);
        if ty == type_object() && !may_be_special(name) {
            return assign_to_target(this, name, value);
        }
        let Some(name) = interned(name) else {
            return Failure::FAILED;
        };
        let name = name.as_ptr();
        if name == names::ORIG_CLASS.get() {
            // `Proxy[int](factory)` sets this; forwarding it would resolve the proxy.
            return 0;
        }
        let to_target = (name == names::CLASS.get() && is_own(ty, &names::CLASS, &OWN.class))
            || belongs_to_target(name);
        if !to_target && !lookup(ty, name).is_null() {
            return ffi::PyObject_GenericSetAttr(this, name, value);
        }
        assign_to_target(this, name, value)
    }
}

#[inline(always)]
unsafe fn assign_to_target(this: Obj, name: Obj, value: Obj) -> c_int {
    // SAFETY: called for a live proxy with a string; a null value stands for deletion.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        ffi::PyObject_SetAttr(held.as_ptr(), name, value)
    }
}

unsafe fn none_if(code: c_int) -> Obj {
    // SAFETY: attached.
    unsafe {
        if code < 0 {
            return Failure::FAILED;
        }
        none()
    }
}

pub(crate) unsafe fn none() -> Obj {
    // SAFETY: attached.
    unsafe {
        ffi::Py_INCREF(ffi::Py_None());
        ffi::Py_None()
    }
}

pub(crate) unsafe fn wrong_count(function: &CStr, expected: c_int, given: Py_ssize_t) -> Obj {
    // SAFETY: the format matches the arguments.
    unsafe {
        ffi::PyErr_Format(
            ffi::PyExc_TypeError,
            c"%s() takes exactly %d argument(s) (%zd given)".as_ptr(),
            function.as_ptr(),
            expected,
            given,
        )
    }
}

/// `__getattr__(name)`: METH_O, for subclasses that call `super().__getattr__`.
pub(crate) unsafe extern "C" fn getattr(this: Obj, name: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        if ffi::PyUnicode_Check(name) == 0 {
            ffi::PyErr_SetString(
                ffi::PyExc_TypeError,
                c"attribute name must be string".as_ptr(),
            );
            return Failure::FAILED;
        }
        let Some(name) = interned(name) else {
            return Failure::FAILED;
        };
        if name.as_ptr() == names::WRAPPED.get() || name.as_ptr() == names::PROXY_FACTORY.get() {
            ffi::PyErr_SetObject(ffi::PyExc_AttributeError, name.as_ptr());
            return Failure::FAILED;
        }
        slots::forwarded_attribute(this, name.as_ptr())
    }
}

pub(crate) unsafe extern "C" fn repr(this: Obj) -> Obj {
    // SAFETY: the formats match the arguments, which are alive.
    unsafe {
        let ty = ffi::Py_TYPE(this).cast::<PyObject>();
        let Some(name) = Strong::from_owned(ffi::PyObject_GetAttr(ty, names::NAME.get())) else {
            return Failure::FAILED;
        };
        let factory = load(this, |fields| &fields.factory);
        let factory = factory.as_ref().map_or(ffi::Py_None(), Strong::as_ptr);
        match stored(this) {
            None => ffi::PyUnicode_FromFormat(
                c"<%U at %p with factory %R>".as_ptr(),
                name.as_ptr(),
                this,
                factory,
            ),
            Some(target) => ffi::PyUnicode_FromFormat(
                c"<%U at %p wrapping %R at %p with factory %R>".as_ptr(),
                name.as_ptr(),
                this,
                target.as_ptr(),
                target.as_ptr(),
                factory,
            ),
        }
    }
}

/// The getter and setter of an attribute that is one field.
macro_rules! field_attribute {
    ($($get:ident, $set:ident => $field:ident, $name:literal, $or_none:literal;)*) => {$(
        pub(crate) unsafe extern "C" fn $get(this: Obj, _: *mut c_void) -> Obj {
            // SAFETY: CPython checks the receiver of a getset.
            unsafe {
                match load(this, |fields| &fields.$field) {
                    Some(value) => value.into_ptr(),
                    None if $or_none => none(),
                    None => {
                        ffi::PyErr_SetString(ffi::PyExc_AttributeError, $name.as_ptr());
                        Failure::FAILED
                    }
                }
            }
        }

        pub(crate) unsafe extern "C" fn $set(this: Obj, value: Obj, _: *mut c_void) -> c_int {
            // SAFETY: CPython checks the receiver of a getset; a null value stands for deletion.
            unsafe {
                if value.is_null() && fields(this).$field.load(Ordering::Relaxed).is_null() {
                    ffi::PyErr_SetString(ffi::PyExc_AttributeError, $name.as_ptr());
                    return Failure::FAILED;
                }
                let value = if $or_none && value == ffi::Py_None() { ptr::null_mut() } else { value };
                ffi::Py_XINCREF(value);
                replace(this, &fields(this).$field, value);
                0
            }
        }
    )*};
}

field_attribute! {
    get_factory, set_factory => factory, c"__proxy_factory__", false;
    get_default_class, set_default_class => default_class, c"__proxy_default_class__", true;
    get_default_hash, set_default_hash => default_hash, c"__proxy_default_hash__", true;
}

pub(crate) unsafe extern "C" fn get_target(this: Obj, _: *mut c_void) -> Obj {
    // SAFETY: CPython checks the receiver of a getset.
    unsafe {
        match stored(this) {
            Some(target) => target.into_ptr(),
            None => {
                ffi::PyErr_SetString(ffi::PyExc_AttributeError, c"__proxy_target__".as_ptr());
                Failure::FAILED
            }
        }
    }
}

/// The setter of `__proxy_target__` and `__proxy_wrapped__`.
pub(crate) unsafe extern "C" fn set_target(this: Obj, value: Obj, _: *mut c_void) -> c_int {
    // SAFETY: CPython checks the receiver of a getset; a null value stands for deletion.
    unsafe {
        if value.is_null() && !object::is_resolved(this) {
            ffi::PyErr_SetString(ffi::PyExc_AttributeError, c"__proxy_target__".as_ptr());
            return Failure::FAILED;
        }
        ffi::Py_XINCREF(value);
        store(this, Strong::from_owned(value));
        0
    }
}

/// `__proxy_wrapped__` of the base class, which a subclass may ask for while overriding it.
pub(crate) unsafe extern "C" fn get_wrapped(this: Obj, _: *mut c_void) -> Obj {
    // SAFETY: CPython checks the receiver of a getset.
    unsafe {
        let found = if mode(this) == Mode::Indirect {
            super::resolve::resolved(this)
        } else {
            wrapped(this)
        };
        found.map_or(ptr::null_mut(), Strong::into_ptr)
    }
}

pub(crate) unsafe extern "C" fn get_resolved(this: Obj, _: *mut c_void) -> Obj {
    // SAFETY: CPython checks the receiver of a getset.
    unsafe { ffi::PyBool_FromLong(object::is_resolved(this).into()) }
}

/// The getter of `__class__` in the type's dictionary, which `object.__getattribute__` finds.
pub(crate) unsafe extern "C" fn get_class(this: Obj, _: *mut c_void) -> Obj {
    // SAFETY: CPython checks the receiver of a getset.
    unsafe { class(this) }
}

pub(crate) unsafe extern "C" fn set_class(this: Obj, value: Obj, _: *mut c_void) -> c_int {
    // SAFETY: CPython checks the receiver of a getset; a null value stands for deletion.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        ffi::PyObject_SetAttr(held.as_ptr(), names::CLASS.get(), value)
    }
}

/// `__init_subclass__(**kwargs)`: CPython has just computed the subclass's slots. Where the subclass changes nothing,
/// the fast slot is put back in the place of the generic one that the mere existence of `__getattr__` asks for.
pub(crate) unsafe extern "C" fn init_subclass(class: Obj, args: Obj, kwargs: Obj) -> Obj {
    // SAFETY: a class method of `Proxy`: `class` is a heap type that inherits from it and has no instances yet.
    unsafe {
        let ty = class.cast::<PyTypeObject>();
        if is_own(ty, &names::GETATTRIBUTE, &OWN.getattribute) {
            let own_getattr = is_own(ty, &names::GETATTR, &OWN.getattr);
            (*ty).tp_getattro = Some(if own_getattr {
                getattro
            } else {
                getattro_hooked
            });
        }
        #[cfg(not(Py_3_12))]
        if is_own(ty, &names::CALL, &OWN.call) {
            (*ty).tp_flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
        let sequence = (*ty).tp_as_sequence;
        if !sequence.is_null() && is_own(ty, &names::GETITEM, &OWN.getitem) {
            (*sequence).sq_item = Some(slots::item);
        }
        let asynchronous = (*ty).tp_as_async;
        if !asynchronous.is_null() && (*asynchronous).am_send.is_none() {
            (*asynchronous).am_send = Some(slots::send);
        }
        let base = type_object().cast::<PyObject>();
        let object = ffi::PyObject_CallFunctionObjArgs(
            ptr::addr_of_mut!(ffi::PySuper_Type).cast(),
            base,
            class,
            ptr::null_mut::<PyObject>(),
        );
        let Some(object) = Strong::from_owned(object) else {
            return Failure::FAILED;
        };
        let method = ffi::PyObject_GetAttr(object.as_ptr(), names::INIT_SUBCLASS.get());
        let Some(method) = Strong::from_owned(method) else {
            return Failure::FAILED;
        };
        ffi::PyObject_Call(method.as_ptr(), args, kwargs)
    }
}
