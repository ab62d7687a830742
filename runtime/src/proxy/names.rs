//! Interned attribute names.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::{PyErr, PyResult, Python};

/// A string that lives as long as the process, to be compared by identity with the names that bytecode passes.
pub(crate) struct Name(AtomicPtr<PyObject>);

impl Name {
    #[inline(always)]
    pub(crate) fn get(&self) -> *mut PyObject {
        self.0.load(Ordering::Relaxed)
    }

    fn intern(&self, py: Python<'_>, text: &CStr) -> PyResult<()> {
        // SAFETY: `text` ends with a nul byte and the thread is attached.
        let object = unsafe { ffi::PyUnicode_InternFromString(text.as_ptr()) };
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        self.0.store(object, Ordering::Relaxed);
        Ok(())
    }
}

macro_rules! names {
    ($($name:ident = $text:literal;)*) => {
        $(pub(crate) static $name: Name = Name(AtomicPtr::new(ptr::null_mut()));)*

        /// Interns all names; called once when the module is initialised.
        pub(crate) fn intern_all(py: Python<'_>) -> PyResult<()> {
            $($name.intern(py, $text)?;)*
            Ok(())
        }
    };
}

names! {
    AENTER = c"__aenter__";
    AEXIT = c"__aexit__";
    ANNOTATIONS = c"__annotations__";
    ARRAY = c"__array__";
    ARRAY_FUNCTION = c"__array_function__";
    ARRAY_UFUNC = c"__array_ufunc__";
    CALL = c"__call__";
    CLASS = c"__class__";
    DEFAULTS = c"cache_defaults";
    DICT = c"__dict__";
    DOC = c"__doc__";
    ENTER = c"__enter__";
    EXIT = c"__exit__";
    FACTORY = c"factory";
    FSPATH = c"__fspath__";
    GETATTR = c"__getattr__";
    GETATTRIBUTE = c"__getattribute__";
    GETITEM = c"__getitem__";
    INIT_SUBCLASS = c"__init_subclass__";
    INSTANCECHECK = c"__instancecheck__";
    MODULE = c"__module__";
    MRO_ENTRIES = c"__mro_entries__";
    NAME = c"__name__";
    ORIG_CLASS = c"__orig_class__";
    PROXY_FACTORY = c"__proxy_factory__";
    REDUCE = c"__reduce__";
    REDUCE_EX = c"__reduce_ex__";
    SUBCLASSCHECK = c"__subclasscheck__";
    TARGET = c"target";
    WEAKREF = c"__weakref__";
    WRAPPED = c"__proxy_wrapped__";
}
