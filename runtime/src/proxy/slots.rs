//! The slots that forward an operation to the target, one line a slot.
//!
//! Each macro below takes a strong reference to the target of every proxy operand, hands the operation to the C API
//! function that performs it, and lets go of the references. That is sound for every line alike: CPython calls a slot
//! attached and with live arguments of the slot's C signature, the receiver is a proxy, and the API functions take
//! borrowed references and return what the slot must return, with an exception set where they fail.

use std::ffi::c_int;
use std::ptr;
use std::ptr::NonNull;

use pyo3::ffi::{self, Py_buffer, Py_hash_t, Py_ssize_t};

use super::names::{self, Name};
use super::object::{Failure, Mode, Obj, Strong, fields, immediate, is_proxy, mode, store, target};

/// `name(arguments) -> Type = |target| expression;`
macro_rules! forward {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty = |$target:ident| $body:expr;)*) => {$(
        pub(crate) unsafe extern "C" fn $name(this: Obj $(, $arg: $ty)*) -> $ret {
            // SAFETY: see the module documentation.
            unsafe {
                let Some(held) = target(this) else { return Failure::FAILED };
                let $target = held.as_ptr();
                $body
            }
        }
    )*};
}

/// Calls a slot of the target's type as the API function would, which is the way out for types without the slot.
macro_rules! direct {
    ($object:expr, $table:ident.$slot:ident($($arg:expr),*) or $otherwise:expr) => {{
        let table = (*ffi::Py_TYPE($object)).$table;
        match if table.is_null() { None } else { (*table).$slot } {
            Some(slot) => slot($object $(, $arg)*),
            None => $otherwise,
        }
    }};
}

/// `name => function, slot;` for an operation of two operands, either of which may be the proxy. Two exact ints, the most
/// usual operands, go to the slot at once: it cannot leave the operation to the other operand.
macro_rules! binary {
    ($($name:ident => $function:path, $slot:ident;)*) => {$(
        pub(crate) unsafe extern "C" fn $name(left: Obj, right: Obj) -> Obj {
            // SAFETY: see the module documentation; the number table of `int` is static.
            unsafe {
                let Some(left) = unwrap(left) else { return Failure::FAILED };
                let Some(right) = unwrap(right) else { return Failure::FAILED };
                let (left, right) = (left.as_ptr(), right.as_ptr());
                if is_exact_int(left)
                    && is_exact_int(right)
                    && let Some(slot) = (*(*ptr::addr_of!(ffi::PyLong_Type)).tp_as_number).$slot
                {
                    return slot(left, right);
                }
                $function(left, right)
            }
        }
    )*};
}

/// `name => function;` for an operation that rebinds the proxy to the result and evaluates to the proxy. It acts on what
/// the proxy holds, so that a proxy of a proxy changes the inner one.
macro_rules! in_place {
    ($($name:ident => $function:path;)*) => {$(
        pub(crate) unsafe extern "C" fn $name(this: Obj, other: Obj) -> Obj {
            // SAFETY: see the module documentation.
            unsafe {
                let Some(value) = immediate(this) else { return Failure::FAILED };
                let Some(other) = unwrap(other) else { return Failure::FAILED };
                rebind(this, value.as_ptr(), $function(value.as_ptr(), other.as_ptr()))
            }
        }
    )*};
}

/// `name => NAME;` for a method without arguments that is looked up on the target.
macro_rules! call_method {
    ($($name:ident => $method:ident;)*) => {$(
        pub(crate) unsafe extern "C" fn $name(this: Obj, _: Obj) -> Obj {
            // SAFETY: see the module documentation.
            unsafe {
                let Some(held) = target(this) else { return Failure::FAILED };
                method(&names::$method, &[held.as_ptr()])
            }
        }
    )*};
}

