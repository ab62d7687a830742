//! NumPy's dispatch protocols: its functions see the targets instead of the proxies.
//!
//! NumPy looks `__array_ufunc__` and `__array_function__` up on the type, so they are methods of `Proxy`; asked of an
//! instance, the target answers (see [`attributes`](super::attributes)). Soundness: as in [`slots`](super::slots).

use std::ptr;

use pyo3::ffi::{self, Py_ssize_t};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::names;
use super::object::{Failure, Obj, Strong, is_proxy, target, with_python};
use super::slots;

/// `value` with every proxy in it, and in the lists and tuples in it, replaced by its target; `None` if there is none.
fn unwrapped<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    // SAFETY: `value` is alive.
    if unsafe { is_proxy(value.as_ptr()) } {
        // SAFETY: it is a proxy.
        let found = unsafe { target(value.as_ptr()) }.ok_or_else(|| PyErr::fetch(py))?;
        // SAFETY: a strong reference is handed over.
        return Ok(Some(unsafe { Bound::from_owned_ptr(py, found.into_ptr()) }));
    }
    if let Ok(items) = value.cast_exact::<PyTuple>() {
        let items: Vec<_> = items.iter().collect();
        Ok(unwrapped_items(&items)?
            .map(|items| PyTuple::new(py, items))
            .transpose()?
            .map(Bound::into_any))
    } else if let Ok(items) = value.cast_exact::<PyList>() {
        let items: Vec<_> = items.iter().collect();
        Ok(unwrapped_items(&items)?
            .map(|items| PyList::new(py, items))
            .transpose()?
            .map(Bound::into_any))
    } else {
        Ok(None)
    }
}

fn unwrapped_items<'py>(items: &[Bound<'py, PyAny>]) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    let mut changed: Option<Vec<_>> = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(item) = unwrapped(item)? {
            changed.get_or_insert_with(|| items.to_vec())[index] = item;
        }
    }
    Ok(changed)
}

fn unwrapped_keywords<'py>(keywords: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let copy = keywords.copy()?;
    for (name, value) in keywords {
        if let Some(value) = unwrapped(&value)? {
            copy.set_item(name, value)?;
        }
    }
    Ok(copy)
}

/// Turns a PyO3 result into what a slot returns.
fn raw(py: Python<'_>, result: PyResult<Bound<'_, PyAny>>) -> Obj {
    match result {
        Ok(value) => value.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// `__array_ufunc__(ufunc, method, *inputs, **kwargs)`: METH_FASTCALL | METH_KEYWORDS.
pub(crate) unsafe extern "C" fn array_ufunc(
    _this: Obj,
    args: *const Obj,
    count: Py_ssize_t,
    keywords: Obj,
) -> Obj {
    // SAFETY: `args` holds `count` arguments and one more for each of the names in `keywords`, all alive. At most the
    // proxies among them are swapped for their targets, which `held` keeps alive.
    unsafe {
        let named = if keywords.is_null() {
            0
        } else {
            ffi::PyTuple_GET_SIZE(keywords)
        };
        let all = std::slice::from_raw_parts(args, (count + named) as usize);
        let [ufunc, method, operands @ ..] = all else {
            return super::attributes::wrong_count(c"__array_ufunc__", 2, count);
        };
        // Nothing below drops an owned PyO3 reference, so PyO3's account of attached threads does not matter.
        let py = Python::assume_attached();
        let mut held: Vec<Strong> = Vec::with_capacity(operands.len());
        for (index, &operand) in operands.iter().enumerate() {
            let positional = index + 2 < count as usize;
            let operand = if positional {
                slots::unwrap(operand)
            } else {
                match unwrapped(&Bound::from_borrowed_ptr(py, operand)) {
                    Ok(Some(value)) => Strong::from_owned(value.into_ptr()),
                    Ok(None) => Some(Strong::from_borrowed(ptr::NonNull::new_unchecked(operand))),
                    Err(error) => {
                        error.restore(py);
                        None
                    }
                }
            };
            let Some(operand) = operand else {
                return Failure::FAILED;
            };
            held.push(operand);
        }
        let operands: Vec<Obj> = held.iter().map(Strong::as_ptr).collect();
        let positional = operands.len() - named as usize;
        if ffi::PyUnicode_Check(*method) != 0
            && ffi::PyUnicode_CompareWithASCIIString(*method, c"__call__".as_ptr()) == 0
        {
            return ffi::PyObject_Vectorcall(*ufunc, operands.as_ptr(), positional, keywords);
        }
        let Some(function) = Strong::from_owned(ffi::PyObject_GetAttr(*ufunc, *method)) else {
            return Failure::FAILED;
        };
        ffi::PyObject_Vectorcall(function.as_ptr(), operands.as_ptr(), positional, keywords)
    }
}

/// `__array_function__(function, types, args, kwargs)`: METH_FASTCALL.
pub(crate) unsafe extern "C" fn array_function(
    _this: Obj,
    args: *mut Obj,
    count: Py_ssize_t,
) -> Obj {
    // SAFETY: `args` points to `count` live arguments.
    unsafe {
        if count != 4 {
            return super::attributes::wrong_count(c"__array_function__", 4, count);
        }
        with_python(|py| {
            let at = |index| Bound::from_borrowed_ptr(py, *args.add(index));
            let call = || -> PyResult<Bound<'_, PyAny>> {
                let (positional, keywords) = (at(2), at(3).cast_into::<PyDict>()?);
                let positional = unwrapped(&positional)?
                    .unwrap_or(positional)
                    .cast_into::<PyTuple>()?;
                at(0).call(positional, Some(&unwrapped_keywords(&keywords)?))
            };
            raw(py, call())
        })
    }
}

/// The attribute `__array__`: the target's, or for a number or a string, which have none, one that converts it.
/// Without it NumPy would make an array of type `object` from the proxy.
pub(crate) unsafe fn array_attribute(this: Obj) -> Obj {
    // SAFETY: called for a live proxy.
    unsafe {
        let Some(held) = target(this) else {
            return Failure::FAILED;
        };
        let found = ffi::PyObject_GetAttr(held.as_ptr(), names::ARRAY.get());
        let t = held.as_ptr();
        let scalar = ffi::PyLong_Check(t) != 0
            || ffi::PyFloat_Check(t) != 0
            || ffi::PyComplex_Check(t) != 0
            || ffi::PyUnicode_Check(t) != 0
            || ffi::PyBytes_Check(t) != 0;
        if !found.is_null()
            || !scalar
            || ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0
        {
            return found;
        }
        ffi::PyErr_Clear();
        with_python(|py| {
            let partial = || -> PyResult<Bound<'_, PyAny>> {
                let convert = py.import("proxyrt._protocols")?.getattr("scalar_array")?;
                py.import("functools")?
                    .getattr("partial")?
                    .call1((convert, Bound::from_borrowed_ptr(py, t)))
            };
            raw(py, partial())
        })
    }
}
