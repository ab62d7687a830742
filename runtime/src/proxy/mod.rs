//! The `Proxy` type, on CPython's C API.
//!
//! This module and its children are, with `memory` and the mappings in `files` and `shared`, the only ones with `unsafe`
//! code: a type whose every operation forwards to another object is as fast as its slots, and PyO3's safe slots cost
//! several nanoseconds more an operation. [`object`] says why the raw accesses are sound; the other files are:
//!
//! * [`slots`]: operators, containers, calls, buffers, asynchronous protocols;
//! * [`attributes`]: attribute access and the proxy's own attributes;
//! * [`numpy`]: NumPy's dispatch protocols;
//! * [`resolve`]: calling the factory, once also when threads race.

mod attributes;
mod names;
mod numpy;
mod object;
pub(crate) mod resolve;
mod slots;

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{
    self, Py_ssize_t, PyGetSetDef, PyMemberDef, PyMethodDef, PyMethodDefPointer, PyObject,
    PyType_Slot,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyTuple, PyType};

use crate::factory::StoreFactory;
use crate::packed;

use object::{
    Failure, Obj, Strong, fields, is_proxy, load, replace, store, type_object, with_python,
};

/// Where Python finds the type and the functions: pickles name it.
const MODULE: &str = "proxyrt.proxy";

const DOC: &CStr = c"Proxy(factory, *, cache_defaults=False, target=None)\n--\n\n\
A stand-in for an object that a factory makes the first time it is needed.\n\n\
Every operation on the proxy is an operation on that object, the target: the proxy\n\
resolves itself, by calling the factory without arguments, and forwards. The factory is\n\
called at most once in a process, also when threads race for the target. A pickled proxy\n\
holds the factory and the cached defaults, never the target.\n\n\
Args:\n    \
    factory: A callable that returns the target. It should be pure: each call returns an equal object.\n    \
    cache_defaults: Remember the class and the hash of ``target``, so that ``isinstance`` and\n        \
        ``hash`` do not resolve the proxy. Ignored without a target.\n    \
    target: The target, if it is at hand.\n\n\
Raises:\n    \
    ProxyResolveError: When the proxy is used and the factory raises.\n    \
    TypeError: If ``factory`` is not callable.\n";

type Noargs = unsafe extern "C" fn(Obj, Obj) -> Obj;
type Fast = unsafe extern "C" fn(Obj, *mut Obj, Py_ssize_t) -> Obj;

const fn method(name: &'static CStr, function: Noargs, flags: c_int) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: ptr::null(),
    }
}

const fn fast_method(name: &'static CStr, function: Fast) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer {
            PyCFunctionFast: function,
        },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: ptr::null(),
    }
}

const NOARGS: c_int = ffi::METH_NOARGS;
const ONE: c_int = ffi::METH_O;

fn methods() -> Vec<PyMethodDef> {
    vec![
        method(c"__dir__", slots::dir, NOARGS),
        method(c"__bytes__", slots::bytes, NOARGS),
        method(c"__complex__", slots::complex, NOARGS),
        method(c"__reversed__", slots::reversed, NOARGS),
        method(c"__fspath__", slots::fspath, NOARGS),
        method(c"__trunc__", slots::trunc, NOARGS),
        method(c"__floor__", slots::floor, NOARGS),
        method(c"__ceil__", slots::ceil, NOARGS),
        method(c"__length_hint__", slots::length_hint, NOARGS),
        method(c"__enter__", slots::enter, NOARGS),
        method(c"__aenter__", slots::aenter, NOARGS),
        method(c"__reduce__", reduce, NOARGS),
        method(c"__reduce_ex__", reduce_ex, ONE),
        method(c"__format__", slots::format, ONE),
        method(c"__instancecheck__", slots::instance_check, ONE),
        method(c"__subclasscheck__", slots::subclass_check, ONE),
        method(c"__mro_entries__", attributes::mro_entries, ONE),
        method(c"__getattr__", attributes::getattr, ONE),
        method(c"__delattr__", attributes::delattr, ONE),
        method(c"__class_getitem__", class_getitem, ONE | ffi::METH_CLASS),
        fast_method(c"__setattr__", attributes::setattr),
        fast_method(c"__round__", slots::round),
        fast_method(c"__exit__", slots::exit),
        fast_method(c"__aexit__", slots::aexit),
        fast_method(c"__array_function__", numpy::array_function),
        PyMethodDef {
            ml_name: c"__array_ufunc__".as_ptr(),
            ml_meth: PyMethodDefPointer {
                PyCFunctionFastWithKeywords: numpy::array_ufunc,
            },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: ptr::null(),
        },
        PyMethodDef {
            ml_name: c"__init_subclass__".as_ptr(),
            ml_meth: PyMethodDefPointer {
                PyCFunctionWithKeywords: attributes::init_subclass,
            },
            ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS | ffi::METH_CLASS,
            ml_doc: ptr::null(),
        },
        PyMethodDef::zeroed(),
    ]
}

