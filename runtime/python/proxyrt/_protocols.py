"""Operations for which the C API has no function; the compiled half calls them."""

from __future__ import annotations

import types
from collections.abc import Generator, Iterator
from typing import Any


async def _await(awaitable: Any) -> Any:
    return await awaitable


def await_(target: Any) -> Iterator[Any] | Generator[Any, Any, Any]:
    """Return the iterator that ``await`` drives, for a target without ``__await__``.

    Generators made by ``types.coroutine`` may be awaited although they have no such method.
    """
    if isinstance(target, types.GeneratorType) and target.gi_code.co_flags & 0x100:
        return _await(target).__await__()
    raise TypeError(f"object {type(target).__name__} can't be used in 'await' expression")


def scalar_array(target: Any, dtype: Any = None, copy: bool | None = None) -> Any:
    """Convert a scalar target as NumPy converts the scalar itself."""
    import numpy  # noqa: PLC0415  # only imported when NumPy asks

    return numpy.array(target, dtype=dtype)
