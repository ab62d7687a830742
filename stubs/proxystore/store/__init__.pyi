import contextlib
from collections.abc import Generator
from logging import Logger
from typing import Any, TypeVar

from proxystore.connectors.protocols import Connector as Connector
from proxystore.proxy import Proxy as Proxy, get_factory as get_factory
from proxystore.store.base import Store as Store
from proxystore.store.config import StoreConfig as StoreConfig
from proxystore.store.exceptions import (
    ProxyStoreFactoryError as ProxyStoreFactoryError,
    StoreExistsError as StoreExistsError,
)
from proxystore.store.factory import StoreFactory as StoreFactory
from proxystore.store.types import ConnectorT as ConnectorT

__all__ = [
    "Store",
    "StoreConfig",
    "StoreFactory",
    "get_store",
    "register_store",
    "store_registration",
    "unregister_store",
]

T = TypeVar("T")
logger: Logger

def get_store(val: str | Proxy[Any]) -> Store[Any] | None: ...
def get_or_create_store(store_config: StoreConfig, *, register: bool = True) -> Store[Any]: ...
def register_store(store: Store[Any], exist_ok: bool = False) -> None: ...
@contextlib.contextmanager
def store_registration(*stores: Store[Any], exist_ok: bool = False) -> Generator[None]: ...
def unregister_store(name_or_store: str | Store[Any]) -> None: ...
