from typing import Any

from proxystore.store import base as base

class StoreError(Exception): ...
class StoreExistsError(StoreError): ...
class ProxyStoreFactoryError(StoreError): ...

class ProxyResolveMissingKeyError(Exception):
    key: base.ConnectorKeyT
    store_type: type[base.Store[Any]]
    store_name: str
    def __init__(
        self, key: base.ConnectorKeyT, store_type: type[base.Store[Any]], store_name: str
    ) -> None: ...

class NonProxiableTypeError(Exception): ...
