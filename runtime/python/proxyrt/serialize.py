"""Objects to bytes and back; the same names as in ``proxystore.serialize``.

Serialized objects are frames: versioned, checked for damage, with the buffers of arrays as they
lie in memory, so that reading an array copies nothing. :func:`deserialize` also reads what
ProxyStore wrote. Reading a pickle runs code that its writer chose: see ``allow_pickle``.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

from proxyrt._codecs import Codec, register_codec
from proxyrt._errors import SerializationError
from proxyrt._proxyrt import Frame, deserialize, encode, serialize

if sys.version_info >= (3, 13):
    from typing import TypeIs
else:
    from typing_extensions import TypeIs

__all__ = [
    "BytesLike",
    "Codec",
    "Frame",
    "SerializationError",
    "deserialize",
    "encode",
    "is_bytes_like",
    "register_codec",
    "serialize",
]

BytesLike: TypeAlias = bytes | bytearray | memoryview
"""What connectors take and give."""


def is_bytes_like(obj: Any) -> TypeIs[BytesLike]:
    """Tell whether an object is one of the builtin types of bytes."""
    return isinstance(obj, bytes | bytearray | memoryview)
