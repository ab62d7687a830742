"""A cache of the objects used last; the same names as in ``proxystore.store.cache``."""

from __future__ import annotations

from proxyrt._proxyrt import LRUCache

__all__ = ["LRUCache"]
