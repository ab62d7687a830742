"""When stored objects are evicted; the same names as in ``proxystore.store.lifetimes``."""

from __future__ import annotations

import atexit
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from typing_extensions import Self

from proxyrt.proxy import Proxy, get_factory
from proxyrt.store._registry import require_store_factory
from proxyrt.store.types import ConnectorKeyT

if TYPE_CHECKING:
    from proxyrt.store.base import Store


@runtime_checkable
class Lifetime(Protocol):
    """Evicts the objects that it has been given when it ends."""

    def add_key(self, *keys: ConnectorKeyT, store: Store[Any] | None = None) -> None:
        """Add objects by their keys in a store."""

    def add_proxy(self, *proxies: Proxy[Any]) -> None:
        """Add the objects of proxies that a store made."""

    def close(self, *, close_stores: bool = False) -> None:
        """End the lifetime and evict its objects; may also close their stores."""

    def done(self) -> bool:
        """Tell whether the lifetime has ended."""


class ContextLifetime:
    """Ends with a context, or when it is closed.

    Args:
        store: The store of all objects.
        name: For humans.
    """

    def __init__(self, store: Store[Any], *, name: str | None = None) -> None:
        self.store = store
        self.name = str(uuid.uuid4()) if name is None else name
        self._done = False
        self._keys: set[ConnectorKeyT] = set()
        self._lock = threading.RLock()

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
        return f"{type(self).__name__}(name={self.name}, store={self.store!r})"

    def _require_open(self) -> None:
        if self._done:
            raise RuntimeError(f"The lifetime {self.name} has ended.")

    def add_key(self, *keys: ConnectorKeyT, store: Store[Any] | None = None) -> None:
        """Add objects by their keys.

        Raises:
            RuntimeError: If the lifetime has ended.
        """
        with self._lock:
            self._require_open()
            self._keys.update(keys)

    def add_proxy(self, *proxies: Proxy[Any]) -> None:
        """Add the objects of proxies.

        Raises:
            ProxyStoreFactoryError: If no store made one of them.
            RuntimeError: If the lifetime has ended.
        """
        self.add_key(*(require_store_factory(get_factory(proxy)).key for proxy in proxies))

    def close(self, *, close_stores: bool = False) -> None:
        """End the lifetime and evict its objects; may also close the store."""
        with self._lock:
            if self._done:
                return
            self._done = True
            for key in self._keys:
                self.store.evict(key)
            self._keys.clear()
        if close_stores:
            self.store.close()

    def done(self) -> bool:
        """Tell whether the lifetime has ended."""
        return self._done


class LeaseLifetime(ContextLifetime):
    """Ends at a time, which can be put off.

    Args:
        store: The store of all objects.
        expiry: The time, or how long from now (a number means seconds).
        name: For humans.
    """

    def __init__(
        self, store: Store[Any], expiry: datetime | timedelta | float, *, name: str | None = None
    ) -> None:
        super().__init__(store, name=name)
        self._expiry = _after(time.time(), expiry)
        self._timer: threading.Timer | None = None
        self._start_timer()

    def _start_timer(self) -> None:
        with self._lock:
            if not self._done:
                self._timer = threading.Timer(max(0, self._expiry - time.time()), self._expire)
                self._timer.daemon = True
                self._timer.start()

    def _expire(self) -> None:
        if time.time() >= self._expiry:
            self.close()
        else:
            self._start_timer()

    def extend(self, expiry: datetime | timedelta | float) -> None:
        """Set another time, or put off the end by a duration.

        Raises:
            RuntimeError: If the lifetime has ended.
        """
        with self._lock:
            self._require_open()
            self._expiry = _after(self._expiry, expiry)

    def close(self, *, close_stores: bool = False) -> None:
        """End the lifetime and evict its objects; may also close the store."""
        if self._timer is not None:
            self._timer.cancel()
        super().close(close_stores=close_stores)


def _after(start: float, expiry: datetime | timedelta | float) -> float:
    if isinstance(expiry, datetime):
        return expiry.timestamp()
    return start + (expiry.total_seconds() if isinstance(expiry, timedelta) else expiry)


class StaticLifetime:
    """Ends with the process; there is only one."""

    _instance: StaticLifetime | None = None
    name = "static"

    def __new__(cls) -> StaticLifetime:  # noqa: D102  # see the class
        if cls._instance is None:
            self = super().__new__(cls)
            self._done = False
            self._keys = defaultdict(set)
            self._callback = register_lifetime_atexit(self)
            cls._instance = self
        return cls._instance

    _done: bool
    _keys: defaultdict[Store[Any], set[ConnectorKeyT]]
    _callback: Callable[[], None]

    def add_key(self, *keys: ConnectorKeyT, store: Store[Any] | None = None) -> None:
        """Add objects by their keys in a store.

        Raises:
            RuntimeError: If the lifetime has ended.
            ValueError: If there is no store.
        """
        if self._done:
            raise RuntimeError("The static lifetime has ended.")
        if store is None:
            raise ValueError("The StaticLifetime requires the store parameter.")
        self._keys[store].update(keys)

    def add_proxy(self, *proxies: Proxy[Any]) -> None:
        """Add the objects of proxies.

        Raises:
            ProxyStoreFactoryError: If no store made one of them.
            RuntimeError: If the lifetime has ended.
        """
        for proxy in proxies:
            factory = require_store_factory(get_factory(proxy))
            self.add_key(factory.key, store=factory.get_store())

    def close(self, *, close_stores: bool = False) -> None:
        """End the lifetime and evict its objects; may also close their stores."""
        if self._done:
            return
        self._done = True
        atexit.unregister(self._callback)
        for store, keys in self._keys.items():
            for key in keys:
                store.evict(key)
            if close_stores:
                store.close()
        self._keys.clear()

    def done(self) -> bool:
        """Tell whether the lifetime has ended."""
        return self._done


def register_lifetime_atexit(lifetime: Lifetime, close_stores: bool = True) -> Callable[[], None]:
    """Close a lifetime when the interpreter exits.

    Returns:
        The function that has been registered with :mod:`atexit`.
    """

    def close() -> None:
        lifetime.close(close_stores=close_stores)

    atexit.register(close)
    return close
