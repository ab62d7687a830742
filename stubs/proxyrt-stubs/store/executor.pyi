from collections.abc import Callable as Callable
from typing import Any, Protocol

from proxystore.store.executor import (
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

class ExecutorLike(Protocol):
    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...