forward! {
    str() -> Obj = |t| if is_exact_str(t) { new_reference(t) } else { ffi::PyObject_Str(t) };
    boolean() -> c_int = |t| is_true(t);
    iter() -> Obj = |t| ffi::PyObject_GetIter(t);
    length() -> Py_ssize_t = |t| direct!(t, tp_as_sequence.sq_length() or ffi::PyObject_Size(t));
    subscript(key: Obj) -> Obj = |t| direct!(t, tp_as_mapping.mp_subscript(key) or ffi::PyObject_GetItem(t, key));
    contains(value: Obj) -> c_int = |t| direct!(t, tp_as_sequence.sq_contains(value) or ffi::PySequence_Contains(t, value));
    assign_subscript(key: Obj, value: Obj) -> c_int = |t| direct!(t, tp_as_mapping.mp_ass_subscript(key, value) or assign_item_of(t, key, value));
    negative() -> Obj = |t| ffi::PyNumber_Negative(t);
    positive() -> Obj = |t| ffi::PyNumber_Positive(t);
    absolute() -> Obj = |t| ffi::PyNumber_Absolute(t);
    invert() -> Obj = |t| ffi::PyNumber_Invert(t);
    int() -> Obj = |t| if is_exact_int(t) { new_reference(t) } else { ffi::PyNumber_Long(t) };
    float() -> Obj = |t| ffi::PyNumber_Float(t);
    // Methods: called with `self` and, for those of one argument, that.
    dir(_no_args: Obj) -> Obj = |t| ffi::PyObject_Dir(t);
    bytes(_no_args: Obj) -> Obj = |t| ffi::PyObject_CallOneArg(ptr::addr_of_mut!(ffi::PyBytes_Type).cast(), t);
    complex(_no_args: Obj) -> Obj = |t| ffi::PyObject_CallOneArg(ptr::addr_of_mut!(ffi::PyComplex_Type).cast(), t);
    reversed(_no_args: Obj) -> Obj = |t| ffi::PyObject_CallOneArg(ptr::addr_of_mut!(ffi::PyReversed_Type).cast(), t);
    fspath(_no_args: Obj) -> Obj = |t| path_or_itself(t);
    format(spec: Obj) -> Obj = |t| ffi::PyObject_Format(t, spec);
    trunc(_no_args: Obj) -> Obj = |t| call_function(c"math", c"trunc", &[t]);
    floor(_no_args: Obj) -> Obj = |t| call_function(c"math", c"floor", &[t]);
    ceil(_no_args: Obj) -> Obj = |t| call_function(c"math", c"ceil", &[t]);
    instance_check(instance: Obj) -> Obj = |t| truth(ffi::PyObject_IsInstance(instance, t));
    subclass_check(class: Obj) -> Obj = |t| truth(ffi::PyObject_IsSubclass(class, t));
    forwarded_attribute(name: Obj) -> Obj = |t| attribute(t, name);
}

binary! {
    add => ffi::PyNumber_Add, nb_add;
    subtract => ffi::PyNumber_Subtract, nb_subtract;
    multiply => ffi::PyNumber_Multiply, nb_multiply;
    matrix_multiply => ffi::PyNumber_MatrixMultiply, nb_matrix_multiply;
    true_divide => ffi::PyNumber_TrueDivide, nb_true_divide;
    floor_divide => ffi::PyNumber_FloorDivide, nb_floor_divide;
    remainder => ffi::PyNumber_Remainder, nb_remainder;
    divmod => ffi::PyNumber_Divmod, nb_divmod;
    lshift => ffi::PyNumber_Lshift, nb_lshift;
    rshift => ffi::PyNumber_Rshift, nb_rshift;
    and => ffi::PyNumber_And, nb_and;
    xor => ffi::PyNumber_Xor, nb_xor;
    or => ffi::PyNumber_Or, nb_or;
}

