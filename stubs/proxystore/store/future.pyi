"""Futures whose value travels through a store."""

from typing import Any, Generic, TypeVar

import _proxycheck
from proxystore.proxy import Proxy as Proxy
from proxystore.store.factory import PollingStoreFactory as PollingStoreFactory
from proxystore.store.types import ConnectorT as ConnectorT, SerializerT as SerializerT

T = TypeVar("T")

class Future(Generic[T]):
    """An object that some process puts into the store later."""

    def __init__(
        self, factory: PollingStoreFactory[Any, T], *, serializer: SerializerT | None = None
    ) -> None: ...
    def done(self) -> bool: ...
    def proxy(self) -> _proxycheck.Proxy[T]: ...
    def result(self) -> T: ...
    def set_result(self, obj: T) -> None: ...