fn attribute(
    name: &'static CStr,
    get: ffi::getter,
    set: Option<ffi::setter>,
    doc: &'static CStr,
) -> PyGetSetDef {
    PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set,
        doc: doc.as_ptr(),
        closure: ptr::null_mut(),
    }
}

fn attributes_table() -> Vec<PyGetSetDef> {
    use attributes as a;
    vec![
        attribute(c"__class__", a::get_class, Some(a::set_class), c"The target's class."),
        attribute(
            c"__proxy_factory__",
            a::get_factory,
            Some(a::set_factory),
            c"The callable that returns the target.",
        ),
        attribute(c"__proxy_target__", a::get_target, Some(a::set_target), c"The target, once resolved."),
        attribute(c"__proxy_wrapped__", a::get_wrapped, Some(a::set_target), c"The target; resolves the proxy."),
        attribute(c"__proxy_resolved__", a::get_resolved, None, c"Whether the target is known."),
        attribute(
            c"__proxy_default_class__",
            a::get_default_class,
            Some(a::set_default_class),
            c"What `__class__` is while the proxy is unresolved, or None.",
        ),
        attribute(
            c"__proxy_default_hash__",
            a::get_default_hash,
            Some(a::set_default_hash),
            c"What `hash` returns while the proxy is unresolved, or the exception it raises, or None.",
        ),
        PyGetSetDef::default(),
    ]
}

fn members() -> Vec<PyMemberDef> {
    let offset = |name: &'static CStr, offset: usize| PyMemberDef {
        name: name.as_ptr(),
        type_code: ffi::Py_T_PYSSIZET,
        offset: offset as Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: ptr::null(),
    };
    vec![
        offset(c"__dictoffset__", object::DICT_OFFSET),
        offset(c"__weaklistoffset__", object::WEAKREFS_OFFSET),
        offset(c"__vectorcalloffset__", object::VECTORCALL_OFFSET),
        PyMemberDef::default(),
    ]
}

/// `(slot, function);` lines.
macro_rules! slot_table {
    ($($slot:ident => $function:expr;)*) => {
        vec![$(PyType_Slot { slot: ffi::$slot, pfunc: $function as *mut c_void },)* PyType_Slot::default()]
    };
}