in_place! {
    inplace_add => ffi::PyNumber_InPlaceAdd;
    inplace_subtract => ffi::PyNumber_InPlaceSubtract;
    inplace_multiply => ffi::PyNumber_InPlaceMultiply;
    inplace_matrix_multiply => ffi::PyNumber_InPlaceMatrixMultiply;
    inplace_true_divide => ffi::PyNumber_InPlaceTrueDivide;
    inplace_floor_divide => ffi::PyNumber_InPlaceFloorDivide;
    inplace_remainder => ffi::PyNumber_InPlaceRemainder;
    inplace_lshift => ffi::PyNumber_InPlaceLshift;
    inplace_rshift => ffi::PyNumber_InPlaceRshift;
    inplace_and => ffi::PyNumber_InPlaceAnd;
    inplace_xor => ffi::PyNumber_InPlaceXor;
    inplace_or => ffi::PyNumber_InPlaceOr;
}

call_method! {
    enter => ENTER;
    aenter => AENTER;
}

/// `PyObject_GetAttr` for a name that is known to be a string, without a second check.
#[inline(always)]
unsafe fn attribute(object: Obj, name: Obj) -> Obj {
    // SAFETY: `object` is alive; a slot of its type is called as CPython would call it.
    unsafe {
        match (*ffi::Py_TYPE(object)).tp_getattro {
            Some(getattro) => getattro(object, name),
            None => ffi::PyObject_GetAttr(object, name),
        }
    }
}

#[inline(always)]
unsafe fn is_exact_int(object: Obj) -> bool {
    // SAFETY: `object` is alive.
    unsafe { ptr::eq(ffi::Py_TYPE(object), ptr::addr_of!(ffi::PyLong_Type)) }
}

#[inline(always)]
unsafe fn is_exact_str(object: Obj) -> bool {
    // SAFETY: `object` is alive.
    unsafe { ptr::eq(ffi::Py_TYPE(object), ptr::addr_of!(ffi::PyUnicode_Type)) }
}

#[inline(always)]
unsafe fn new_reference(object: Obj) -> Obj {
    // SAFETY: `object` is alive.
    unsafe { ffi::Py_INCREF(object) };
    object
}

/// `PyObject_IsTrue` for a container, whose length says it.
#[inline(always)]
unsafe fn is_true(object: Obj) -> c_int {
    // SAFETY: `object` is alive, and the slot tables of its type are.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        let (numbers, sequence) = ((*ty).tp_as_number, (*ty).tp_as_sequence);
        if numbers.is_null()
            && !sequence.is_null()
            && let Some(length) = (*sequence).sq_length
        {
            return length(object).signum() as c_int;
        }
        ffi::PyObject_IsTrue(object)
    }
}

/// The target of a proxy, or the object itself.
#[inline(always)]
pub(crate) unsafe fn unwrap(object: Obj) -> Option<Strong> {
    // SAFETY: `object` is a live argument.
    unsafe {
        if is_proxy(object) {
            target(object)
        } else {
            Some(Strong::from_borrowed(NonNull::new_unchecked(object)))
        }
    }
}

pub(crate) unsafe extern "C" fn richcompare(this: Obj, other: Obj, op: c_int) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(left) = target(this) else {
            return Failure::FAILED;
        };
        if !is_proxy(other) {
            // Two exact ints always compare, so there is no other operand to ask.
            if is_exact_int(left.as_ptr())
                && is_exact_int(other)
                && let Some(compare) = (*ptr::addr_of!(ffi::PyLong_Type)).tp_richcompare
            {
                return compare(left.as_ptr(), other, op);
            }
            return ffi::PyObject_RichCompare(left.as_ptr(), other, op);
        }
        let Some(right) = target(other) else {
            return Failure::FAILED;
        };
        ffi::PyObject_RichCompare(left.as_ptr(), right.as_ptr(), op)
    }
}

pub(crate) unsafe extern "C" fn power(base: Obj, exponent: Obj, modulus: Obj) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(base) = unwrap(base) else {
            return Failure::FAILED;
        };
        let Some(exponent) = unwrap(exponent) else {
            return Failure::FAILED;
        };
        let Some(modulus) = unwrap(modulus) else {
            return Failure::FAILED;
        };
        ffi::PyNumber_Power(base.as_ptr(), exponent.as_ptr(), modulus.as_ptr())
    }
}

