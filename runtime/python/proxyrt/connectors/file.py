"""Objects in files; the same names as in ``proxystore.connectors.file``."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple

from typing_extensions import Self

from proxyrt._proxyrt import new_key, put_file, read_file, write_file
from proxyrt.serialize import BytesLike, Frame


class FileKey(NamedTuple):
    """The key of an object in a :class:`FileConnector`.

    Attributes:
        filename: The name of the file in the connector's folder.
    """

    filename: str


class FileConnector:
    """Keeps each object in a file of a folder, which may be on a shared file system.

    A file appears under its name once it is complete. Large objects are mapped when they are
    read, so only the pages that are used are fetched; an object that is evicted meanwhile stays
    readable (on NFS: as long as its pages are cached).

    Args:
        store_dir: The folder; it is created.
        clear: Whether :meth:`close` removes the folder.
        buffering: For compatibility; files are written without a buffer.
        durable: Whether an object must survive a crash of the machine once it has been put: each
            file and the folder are flushed to the device.
        checksum: Whether stores protect large buffers of objects by a checksum.
    """

    accepts_frames = True

    def __init__(
        self,
        store_dir: str,
        *,
        clear: bool = True,
        buffering: int = -1,
        durable: bool = False,
        checksum: bool = False,
    ) -> None:
        self.store_dir = os.path.abspath(store_dir)
        self.clear = clear
        self.buffering = buffering
        self.durable = durable
        self.checksum = checksum
        os.makedirs(self.store_dir, exist_ok=True)

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
        return f"{type(self).__name__}(directory={self.store_dir})"

    def close(self, clear: bool | None = None) -> None:
        """Remove the folder with all objects, if the connector is to clear up.

        Args:
            clear: Overrides the argument of the same name of the constructor.
        """
        if self.clear if clear is None else clear:
            shutil.rmtree(self.store_dir, ignore_errors=True)

    def config(self) -> dict[str, Any]:
        """Return the arguments that make a connector of the same objects."""
        return {
            "store_dir": self.store_dir,
            "clear": self.clear,
            "buffering": self.buffering,
            "durable": self.durable,
            "checksum": self.checksum,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FileConnector:
        """Make a connector of what :meth:`config` returned."""
        return cls(**config)

    def evict(self, key: FileKey) -> None:
        """Remove the object of a key, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(self.store_dir, key.filename))

    def exists(self, key: FileKey) -> bool:
        """Tell whether there is an object of a key."""
        return os.path.exists(os.path.join(self.store_dir, key.filename))

    def get(self, key: FileKey) -> BytesLike | None:
        """Return a writable private view of the bytes of a key, or None if there are none."""
        return read_file(self.store_dir, key.filename)

    def get_batch(self, keys: Sequence[FileKey]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""
        return [self.get(key) for key in keys]

    def new_key(self, obj: BytesLike | None = None) -> FileKey:
        """Return a key that has no object yet."""
        key: FileKey = new_key(FileKey)
        return key

    def put(self, obj: BytesLike | Frame) -> FileKey:
        """Keep bytes and return their key."""
        return put_file(self.store_dir, obj, FileKey, self.durable)

    def put_batch(self, objs: Sequence[BytesLike | Frame]) -> list[FileKey]:
        """Keep several objects and return their keys in the same order."""
        return [self.put(obj) for obj in objs]

    def set(self, key: FileKey, obj: BytesLike | Frame) -> None:
        """Keep bytes under a key. Readers see all of them or none."""
        write_file(self.store_dir, key.filename, obj, durable=self.durable)