/// Creates the type. CPython keeps pointers into the tables, so they are leaked: the type lives as long as the process.
fn create_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let methods = methods().leak().as_mut_ptr();
    let getset = attributes_table().leak().as_mut_ptr();
    let members = members().leak().as_mut_ptr();
    let mut table = slot_table! {
        Py_tp_doc => DOC.as_ptr();
        Py_tp_new => object::new;
        Py_tp_init => init;
        Py_tp_dealloc => object::dealloc;
        Py_tp_traverse => object::traverse;
        Py_tp_clear => object::clear;
        Py_tp_methods => methods;
        Py_tp_getset => getset;
        Py_tp_members => members;
        Py_tp_getattro => attributes::getattro;
        Py_tp_repr => attributes::repr;
        Py_tp_str => slots::str;
        Py_tp_hash => slots::hash;
        Py_tp_call => ffi::PyVectorcall_Call;
        Py_tp_richcompare => slots::richcompare;
        Py_tp_iter => slots::iter;
        Py_tp_iternext => slots::next;
        Py_nb_add => slots::add;
        Py_nb_subtract => slots::subtract;
        Py_nb_multiply => slots::multiply;
        Py_nb_matrix_multiply => slots::matrix_multiply;
        Py_nb_true_divide => slots::true_divide;
        Py_nb_floor_divide => slots::floor_divide;
        Py_nb_remainder => slots::remainder;
        Py_nb_divmod => slots::divmod;
        Py_nb_power => slots::power;
        Py_nb_lshift => slots::lshift;
        Py_nb_rshift => slots::rshift;
        Py_nb_and => slots::and;
        Py_nb_xor => slots::xor;
        Py_nb_or => slots::or;
        Py_nb_inplace_add => slots::inplace_add;
        Py_nb_inplace_subtract => slots::inplace_subtract;
        Py_nb_inplace_multiply => slots::inplace_multiply;
        Py_nb_inplace_matrix_multiply => slots::inplace_matrix_multiply;
        Py_nb_inplace_true_divide => slots::inplace_true_divide;
        Py_nb_inplace_floor_divide => slots::inplace_floor_divide;
        Py_nb_inplace_remainder => slots::inplace_remainder;
        Py_nb_inplace_power => slots::inplace_power;
        Py_nb_inplace_lshift => slots::inplace_lshift;
        Py_nb_inplace_rshift => slots::inplace_rshift;
        Py_nb_inplace_and => slots::inplace_and;
        Py_nb_inplace_xor => slots::inplace_xor;
        Py_nb_inplace_or => slots::inplace_or;
        Py_nb_negative => slots::negative;
        Py_nb_positive => slots::positive;
        Py_nb_absolute => slots::absolute;
        Py_nb_invert => slots::invert;
        Py_nb_bool => slots::boolean;
        Py_nb_int => slots::int;
        Py_nb_float => slots::float;
        Py_nb_index => slots::index;
        Py_mp_length => slots::length;
        Py_mp_subscript => slots::subscript;
        Py_mp_ass_subscript => slots::assign_subscript;
        Py_sq_length => slots::length;
        Py_sq_item => slots::item;
        Py_sq_ass_item => slots::assign_item;
        Py_sq_contains => slots::contains;
        Py_am_await => slots::await_;
        Py_am_aiter => slots::aiter;
        Py_am_anext => slots::anext;
        Py_am_send => slots::send;
        Py_bf_getbuffer => slots::get_buffer;
    };
    let mut spec = ffi::PyType_Spec {
        name: c"proxyrt.proxy.Proxy".as_ptr(),
        basicsize: size_of::<object::ProxyObject>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT
            | ffi::Py_TPFLAGS_BASETYPE
            | ffi::Py_TPFLAGS_HAVE_GC
            | ffi::Py_TPFLAGS_HAVE_VECTORCALL) as u32,
        slots: table.as_mut_ptr(),
    };
    // SAFETY: the spec and its tables are complete and have the sentinels that CPython looks for; each function has
    // the C signature of its slot.
    unsafe {
        let ty = ffi::PyType_FromSpec(&mut spec);
        let ty = Bound::from_owned_ptr_or_err(py, ty)?.cast_into::<PyType>()?;
        // Assigned as from Python, so that CPython builds `tp_setattro` around the method.
        let dict = ty.getattr("__dict__")?;
        for name in ["__setattr__", "__delattr__"] {
            ty.setattr(name, dict.get_item(name)?)?;
        }
        let raw = ty.as_type_ptr();
        (*raw).tp_vectorcall = Some(construct);
        attributes::remember_own(raw);
        Ok(ty)
    }
}