pub(crate) unsafe extern "C" fn inplace_power(this: Obj, exponent: Obj, modulus: Obj) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(value) = immediate(this) else {
            return Failure::FAILED;
        };
        let Some(exponent) = unwrap(exponent) else {
            return Failure::FAILED;
        };
        let Some(modulus) = unwrap(modulus) else {
            return Failure::FAILED;
        };
        let result =
            ffi::PyNumber_InPlacePower(value.as_ptr(), exponent.as_ptr(), modulus.as_ptr());
        rebind(this, value.as_ptr(), result)
    }
}

/// Makes `result`, a new reference or null, the proxy's target.
#[inline]
unsafe fn rebind(this: Obj, value: Obj, result: Obj) -> Obj {
    // SAFETY: `result` is owned here; a subclass that overrides `__proxy_wrapped__` is asked to store it.
    unsafe {
        let Some(result) = Strong::from_owned(result) else {
            return Failure::FAILED;
        };
        if mode(this) == Mode::Indirect {
            if ffi::PyObject_GenericSetAttr(this, names::WRAPPED.get(), result.as_ptr()) < 0 {
                return Failure::FAILED;
            }
        } else if result.as_ptr() != value {
            store(this, Some(result));
        }
        ffi::Py_INCREF(this);
        this
    }
}

pub(crate) unsafe extern "C" fn hash(this: Obj) -> Py_hash_t {
    // SAFETY: see the module documentation.
    unsafe {
        if fields(this).direct_target().is_none() && !super::object::is_resolved(this) {
            let cached = super::object::load(this, |fields| &fields.default_hash);
            if let Some(cached) = cached {
                if ffi::PyExceptionInstance_Check(cached.as_ptr()) == 0 {
                    return hash_from_int(cached.as_ptr());
                }
                ffi::PyErr_SetObject(ffi::Py_TYPE(cached.as_ptr()).cast(), cached.as_ptr());
                return Failure::FAILED;
            }
        }
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        match (*ffi::Py_TYPE(held.as_ptr())).tp_hash {
            Some(hash) => hash(held.as_ptr()),
            None => ffi::PyObject_Hash(held.as_ptr()),
        }
    }
}

/// The hash that an `__hash__` method means by returning `value`: itself, reduced only if it is too long.
unsafe fn hash_from_int(value: Obj) -> Py_hash_t {
    // SAFETY: `value` is alive.
    unsafe {
        match ffi::PyLong_AsSsize_t(value) {
            -1 if !ffi::PyErr_Occurred().is_null() => {
                if ffi::PyErr_ExceptionMatches(ffi::PyExc_OverflowError) == 0 {
                    return Failure::FAILED;
                }
                ffi::PyErr_Clear();
                ffi::PyObject_Hash(value)
            }
            -1 => -2,
            hash => hash,
        }
    }
}

pub(crate) unsafe extern "C" fn index(this: Obj) -> Obj {
    // SAFETY: see the module documentation; the number table of a type lives as long as the type.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        let t = held.as_ptr();
        if is_exact_int(t) {
            return held.into_ptr();
        }
        // An object that converts to `int` without being an index (`decimal.Decimal`, a user's `__int__`) is taken
        // as one, as the Python implementation does; a float never is.
        let numbers = (*ffi::Py_TYPE(t)).tp_as_number;
        let converts =
            !numbers.is_null() && (*numbers).nb_index.is_none() && (*numbers).nb_int.is_some();
        if converts && ffi::PyFloat_Check(t) == 0 {
            ffi::PyNumber_Long(t)
        } else {
            ffi::PyNumber_Index(t)
        }
    }
}

/// `object[key] = value`, or `del object[key]` if the value is null.
unsafe fn assign_item_of(object: Obj, key: Obj, value: Obj) -> c_int {
    // SAFETY: the arguments are alive.
    unsafe {
        if value.is_null() {
            ffi::PyObject_DelItem(object, key)
        } else {
            ffi::PyObject_SetItem(object, key, value)
        }
    }
}

