"""Transparent lazy proxies; the same names as in ``proxystore.proxy``.

A :class:`Proxy` stands in for an object that a factory makes the first time it is needed::

    from proxyrt.proxy import Proxy

    p = Proxy(lambda: [1, 2, 3])
    assert p[0] == 1
    assert isinstance(p, list)
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

from proxyrt._errors import ProxyResolveError
from proxyrt._proxyrt import (
    Proxy,
    _proxy_trampoline,
    after_fork,
    extract,
    get_factory,
    is_resolved,
    join_background,
    resolve,
    resolve_async,
)

if sys.version_info >= (3, 12):
    from typing import TypeAliasType
else:
    from typing_extensions import TypeAliasType

__all__ = [
    "DefaultClassType",
    "DefaultHashType",
    "FactoryType",
    "Proxy",
    "ProxyLocker",
    "ProxyOr",
    "ProxyResolveError",
    "_proxy_trampoline",
    "extract",
    "get_factory",
    "is_resolved",
    "resolve",
    "resolve_async",
]

T = TypeVar("T")

FactoryType: TypeAlias = Callable[[], T]
DefaultClassType: TypeAlias = type | None
DefaultHashType: TypeAlias = Exception | int | None

ProxyOr = TypeAliasType("ProxyOr", Proxy[T] | T, type_params=(T,))
"""A ``T`` or a proxy of one."""

# A thread of the extension must not attach to an interpreter that is going away.
atexit.register(join_background)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)


class ProxyLocker(Generic[T]):
    """Keeps a proxy away from code that might resolve it by accident.

    Args:
        proxy: The proxy to lock.
    """

    def __init__(self, proxy: Proxy[T]) -> None:
        self._proxy = proxy

    def __getattribute__(self, name: str) -> Any:
        if name == "_proxy":
            raise AttributeError("Cannot access proxy attribute of a Locker")
        return super().__getattribute__(name)

    def unlock(self) -> Proxy[T]:
        """Return the locked proxy."""
        proxy: Proxy[T] = super().__getattribute__("_proxy")
        return proxy
