"""Functions for proxies of stored objects; the same names as in ``proxystore.store.utils``."""

from __future__ import annotations

from typing import Any

from proxyrt.proxy import Proxy, get_factory, is_resolved
from proxyrt.store._registry import require_store_factory
from proxyrt.store.types import ConnectorKeyT


def get_key(proxy: Proxy[Any]) -> ConnectorKeyT:
    """Return the key of the object that a proxy stands for. Does not resolve the proxy.

    Raises:
        ProxyStoreFactoryError: If no store made the proxy.
    """
    return require_store_factory(get_factory(proxy)).key


def resolve_async(proxy: Proxy[Any]) -> None:
    """Start to get the object of a proxy in another thread, unless it is resolved.

    Raises:
        ProxyStoreFactoryError: If no store made the proxy.
    """
    factory = require_store_factory(get_factory(proxy))
    if not is_resolved(proxy):
        factory.resolve_async()
