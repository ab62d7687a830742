//! Memory that Python objects share with this package: blocks that we lend, buffers that we borrow.
//!
//! # Why the raw accesses are sound
//!
//! * A [`Block`] owns its memory and never moves or resizes it; a buffer that Python takes of it holds a reference to
//!   the block. Rust code makes no reference to memory of a block once Python has the block.
//! * A [`Borrowed`] holds the buffer (or the immutable bytes or string) that its slice lies in, so the memory stays
//!   where it is. As with `file.write(array)`, another thread may change the elements while they are copied. The bytes
//!   copied are then a mixture, and nothing else depends on them.

use std::alloc::{self, Layout};
use std::ffi::c_int;
use std::io::{self, ErrorKind};
use std::ptr::{self, NonNull};
use std::slice;

use memmap2::MmapMut;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyMemoryError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::shared::View;

/// Moves of fewer bytes than this take less time than giving the interpreter away.
const WORTH_DETACHING: usize = 64 * 1024;

/// Runs `f`, which moves `size` bytes, without the interpreter if that is worth while.
pub(crate) fn moving<R: Send>(py: Python<'_>, size: usize, f: impl FnOnce() -> R + Send) -> R {
    if size < WORTH_DETACHING {
        f()
    } else {
        py.detach(f)
    }
}

/// Writable memory with Python's buffer protocol: a private mapping of a file, or an allocation.
#[pyclass(frozen, module = "proxyrt._proxyrt")]
pub(crate) struct Block {
    start: NonNull<u8>,
    length: usize,
    owner: Owner,
}

enum Owner {
    /// Kept for its destructor.
    Mapping(#[expect(dead_code)] MmapMut),
    /// Likewise.
    View(#[expect(dead_code)] View),
    Heap(Layout),
}

// SAFETY: the memory belongs to the block, which does not access it (module documentation).
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// Takes over a mapping.
    pub(crate) fn mapping(mut mapping: MmapMut) -> Self {
        let length = mapping.len();
        let start = NonNull::new(mapping.as_mut_ptr()).unwrap_or(NonNull::dangling());
        Self {
            start,
            length,
            owner: Owner::Mapping(mapping),
        }
    }

    /// Takes over a view of `length` bytes.
    pub(crate) fn view(mut view: View, length: usize) -> Self {
        let start = NonNull::new(view.start()).unwrap_or(NonNull::dangling());
        Self {
            start,
            length,
            owner: Owner::View(view),
        }
    }

    /// Allocates memory and lets `fill` write it.
    pub(crate) fn filled<E>(
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E>
    where
        E: From<io::Error>,
    {
        let exhausted = || E::from(ErrorKind::OutOfMemory.into());
        let layout = Layout::from_size_align(length.max(1), 64).map_err(|_| exhausted())?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc::alloc_zeroed(layout) }).ok_or_else(exhausted)?;
        let block = Self {
            start,
            length,
            owner: Owner::Heap(layout),
        };
        prefer_large_pages(start.as_ptr(), length);
        // SAFETY: `length` initialised bytes that nobody else knows of yet.
        fill(unsafe { slice::from_raw_parts_mut(start.as_ptr(), length) })?;
        Ok(block)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Owner::Heap(layout) = self.owner {
            // SAFETY: allocated with this layout, freed once.
            unsafe { alloc::dealloc(self.start.as_ptr(), layout) };
        }
    }
}

#[pymethods]
impl Block {
    fn __len__(&self) -> usize {
        self.length
    }

    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let block = slf.get();
        let length = isize::try_from(block.length)
            .map_err(|_| PyBufferError::new_err("more bytes than an address space has"))?;
        // SAFETY: CPython passes a view to fill; the view keeps `slf` and so the memory.
        let status = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                block.start.as_ptr().cast(),
                length,
                0,
                flags,
            )
        };
        if status < 0 {
            Err(PyErr::fetch(slf.py()))
        } else {
            Ok(())
        }
    }
}

/// Bytes in the memory of a Python object.
pub(crate) struct Borrowed {
    start: *const u8,
    length: usize,
    /// Keeps the memory where it is.
    _owner: Lender,
}