/// `Proxy(factory, ...)` of the exact type, without the detour over a tuple and a dictionary of arguments.
unsafe extern "C" fn construct(ty: Obj, args: *const Obj, count: usize, keywords: Obj) -> Obj {
    // SAFETY: a vectorcall: `args` holds the positional arguments and one for each name in `keywords`, all alive.
    unsafe {
        let positional = ffi::PyVectorcall_NARGS(count) as usize;
        let mut arguments = Arguments::default();
        if !arguments.positional(std::slice::from_raw_parts(args, positional)) {
            return Failure::FAILED;
        }
        if !keywords.is_null() {
            for index in 0..ffi::PyTuple_GET_SIZE(keywords) {
                let name = ffi::PyTuple_GET_ITEM(keywords, index);
                if !arguments.keyword(name, *args.add(positional + index as usize)) {
                    return Failure::FAILED;
                }
            }
        }
        let Some(this) = Strong::from_owned(object::allocate(ty.cast())) else {
            return Failure::FAILED;
        };
        if initialise(this.as_ptr(), &arguments) < 0 {
            return Failure::FAILED;
        }
        this.into_ptr()
    }
}

/// `__init__`.
unsafe extern "C" fn init(this: Obj, args: Obj, kwargs: Obj) -> c_int {
    // SAFETY: `args` is a tuple, `kwargs` a dictionary or null; both stay alive and unchanged during the call.
    unsafe {
        let mut arguments = Arguments::default();
        let positional: Vec<Obj> = (0..ffi::PyTuple_GET_SIZE(args))
            .map(|index| ffi::PyTuple_GET_ITEM(args, index))
            .collect();
        if !arguments.positional(&positional) {
            return Failure::FAILED;
        }
        if !kwargs.is_null() {
            let (mut position, mut name, mut value) = (0, ptr::null_mut(), ptr::null_mut());
            while ffi::PyDict_Next(kwargs, &mut position, &mut name, &mut value) != 0 {
                if !arguments.keyword(name, value) {
                    return Failure::FAILED;
                }
            }
        }
        initialise(this, &arguments)
    }
}

/// Borrowed arguments of the constructor; null where not given.
struct Arguments {
    factory: Obj,
    cache_defaults: Obj,
    target: Obj,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            factory: ptr::null_mut(),
            cache_defaults: ptr::null_mut(),
            target: ptr::null_mut(),
        }
    }
}

impl Arguments {
    fn positional(&mut self, args: &[Obj]) -> bool {
        match args {
            [] => {}
            [factory] => self.factory = *factory,
            _ => {
                raise_type_error(format!(
                    "Proxy() takes 1 positional argument but {} were given",
                    args.len()
                ));
                return false;
            }
        }
        true
    }

    /// # Safety
    /// `name` is a live string.
    #[inline]
    unsafe fn keyword(&mut self, name: Obj, value: Obj) -> bool {
        let same = |known: &names::Name| {
            // SAFETY: the caller's promise; comparing two strings cannot fail.
            name == known.get() || unsafe { ffi::PyUnicode_Compare(name, known.get()) } == 0
        };
        let place = if same(&names::TARGET) {
            &mut self.target
        } else if same(&names::DEFAULTS) {
            &mut self.cache_defaults
        } else if same(&names::FACTORY) && self.factory.is_null() {
            &mut self.factory
        } else {
            // SAFETY: the format matches the argument.
            unsafe {
                ffi::PyErr_Format(
                    ffi::PyExc_TypeError,
                    c"Proxy() got an unexpected keyword argument '%U'".as_ptr(),
                    name,
                );
            }
            return false;
        };
        *place = value;
        true
    }
}

fn raise_type_error(message: String) {
    with_python(|py| PyTypeError::new_err(message).restore(py));
}

