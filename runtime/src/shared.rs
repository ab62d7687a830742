//! Objects in shared memory: files of a memory file system whose pages are used again.
//!
//! A new page costs the kernel several times what copying to it costs. So a large object that is evicted becomes a *spare*
//! (a file in the folder [`SPARES`] of the namespace), and the next large object is written over it. What makes that
//! safe:
//!
//! * A reader holds a shared lock (`flock`) on the file for as long as its mapping lives, and takes the file for the
//!   object only if the file still has the object's name once it is locked.
//! * Who takes a spare holds the exclusive lock on it from before the first changed byte until all are written, and only
//!   then gives it the name of an object. A file that a reader still maps is left alone.
//! * The kernel drops the locks of a process that dies, and a forked child shares those of its parent.
//!
//! Only Linux has a memory file system to gain from; elsewhere objects are files like all others.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use memmap2::{MmapMut, MmapOptions};
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use crate::files::{self, Pieces};
use crate::memory::Block;

/// Smaller objects are not worth the system calls.
const LARGE: u64 = 1 << 20;

/// The folder of the spares in a namespace.
const SPARES: &str = ".spare";

/// How many spares a namespace has at most, and how many bytes.
const MOST_SPARES: usize = 8;
const MOST_SPARE_BYTES: u64 = 256 << 20;

/// How many large mappings hold a lock, and so an open file. The files of further ones are marked instead, and never
/// written over.
const MOST_LOCKS: usize = 256;

/// The mode of a file that must not be written over.
const MARKED: u32 = 0o400;

/// Large mappings that hold a lock.
static LOCKS: AtomicUsize = AtomicUsize::new(0);

