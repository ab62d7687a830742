from typing import Any, TypeVar

import _proxycheck
from proxystore.proxy import Proxy as Proxy, get_factory as get_factory, is_resolved as is_resolved
from proxystore.store import base as base
from proxystore.store.exceptions import ProxyStoreFactoryError as ProxyStoreFactoryError
from proxystore.store.types import ConnectorKeyT as ConnectorKeyT

T = TypeVar("T")
_ProxyT = TypeVar("_ProxyT", bound=Proxy[Any])

def get_key(proxy: _ProxyT) -> _proxycheck.Key[_ProxyT]: ...
def resolve_async(proxy: Proxy[Any]) -> None: ...