#[inline]
unsafe fn initialise(this: Obj, arguments: &Arguments) -> c_int {
    // SAFETY: `this` is a proxy and the arguments are alive.
    unsafe {
        if arguments.factory.is_null() {
            raise_type_error(
                "Proxy() missing 1 required positional argument: 'factory'".to_owned(),
            );
            return Failure::FAILED;
        }
        if ffi::PyCallable_Check(arguments.factory) == 0 {
            ffi::PyErr_SetString(ffi::PyExc_TypeError, c"Factory must be callable.".as_ptr());
            return Failure::FAILED;
        }
        let given = !arguments.target.is_null() && arguments.target != ffi::Py_None();
        let mut defaults = (None, None);
        if given && !arguments.cache_defaults.is_null() {
            match ffi::PyObject_IsTrue(arguments.cache_defaults) {
                0 => {}
                1 => match cached_defaults(arguments.target) {
                    Some(found) => defaults = found,
                    None => return Failure::FAILED,
                },
                _ => return Failure::FAILED,
            }
        }
        let fields = fields(this);
        ffi::Py_INCREF(arguments.factory);
        replace(this, &fields.factory, arguments.factory);
        if given {
            store(
                this,
                Some(Strong::from_borrowed(ptr::NonNull::new_unchecked(
                    arguments.target,
                ))),
            );
        }
        replace(
            this,
            &fields.default_class,
            defaults.0.map_or(ptr::null_mut(), Strong::into_ptr),
        );
        replace(
            this,
            &fields.default_hash,
            defaults.1.map_or(ptr::null_mut(), Strong::into_ptr),
        );
        0
    }
}

/// The class of `target`, and its hash or the `TypeError` that hashing it raises.
unsafe fn cached_defaults(target: Obj) -> Option<(Option<Strong>, Option<Strong>)> {
    // SAFETY: `target` is alive; every function returns a new reference.
    unsafe {
        let class = Strong::from_owned(ffi::PyObject_GetAttr(target, names::CLASS.get()))?;
        let hash = ffi::PyObject_Hash(target);
        let hash = if hash != -1 {
            Strong::from_owned(ffi::PyLong_FromSsize_t(hash))?
        } else if ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
            Strong::from_owned(with_python(|py| PyErr::fetch(py).into_value(py).into_ptr()))?
        } else {
            return None;
        };
        Some((Some(class), Some(hash)))
    }
}

/// `__reduce__()`: the factory and the cached defaults, never the target.
unsafe extern "C" fn reduce(this: Obj, _: Obj) -> Obj {
    // SAFETY: called for a live proxy; `PyTuple_Pack` takes its own references.
    unsafe {
        let Some(factory) = load(this, |fields| &fields.factory) else {
            ffi::PyErr_SetString(ffi::PyExc_AttributeError, c"__proxy_factory__".as_ptr());
            return Failure::FAILED;
        };
        let class = load(this, |fields| &fields.default_class);
        let hash = load(this, |fields| &fields.default_hash);
        if ffi::Py_TYPE(this) == type_object() {
            match with_python(|py| short_form(py, &factory, class.as_ref(), hash.as_ref())) {
                Ok(Some(reduced)) => return reduced.into_ptr(),
                Ok(None) => {}
                Err(Raised) => return Failure::FAILED,
            }
        }
        let or_none =
            |value: &Option<Strong>| value.as_ref().map_or(ffi::Py_None(), Strong::as_ptr);
        let state = ffi::PyTuple_Pack(3, factory.as_ptr(), or_none(&class), or_none(&hash));
        let Some(state) = Strong::from_owned(state) else {
            return Failure::FAILED;
        };
        ffi::PyTuple_Pack(2, TRAMPOLINE.load(Ordering::Relaxed), state.as_ptr())
    }
}

/// An exception is set.
struct Raised;

/// What `__reduce__` returns for a proxy of a stored object, if it has a short form.
unsafe fn short_form(
    py: Python<'_>,
    factory: &Strong,
    class: Option<&Strong>,
    hash: Option<&Strong>,
) -> Result<Option<Strong>, Raised> {
    static RESTORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let reduced = || -> PyResult<Option<Bound<'_, PyTuple>>> {
        // SAFETY: the references are alive during the call.
        let bound = |value: &Strong| unsafe { Bound::from_borrowed_ptr(py, value.as_ptr()) };
        let factory = bound(factory);
        let Ok(factory) = factory.cast_exact::<StoreFactory>() else {
            return Ok(None);
        };
        let (class, hash) = (class.map(bound), hash.map(bound));
        let Some(arguments) = StoreFactory::packed(factory, class.as_ref(), hash.as_ref())? else {
            return Ok(None);
        };
        let restore = RESTORE.import(py, "proxyrt._proxyrt", "_p")?;
        PyTuple::new(py, [restore, arguments.as_any()]).map(Some)
    };
    match reduced() {
        // SAFETY: the reference is given up to the result.
        Ok(reduced) => {
            Ok(reduced.and_then(|tuple| unsafe { Strong::from_owned(tuple.into_ptr()) }))
        }
        Err(error) => {
            error.restore(py);
            Err(Raised)
        }
    }
}

