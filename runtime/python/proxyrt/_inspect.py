"""What can be told about a proxy without resolving it."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from proxyrt._proxyrt import Proxy, is_resolved, is_resolving, is_valid

_get = object.__getattribute__


@dataclass(frozen=True)
class ProxyInfo:
    """What :func:`inspect` tells about a proxy.

    Attributes:
        kind: The name of the proxy's own class: ``Proxy``, ``OwnedProxy``, ...
        state: ``invalid`` means given away, ``uninitialized`` that ``__init__`` has not run.
        factory: The factory, or None if the proxy is uninitialized.
        store: The name of the store the object is in, if the factory comes from a store.
        key: The key of the object in that store.
        cached_class: What ``__class__`` is while the proxy is unresolved.
        cached_hash: What ``hash`` returns while the proxy is unresolved, or the error it raises.
        target_class: The class of the target, if the proxy is resolved.
        target_size: The size of the target in bytes, if it is resolved and can tell.
        pickled_size: The size of the pickled proxy, or None if the factory cannot be pickled.
    """

    kind: str
    state: Literal["unresolved", "resolving", "resolved", "invalid", "uninitialized"]
    factory: Callable[[], Any] | None
    store: str | None
    key: Any
    cached_class: type | None
    cached_hash: Exception | int | None
    target_class: type | None
    target_size: int | None
    pickled_size: int | None

    def __str__(self) -> str:
        lines = [f"{self.kind}, {self.state}"]
        rows = {
            "factory": self.factory,
            "store": self.store,
            "key": self.key,
            "cached class": self.cached_class and self.cached_class.__qualname__,
            "cached hash": self.cached_hash,
            "target class": self.target_class and self.target_class.__qualname__,
            "target size": self.target_size,
            "pickled size": self.pickled_size,
        }
        lines += [f"  {name}: {value}" for name, value in rows.items() if value is not None]
        return "\n".join(lines)


def inspect(proxy: Proxy[Any]) -> ProxyInfo:
    """Tell what is known about a proxy, without resolving it or giving it away.

    Args:
        proxy: Any proxy of this package.

    Returns:
        The facts; ``str()`` of them is a small table.

    Raises:
        TypeError: If ``proxy`` is not a proxy.
    """
    if not issubclass(type(proxy), Proxy):
        raise TypeError(f"expected a Proxy, not {type(proxy).__name__}")
    try:
        factory = _get(proxy, "__proxy_factory__")
    except AttributeError:
        factory = None
    resolved = is_resolved(proxy)
    target = _get(proxy, "__proxy_target__") if resolved else None
    cached_class = _get(proxy, "__proxy_default_class__")
    cached_hash = _get(proxy, "__proxy_default_hash__")
    config = getattr(factory, "store_config", None)
    return ProxyInfo(
        kind=type(proxy).__name__,
        state=_state(proxy, factory, resolved),
        factory=factory,
        store=getattr(config, "name", None),
        key=getattr(factory, "key", None),
        cached_class=cached_class,
        cached_hash=cached_hash,
        target_class=type(target) if resolved else None,
        target_size=_size(target) if resolved else None,
        pickled_size=_pickled_size(proxy, (factory, cached_class, cached_hash)),
    )


def _state(
    proxy: Proxy[Any], factory: object, resolved: bool
) -> Literal["unresolved", "resolving", "resolved", "invalid", "uninitialized"]:
    if not is_valid(proxy):
        return "invalid"
    if resolved:
        return "resolved"
    if factory is None:
        return "uninitialized"
    return "resolving" if is_resolving(proxy) else "unresolved"


def _size(target: object) -> int | None:
    # A nested proxy would be resolved by being asked.
    if issubclass(type(target), Proxy):
        return None
    size = getattr(target, "nbytes", None)
    if isinstance(size, int):
        return size
    return sys.getsizeof(target, -1) if sys.getsizeof(target, -1) >= 0 else None


def _pickled_size(proxy: Proxy[Any], state: tuple[Any, ...]) -> int | None:
    try:
        if type(proxy) is Proxy:
            return len(pickle.dumps(proxy))
        # Pickling a reference proxy would give it away; it is its state and what restores it.
        return len(pickle.dumps(Proxy)) + len("_trampoline") + len(pickle.dumps(state))
    except Exception:  # whatever a factory's `__reduce__` raises
        return None