enum Lender {
    Buffer(#[expect(dead_code)] PyUntypedBuffer),
    String(#[expect(dead_code)] Py<PyString>),
    Bytes(#[expect(dead_code)] Py<PyBytes>),
}

// SAFETY: the slice is only read, and its owner may be dropped by any thread.
unsafe impl Send for Borrowed {}
// SAFETY: as above.
unsafe impl Sync for Borrowed {}

impl Borrowed {
    /// Borrows the memory of a buffer that is contiguous in C's order.
    pub(crate) fn buffer(buffer: PyUntypedBuffer) -> PyResult<Self> {
        if !buffer.is_c_contiguous() {
            return Err(PyBufferError::new_err("the buffer is not contiguous"));
        }
        Ok(Self {
            start: buffer.buf_ptr().cast_const().cast(),
            length: buffer.len_bytes(),
            _owner: Lender::Buffer(buffer),
        })
    }

    /// Borrows the memory of `bytes`, which takes less time than to ask for their buffer.
    pub(crate) fn immutable(bytes: &Bound<'_, PyBytes>) -> Self {
        let memory = bytes.as_bytes();
        Self {
            start: memory.as_ptr(),
            length: memory.len(),
            _owner: Lender::Bytes(bytes.clone().unbind()),
        }
    }

    /// Borrows the UTF-8 form of a string; `None` if it has surrogates.
    pub(crate) fn string(string: &Bound<'_, PyString>) -> Option<Self> {
        let text = string.to_str().ok()?;
        Some(Self {
            start: text.as_ptr(),
            length: text.len(),
            _owner: Lender::String(string.clone().unbind()),
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: the owner keeps `length` bytes at `start` (module documentation).
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }
}

/// Asks the system for large pages, which take a third of the time to be filled for the first time. Nothing but the
/// speed depends on the answer.
fn prefer_large_pages(start: *mut u8, length: usize) {
    #[cfg(target_os = "linux")]
    {
        const LARGE_PAGE: usize = 2 << 20;
        let first = start as usize;
        let from = first.next_multiple_of(LARGE_PAGE);
        let to = (first + length) / LARGE_PAGE * LARGE_PAGE;
        if from < to {
            // SAFETY: the range lies within memory that belongs to the caller, and the advice does not change it.
            unsafe { libc::madvise(from as *mut libc::c_void, to - from, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, length);
}

/// Makes a `bytes` object.
pub(crate) fn copy<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    assemble(py, bytes.len(), &[(0, bytes)])
}

/// Makes a `bytes` object of pieces at offsets, with zeros between them.
pub(crate) fn assemble<'py>(
    py: Python<'py>,
    length: usize,
    pieces: &[(usize, &[u8])],
) -> PyResult<Bound<'py, PyBytes>> {
    let size = isize::try_from(length).map_err(|_| PyMemoryError::new_err(()))?;
    // SAFETY: a `bytes` object without content may be filled as long as nobody else knows of it.
    let (object, memory) = unsafe {
        let object = ffi::PyBytes_FromStringAndSize(ptr::null(), size);
        let object = Bound::from_owned_ptr_or_err(py, object)?.cast_into_unchecked::<PyBytes>();
        let memory = Uninitialised(ffi::PyBytes_AsString(object.as_ptr()).cast(), length);
        (object, memory)
    };
    moving(py, length, || memory.fill(pieces));
    Ok(object)
}

/// Memory to fill, and its length.
struct Uninitialised(*mut u8, usize);

// SAFETY: nobody else knows of the memory.
unsafe impl Send for Uninitialised {}

impl Uninitialised {
    fn fill(self, pieces: &[(usize, &[u8])]) {
        prefer_large_pages(self.0, self.1);
        let mut end = 0;
        for (offset, piece) in pieces {
            assert!(end <= *offset && piece.len() <= self.1 - offset);
            // SAFETY: within the memory (asserted), which no piece can overlap, being new.
            unsafe {
                ptr::write_bytes(self.0.add(end), 0, offset - end);
                ptr::copy_nonoverlapping(piece.as_ptr(), self.0.add(*offset), piece.len());
            }
            end = offset + piece.len();
        }
        assert_eq!(end, self.1);
    }
}