/// `__reduce_ex__(protocol)`: what `__reduce__` says, which a subclass may override.
unsafe extern "C" fn reduce_ex(this: Obj, _protocol: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        if ffi::Py_TYPE(this) == type_object() {
            return reduce(this, ptr::null_mut());
        }
        ffi::PyObject_VectorcallMethod(names::REDUCE.get(), &this, 1, ptr::null_mut())
    }
}

unsafe extern "C" fn class_getitem(class: Obj, item: Obj) -> Obj {
    // SAFETY: both are alive.
    unsafe { ffi::Py_GenericAlias(class, item) }
}

static TRAMPOLINE: std::sync::atomic::AtomicPtr<PyObject> =
    std::sync::atomic::AtomicPtr::new(ptr::null_mut());

/// `_proxy_trampoline(factory, default_class=None, default_hash=None)`: makes a proxy from its pickle.
unsafe extern "C" fn trampoline(_module: Obj, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: `args` points to `count` live arguments.
    unsafe {
        if !(1..=3).contains(&count) {
            return attributes::wrong_count(c"_proxy_trampoline", 3, count);
        }
        let args = std::slice::from_raw_parts(args, count as usize);
        let Some(this) = Strong::from_owned(construct(
            type_object().cast(),
            args.as_ptr(),
            1,
            ptr::null_mut(),
        )) else {
            return Failure::FAILED;
        };
        let fields = fields(this.as_ptr());
        for (field, value) in [&fields.default_class, &fields.default_hash]
            .into_iter()
            .zip(&args[1..])
        {
            if *value != ffi::Py_None() {
                ffi::Py_INCREF(*value);
                replace(this.as_ptr(), field, *value);
            }
        }
        this.into_ptr()
    }
}

/// The classes that pickles of proxies, and of their factories, call. They are no functions, because the pickler finds a
/// class faster, and there is nothing else to them: calling one returns what the arguments describe.
fn create_restorer<'py>(
    py: Python<'py>,
    name: &'static CStr,
    new: ffi::newfunc,
    call: ffi::vectorcallfunc,
) -> PyResult<Bound<'py, PyType>> {
    let mut table = slot_table! {
        Py_tp_new => new;
    };
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size_of::<PyObject>() as c_int,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as u32,
        slots: table.as_mut_ptr(),
    };
    // SAFETY: as for `create_type`.
    unsafe {
        let ty = ffi::PyType_FromSpec(&mut spec);
        let ty = Bound::from_owned_ptr_or_err(py, ty)?.cast_into::<PyType>()?;
        (*ty.as_type_ptr()).tp_vectorcall = Some(call);
        Ok(ty)
    }
}

/// `name, new => function;` for the `tp_vectorcall` of a restorer, and its `tp_new`.
macro_rules! restorer {
    ($($name:ident, $new:ident => $function:path;)*) => {$(
        unsafe extern "C" fn $name(_: Obj, args: *const Obj, count: usize, _: Obj) -> Obj {
            with_python(|py| {
                // SAFETY: a vectorcall: `args` holds that many live arguments.
                let made = unsafe {
                    let count = ffi::PyVectorcall_NARGS(count) as usize;
                    let mut args = (0..count).map(|index| Bound::from_borrowed_ptr(py, *args.add(index)));
                    $function(py, &mut args)
                };
                match made {
                    Ok(made) => made.into_ptr(),
                    Err(error) => {
                        error.restore(py);
                        Failure::FAILED
                    }
                }
            })
        }

        unsafe extern "C" fn $new(_: *mut ffi::PyTypeObject, args: Obj, _: Obj) -> Obj {
            // SAFETY: `tp_new` is called with a tuple, whose items lie one after the other.
            unsafe {
                let arguments: Vec<Obj> = (0..ffi::PyTuple_GET_SIZE(args))
                    .map(|index| ffi::PyTuple_GET_ITEM(args, index))
                    .collect();
                $name(ptr::null_mut(), arguments.as_ptr(), arguments.len(), ptr::null_mut())
            }
        }
    )*};
}

