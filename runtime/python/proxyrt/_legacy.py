"""Reads what ProxyStore's ``serialize`` wrote: an identifier, a newline, the data."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

from proxyrt._errors import SerializationError


def _numpy(data: memoryview, allow_pickle: bool) -> Any:
    import numpy  # noqa: PLC0415  # only for what NumPy wrote

    return numpy.load(io.BytesIO(data), allow_pickle=allow_pickle)


def _polars(data: memoryview, allow_pickle: bool) -> Any:
    import polars  # noqa: PLC0415  # only for what polars wrote

    return polars.read_ipc(bytes(data))


def _pickle(data: memoryview, allow_pickle: bool) -> Any:
    if not allow_pickle:
        raise SerializationError("the object is a pickle, which is not allowed")
    return pickle.loads(data)


_READERS: dict[bytes, tuple[str, Callable[[memoryview, bool], Any]]] = {
    b"BS": ("bytes", lambda data, _: bytes(data)),
    b"US": ("string", lambda data, _: str(data, "utf-8")),
    b"NP": ("numpy", _numpy),
    b"PD": ("pandas", _pickle),
    b"PL": ("polars", _polars),
    b"PK": ("pickle", _pickle),
    b"CP": ("cloudpickle", _pickle),
}


def deserialize(buffer: Any, allow_pickle: bool) -> Any:
    """Return the object that ProxyStore serialized."""
    view = memoryview(buffer).cast("B")
    # ProxyStore strips the line; its own writer adds nothing to strip.
    identifier = bytes(view[:2])
    if identifier not in _READERS or bytes(view[2:3]) != b"\n":
        raise SerializationError(f"Unknown identifier {bytes(view[:16])!r} for deserialization.")
    name, read = _READERS[identifier]
    try:
        return read(view[3:], allow_pickle)
    except SerializationError:
        raise
    except Exception as error:  # whatever unpickling raises
        raise SerializationError(
            f"Failed to deserialize object using the {name} serializer."
        ) from error
