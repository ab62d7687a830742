"""Transparent object proxies, in Rust."""

from proxyrt._inspect import ProxyInfo, inspect
from proxyrt._proxyrt import __version__
from proxyrt._proxyrt import _factory as _factory  # pickles name these two
from proxyrt._proxyrt import _p as _p  # short, because it is in every pickled proxy
from proxyrt._trace import Resolution, trace_resolves
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
from proxyrt.store import Store

__all__ = [
    "Proxy",
    "ProxyInfo",
    "ProxyLocker",
    "ProxyOr",
    "ProxyResolveError",
    "Resolution",
    "Store",
    "__version__",
    "extract",
    "get_factory",
    "inspect",
    "is_resolved",
    "resolve",
    "resolve_async",
    "trace_resolves",
]
