"""Objects in the shared memory of one machine.

Every object is a file in a folder of the memory file system (``/dev/shm`` on Linux, otherwise the
folder for temporary files), the *namespace*. A process that uses a namespace holds a shared lock
on it, which the operating system releases however the process ends. When the last one is gone,
so are the objects: that process removes them as it leaves, or, if it was killed, the next process
of the same user that uses any namespace.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import quote

from typing_extensions import Self

from proxyrt._proxyrt import (
    evict_shared,
    new_key,
    put_shared,
    read_shared,
    release_mappings,
    write_shared,
)
from proxyrt.serialize import BytesLike, Frame

_LOCK = ".lock"
_SPARES = ".spare"


class SharedMemoryKey(NamedTuple):
    """The key of an object in a :class:`SharedMemoryConnector`.

    Attributes:
        name: The name of the object in its namespace.
    """

    name: str


class SharedMemoryConnector:
    """Keeps objects in shared memory, where other processes of the same user map them.

    Nothing is copied between processes: an array that is read is a private mapping of the object.
    Writing to it copies the pages written to, and no one else sees that.

    A namespace keeps the memory of evicted objects of a megabyte or more for the next ones, at
    most eight objects and 256 MiB, because new memory costs several times what writing to it does.
    Memory that a process still maps is left alone.

    Objects live as long as a process uses their namespace: until it has closed all its connectors
    of that namespace, or ends. A connector that is only dropped stays in use, because there may be
    proxies of its objects. Processes that pass proxies to each other must overlap: whoever makes a
    proxy keeps its store until the receiver has opened its own. Objects that outlive their makers
    belong into a :class:`~proxyrt.connectors.file.FileConnector`.

    Args:
        namespace: Connectors of the same namespace see each other's objects.
        directory: The folder of all namespaces, which only this user may have access to.

    Raises:
        PermissionError: If somebody else has access to the folder.
    """

    accepts_frames = True

    def __init__(self, namespace: str = "default", *, directory: str | None = None) -> None:
        self.namespace = namespace
        self.directory = directory
        root = _default_root() if directory is None else Path(directory)
        _make_private(root)
        reclaim(root)
        self._path = root / _folder_name(namespace)
        self._store_dir = str(self._path)
        _join(self._path)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(namespace={self.namespace!r})"

    def close(self, clear: bool = False) -> None:
        """Leave the namespace; the last one to leave removes its objects.

        Args:
            clear: Remove the objects now, also if others use the namespace.
        """
        if not self._closed:
            self._closed = True
            if clear:
                _remove_objects(self._path)
            _leave(self._path)

    def config(self) -> dict[str, Any]:
        """Return the arguments that make a connector of the same objects."""
        config: dict[str, Any] = {"namespace": self.namespace}
        if self.directory is not None:
            config["directory"] = self.directory
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SharedMemoryConnector:
        """Make a connector of what :meth:`config` returned."""
        return cls(**config)

    def evict(self, key: SharedMemoryKey) -> None:
        """Remove the object of a key, if there is one. Views of it stay valid."""
        evict_shared(self._store_dir, key.name)

    def exists(self, key: SharedMemoryKey) -> bool:
        """Tell whether there is an object of a key."""
        return os.path.exists(os.path.join(self._store_dir, key.name))

    def get(self, key: SharedMemoryKey) -> BytesLike | None:
        """Return a writable private view of the bytes of a key, or None if there are none."""
        return read_shared(self._store_dir, key.name)

    def get_batch(self, keys: Sequence[SharedMemoryKey]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""
        return [self.get(key) for key in keys]

    def new_key(self, obj: BytesLike | None = None) -> SharedMemoryKey:
        """Return a key that has no object yet."""
        key: SharedMemoryKey = new_key(SharedMemoryKey)
        return key

    def put(self, obj: BytesLike | Frame) -> SharedMemoryKey:
        """Keep bytes and return their key."""
        self._require_open()
        return put_shared(self._store_dir, obj, SharedMemoryKey)

    def put_batch(self, objs: Sequence[BytesLike | Frame]) -> list[SharedMemoryKey]:
        """Keep several objects and return their keys in the same order."""
        return [self.put(obj) for obj in objs]

    def set(self, key: SharedMemoryKey, obj: BytesLike | Frame) -> None:
        """Keep bytes under a key. Readers see all of them or none.

        Raises:
            OSError: If the shared memory is full.
            RuntimeError: If the connector is closed.
        """
        self._require_open()
        write_shared(self._store_dir, key.name, obj)

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError(f"{self!r} is closed")


def reclaim(directory: str | os.PathLike[str] | None = None) -> list[str]:
    """Remove the namespaces that no process uses any more.

    Every connector does this when it is made.

    Args:
        directory: The folder of all namespaces.

    Returns:
        The names of the folders that have been removed.
    """
    root = _default_root() if directory is None else Path(directory)
    with contextlib.suppress(FileNotFoundError):
        return [path.name for path in sorted(root.iterdir()) if _reclaim(path)]
    return []


def is_in_use(path: Path) -> bool | None:
    """Tell whether a process uses the namespace of a folder; None if the folder is none."""
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _default_root() -> Path:
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() else Path(tempfile.gettempdir())
    return parent / f"proxyrt-{os.getuid()}"


def _make_private(root: Path) -> None:
    """Make sure that nobody else can put objects, which may be pickles, into the folder."""
    with contextlib.suppress(FileExistsError):
        root.mkdir(mode=0o700, parents=True)
    status = os.lstat(root)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"'{root}' must be a folder that only its user has access to")


def _folder_name(namespace: str) -> str:
    name = quote(namespace, safe="", errors="surrogatepass").replace(".", "%2E")
    if name and len(name) < 200:
        return name
    return "%" + hashlib.blake2b(namespace.encode("utf-8", "surrogatepass")).hexdigest()[:64]


def _is_current(lock: int, path: Path) -> bool:
    """Tell whether the lock file that was opened is still the one of the namespace."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path / _LOCK))
    except FileNotFoundError:
        return False


