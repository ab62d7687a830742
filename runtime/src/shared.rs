//! Objects in shared memory: files of a memory file system whose pages are used again.
//!
//! A new page costs the kernel several times what copying to it costs. So a large object that is evicted becomes a *spare*
//! (a file in the folder [`SPARES`] of the namespace), and the next large object is written over it. What makes that
//! safe:
//!
//! * A reader takes a shared lock (`flock`) on the file that it opens, and takes the file for the object only if the
//!   file still has the object's name once it is locked. The kernel drops the lock with the last reference to the open
//!   file, and a mapping is one: no descriptor is kept open.
//! * Who takes a spare holds the exclusive lock on it from before the first changed byte until all are written, and only
//!   then gives it the name of an object. A file that a reader still maps is left alone.
//! * So the kernel drops the locks of a process that dies, and a forked child shares those of its parent.
//!
//! Mapping a page and unmapping it again takes about as long as reading it. So both sides keep their mappings of files
//! that are written over again and again: a writer the one that it writes to, a reader its private one, if it has not
//! changed a page. The pages of a private mapping that have not been changed are the file's, whatever is written to it.
//!
//! Only Linux has a memory file system to gain from; elsewhere objects are files like all others.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::mem;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use memmap2::{MmapMut, MmapOptions};
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PyType};

use crate::files::{self, Pieces};
use crate::memory::Block;
use crate::token;

/// Smaller objects are not worth the system calls.
const LARGE: u64 = 1 << 20;

/// The folder of the spares in a namespace.
const SPARES: &str = ".spare";

/// How many spares a namespace has at most, and how many bytes. A process keeps as many mappings of each kind.
const MOST_SPARES: usize = 8;
const MOST_SPARE_BYTES: u64 = 256 << 20;

/// Writes an object that other processes see whole or not at all.
///
/// Args:
///     directory: The folder of the namespace, which exists.
///     name: The name of the object. An object of that name is replaced.
///     data: A frame or a bytes-like object.
///
/// Raises:
///     OSError: If the object cannot be written, for instance because the memory is full. Nothing is left behind.
#[pyfunction]
#[pyo3(signature = (directory, name, data, /))]
pub(crate) fn write_shared(
    directory: PathBuf,
    name: &str,
    data: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let target = files::path(&directory, name)?;
    files::with_pieces(data, &target, |pieces| {
        write(&directory, &target, pieces, false)
    })
}

/// Writes an object of a new name.
///
/// Args:
///     directory: The folder of the namespace, which exists.
///     data: A frame or a bytes-like object.
///     class: That of the key.
///
/// Returns:
///     The key.
///
/// Raises:
///     OSError: As for `write_shared`.
#[pyfunction]
#[pyo3(signature = (directory, data, class, /))]
pub(crate) fn put_shared<'py>(
    directory: PathBuf,
    data: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = token::new_name()?;
    let target = directory.join(&name);
    files::with_pieces(data, &target, |pieces| {
        write(&directory, &target, pieces, true)
    })?;
    token::key(class, &name)
}

/// Writes an object. If it is `new`, nobody else knows its name yet.
fn write(directory: &Path, target: &Path, pieces: &Pieces<'_>, new: bool) -> io::Result<()> {
    if cfg!(target_os = "linux") && pieces.length as u64 >= LARGE {
        if write_over_spare(directory, target, pieces)? {
            return Ok(());
        }
        return match files::write(directory, target, pieces, false, new) {
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                remove_spares(directory);
                files::write(directory, target, pieces, false, new)
            }
            result => result,
        };
    }
    files::write(directory, target, pieces, false, new)
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
            return files::read(file).map(Some);
        }
        // Locked by who writes over it: it is the object's no more. Another one may have the name already.
        if file.try_lock_shared().is_err() || !has_name(&file, path)? {
            continue;
        }
        return match View::new(file, path) {
            Ok((view, length)) => Ok(Some(Block::view(view, length))),
            Err(file) => files::read(file).map(Some),
        };
    }
}

