"""The store; the same names as in ``proxystore.store.base``."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from typing_extensions import Self

from proxyrt import serialize as default
from proxyrt._imports import get_object_path
from proxyrt._proxyrt import StoreCore
from proxyrt.connectors.protocols import DeferrableConnector
from proxyrt.proxy import Proxy, ProxyLocker
from proxyrt.store._config import pack
from proxyrt.store._log import log_operation, logger
from proxyrt.store._registry import note_closed, register_store, unregister_store
from proxyrt.store.cache import LRUCache
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.store.exceptions import NonProxiableTypeError
from proxyrt.store.factory import PollingStoreFactory, StoreFactory
from proxyrt.store.future import Future
from proxyrt.store.lifetimes import Lifetime
from proxyrt.store.metrics import StoreMetrics
from proxyrt.store.ref import OwnedProxy, into_owned
from proxyrt.store.types import ConnectorKeyT, ConnectorT, DeserializerT, SerializerT

if TYPE_CHECKING:
    from proxyrt.connectors.shm import SharedMemoryConnector

__all__ = ["Store", "StoreFactory"]

T = TypeVar("T")
NonProxiableT = TypeVar("NonProxiableT", bool, None)


class Store(StoreCore, Generic[ConnectorT]):
    """Keeps objects with a connector and makes proxies of them. Threads may share it.

    Operations are logged by ``proxyrt.store`` at the level DEBUG.

    Args:
        name: Proxies find the store in other processes by its name and configuration.
        connector: Where the serialized objects are kept. Default: shared memory of this machine.
        serializer: Makes bytes of objects, instead of :func:`proxyrt.serialize.serialize`.
        deserializer: Makes objects of bytes.
        cache_size: How many objects to keep at hand.
        metrics: Whether to measure the operations; see :mod:`proxyrt.store.metrics`.
        populate_target: Whether a new proxy is resolved with the object that it was made of.
        register: Whether to register the store by its name until it is closed.
        allow_pickle: Whether to read objects that were pickled, which runs code of their writers.

    Raises:
        ValueError: If ``cache_size`` is negative.
        StoreExistsError: If ``register`` is true and the name is taken.
    """

    connector: ConnectorT
    metrics: StoreMetrics | None

    @overload
    def __init__(
        self: Store[SharedMemoryConnector],
        name: str,
        connector: None = ...,
        *,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        cache_size: int = ...,
        metrics: bool = ...,
        populate_target: bool = ...,
        register: bool = ...,
        allow_pickle: bool = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        name: str,
        connector: ConnectorT,
        *,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        cache_size: int = ...,
        metrics: bool = ...,
        populate_target: bool = ...,
        register: bool = ...,
        allow_pickle: bool = ...,
    ) -> None: ...

    def __init__(
        self,
        name: str,
        connector: ConnectorT | None = None,
        *,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        cache_size: int = 16,
        metrics: bool = False,
        populate_target: bool = True,
        register: bool = False,
        allow_pickle: bool = True,
    ) -> None:
        used: Any = connector
        if used is None:
            from proxyrt.connectors.shm import SharedMemoryConnector  # noqa: PLC0415  # POSIX only

            used = SharedMemoryConnector(name)
        config = StoreConfig(
            name=name,
            connector=ConnectorConfig(get_object_path(type(used)), used.config()),
            serializer=serializer,
            deserializer=deserializer,
            cache_size=cache_size,
            metrics=metrics,
            populate_target=populate_target,
            auto_register=register,
            allow_pickle=allow_pickle,
        )
        # ProxyStore's stores call connectors from one thread at a time; theirs may rely on that.
        ours = type(used).__module__.startswith("proxyrt.connectors.")
        self._lock = None if ours else threading.RLock()
        self._register = register
        self.connector = used
        self._setup(
            name=name,
            connector=used,
            cache=LRUCache(cache_size),
            serializer=serializer,
            deserializer=deserializer,
            metrics=StoreMetrics() if metrics else None,
            lock=self._lock,
            config=config,
            packed_config=pack(config),
            populate_target=populate_target,
            allow_pickle=allow_pickle,
        )
        if register:
            register_store(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store(name={self.name}, connector={self.connector})"

    @property
    def serializer(self) -> SerializerT:
        """The function that makes bytes of objects."""
        return self._serializer or default.serialize

    @property
    def deserializer(self) -> DeserializerT:
        """The function that makes objects of bytes; arrays can be changed in place."""
        return self._deserializer or self._deserialize

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Use the connector alone, if it needs that."""
        if self._lock is None:
            yield
        else:
            with self._lock:
                yield

    def _note(self, operation: str, key: Any, sizes: dict[str, int], **times: float) -> None:
        """Keep the seconds that the parts of an operation took, if the store measures."""
        if self.metrics is not None:
            for name, size in sizes.items():
                self.metrics.add_attribute(f"{operation}.{name}", key, size)
            for name, seconds in times.items():
                full = operation if name == "total" else f"{operation}.{name}"
                self.metrics.add_time(full, key, 1e3 * seconds)

    def close(self, *args: Any, **kwargs: Any) -> None:
        """Close the connector, which may remove the objects; arguments are the connector's."""
        if self._register:
            unregister_store(self.name)
        note_closed(self)
        with self._exclusively():
            self.connector.close(*args, **kwargs)

    def config(self) -> StoreConfig:
        """Return how to make a store of the same objects."""
        config: StoreConfig = copy.copy(self._config)
        config.connector = ConnectorConfig(
            config.connector.kind, copy.copy(config.connector.options)
        )
        return config

    @classmethod
    def from_config(cls, config: StoreConfig) -> Store[Any]:
        """Make a store of what :meth:`config` returned."""
        return cls(
            config.name,
            config.connector.get_connector(),
            serializer=config.serializer,
            deserializer=config.deserializer,
            cache_size=config.cache_size,
            metrics=config.metrics,
            populate_target=config.populate_target,
            register=config.auto_register,
            allow_pickle=config.allow_pickle,
        )

    def _require_deferrable(self) -> None:
        if not isinstance(self.connector, DeferrableConnector):
            raise NotImplementedError(
                f"{type(self.connector).__name__} is no DeferrableConnector: "
                "it cannot set the object of a key."
            )

    def put_batch(
        self,
        objs: Sequence[Any],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> list[ConnectorKeyT]:
        """Keep several objects and return their keys; see :meth:`put`."""
        start = time.perf_counter()
        data = [self._encode(obj, serializer) for obj in objs]
        encoded = time.perf_counter()
        with self._exclusively():
            keys: list[ConnectorKeyT] = self.connector.put_batch(data, **kwargs)
        if self.metrics is not None:
            end = time.perf_counter()
            self._note(
                "store.put_batch",
                keys,
                {"object_sizes": sum(map(len, data))},
                serialize=encoded - start,
                connector=end - encoded,
                total=end - start,
            )
        if lifetime is not None:
            lifetime.add_key(*keys, store=self)
        return keys

    def _set(
        self,
        key: ConnectorKeyT,
        obj: Any,
        *,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> None:
        self._require_deferrable()
        start = time.perf_counter()
        data = self._encode(obj, serializer)
        encoded = time.perf_counter()
        connector: Any = self.connector
        with self._exclusively():
            connector.set(key, data, **kwargs)
            self.cache.evict(key)
        end = time.perf_counter()
        if logger.isEnabledFor(logging.DEBUG):
            log_operation(self.name, "set", key, len(data), 1e3 * (end - start))
        if self.metrics is not None:
            self._note(
                "store.set",
                key,
                {"object_size": len(data)},
                serialize=encoded - start,
                connector=end - encoded,
                total=end - start,
            )

    def future(
        self,
        *,
        evict: bool = False,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        **polling: Any,
    ) -> Future[Any]:
        """Return the place of an object to come; see ``PollingStoreFactory`` for ``polling``.

        Raises:
            NotImplementedError: If the connector cannot set the object of a key.
        """
        self._require_deferrable()
        start = time.perf_counter()
        connector: Any = self.connector
        with self._exclusively():
            key: ConnectorKeyT = connector.new_key()
        made = time.perf_counter()
        factory: PollingStoreFactory[Any, Any] = PollingStoreFactory(
            key, self._config, deserializer=deserializer, evict=evict, **polling
        )
        self._note(
            "store.future", key, {}, connector=made - start, total=time.perf_counter() - start
        )
        return Future(factory, serializer=serializer)

    @overload
    def proxy_batch(
        self,
        objs: Sequence[NonProxiableT],
        *,
        evict: bool = ...,
        lifetime: Lifetime | None = ...,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: Literal[True] = ...,
        **kwargs: Any,
    ) -> list[NonProxiableT]: ...

    @overload
    def proxy_batch(
        self,
        objs: Sequence[T],
        *,
        evict: bool = ...,
        lifetime: Lifetime | None = ...,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: bool = ...,
        **kwargs: Any,
    ) -> list[Proxy[T]]: ...

    def proxy_batch(
        self,
        objs: Sequence[Any],
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """Keep several objects and return their proxies; see :meth:`proxy`."""
        _require_one_end(evict, lifetime)
        start = time.perf_counter()
        results = list(objs)
        places = [i for i, obj in enumerate(results) if not _is_constant(obj)]
        if len(places) < len(results) and not skip_nonproxiable:
            raise NonProxiableTypeError("None, True and False are not proxiable.")
        if len(places) == 1:
            keys = [self.put(results[places[0]], serializer=serializer, **kwargs)]
        else:
            proxiable = [results[place] for place in places]
            keys = self.put_batch(proxiable, serializer=serializer, **kwargs)
        for place, key in zip(places, keys, strict=True):
            obj = results[place]
            results[place] = self._make(key, obj, evict, deserializer, populate_target)
        if lifetime is not None:
            lifetime.add_key(*keys, store=self)
        self._note("store.proxy_batch", keys, {}, total=time.perf_counter() - start)
        return results

    def proxy_from_key(
        self,
        key: ConnectorKeyT,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        deserializer: DeserializerT | None = None,
    ) -> Proxy[Any]:
        """Return a proxy of an object that is in the store; see :meth:`proxy`."""
        _require_one_end(evict, lifetime)
        if lifetime is not None:
            lifetime.add_key(key, store=self)
        return self._make(key, None, evict, deserializer, False)

    @overload
    def locked_proxy(
        self,
        obj: NonProxiableT,
        *,
        evict: bool = ...,
        lifetime: Lifetime | None = ...,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: Literal[True] = ...,
        **kwargs: Any,
    ) -> NonProxiableT: ...

    @overload
    def locked_proxy(
        self,
        obj: T,
        *,
        evict: bool = ...,
        lifetime: Lifetime | None = ...,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: bool = ...,
        **kwargs: Any,
    ) -> ProxyLocker[T]: ...

    def locked_proxy(self, obj: Any, *, skip_nonproxiable: bool = True, **kwargs: Any) -> Any:
        """Keep an object and return a locked proxy of it; see :meth:`proxy`."""
        proxy: Any = self.proxy(obj, skip_nonproxiable=skip_nonproxiable, **kwargs)
        return ProxyLocker(proxy) if type(proxy) is Proxy else proxy

    @overload
    def owned_proxy(
        self,
        obj: NonProxiableT,
        *,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: Literal[True] = ...,
        **kwargs: Any,
    ) -> NonProxiableT: ...

    @overload
    def owned_proxy(
        self,
        obj: T,
        *,
        serializer: SerializerT | None = ...,
        deserializer: DeserializerT | None = ...,
        populate_target: bool | None = ...,
        skip_nonproxiable: bool = ...,
        **kwargs: Any,
    ) -> OwnedProxy[T]: ...

    def owned_proxy(
        self,
        obj: Any,
        *,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Keep an object and return its owner; see :meth:`proxy`."""
        populate = self._populate_target if populate_target is None else populate_target
        proxy: Any = self.proxy(
            obj, populate_target=populate, skip_nonproxiable=skip_nonproxiable, **kwargs
        )
        return into_owned(proxy, populate_target=populate) if type(proxy) is Proxy else proxy


def _is_constant(obj: object) -> bool:
    return obj is None or obj is True or obj is False


def _require_one_end(evict: bool, lifetime: Lifetime | None) -> None:
    if evict and lifetime is not None:
        raise ValueError(
            "The evict and lifetime parameters are mutually exclusive. "
            "Only set one of evict or lifetime."
        )
