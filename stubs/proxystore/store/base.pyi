"""The store: objects go in, and proxies of them come out."""

from collections.abc import Sequence
from logging import Logger
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, overload

from typing_extensions import Self

import _proxycheck
from proxystore.connectors.protocols import DeferrableConnector as DeferrableConnector
from proxystore.proxy import Proxy as Proxy, ProxyLocker as ProxyLocker, _Dynamic, _Enum
from proxystore.serialize import (
    BytesLike as BytesLike,
    SerializationError as SerializationError,
    is_bytes_like as is_bytes_like,
)
from proxystore.store.cache import LRUCache as LRUCache
from proxystore.store.config import ConnectorConfig as ConnectorConfig, StoreConfig as StoreConfig
from proxystore.store.exceptions import (
    NonProxiableTypeError as NonProxiableTypeError,
    StoreExistsError as StoreExistsError,
)
from proxystore.store.factory import (
    PollingStoreFactory as PollingStoreFactory,
    StoreFactory as StoreFactory,
)
from proxystore.store.future import Future as Future
from proxystore.store.lifetimes import Lifetime as Lifetime
from proxystore.store.metrics import StoreMetrics as StoreMetrics
from proxystore.store.ref import OwnedProxy as OwnedProxy, into_owned as into_owned
from proxystore.store.types import (
    ConnectorKeyT as ConnectorKeyT,
    ConnectorT as ConnectorT,
    DeserializerT as DeserializerT,
    SerializerT as SerializerT,
    _GivenKey,
)
from proxystore.utils.imports import get_object_path as get_object_path
from proxystore.utils.timer import Timer as Timer

logger: Logger
T = TypeVar("T")
_ProxyT = TypeVar("_ProxyT")
NonProxiableT = TypeVar("NonProxiableT", bound=bool | None)

class Store(Generic[ConnectorT]):
    """Puts objects into a connector and hands out proxies of them."""

    connector: ConnectorT
    cache: LRUCache[ConnectorKeyT, Any]
    def __init__(
        self,
        name: str,
        connector: ConnectorT,
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        cache_size: int = 16,
        metrics: bool = False,
        populate_target: bool = True,
        register: bool = False,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def metrics(self) -> StoreMetrics | None: ...
    @property
    def serializer(self) -> SerializerT: ...
    @property
    def deserializer(self) -> DeserializerT: ...
    def close(self, *args: Any, **kwargs: Any) -> None: ...
    def config(self) -> StoreConfig: ...
    @classmethod
    def from_config(cls, config: StoreConfig) -> Store[Any]: ...
    def future(
        self,
        *,
        evict: bool = False,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        polling_interval: float = 1,
        polling_backoff_factor: float = 1,
        polling_interval_limit: float | None = None,
        polling_timeout: float | None = None,
    ) -> Future[T]: ...
    def evict(self, key: _GivenKey) -> None: ...
    def exists(self, key: _GivenKey) -> bool: ...
    # Any, not an optional object: what a key leads to is known to the caller alone.
    def get(
        self,
        key: _GivenKey,
        *,
        deserializer: DeserializerT | None = None,
        default: object | None = None,
    ) -> Any: ...
    def is_cached(self, key: _GivenKey) -> bool: ...
    @overload
    def proxy(
        self,
        obj: _Dynamic,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[_Dynamic]: ...
    @overload
    def proxy(
        self,
        obj: NonProxiableT,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: Literal[True],
        **kwargs: Any,
    ) -> NonProxiableT: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[_Enum],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueProxy[_Enum]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[bool],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[bool]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[int],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[int]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[str],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[str]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[bytes],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[bytes]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[type[T]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueProxy[type[T]]: ...
    @overload
    def proxy(
        self,
        obj: _proxycheck.Sealed[T],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueProxy[T]: ...
    @overload
    def proxy(
        self,
        obj: T,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> _proxycheck.Proxy[T]: ...
    @overload
    def proxy_batch(
        self,
        objs: _Dynamic,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[Any]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_Dynamic],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[_Dynamic]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[NonProxiableT],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: Literal[True],
        **kwargs: Any,
    ) -> list[NonProxiableT]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[_Enum]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.OpaqueProxy[_Enum]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[bool]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[bool]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[int]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[int]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[str]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[str]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[bytes]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[bytes]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[type[T]]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.OpaqueProxy[type[T]]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[_proxycheck.Sealed[T]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.OpaqueProxy[T]]: ...
    @overload
    def proxy_batch(
        self,
        objs: Sequence[T],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[_proxycheck.Proxy[T]]: ...
    @overload
    def proxy_from_key(
        self,
        key: _Dynamic,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        deserializer: DeserializerT | None = None,
    ) -> _proxycheck.Proxy[Any]: ...
    @overload
    def proxy_from_key(
        self,
        key: _proxycheck.Key[_ProxyT],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        deserializer: DeserializerT | None = None,
    ) -> _ProxyT: ...
    @overload
    def proxy_from_key(
        self,
        key: ConnectorKeyT,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        deserializer: DeserializerT | None = None,
    ) -> _proxycheck.Proxy[Any]: ...
    @overload
    def locked_proxy(
        self,
        obj: _Dynamic,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[_Dynamic]: ...
    @overload
    def locked_proxy(
        self,
        obj: NonProxiableT,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: Literal[True] = True,
        **kwargs: Any,
    ) -> NonProxiableT: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[_Enum],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[_Enum]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[bool],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[bool]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[int],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[int]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[str],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[str]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[bytes],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[bytes]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[type[T]],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[type[T]]: ...
    @overload
    def locked_proxy(
        self,
        obj: _proxycheck.Sealed[T],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[T]: ...
    @overload
    def locked_proxy(
        self,
        obj: T,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> ProxyLocker[T]: ...
    @overload
    def owned_proxy(
        self,
        obj: _Dynamic,
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[_Dynamic]: ...
    @overload
    def owned_proxy(
        self,
        obj: NonProxiableT,
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: Literal[True] = True,
        **kwargs: Any,
    ) -> NonProxiableT: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[_Enum],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueOwnedProxy[_Enum]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[bool],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[bool]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[int],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[int]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[str],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[str]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[bytes],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[bytes]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[type[T]],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueOwnedProxy[type[T]]: ...
    @overload
    def owned_proxy(
        self,
        obj: _proxycheck.Sealed[T],
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OpaqueOwnedProxy[T]: ...
    @overload
    def owned_proxy(
        self,
        obj: T,
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> _proxycheck.OwnedProxy[T]: ...
    # The key remembers what a proxy of the object is.
    @overload
    def put(
        self,
        obj: _Dynamic,
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> ConnectorKeyT: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[_Enum],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.OpaqueProxy[_Enum]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[bool],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.Proxy[bool]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[int],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.Proxy[int]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[str],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.Proxy[str]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[bytes],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.Proxy[bytes]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[type[T]],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.OpaqueProxy[type[T]]]: ...
    @overload
    def put(
        self,
        obj: _proxycheck.Sealed[T],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.OpaqueProxy[T]]: ...
    @overload
    def put(
        self,
        obj: T,
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> _proxycheck.Key[_proxycheck.Proxy[T]]: ...
    def put_batch(
        self,
        objs: Sequence[Any],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> list[ConnectorKeyT]: ...
    # Not public, but `proxystore.store.ref` and classes of users in its style call it.
    def _set(
        self,
        key: _GivenKey,
        obj: Any,
        *,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> None: ...