/// `sq_item`, so that C code takes the proxy for a sequence. CPython has added the length to a negative index already.
pub(crate) unsafe extern "C" fn item(this: Obj, index: Py_ssize_t) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        if index < 0 {
            ffi::PyErr_SetString(ffi::PyExc_IndexError, c"index out of range".as_ptr());
            return Failure::FAILED;
        }
        let Some(key) = Strong::from_owned(ffi::PyLong_FromSsize_t(index)) else {
            return Failure::FAILED;
        };
        ffi::PyObject_GetItem(held.as_ptr(), key.as_ptr())
    }
}

pub(crate) unsafe extern "C" fn assign_item(this: Obj, index: Py_ssize_t, value: Obj) -> c_int {
    // SAFETY: see the module documentation.
    unsafe {
        if index < 0 {
            ffi::PyErr_SetString(ffi::PyExc_IndexError, c"index out of range".as_ptr());
            return Failure::FAILED;
        }
        let Some(key) = Strong::from_owned(ffi::PyLong_FromSsize_t(index)) else {
            return Failure::FAILED;
        };
        assign_subscript(this, key.as_ptr(), value)
    }
}

pub(crate) unsafe extern "C" fn next(this: Obj) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        match (*ffi::Py_TYPE(held.as_ptr())).tp_iternext {
            Some(next) => next(held.as_ptr()),
            None => unsupported(held.as_ptr(), c"'%.200s' object is not an iterator"),
        }
    }
}

pub(crate) unsafe extern "C" fn vectorcall(
    this: Obj,
    args: *const Obj,
    count: usize,
    keywords: Obj,
) -> Obj {
    // SAFETY: see the module documentation; the argument array is passed on as it came.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        ffi::PyObject_Vectorcall(held.as_ptr(), args, count, keywords)
    }
}

/// The view's exporter is the target, so there is nothing to release in the proxy.
pub(crate) unsafe extern "C" fn get_buffer(this: Obj, view: *mut Py_buffer, flags: c_int) -> c_int {
    // SAFETY: see the module documentation; a failing exporter must leave a null object.
    unsafe {
        let Some(held) = target(this) else {
            (*view).obj = ptr::null_mut();
            return Failure::FAILED;
        };
        let code = ffi::PyObject_GetBuffer(held.as_ptr(), view, flags);
        if code < 0 {
            (*view).obj = ptr::null_mut();
        }
        code
    }
}

/// `name => slot, message;`
macro_rules! asynchronous {
    ($($name:ident => $slot:ident or |$target:ident| $otherwise:expr;)*) => {$(
        pub(crate) unsafe extern "C" fn $name(this: Obj) -> Obj {
            // SAFETY: see the module documentation; the slot table of a type lives as long as the type.
            unsafe {
                let Some(held) = target(this) else { return Failure::FAILED };
                let $target = held.as_ptr();
                let table = (*ffi::Py_TYPE($target)).tp_as_async;
                let slot = if table.is_null() { None } else { (*table).$slot };
                match slot {
                    Some(slot) => slot($target),
                    None => $otherwise,
                }
            }
        }
    )*};
}

asynchronous! {
    await_ => am_await or |t| call_function(c"proxyrt._protocols", c"await_", &[t]);
    aiter => am_aiter or |t| unsupported(t, c"'%.200s' object is not an asynchronous iterable");
    anext => am_anext or |t| unsupported(t, c"'%.200s' object is not an asynchronous iterator");
}

pub(crate) unsafe extern "C" fn send(this: Obj, value: Obj, result: *mut Obj) -> ffi::PySendResult {
    // SAFETY: see the module documentation; `result` is the caller's out-parameter.
    unsafe {
        *result = ptr::null_mut();
        match target(this) {
            Some(held) => ffi::PyIter_Send(held.as_ptr(), value, result),
            None => ffi::PySendResult::PYGEN_ERROR,
        }
    }
}

/// `__exit__(*args)`: METH_FASTCALL.
pub(crate) unsafe extern "C" fn exit(this: Obj, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: see the module documentation.
    unsafe { forward_method(this, &names::EXIT, args, count) }
}

