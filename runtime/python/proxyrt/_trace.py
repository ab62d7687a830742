"""Who resolves a proxy, and where."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from proxyrt._proxyrt import Proxy, set_trace_hook

_get = object.__getattribute__


@dataclass(frozen=True)
class Resolution:
    """One call of the factory of a proxy.

    Attributes:
        proxy: How the proxy presents itself: its class and its address.
        factory: The factory.
        seconds: How long the factory took.
        error: What the proxy raised, or None.
        thread: The name of the thread.
        stack: Where the proxy was used, innermost frame last.
    """

    proxy: str
    factory: Callable[[], Any]
    seconds: float
    error: BaseException | None
    thread: str
    stack: traceback.StackSummary = field(repr=False)

    def __str__(self) -> str:
        outcome = "resolved" if self.error is None else f"failed ({self.error})"
        heading = f"{self.proxy} {outcome} in {self.seconds * 1e3:.3f} ms by {self.thread}:\n"
        return heading + "".join(self.stack.format())


_lock = threading.Lock()
_listeners: list[Callable[[Resolution], None]] = []


def _hook(proxy: Proxy[Any], seconds: float, error: BaseException | None) -> None:
    # This function's caller: the frame whose operation resolved the proxy.
    frame = sys._getframe(1) if _has_caller() else None
    resolution = Resolution(
        proxy=f"<{type(proxy).__name__} at 0x{id(proxy):x}>",
        factory=_get(proxy, "__proxy_factory__"),
        seconds=seconds,
        error=error,
        thread=threading.current_thread().name,
        stack=traceback.StackSummary.extract(reversed(list(traceback.walk_stack(frame))))
        if frame is not None
        else traceback.StackSummary(),
    )
    for listener in list(_listeners):
        listener(resolution)


def _has_caller() -> bool:
    """Tell whether Python code resolved the proxy; a background thread has none."""
    return sys._getframe(1).f_back is not None


@contextmanager
def trace_resolves(
    listener: Callable[[Resolution], None] | None = None,
) -> Iterator[list[Resolution]]:
    """Record each call of a proxy's factory, in all threads, while the context lasts.

    Args:
        listener: Called with each resolution as it happens, for instance ``print``.

    Yields:
        The list that the resolutions are appended to.
    """
    seen: list[Resolution] = []

    def record(resolution: Resolution) -> None:
        seen.append(resolution)
        if listener is not None:
            listener(resolution)

    with _lock:
        _listeners.append(record)
        set_trace_hook(_hook)
    try:
        yield seen
    finally:
        with _lock:
            _listeners.remove(record)
            if not _listeners:
                set_trace_hook(None)
