//! Objects to frames and back.

use std::io;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyList, PyMemoryView, PySlice, PyString, PyTuple, PyType,
};

use crate::frame::{self, Head, Kind};
use crate::memory::{self, Block, Borrowed};

pyo3::import_exception!(proxyrt._errors, SerializationError);

/// Element types of arrays that need no pickle: the letters of the buffer protocol, the size, NumPy's name.
///
/// The position is what a frame says; only ever append.
const ELEMENTS: [(&[u8], usize, &str); 14] = [
    (b"?", 1, "|b1"),
    (b"b", 1, "|i1"),
    (b"h", 2, "<i2"),
    (b"il", 4, "<i4"),
    (b"lq", 8, "<i8"),
    (b"B", 1, "|u1"),
    (b"H", 2, "<u2"),
    (b"IL", 4, "<u4"),
    (b"LQ", 8, "<u8"),
    (b"e", 2, "<f2"),
    (b"f", 4, "<f4"),
    (b"d", 8, "<f8"),
    (b"Zf", 8, "<c8"),
    (b"Zd", 16, "<c16"),
];

/// A serialized object whose large buffers still lie where they were.
///
/// A connector that takes frames writes the pieces one after the other; nothing has to be copied together before.
#[pyclass(frozen, module = "proxyrt._proxyrt")]
pub(crate) struct Frame {
    head: Head,
    parts: Vec<Borrowed>,
}

#[pymethods]
impl Frame {
    fn __len__(&self) -> usize {
        self.head.length
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        memory::assemble(py, self.head.length, &self.pieces())
    }
}

impl Frame {
    fn new(kind: Kind, metadata: &[u8], parts: Vec<Borrowed>, checked: bool) -> Self {
        let slices: Vec<&[u8]> = parts.iter().map(Borrowed::bytes).collect();
        let head = Head::new(kind, metadata, &slices, checked);
        Self { head, parts }
    }

    pub(crate) fn length(&self) -> usize {
        self.head.length
    }

    /// The head and the parts with their offsets.
    pub(crate) fn pieces(&self) -> Vec<(usize, &[u8])> {
        let parts = self.head.offsets.iter().copied();
        std::iter::once((0, &*self.head.bytes))
            .chain(parts.zip(self.parts.iter().map(Borrowed::bytes)))
            .collect()
    }
}

/// Serializes an object without copying its large buffers.
#[pyfunction]
#[pyo3(signature = (obj, /, *, checksum = false))]
pub(crate) fn encode(obj: &Bound<'_, PyAny>, checksum: bool) -> PyResult<Frame> {
    let one = |kind, part| Ok(Frame::new(kind, &[], vec![part], checksum));
    if let Ok(bytes) = obj.cast_exact::<PyBytes>() {
        return one(Kind::Bytes, Borrowed::immutable(bytes));
    }
    if let Ok(string) = obj.cast_exact::<PyString>() {
        // A string with surrogates has no UTF-8 form; pickle has its own.
        if let Some(part) = Borrowed::string(string) {
            return one(Kind::Str, part);
        }
    }
    if obj.is_exact_instance_of::<PyByteArray>() {
        return one(
            Kind::Bytearray,
            Borrowed::buffer(PyUntypedBuffer::get(obj)?)?,
        );
    }
    if is_array(obj)?
        && let Some((metadata, part)) = array(obj)?
    {
        return Ok(Frame::new(Kind::Array, &metadata, vec![part], checksum));
    }
    if let Some(codec) = codec(&obj.get_type())? {
        let encoded = codec.call_method1("encode", (obj,))?;
        let (note, buffers): (Vec<u8>, Bound<'_, PyAny>) = encoded.extract()?;
        let name: String = codec.getattr("name")?.extract()?;
        return Ok(Frame::new(
            Kind::Codec,
            &noted(&name, &note),
            borrow_all(&buffers)?,
            checksum,
        ));
    }
    pickle(obj, checksum)
}

/// Serializes an object to `bytes`.
///
/// Args:
///     obj: Any object that pickle or cloudpickle can pickle.
///     checksum: Also protect large buffers by a checksum; it is compared when the object is read.
///
/// Raises:
///     SerializationError: If the object cannot be pickled.
#[pyfunction]
#[pyo3(signature = (obj, /, *, checksum = false))]
pub(crate) fn serialize<'py>(
    obj: &Bound<'py, PyAny>,
    checksum: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = obj.py();
    let codec = codec(&obj.get_type())?;
    if let Some(codec) = codec
        && let Some(write) = codec.getattr_opt(intern!(py, "serialize"))?
        && let written = write.call1((obj, checksum))?
        && !written.is_none()
    {
        return Ok(written.cast_into()?);
    }
    encode(obj, checksum)?.__bytes__(py)
}

