from typing import Any

from proxystore.store.executor import (
    Callable as Callable,
    ConnectorKeyT as ConnectorKeyT,
    P as P,
    Proxy as Proxy,
    ProxyAlways as ProxyAlways,
    ProxyNever as ProxyNever,
    ProxyType as ProxyType,
    R as R,
    Store as Store,
    StoreConfig as StoreConfig,
    StoreExecutor as StoreExecutor,
    get_key as get_key,
    get_store as get_store,
)

class ProxySize:
    min_bytes: int
    def __init__(self, min_bytes: int = 100000) -> None: ...
    def __call__(self, item: Any) -> bool: ...