class _Membership:
    """The use of a namespace by this process.

    Attributes:
        lock: The open lock file.
        connectors: How many connectors have not been closed.
    """

    def __init__(self, lock: int) -> None:
        self.lock = lock
        self.connectors = 1


_memberships: dict[Path, _Membership] = {}
_mutex = threading.Lock()


def _join(path: Path) -> None:
    with _mutex:
        membership = _memberships.get(path)
        if membership is None:
            _memberships[path] = _Membership(_lock_shared(path))
        else:
            membership.connectors += 1


def _leave(path: Path) -> None:
    with _mutex:
        membership = _memberships.get(path)
        if membership is None:
            return
        membership.connectors -= 1
        if membership.connectors == 0:
            del _memberships[path]
            _unlock(path, membership)


def _unlock(path: Path, membership: _Membership) -> None:
    # Closed rather than unlocked: a forked child shares the lock and may still use the namespace.
    os.close(membership.lock)
    _reclaim(path)
    release_mappings()


def _leave_all() -> None:
    with _mutex:
        while _memberships:
            _unlock(*_memberships.popitem())


def _after_fork() -> None:
    global _mutex  # noqa: PLW0603  # the parent's may be held by a thread that the child lacks
    _mutex = threading.Lock()


atexit.register(_leave_all)
os.register_at_fork(after_in_child=_after_fork)


def _lock_shared(path: Path) -> int:
    """Create a namespace if need be, and hold a shared lock on it."""
    while True:
        # Not `exist_ok=True`: that looks again, when another process may have removed the folder.
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        try:
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            if path.is_symlink():
                raise  # it leads nowhere
            continue  # reclaimed since `mkdir`
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
        except BaseException:
            os.close(lock)
            raise
        if _is_current(lock, path):
            return lock
        os.close(lock)


def _reclaim(path: Path) -> bool:
    """Remove a namespace unless a process uses it."""
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_current(lock, path):
            return False
        _remove_objects(path)
        os.remove(path / _LOCK)
        # Fails if another process has created the lock file anew: then the namespace is its own.
        with contextlib.suppress(OSError):
            path.rmdir()
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _remove_objects(path: Path) -> None:
    for name in os.listdir(path):
        if name == _SPARES:
            with contextlib.suppress(OSError):
                _remove_objects(path / name)
                (path / name).rmdir()
        elif name != _LOCK:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path / name)
