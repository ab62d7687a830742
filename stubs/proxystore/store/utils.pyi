from typing import Any, TypeVar

from proxystore.proxy import Proxy as Proxy, get_factory as get_factory, is_resolved as is_resolved
from proxystore.store import base as base
from proxystore.store.exceptions import ProxyStoreFactoryError as ProxyStoreFactoryError
from proxystore.store.types import ConnectorKeyT as ConnectorKeyT

T = TypeVar("T")

def get_key(proxy: Proxy[Any]) -> ConnectorKeyT: ...
def resolve_async(proxy: Proxy[Any]) -> None: ...