restorer! {
    restore_proxy, new_proxy => packed::unpack_proxy;
    restore_factory, new_factory => packed::unpack_factory;
}

/// What the pickler calls for a proxy of the exact type: it finds this faster than the method.
unsafe extern "C" fn reduce_for_pickler(_module: Obj, proxy: Obj) -> Obj {
    // SAFETY: a METH_O function with a live argument.
    unsafe {
        if !is_proxy(proxy) {
            not_a_proxy_raised();
            return Failure::FAILED;
        }
        reduce_ex(proxy, ptr::null_mut())
    }
}

fn not_a_proxy_raised() {
    with_python(|py| not_a_proxy().restore(py));
}

/// A function of one proxy; other objects are asked for the attribute, so that other proxy types work too.
macro_rules! proxy_function {
    ($($name:ident($proxy:ident) = $body:expr, or $attribute:literal;)*) => {$(
        unsafe extern "C" fn $name(_module: Obj, $proxy: Obj) -> Obj {
            // SAFETY: a METH_O function with a live argument, which is checked to be a proxy.
            unsafe {
                if is_proxy($proxy) { $body } else { ffi::PyObject_GetAttrString($proxy, $attribute.as_ptr()) }
            }
        }
    )*};
}

proxy_function! {
    extract(proxy) = object::immediate(proxy).map_or(ptr::null_mut(), Strong::into_ptr), or c"__proxy_wrapped__";
    is_resolved(proxy) = ffi::PyBool_FromLong(object::is_resolved(proxy).into()), or c"__proxy_resolved__";
    get_factory(proxy) = ffi::PyObject_GenericGetAttr(proxy, names::PROXY_FACTORY.get()), or c"__proxy_factory__";
}

unsafe extern "C" fn resolve_now(module: Obj, proxy: Obj) -> Obj {
    // SAFETY: a METH_O function with a live argument.
    unsafe {
        match Strong::from_owned(extract(module, proxy)) {
            Some(_) => attributes::none(),
            None => Failure::FAILED,
        }
    }
}

fn function<'py>(
    module: &Bound<'py, PyModule>,
    definition: PyMethodDef,
    name: &str,
) -> PyResult<Bound<'py, PyCFunction>> {
    let definition = Box::leak(Box::new(definition));
    let module_name = pyo3::types::PyString::intern(module.py(), MODULE);
    // SAFETY: the definition lives as long as the process.
    let function = unsafe {
        let function = ffi::PyCFunction_NewEx(definition, ptr::null_mut(), module_name.as_ptr());
        Bound::from_owned_ptr_or_err(module.py(), function)?.cast_into::<PyCFunction>()?
    };
    module.add(name, &function)?;
    Ok(function)
}

fn documented(name: &'static CStr, call: Noargs, doc: &'static CStr) -> PyMethodDef {
    PyMethodDef {
        ml_doc: doc.as_ptr(),
        ..method(name, call, ONE)
    }
}