/// The lock of a reader, which goes with its mapping.
pub(crate) struct Lock(#[expect(dead_code)] File);

impl Lock {
    fn new(file: File) -> Self {
        LOCKS.fetch_add(1, Ordering::Relaxed);
        Self(file)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        LOCKS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Writes an object that other processes see whole or not at all.
///
/// Args:
///     directory: The folder of the namespace, which exists.
///     name: The name of the object. An object of that name is replaced.
///     data: A frame or a bytes-like object.
///     new: Whether nobody else knows the name yet.
///
/// Raises:
///     OSError: If the object cannot be written, for instance because the memory is full. Nothing is left behind.
#[pyfunction]
#[pyo3(signature = (directory, name, data, /, *, new = false))]
pub(crate) fn write_shared(
    directory: PathBuf,
    name: &str,
    data: &Bound<'_, PyAny>,
    new: bool,
) -> PyResult<()> {
    let target = files::path(&directory, name)?;
    files::with_pieces(data, &target, |pieces| {
        if cfg!(target_os = "linux") && pieces.length as u64 >= LARGE {
            if write_over_spare(&directory, &target, pieces)? {
                return Ok(());
            }
            return match files::write(&directory, &target, pieces, false, new) {
                Err(error) if error.kind() == ErrorKind::StorageFull => {
                    remove_spares(&directory);
                    files::write(&directory, &target, pieces, false, new)
                }
                result => result,
            };
        }
        files::write(&directory, &target, pieces, false, new)
    })
}

/// Reads an object that `write_shared` wrote.
///
/// Args:
///     directory: The folder of the namespace.
///     name: The name of the object.
///
/// Returns:
///     A writable private view, or None if there is no such object. Evicting the object does not disturb it.
///
/// Raises:
///     OSError: If the object exists and cannot be read.
#[pyfunction]
#[pyo3(signature = (directory, name, /))]
pub(crate) fn read_shared<'py>(
    py: Python<'py>,
    directory: PathBuf,
    name: &str,
) -> PyResult<Option<Bound<'py, PyMemoryView>>> {
    let path = files::path(&directory, name)?;
    let read = py.detach(|| read(&path));
    match read.map_err(|error| files::os_error(&error, &path))? {
        None => Ok(None),
        Some(block) => Ok(Some(PyMemoryView::from(Bound::new(py, block)?.as_any())?)),
    }
}

/// Removes an object, if there is one.
///
/// Args:
///     directory: The folder of the namespace.
///     name: The name of the object.
#[pyfunction]
#[pyo3(signature = (directory, name, /))]
pub(crate) fn evict_shared(py: Python<'_>, directory: PathBuf, name: &str) -> PyResult<()> {
    let path = files::path(&directory, name)?;
    match py.detach(|| evict(&directory, &path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(files::os_error(&error, &path)),
        _ => Ok(()),
    }
}

fn read(path: &Path) -> io::Result<Option<Block>> {
    loop {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !cfg!(target_os = "linux") || file.metadata()?.len() < LARGE {
            return files::read(file, None).map(Some);
        }
        // Locked by who writes over it: it is the object's no more. Another one may have the name already.
        if file.try_lock_shared().is_err() || !has_name(&file, path)? {
            continue;
        }
        if LOCKS.load(Ordering::Relaxed) < MOST_LOCKS {
            let lock = Lock::new(file.try_clone()?);
            return files::read(file, Some(lock)).map(Some);
        }
        file.set_permissions(Permissions::from_mode(MARKED))?;
        return files::read(file, None).map(Some);
    }
}

/// Whether `path` leads to the file.
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn evict(directory: &Path, path: &Path) -> io::Result<()> {
    let length = fs::metadata(path)?.len();
    if cfg!(target_os = "linux") && (LARGE..=MOST_SPARE_BYTES).contains(&length) {
        let spares = spares(directory)?;
        let size: u64 = spares.iter().map(|spare| spare.length).sum();
        if spares.len() < MOST_SPARES
            && size + length <= MOST_SPARE_BYTES
            && let Some(name) = path.file_name()
        {
            let folder = directory.join(SPARES);
            match fs::rename(path, folder.join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    // No folder, or no object any more.
                    let made = fs::create_dir(&folder);
                    if made.is_ok() && fs::rename(path, folder.join(name)).is_ok() {
                        return Ok(());
                    }
                }
                result => return result,
            }
        }
    }
    fs::remove_file(path)
}

struct Spare {
    path: PathBuf,
    length: u64,
}

fn spares(directory: &Path) -> io::Result<Vec<Spare>> {
    let entries = match fs::read_dir(directory.join(SPARES)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let spares = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        // One that has just been taken is none.
        let length = entry.metadata().ok()?.len();
        Some(Spare {
            path: entry.path(),
            length,
        })
    });
    Ok(spares.collect())
}

/// Gives the memory of the spares back that no reader maps.
fn remove_spares(directory: &Path) {
    for spare in spares(directory).unwrap_or_default() {
        // Emptied as well as removed: another process may keep a mapping to write over it. Whatever fails, the others
        // are still to be removed.
        if let Ok(file) = File::options().write(true).open(&spare.path)
            && file.try_lock().is_ok()
            && has_name(&file, &spare.path).unwrap_or(false)
        {
            let _ = file.set_len(0);
        }
        let _ = fs::remove_file(spare.path);
    }
    release_mappings();
}

/// Lets go of the memory of objects that have been removed.
#[pyfunction]
pub(crate) fn release_mappings() {
    // A mapping keeps the memory of a file that has been removed.
    mappings().retain(|mapped| mapped.file.metadata().is_ok_and(|file| file.nlink() > 0));
}

