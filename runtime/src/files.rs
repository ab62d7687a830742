//! Objects in files: written whole or not at all, read by mapping.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::MmapOptions;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PyType};

use crate::memory::{Block, Borrowed};
use crate::serialize::Frame;
use crate::token;

/// Smaller files are read: setting up a mapping and its page faults takes longer.
const WORTH_MAPPING: usize = 64 * 1024;

/// How many bytes of zeros can lie between two pieces of a frame.
pub(crate) const ZEROS: [u8; 64] = [0; 64];

pub(crate) fn path(directory: &Path, name: &str) -> PyResult<PathBuf> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name => Ok(directory.join(name)),
        _ => Err(PyValueError::new_err(format!(
            "'{name}' is no name of a file"
        ))),
    }
}

/// What is to be written: pieces at their offsets, with zeros between them.
pub(crate) struct Pieces<'a> {
    pub(crate) pieces: Vec<(usize, &'a [u8])>,
    pub(crate) length: usize,
}

impl Pieces<'_> {
    /// Fills memory of the whole length.
    pub(crate) fn copy_to(&self, memory: &mut [u8]) {
        let mut end = 0;
        for (offset, piece) in &self.pieces {
            memory[end..*offset].fill(0);
            end = offset + piece.len();
            memory[*offset..end].copy_from_slice(piece);
        }
    }
}

/// The exception for a failed operation on a file, with `errno` and `filename` as those of `open` have them.
pub(crate) fn os_error(error: &io::Error, path: &Path) -> PyErr {
    let message = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let (message, _) = message.split_once(" (os error").unwrap_or((&message, ""));
            PyOSError::new_err((code, message.to_owned(), path.as_os_str().to_owned()))
        }
        None if error.kind() == ErrorKind::OutOfMemory => PyMemoryError::new_err(()),
        None => PyOSError::new_err(format!("{message}: '{}'", path.display())),
    }
}

/// Calls `write`, without the interpreter, with the pieces of a frame or with the bytes of any other object. The target
/// is what an error is about.
pub(crate) fn with_pieces(
    data: &Bound<'_, PyAny>,
    target: &Path,
    write: impl Fn(&Pieces<'_>) -> io::Result<()> + Sync,
) -> PyResult<()> {
    let py = data.py();
    if let Ok(frame) = data.cast::<Frame>() {
        let frame = frame.get();
        let pieces = Pieces {
            pieces: frame.pieces(),
            length: frame.length(),
        };
        py.detach(|| write(&pieces))
            .map_err(|error| os_error(&error, target))?;
    } else {
        let borrowed = Borrowed::buffer(PyUntypedBuffer::get(data)?)?;
        let bytes = borrowed.bytes();
        let pieces = Pieces {
            pieces: vec![(0, bytes)],
            length: bytes.len(),
        };
        py.detach(|| write(&pieces))
            .map_err(|error| os_error(&error, target))?;
    }
    Ok(())
}

/// Writes a file that other processes see whole or not at all.
///
/// Args:
///     directory: The folder, which exists.
///     name: The name of the file in it. A file of that name is replaced.
///     data: A frame or a bytes-like object.
///     durable: Whether the file must survive a crash of the machine once this function has returned.
///
/// Raises:
///     OSError: If the file cannot be written, for instance because the device is full. Nothing is left behind.
#[pyfunction]
#[pyo3(signature = (directory, name, data, /, *, durable = false))]
pub(crate) fn write_file(
    directory: PathBuf,
    name: &str,
    data: &Bound<'_, PyAny>,
    durable: bool,
) -> PyResult<()> {
    let target = path(&directory, name)?;
    with_pieces(data, &target, |pieces| {
        write(&directory, &target, pieces, durable, false)
    })
}

/// Writes a file of a new name.
///
/// Args:
///     directory: The folder, which exists.
///     data: A frame or a bytes-like object.
///     class: That of the key.
///     durable: As for `write_file`.
///
/// Returns:
///     The key.
///
/// Raises:
///     OSError: As for `write_file`.
#[pyfunction]
#[pyo3(signature = (directory, data, class, durable, /))]
pub(crate) fn put_file<'py>(
    directory: PathBuf,
    data: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    durable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let name = token::new_name()?;
    let target = directory.join(&name);
    with_pieces(data, &target, |pieces| {
        write(&directory, &target, pieces, durable, true)
    })?;
    token::key(class, &name)
}