/// Adds the type and its functions to the extension module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    if type_object().is_null() {
        names::intern_all(py)?;
        let ty = create_type(py)?;
        object::set_type_object(ty.as_type_ptr());
        // Never dropped: slots compare with it.
        std::mem::forget(ty);
    }
    // SAFETY: the type has been created and is never dropped.
    let ty = unsafe { PyType::from_borrowed_type_ptr(py, type_object()) };
    module.add("Proxy", &ty)?;
    let reduce = function(
        module,
        method(c"_reduce", reduce_for_pickler, ONE),
        "_reduce",
    )?;
    py.import("copyreg")?.call_method1("pickle", (ty, reduce))?;
    module.add(
        "_p",
        create_restorer(py, c"proxyrt._p", new_proxy, restore_proxy)?,
    )?;
    module.add(
        "_factory",
        create_restorer(py, c"proxyrt._factory", new_factory, restore_factory)?,
    )?;

    let made = function(
        module,
        fast_method(c"_proxy_trampoline", trampoline),
        "_proxy_trampoline",
    )?;
    TRAMPOLINE.store(made.into_ptr(), Ordering::Relaxed);
    for (name, definition) in [
        (
            "extract",
            documented(
                c"extract",
                extract,
                c"extract(proxy, /)\n--\n\nReturn the target of a proxy, resolving it if need be.",
            ),
        ),
        (
            "resolve",
            documented(
                c"resolve",
                resolve_now,
                c"resolve(proxy, /)\n--\n\nResolve a proxy now.",
            ),
        ),
        (
            "is_resolved",
            documented(
                c"is_resolved",
                is_resolved,
                c"is_resolved(proxy, /)\n--\n\nReturn whether the target of a proxy is known.",
            ),
        ),
        (
            "get_factory",
            documented(
                c"get_factory",
                get_factory,
                c"get_factory(proxy, /)\n--\n\nReturn the factory of a proxy.",
            ),
        ),
    ] {
        function(module, definition, name)?;
    }
    Ok(())
}

/// Makes a proxy of `target`, and resolves it with `target`, if there is one.
pub(crate) fn made<'py>(
    factory: &Bound<'py, PyAny>,
    target: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = factory.py();
    let mut arguments = Arguments {
        factory: factory.as_ptr(),
        ..Arguments::default()
    };
    // SAFETY: the arguments are alive; a proxy that has been allocated is initialised before anybody else sees it.
    unsafe {
        if let Some(target) = target {
            arguments.target = target.as_ptr();
            arguments.cache_defaults = ffi::Py_True();
        }
        let this = Bound::from_owned_ptr_or_err(py, object::allocate(type_object()))?;
        if initialise(this.as_ptr(), &arguments) < 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(this)
    }
}

/// Makes the proxy that had this factory and these cached defaults.
pub(crate) fn restored<'py>(
    factory: &Bound<'py, PyAny>,
    class: Option<Bound<'py, PyAny>>,
    hash: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let this = made(factory, None)?;
    // SAFETY: `this` is a proxy, and the fields take over the references.
    unsafe {
        let fields = fields(this.as_ptr());
        for (field, value) in [(&fields.default_class, class), (&fields.default_hash, hash)] {
            if let Some(value) = value {
                replace(this.as_ptr(), field, value.into_ptr());
            }
        }
    }
    Ok(this)
}

/// The name of a type as the interpreter's messages have it.
pub(crate) fn type_name(class: &Bound<'_, PyType>) -> String {
    // SAFETY: every type has a name, a string that ends with a zero and lives as long as the type.
    let name = unsafe { CStr::from_ptr((*class.as_type_ptr()).tp_name) };
    name.to_string_lossy().into_owned()
}

/// Whether an object is a proxy of this package, whatever its `__class__` says.
pub(crate) fn check(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a `Bound` is alive.
    unsafe { is_proxy(object.as_ptr()) }
}

/// Makes every operation on a proxy raise `ReferenceInvalidError`, or undoes that.
pub(crate) fn set_valid(proxy: &Bound<'_, PyAny>, valid: bool) -> PyResult<()> {
    if !check(proxy) {
        return Err(not_a_proxy());
    }
    // SAFETY: checked.
    unsafe { object::set_valid(proxy.as_ptr(), valid) };
    Ok(())
}

/// Whether operations on a proxy are allowed.
pub(crate) fn is_valid(proxy: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !check(proxy) {
        return Err(not_a_proxy());
    }
    // SAFETY: checked.
    Ok(unsafe { object::mode(proxy.as_ptr()) } != object::Mode::Invalid)
}

/// Whether a thread is resolving a proxy.
pub(crate) fn is_resolving(proxy: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !check(proxy) {
        return Err(not_a_proxy());
    }
    // SAFETY: checked.
    Ok(unsafe { resolve::is_claimed(proxy.as_ptr()) })
}

pub(crate) fn not_a_proxy() -> PyErr {
    PyTypeError::new_err("expected a Proxy")
}