/// Makes the head of a frame of one part, with the zeros before it.
///
/// Args:
///     name: That of the codec, which has nothing to note.
///     part: The part.
///     checksum: As for `serialize`.
#[pyfunction]
#[pyo3(signature = (name, part, checksum, /))]
pub(crate) fn codec_head<'py>(
    name: &str,
    part: &Bound<'py, PyAny>,
    checksum: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = part.py();
    let part = Borrowed::buffer(PyUntypedBuffer::get(part)?)?;
    let head = Head::new(Kind::Codec, &noted(name, &[]), &[part.bytes()], checksum);
    memory::assemble(
        py,
        head.offsets[0],
        &[(0, &head.bytes), (head.offsets[0], &[])],
    )
}

/// The metadata of a codec: its name and what it noted.
fn noted(name: &str, note: &[u8]) -> Vec<u8> {
    let mut metadata = (name.len() as u64).to_le_bytes().to_vec();
    metadata.extend(name.as_bytes());
    metadata.extend(note);
    metadata
}

/// Makes the object of its serialized form.
///
/// Args:
///     buffer: What `serialize` returned, or ProxyStore's.
///     allow_pickle: Whether to read objects that were pickled. Reading a pickle runs code that its writer chose.
///     writable: Whether arrays must be writable even if `buffer` is not; costs a copy then. Otherwise arrays are
///         views of `buffer`, which costs none.
///
/// Raises:
///     ValueError: If `buffer` is no bytes-like object.
///     SerializationError: If the bytes are truncated, corrupt, of an unknown format, or refused.
#[pyfunction]
#[pyo3(signature = (buffer, /, *, allow_pickle = true, writable = false))]
pub(crate) fn deserialize<'py>(
    buffer: &Bound<'py, PyAny>,
    allow_pickle: bool,
    writable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = buffer.py();
    let (borrowed, read_only) = if let Ok(bytes) = buffer.cast_exact::<PyBytes>() {
        (Borrowed::immutable(bytes), true)
    } else {
        let view = PyUntypedBuffer::get(buffer).map_err(|_| {
            let ty = buffer.get_type();
            PyValueError::new_err(format!("Expected data to be a bytes-like type, not {ty}."))
        })?;
        let read_only = view.readonly();
        let borrowed =
            Borrowed::buffer(view).map_err(|error| PyValueError::new_err(error.to_string()))?;
        (borrowed, read_only)
    };
    let bytes = borrowed.bytes();
    if !frame::is_frame(bytes) {
        static LEGACY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        return LEGACY
            .import(py, "proxyrt._legacy", "deserialize")?
            .call1((buffer, allow_pickle));
    }
    let parsed = memory::moving(py, frame::checked_length(bytes), || frame::parse(bytes))
        .map_err(|malformed| SerializationError::new_err(malformed.to_string()))?;
    let refuse = || {
        Err(SerializationError::new_err(
            "the object is a pickle, which is not allowed",
        ))
    };
    let invalid = |what: &str| SerializationError::new_err(format!("invalid frame: {what}"));
    let metadata = &bytes[parsed.metadata.clone()];
    let only = match &*parsed.parts {
        [part] => Ok(part.clone()),
        _ => Err(invalid("exactly one part expected")),
    };
    let source = || -> PyResult<Bound<'py, PyAny>> {
        if !(writable && read_only) {
            return Ok(buffer.clone());
        }
        let copy = memory::moving(py, bytes.len(), || {
            Block::filled(bytes.len(), |memory| {
                memory.copy_from_slice(bytes);
                Ok::<_, io::Error>(())
            })
        })?;
        Ok(Bound::new(py, copy)?.into_any())
    };
    match parsed.kind {
        Kind::Bytes => Ok(memory::copy(py, &bytes[only?])?.into_any()),
        Kind::Bytearray => Ok(PyByteArray::new(py, &bytes[only?]).into_any()),
        Kind::Str => Ok(PyString::from_bytes(py, &bytes[only?])
            .map_err(|_| invalid("text that is not UTF-8"))?
            .into_any()),
        Kind::Array => {
            let part = only?;
            let (dtype, shape) = array_metadata(py, metadata, part.len())?
                .ok_or_else(|| invalid("element type, shape and size do not fit"))?;
            static ARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            ARRAY
                .import(py, "numpy", "ndarray")?
                .call1((shape, dtype, source()?, part.start))
                .map_err(|error| failed(py, "numpy", error))
        }
        Kind::Codec => {
            let (name, note) =
                codec_metadata(metadata).ok_or_else(|| invalid("name of a codec"))?;
            let parts = views(&source()?, &parsed.parts)?;
            static FIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            let codec = FIND
                .import(py, "proxyrt._codecs", "find_by_name")?
                .call1((name,))?;
            codec
                .call_method1("decode", (PyBytes::new(py, note), parts))
                .map_err(|error| failed(py, name, error))
        }
        Kind::Pickle => {
            if !allow_pickle {
                return refuse();
            }
            static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            let loads = LOADS.import(py, "pickle", "loads")?;
            let metadata = slice(&PyMemoryView::from(buffer)?, parsed.metadata.clone())?;
            let object = if parsed.parts.is_empty() {
                loads.call1((metadata,))
            } else {
                let keywords = PyDict::new(py);
                keywords.set_item("buffers", views(&source()?, &parsed.parts)?)?;
                loads.call((metadata,), Some(&keywords))
            };
            object.map_err(|error| failed(py, "pickle", error))
        }
    }
}

