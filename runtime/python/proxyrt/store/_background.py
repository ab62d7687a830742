"""Threads that get objects ahead of their use."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None


def submit(function: Callable[[], T]) -> Future[T]:
    """Call a function in another thread."""
    global _pool  # noqa: PLW0603  # made when it is needed
    if _pool is None:
        _pool = ThreadPoolExecutor(thread_name_prefix="proxyrt")
    return _pool.submit(function)


def _after_fork() -> None:
    global _pool  # noqa: PLW0603  # its threads stayed with the parent
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
