"""Transparent object proxies, in Rust."""

from proxyrt._proxyrt import __version__
from proxyrt.proxy import (
    Proxy,
    ProxyLocker,
    ProxyOr,
    ProxyResolveError,
    extract,
    get_factory,
    is_resolved,
    resolve,
    resolve_async,
)

__all__ = [
    "Proxy",
    "ProxyLocker",
    "ProxyOr",
    "ProxyResolveError",
    "__version__",
    "extract",
    "get_factory",
    "is_resolved",
    "resolve",
    "resolve_async",
]
