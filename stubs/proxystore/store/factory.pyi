from logging import Logger
from typing import Any, Generic, TypeVar

from proxystore.store.base import Store as Store
from proxystore.store.config import StoreConfig as StoreConfig
from proxystore.store.exceptions import ProxyResolveMissingKeyError as ProxyResolveMissingKeyError
from proxystore.store.types import (
    ConnectorKeyT as ConnectorKeyT,
    ConnectorT as ConnectorT,
    DeserializerT as DeserializerT,
    _GivenKey,
)
from proxystore.utils.timer import Timer as Timer

logger: Logger
T = TypeVar("T")

class StoreFactory(Generic[ConnectorT, T]):
    key: ConnectorKeyT
    store_config: StoreConfig
    evict: bool
    deserializer: DeserializerT | None
    def __init__(
        self,
        key: _GivenKey,
        store_config: StoreConfig,
        *,
        evict: bool = False,
        deserializer: DeserializerT | None = None,
    ) -> None: ...
    def __getstate__(self) -> dict[str, Any]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...
    def __call__(self) -> T: ...
    def get_store(self) -> Store[ConnectorT]: ...
    def resolve(self) -> T: ...
    def resolve_async(self) -> None: ...

class PollingStoreFactory(StoreFactory[ConnectorT, T]):
    def __init__(
        self,
        key: _GivenKey,
        store_config: StoreConfig,
        *,
        deserializer: DeserializerT | None = None,
        evict: bool = False,
        polling_interval: float = 1,
        polling_backoff_factor: float = 1,
        polling_interval_limit: float | None = None,
        polling_timeout: float | None = None,
    ) -> None: ...
    def resolve(self) -> T: ...