/// Writes an object over a spare; `false` if no spare fits.
fn write_over_spare(directory: &Path, target: &Path, pieces: &Pieces<'_>) -> io::Result<bool> {
    let length = pieces.length as u64;
    let mut spares = spares(directory)?;
    // One that is much too large is better kept for a larger object.
    spares.retain(|spare| spare.length / 2 <= length);
    // The smallest that is large enough, or else the largest.
    spares.sort_by_key(|spare| {
        let small = spare.length < length;
        (
            small,
            if small {
                u64::MAX - spare.length
            } else {
                spare.length
            },
        )
    });
    for spare in spares {
        let temporary = files::temporary_name(target);
        let Some(file) = take(&spare.path, &temporary)? else {
            continue;
        };
        let written = write_over(&file, pieces)
            .and_then(|()| file.unlock())
            .and_then(|()| fs::rename(&temporary, target));
        if let Err(error) = written {
            // The first error tells more than a second one.
            let _ = fs::remove_file(&temporary);
            // Another spare, or no spare at all, may still do.
            if error.kind() == ErrorKind::StorageFull {
                continue;
            }
            return Err(error);
        }
        return Ok(true);
    }
    Ok(false)
}

/// Gives a spare a new name and returns it, locked; `None` if it is in use or gone.
fn take(spare: &Path, temporary: &Path) -> io::Result<Option<File>> {
    let file = match File::options().read(true).write(true).open(spare) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return discard(spare),
        Err(error) => return Err(error),
    };
    if file.try_lock().is_err() || !has_name(&file, spare)? {
        return Ok(None);
    }
    if file.metadata()?.mode() & 0o777 == MARKED {
        return discard(spare);
    }
    match fs::rename(spare, temporary) {
        Ok(()) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a spare that must not be written over.
fn discard(spare: &Path) -> io::Result<Option<File>> {
    match fs::remove_file(spare) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(None),
    }
}

fn write_over(file: &File, pieces: &Pieces<'_>) -> io::Result<()> {
    let length = pieces.length as u64;
    let before = file.metadata()?;
    if before.len() > length {
        file.set_len(length)?;
    }
    let identity = (before.dev(), before.ino());
    let mapping = take_mapping(identity);
    let mapping = match mapping {
        // The pages exist, so writing to the mapping cannot fail for want of memory.
        Some(mut mapped) if before.len() >= length && mapped.memory.len() >= pieces.length => {
            pieces.copy_to(&mut mapped.memory[..pieces.length]);
            Some(mapped)
        }
        _ => {
            let mut end = 0;
            for (offset, piece) in &pieces.pieces {
                file.write_all_at(&files::ZEROS[..offset - end], end as u64)?;
                file.write_all_at(piece, *offset as u64)?;
                end = offset + piece.len();
            }
            // For the next time.
            // SAFETY: the mapping is only written to by who holds the exclusive lock on the file, and never read.
            unsafe {
                MmapOptions::new()
                    .len(pieces.length)
                    .populate()
                    .map_mut(file)
            }
            .ok()
            .zip(file.try_clone().ok())
            .map(|(memory, file)| Mapped {
                identity,
                memory,
                file,
            })
        }
    };
    if let Some(mapped) = mapping {
        keep_mapping(mapped);
    }
    Ok(())
}

/// A file that this process has written over, mapped to be written over again: that needs no system call and no page
/// fault.
struct Mapped {
    /// Device and inode.
    identity: (u64, u64),
    memory: MmapMut,
    /// To see whether the file still has a name; its lock is never used.
    file: File,
}

static MAPPINGS: Mutex<Vec<Mapped>> = Mutex::new(Vec::new());

fn mappings() -> std::sync::MutexGuard<'static, Vec<Mapped>> {
    MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_mapping(identity: (u64, u64)) -> Option<Mapped> {
    let mut mappings = mappings();
    let index = mappings
        .iter()
        .position(|mapped| mapped.identity == identity)?;
    Some(mappings.swap_remove(index))
}

fn keep_mapping(mapped: Mapped) {
    release_mappings();
    let mut mappings = mappings();
    mappings.push(mapped);
    let mut size: usize = mappings.iter().map(|mapped| mapped.memory.len()).sum();
    while mappings.len() > MOST_SPARES || size as u64 > MOST_SPARE_BYTES {
        size -= mappings.remove(0).memory.len();
    }
}
