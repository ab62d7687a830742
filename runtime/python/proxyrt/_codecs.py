"""How objects of some types become buffers without a pickle."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from proxyrt._errors import SerializationError
from proxyrt._proxyrt import codec_head

T = TypeVar("T")


class Codec(Protocol[T]):
    """Turns objects of one type into buffers and back.

    Attributes:
        name: Identifies the codec in serialized objects, on every machine that reads them.
    """

    name: str

    def encode(self, obj: T, /) -> tuple[bytes, Sequence[Any]]:
        """Return a note for :meth:`decode` and contiguous buffers, which are not copied."""

    def decode(self, note: bytes, buffers: list[memoryview], /) -> T:
        """Return the object. The buffers may be read-only and live as long as anyone uses them."""


CODECS: dict[type[Any], Codec[Any]] = {}
_BY_NAME: dict[str, Codec[Any]] = {}


def register_codec(type_: type[T], codec: Codec[T]) -> None:
    """Serialize objects of a type, but not of its subclasses, with a codec.

    Processes that read such objects must have registered the codec, too.

    Raises:
        ValueError: If another codec has the same name.
    """
    if _BY_NAME.setdefault(codec.name, codec) is not codec:
        raise ValueError(f"a codec named {codec.name!r} is registered already")
    CODECS[type_] = codec


class _Pieces(list[bytes]):
    """A file that keeps what is written to it in pieces."""

    def write(self, piece: bytes) -> int:
        self.append(piece)
        return len(piece)

    def flush(self) -> None:
        pass


class _PolarsFrame:
    """Columns of numbers as they lie in memory; other frames as Arrow IPC.

    Small ones are IPC streams, which are written and read in a tenth of the time of IPC files.
    Large ones are files: polars copies the columns of a stream together before it writes them.
    """

    name = "polars"

    def encode(self, obj: Any, /) -> tuple[bytes, Sequence[Any]]:
        columns = obj.get_columns()
        if columns and all(_is_plain(column) for column in columns):
            note = [(column.name, type(column.dtype).__name__) for column in columns]
            views = [column.to_numpy(allow_copy=False) for column in columns]
            return json.dumps(note).encode(), views
        pieces = _Pieces()
        if obj.estimated_size() < _SMALL:
            obj.write_ipc_stream(pieces)
            return b"", [b"".join(pieces)]
        obj.write_ipc(pieces)
        return b"", pieces

    def serialize(self, obj: Any, checksum: bool, /) -> bytes | None:
        """Return a whole frame whose IPC file is written where it belongs.

        None if :meth:`encode` does as well.
        """
        if obj.estimated_size() < _SMALL or all(map(_is_plain, obj.get_columns())):
            return None
        start = len(codec_head(self.name, b"", checksum))
        buffer = io.BytesIO()
        buffer.write(bytes(start))
        obj.write_ipc(buffer)
        with buffer.getbuffer() as view, view[start:] as part:
            view[:start] = codec_head(self.name, part, checksum)
        # Without a copy, because nobody else has the buffer.
        return buffer.getvalue()

    def decode(self, note: bytes, buffers: list[memoryview], /) -> Any:
        import numpy  # noqa: PLC0415  # only with an object of polars at hand
        import polars  # noqa: PLC0415

        if not note:
            data = b"".join(buffers)
            is_file = data.startswith(b"ARROW1")
            return polars.read_ipc(data) if is_file else polars.read_ipc_stream(data)
        columns = []
        for (name, dtype), buffer in zip(json.loads(note), buffers, strict=True):
            values = numpy.frombuffer(buffer, _PLAIN_DTYPES[dtype])
            columns.append(polars.Series(name, values))
        return polars.DataFrame(columns)


_SMALL = 64 * 1024

_PLAIN_DTYPES = {
    f"{kind}{size}": f"<{kind[0].lower()}{size // 8}"
    for kind, sizes in {
        "Float": (32, 64),
        "Int": (8, 16, 32, 64),
        "UInt": (8, 16, 32, 64),
    }.items()
    for size in sizes
}


def _is_plain(column: Any) -> bool:
    return (
        type(column.dtype).__name__ in _PLAIN_DTYPES
        and column.null_count() == 0
        and column.n_chunks() == 1
        and sys.byteorder == "little"
    )


class _MemoryView:
    """Memory views of numbers or bytes; others become ``bytes``, as in ProxyStore."""

    name = "memoryview"

    def encode(self, obj: memoryview, /) -> tuple[bytes, Sequence[Any]]:
        if not obj.c_contiguous or obj.format not in _NATIVE_FORMATS or 0 in (obj.shape or ()):
            return b"", [obj.tobytes()]
        return json.dumps([obj.format, obj.itemsize, obj.shape]).encode(), [obj.cast("B")]

    def decode(self, note: bytes, buffers: list[memoryview], /) -> Any:
        if not note:
            return bytes(buffers[0])
        format_, itemsize, shape = json.loads(note)
        view: memoryview = buffers[0].cast(format_, shape)
        if view.itemsize != itemsize:
            raise SerializationError(f"'{format_}' has another size on this machine")
        return view


# Those that `memoryview.cast` knows.
_NATIVE_FORMATS = frozenset("cbB?hHiIlLqQnNfd")

_polars = _PolarsFrame()
_BY_NAME[_polars.name] = _polars
register_codec(memoryview, _MemoryView())


def find_by_type(type_: type[Any]) -> Codec[Any] | None:
    """Return the built-in codec of a type whose module need not be imported otherwise."""
    if type_.__name__ == "DataFrame" and type_.__module__.startswith("polars."):
        CODECS[type_] = _polars
        return _polars
    return None


def find_by_name(name: str) -> Codec[Any]:
    """Return the codec that wrote an object."""
    if name not in _BY_NAME:
        raise SerializationError(f"no codec named {name!r} is registered")
    return _BY_NAME[name]


def pickle_by_value(obj: Any, callback: Callable[[Any], Any], cause: Exception) -> bytes:
    """Pickle an object that pickle cannot, such as a lambda, with cloudpickle."""
    error = cause
    try:
        import cloudpickle  # noqa: PLC0415  # optional

        buffer = io.BytesIO()
        cloudpickle.dump(obj, buffer, protocol=5, buffer_callback=callback)
        return buffer.getvalue()
    except ImportError:
        pass
    except Exception as failure:  # whatever the object's `__reduce__` raises
        error = failure
    raise SerializationError(f"Object of type {type(obj)} is not supported.") from error