/// A name beside `target` that no other writer uses.
pub(crate) fn temporary_name(target: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // The name of the target makes the temporary one unique among hosts, the rest among writers of one target.
    let mut temporary = target.as_os_str().to_owned();
    temporary.push(format!(".{}-{count}.part", std::process::id()));
    PathBuf::from(temporary)
}

/// Writes a file. If it is `new`, nobody else knows its name yet: then it may have that while it is being written.
pub(crate) fn write(
    directory: &Path,
    target: &Path,
    pieces: &Pieces<'_>,
    durable: bool,
    new: bool,
) -> io::Result<()> {
    let written = if new {
        write_pieces(target, pieces, durable).map_err(|error| (error, target.to_owned()))
    } else {
        let temporary = temporary_name(target);
        write_pieces(&temporary, pieces, durable)
            .and_then(|()| fs::rename(&temporary, target))
            .map_err(|error| (error, temporary))
    };
    if let Err((error, unfinished)) = written {
        // A file that was there before is not ours to remove.
        if error.kind() != ErrorKind::AlreadyExists {
            // The first error tells more than a second one.
            let _ = fs::remove_file(unfinished);
        }
        return Err(error);
    }
    if durable {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn write_pieces(path: &Path, pieces: &Pieces<'_>, durable: bool) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    let mut slices = Vec::with_capacity(2 * pieces.pieces.len());
    let mut end = 0;
    for (offset, piece) in &pieces.pieces {
        slices.push(IoSlice::new(&ZEROS[..offset - end]));
        slices.push(IoSlice::new(piece));
        end = offset + piece.len();
    }
    debug_assert_eq!(end, pieces.length);
    let mut rest = &mut slices[..];
    // Also drops empty slices at the front, so that a write of nothing means a full device.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if durable {
        file.sync_all()?;
    }
    Ok(())
}

/// Reads a file that `write_file` wrote.
///
/// Args:
///     directory: The folder.
///     name: The name of the file in it.
///
/// Returns:
///     A writable view, or None if there is no such file. The view of a large file is a private mapping: pages are
///     read when they are touched, and what is written to them stays in this process. The file may be removed
///     meanwhile, but must not be truncated.
///
/// Raises:
///     OSError: If the file exists and cannot be read.
#[pyfunction]
#[pyo3(signature = (directory, name, /))]
pub(crate) fn read_file<'py>(
    py: Python<'py>,
    directory: PathBuf,
    name: &str,
) -> PyResult<Option<Bound<'py, PyMemoryView>>> {
    let path = path(&directory, name)?;
    let open = || match File::open(&path) {
        Ok(file) => read(file).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    match py.detach(open).map_err(|error| os_error(&error, &path))? {
        None => Ok(None),
        Some(block) => Ok(Some(PyMemoryView::from(Bound::new(py, block)?.as_any())?)),
    }
}

/// Reads a small file and maps a large one.
pub(crate) fn read(mut file: File) -> io::Result<Block> {
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| ErrorKind::OutOfMemory)?;
    if length < WORTH_MAPPING {
        return Block::filled(length, |memory| file.read_exact(memory));
    }
    // SAFETY: the mapping is private. Files of stores are replaced or removed, but not written again, except for those
    // of shared memory, which are not as long as they are locked.
    let mapping = unsafe { MmapOptions::new().len(length).map_copy(&file) }?;
    Ok(Block::mapping(mapping))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::path;

    #[test]
    fn names_do_not_lead_out_of_the_directory() {
        for name in ["", ".", "..", "../x", "/x", "a/b", "a/", "./a"] {
            assert!(path(Path::new("d"), name).is_err(), "{name}");
        }
        assert!(path(Path::new("d"), "a.b").is_ok());
    }
}
