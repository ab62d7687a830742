from typing import Any

from proxystore.proxy import (
    DefaultClassType as DefaultClassType,
    DefaultHashType as DefaultHashType,
    FactoryType as FactoryType,
    Proxy as Proxy,
    ProxyLocker as ProxyLocker,
    ProxyMetaType as ProxyMetaType,
    ProxyOr as ProxyOr,
    ProxyResolveError as ProxyResolveError,
    T as T,
    as_metaclass as as_metaclass,
    extract as extract,
    get_factory as get_factory,
    is_resolved as is_resolved,
    resolve as resolve,
)

def resolve_async(proxy: Proxy[Any]) -> None:
    """Starts to resolve `proxy` in the background; its next use waits for that."""
