"""Stores of objects, and proxies of stored objects; the same names as in ``proxystore.store``.

::

    from proxyrt.store import Store

    with Store("example", register=True) as store:
        proxy = store.proxy([1, 2, 3])
"""

from __future__ import annotations

from proxyrt.store._registry import (
    get_or_create_store,
    get_store,
    register_store,
    store_registration,
    unregister_store,
)
from proxyrt.store.base import Store
from proxyrt.store.config import StoreConfig
from proxyrt.store.factory import StoreFactory

__all__ = [
    "Store",
    "StoreConfig",
    "StoreFactory",
    "get_or_create_store",
    "get_store",
    "register_store",
    "store_registration",
    "unregister_store",
]
