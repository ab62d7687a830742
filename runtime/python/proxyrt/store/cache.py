"""A cache of the objects used last; the same names as in ``proxystore.store.cache``."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class LRUCache(Generic[KeyT, ValueT]):
    """Keeps the values used last. Threads may share it.

    Args:
        maxsize: How many values to keep.

    Raises:
        ValueError: If ``maxsize`` is negative.

    Attributes:
        hits: How often :meth:`get` found a value.
        misses: How often it did not.
        evictions: How often :meth:`evict` has been called.
    """

    def __init__(self, maxsize: int = 16) -> None:
        if maxsize < 0:
            raise ValueError("Cache size must be >= 0")
        self.maxsize = maxsize
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self._data: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._lock = threading.RLock()

    def evict(self, key: KeyT) -> None:
        """Forget the value of a key."""
        with self._lock:
            self.evictions += 1
            self._data.pop(key, None)

    def exists(self, key: KeyT) -> bool:
        """Tell whether there is a value of a key."""
        return key in self._data

    def get(self, key: KeyT, default: ValueT | None = None) -> ValueT | None:
        """Return the value of a key, or ``default``."""
        with self._lock:
            try:
                value = self._data[key]
            except KeyError:
                self.misses += 1
                return default
            self._data.move_to_end(key)
            self.hits += 1
            return value

    def set(self, key: KeyT, value: ValueT, *, evictions: int | None = None) -> None:
        """Remember the value of a key.

        Args:
            key: The key.
            value: The value.
            evictions: What :attr:`evictions` was when the value was read. If it has changed since,
                the value may be out of date and is not remembered.
        """
        if self.maxsize == 0:
            return
        with self._lock:
            if evictions is not None and evictions != self.evictions:
                return
            self._data[key] = value
            self._data.move_to_end(key)
            if len(self._data) > self.maxsize:
                self._data.popitem(last=False)