/// `__aexit__(*args)`: METH_FASTCALL.
pub(crate) unsafe extern "C" fn aexit(this: Obj, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: see the module documentation.
    unsafe { forward_method(this, &names::AEXIT, args, count) }
}

unsafe fn forward_method(this: Obj, name: &Name, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: `args` points to `count` live arguments.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        let args = if count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(args, count as usize)
        };
        let mut all = [
            held.as_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        ];
        match all.get_mut(1..=args.len()) {
            Some(places) => places.copy_from_slice(args),
            None => {
                ffi::PyErr_SetString(
                    ffi::PyExc_TypeError,
                    c"expected at most 3 arguments".as_ptr(),
                );
                return Failure::FAILED;
            }
        }
        method(name, &all[..=args.len()])
    }
}

/// `__round__([ndigits])`: METH_FASTCALL.
pub(crate) unsafe extern "C" fn round(this: Obj, args: *mut Obj, count: Py_ssize_t) -> Obj {
    // SAFETY: `args` points to `count` live arguments.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        match count {
            0 => call_function(c"builtins", c"round", &[held.as_ptr()]),
            _ => call_function(c"builtins", c"round", &[held.as_ptr(), *args]),
        }
    }
}

pub(crate) unsafe extern "C" fn length_hint(this: Obj, _no_args: Obj) -> Obj {
    // SAFETY: see the module documentation.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        match ffi::PyObject_LengthHint(held.as_ptr(), -1) {
            -1 if !ffi::PyErr_Occurred().is_null() => Failure::FAILED,
            -1 => {
                ffi::Py_INCREF(ffi::Py_NotImplemented());
                ffi::Py_NotImplemented()
            }
            hint => ffi::PyLong_FromSsize_t(hint),
        }
    }
}

/// Calls the method `name` of `args[0]`.
#[inline]
unsafe fn method(name: &Name, args: &[Obj]) -> Obj {
    // SAFETY: `args` holds at least the receiver, all alive.
    unsafe {
        ffi::PyObject_VectorcallMethod(name.get(), args.as_ptr(), args.len(), ptr::null_mut())
    }
}

/// Calls a function of a Python module; for operations that CPython has no C function for.
unsafe fn call_function(module: &std::ffi::CStr, name: &std::ffi::CStr, args: &[Obj]) -> Obj {
    // SAFETY: the strings end with a nul byte, the arguments are alive.
    unsafe {
        let Some(module) = Strong::from_owned(ffi::PyImport_ImportModule(module.as_ptr())) else {
            return Failure::FAILED;
        };
        let function = ffi::PyObject_GetAttrString(module.as_ptr(), name.as_ptr());
        let Some(function) = Strong::from_owned(function) else {
            return Failure::FAILED;
        };
        ffi::PyObject_Vectorcall(
            function.as_ptr(),
            args.as_ptr(),
            args.len(),
            ptr::null_mut(),
        )
    }
}

/// The path that `object` stands for. What is no path is returned as it is, for `os.fspath` to complain about.
unsafe fn path_or_itself(object: Obj) -> Obj {
    // SAFETY: `object` is alive.
    unsafe {
        let is_text = ffi::PyUnicode_Check(object) != 0 || ffi::PyBytes_Check(object) != 0;
        if is_text || ffi::PyObject_HasAttr(object, names::FSPATH.get()) == 0 {
            ffi::Py_INCREF(object);
            return object;
        }
        ffi::PyOS_FSPath(object)
    }
}

unsafe fn truth(code: c_int) -> Obj {
    // SAFETY: attached.
    unsafe {
        if code < 0 {
            Failure::FAILED
        } else {
            ffi::PyBool_FromLong(code.into())
        }
    }
}

unsafe fn unsupported(object: Obj, message: &std::ffi::CStr) -> Obj {
    // SAFETY: the message has one `%s`, for the name of the type.
    unsafe {
        ffi::PyErr_Format(
            ffi::PyExc_TypeError,
            message.as_ptr(),
            (*ffi::Py_TYPE(object)).tp_name,
        )
    }
}