/// The error for an object that its serializer cannot read. What is no `Exception`, such as an interrupt, passes.
fn failed(py: Python<'_>, serializer: &str, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyException>(py) {
        return error;
    }
    let message = format!("Failed to deserialize object using the {serializer} serializer.");
    let wrapped = SerializationError::new_err(message);
    wrapped.set_cause(py, Some(error));
    wrapped
}

fn slice<'py>(
    view: &Bound<'py, PyMemoryView>,
    range: std::ops::Range<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let (start, end) = (isize::try_from(range.start)?, isize::try_from(range.end)?);
    view.get_item(PySlice::new(view.py(), start, end, 1))
}

/// Views of parts of a buffer.
fn views<'py>(
    buffer: &Bound<'py, PyAny>,
    parts: &[std::ops::Range<usize>],
) -> PyResult<Bound<'py, PyList>> {
    let view = PyMemoryView::from(buffer)?;
    let views = PyList::empty(buffer.py());
    for part in parts {
        views.append(slice(&view, part.clone())?)?;
    }
    Ok(views)
}

fn borrow_all(buffers: &Bound<'_, PyAny>) -> PyResult<Vec<Borrowed>> {
    buffers
        .try_iter()?
        .map(|buffer| Borrowed::buffer(PyUntypedBuffer::get(&buffer?)?))
        .collect()
}

/// Whether an object is a NumPy array, and of no subclass. Does not import NumPy: without it there are none.
fn is_array(obj: &Bound<'_, PyAny>) -> PyResult<bool> {
    static ARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static MODULES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = obj.py();
    if let Some(array) = ARRAY.get(py) {
        return Ok(obj.get_type().is(array));
    }
    let modules = MODULES.import(py, "sys", "modules")?;
    if !modules.contains(intern!(py, "numpy"))? {
        return Ok(false);
    }
    Ok(obj.get_type().is(ARRAY.import(py, "numpy", "ndarray")?))
}