/// Device and inode.
type Identity = (u64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// Whether `path` leads to the file.
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok(identity(&named) == identity(&open)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A private mapping of an object, and the lock that keeps the object from being written over.
pub(crate) struct View {
    /// `None` while it is being dropped.
    mapped: Option<Mapped>,
    /// Closing it unlocks the file.
    _lock: File,
}

/// How many views there are. Each has two descriptors, and those are few: mappings beyond the limit do without.
static VIEWS: AtomicUsize = AtomicUsize::new(0);

impl View {
    /// Maps a locked file that `path` leads to; returns the length of the object, too. Gives the file back if there are
    /// too many views, or the name has changed.
    fn new(lock: File, path: &Path) -> Result<(Self, usize), File> {
        let (Some((mapped, length)), true) = (map_private(&lock, path).ok(), count_view()) else {
            return Err(lock);
        };
        let view = Self {
            mapped: Some(mapped),
            _lock: lock,
        };
        Ok((view, length))
    }

    pub(crate) fn start(&mut self) -> *mut u8 {
        match &mut self.mapped {
            Some(mapped) => mapped.memory.as_mut_ptr(),
            None => ptr::null_mut(),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Some(mapped) = self.mapped.take()
            && is_unchanged(&mapped.memory)
        {
            READ.keep(mapped);
        }
        VIEWS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a view if there may be another one.
fn count_view() -> bool {
    let more = |views| (views < MOST_SPARES).then_some(views + 1);
    VIEWS
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .is_ok()
}

/// Maps a locked file, or finds the mapping that was kept.
fn map_private(lock: &File, path: &Path) -> io::Result<(Mapped, usize)> {
    let metadata = lock.metadata()?;
    let length = usize::try_from(metadata.len()).map_err(|_| ErrorKind::OutOfMemory)?;
    let identity = identity(&metadata);
    if let Some(mapped) = READ.take(identity)
        && mapped.memory.len() >= length
    {
        return Ok((mapped, length));
    }
    // Opened again: a lock belongs to an open file, which lives as long as its mappings.
    let file = File::open(path)?;
    if self::identity(&file.metadata()?) != identity {
        return Err(ErrorKind::NotFound.into());
    }
    // SAFETY: the mapping is private, and as long as the file is locked, nobody writes to it.
    let memory = unsafe { MmapOptions::new().len(length).map_copy(&file) }?;
    let mapped = Mapped {
        identity,
        memory,
        file,
    };
    Ok((mapped, length))
}

/// Whether a private mapping has no page of its own; `false` if that cannot be told.
fn is_unchanged(memory: &MmapMut) -> bool {
    // Linux: Documentation/admin-guide/mm/pagemap.rst
    const EXISTS: u64 = 1 << 63 | 1 << 62;
    const OF_FILE: u64 = 1 << 61;
    const ENTRY: usize = size_of::<u64>();
    // SAFETY: the function has no preconditions.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0);
    let Ok(pagemap) = File::open("/proc/self/pagemap") else {
        return false;
    };
    if page == 0 {
        return false;
    }
    let mut entries = [0; 512 * ENTRY];
    let mut at = memory.as_ptr() as usize / page * ENTRY;
    let end = at + memory.len().div_ceil(page) * ENTRY;
    while at < end {
        let some = entries.len().min(end - at);
        let some = &mut entries[..some];
        let changed = |entry: &[u8; ENTRY]| {
            let entry = u64::from_ne_bytes(*entry);
            entry & EXISTS != 0 && entry & OF_FILE == 0
        };
        if pagemap.read_exact_at(some, at as u64).is_err() || some.as_chunks().0.iter().any(changed)
        {
            return false;
        }
        at += some.len();
    }
    true
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
        return remove(path);
    }
    fs::remove_file(path)
}

/// Removes a file and, if no reader has it, its memory, which a mapping kept by any process would hold otherwise.
fn remove(path: &Path) -> io::Result<()> {
    let file = File::options().write(true).open(path);
    fs::remove_file(path)?;
    // Without a name, nobody takes it any more.
    if let Ok(file) = file
        && file.try_lock().is_ok()
        && file.metadata()?.nlink() == 0
    {
        file.set_len(0)?;
    }
    Ok(())
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
        // Whatever fails, the others are still to be removed.
        let _ = remove(&spare.path);
    }
}

/// Lets go of the memory that is kept for the next objects.
#[pyfunction]
pub(crate) fn release_mappings() {
    WRITTEN.clear();
    READ.clear();
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
        Err(error) => return Err(error),
    };
    if file.try_lock().is_err() || !has_name(&file, spare)? {
        return Ok(None);
    }
    match fs::rename(spare, temporary) {
        Ok(()) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_over(file: &File, pieces: &Pieces<'_>) -> io::Result<()> {
    let length = pieces.length as u64;
    let before = file.metadata()?;
    if before.len() > length {
        file.set_len(length)?;
    }
    let identity = identity(&before);
    let mapping = match WRITTEN.take(identity) {
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
        WRITTEN.keep(mapped);
    }
    Ok(())
}

/// A mapping of a file that is written over again and again: using it again needs no system call and no page fault.
struct Mapped {
    identity: Identity,
    memory: MmapMut,
    /// To see whether the file still has a name.
    file: File,
}

/// Mappings that nothing uses at the moment, the one kept last at the end.
struct Mappings(Mutex<Vec<Mapped>>);

/// Mappings to write to.
static WRITTEN: Mappings = Mappings(Mutex::new(Vec::new()));

/// Private mappings without a changed page.
static READ: Mappings = Mappings(Mutex::new(Vec::new()));

impl Mappings {
    /// `None` if a thread has them at the moment, or had when this process was forked: then for ever. They only save
    /// time, so nobody has to wait for them.
    fn lock(&self) -> Option<MutexGuard<'_, Vec<Mapped>>> {
        match self.0.try_lock() {
            Ok(mappings) => Some(mappings),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn take(&self, identity: Identity) -> Option<Mapped> {
        let mut mappings = self.lock()?;
        let index = mappings
            .iter()
            .position(|mapped| mapped.identity == identity)?;
        Some(mappings.swap_remove(index))
    }

    fn keep(&self, mapped: Mapped) {
        // Dropped once the lock has been: unmapping takes its time.
        let mut dropped = Vec::new();
        if let Some(mut mappings) = self.lock() {
            // A mapping keeps the memory of a file that has been removed.
            let removed = |mapped: &mut Mapped| {
                let metadata = mapped.file.metadata();
                !metadata.is_ok_and(|file| file.nlink() > 0)
            };
            mappings.push(mapped);
            dropped.extend(mappings.extract_if(.., removed));
            let mut size: usize = mappings.iter().map(|mapped| mapped.memory.len()).sum();
            while mappings.len() > MOST_SPARES || size as u64 > MOST_SPARE_BYTES {
                let oldest = mappings.remove(0);
                size -= oldest.memory.len();
                dropped.push(oldest);
            }
        }
    }

    fn clear(&self) {
        let dropped = self.lock().map(|mut mappings| mem::take(&mut *mappings));
        drop(dropped);
    }
}