/// Element type, shape and elements of an array; `None` if it needs a pickle.
fn array(obj: &Bound<'_, PyAny>) -> PyResult<Option<(Vec<u8>, Borrowed)>> {
    if cfg!(target_endian = "big") {
        return Ok(None);
    }
    let Ok(buffer) = PyUntypedBuffer::get(obj) else {
        return Ok(None);
    };
    let format = buffer.format().to_bytes();
    let element = ELEMENTS.iter().position(|(letters, size, _)| {
        *size == buffer.item_size()
            && match format {
                [letter] => letters[0] != b'Z' && letters.contains(letter),
                _ => *letters == format,
            }
    });
    let Some(element) = element.filter(|_| buffer.is_c_contiguous()) else {
        return Ok(None);
    };
    let mut metadata = Vec::with_capacity(1 + 8 * buffer.dimensions());
    metadata.push(element as u8);
    for size in buffer.shape() {
        metadata.extend((*size as u64).to_le_bytes());
    }
    Ok(Some((metadata, Borrowed::buffer(buffer)?)))
}

/// Element type and shape of an array of `length` bytes; `None` if they contradict each other.
fn array_metadata<'py>(
    py: Python<'py>,
    metadata: &[u8],
    length: usize,
) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyTuple>)>> {
    static DTYPES: [PyOnceLock<Py<PyAny>>; ELEMENTS.len()] =
        [const { PyOnceLock::new() }; ELEMENTS.len()];
    let Some((element, shape)) = metadata.split_first() else {
        return Ok(None);
    };
    let Some((_, item, name)) = ELEMENTS.get(usize::from(*element)) else {
        return Ok(None);
    };
    let (sizes, rest) = shape.as_chunks::<8>();
    let sizes: Vec<u64> = sizes.iter().map(|size| u64::from_le_bytes(*size)).collect();
    let expected = sizes
        .iter()
        .try_fold(*item as u64, |product, size| product.checked_mul(*size));
    if !rest.is_empty() || expected != Some(length as u64) {
        return Ok(None);
    }
    let dtype = DTYPES[usize::from(*element)].get_or_try_init(py, || {
        let dtype = PyModule::import(py, "numpy")?.getattr("dtype")?;
        PyResult::Ok(dtype.call1((*name,))?.unbind())
    })?;
    Ok(Some((dtype.bind(py).clone(), PyTuple::new(py, sizes)?)))
}

/// The codec registered for a type.
fn codec<'py>(ty: &Bound<'py, PyType>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static CODECS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static LOADED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = ty.py();
    let codecs = CODECS
        .import(py, "proxyrt._codecs", "CODECS")?
        .cast::<PyDict>()?;
    if let Some(codec) = codecs.get_item(ty)? {
        return Ok(Some(codec));
    }
    // The built-in codecs that are left are for types of modules that may never be imported.
    if !ty.name()?.to_str().is_ok_and(|name| name == "DataFrame") {
        return Ok(None);
    }
    let find = LOADED.import(py, "proxyrt._codecs", "find_by_type")?;
    let found = find.call1((ty,))?;
    Ok((!found.is_none()).then_some(found))
}

/// The name of a codec and its note.
fn codec_metadata(metadata: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = metadata.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (name, note) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(name).ok()?, note))
}

/// Pickles with buffers out of band, by value where pickle cannot do it by name.
fn pickle(obj: &Bound<'_, PyAny>, checksum: bool) -> PyResult<Frame> {
    static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static BY_VALUE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = obj.py();
    let buffers = PyList::empty(py);
    let callback = buffers.getattr(intern!(py, "append"))?;
    let keywords = PyDict::new(py);
    keywords.set_item(intern!(py, "buffer_callback"), &callback)?;
    let pickled = match DUMPS
        .import(py, "pickle", "dumps")?
        .call((obj, 5), Some(&keywords))
    {
        Ok(pickled) => pickled,
        Err(error) if error.is_instance_of::<PyException>(py) => {
            buffers.call_method0("clear")?;
            BY_VALUE
                .import(py, "proxyrt._codecs", "pickle_by_value")?
                .call1((obj, callback, error.into_value(py)))?
        }
        Err(error) => return Err(error),
    };
    let parts = buffers
        .iter()
        .map(|buffer| Borrowed::buffer(PyUntypedBuffer::get(&buffer.call_method0("raw")?)?))
        .collect::<PyResult<Vec<_>>>()?;
    let metadata = pickled.cast::<PyBytes>()?;
    Ok(Frame::new(
        Kind::Pickle,
        metadata.as_bytes(),
        parts,
        checksum,
    ))
}
