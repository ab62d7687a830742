"""The store; the same names as in ``proxystore.store.base``."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from proxyrt import serialize as default
from proxyrt._imports import get_object_path
from proxyrt.connectors.protocols import DeferrableConnector
from proxyrt.proxy import Proxy, ProxyLocker
from proxyrt.serialize import SerializationError, is_bytes_like
from proxyrt.store._registry import register_store, unregister_store
from proxyrt.store.cache import LRUCache
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.store.exceptions import NonProxiableTypeError
from proxyrt.store.factory import PollingStoreFactory, StoreFactory
from proxyrt.store.future import Future
from proxyrt.store.lifetimes import Lifetime
from proxyrt.store.ref import into_owned
from proxyrt.store.types import ConnectorKeyT, ConnectorT, DeserializerT, SerializerT

__all__ = ["Store", "StoreFactory"]

T = TypeVar("T")

_MISSING = object()


class Store(Generic[ConnectorT]):
    """Keeps objects with a connector and makes proxies of them. Threads may share it.

    Args:
        name: Proxies find the store in other processes by its name and configuration.
        connector: Where the serialized objects are kept. Default: shared memory of this machine.
        serializer: Makes bytes of objects, instead of :func:`proxyrt.serialize.serialize`.
        deserializer: Makes objects of bytes.
        cache_size: How many objects to keep at hand.
        metrics: For compatibility; operations are not measured.
        populate_target: Whether a new proxy is resolved with the object that it was made of.
        register: Whether to register the store by its name until it is closed.
        allow_pickle: Whether to read objects that were pickled, which runs code of their writers.

    Raises:
        ValueError: If ``cache_size`` is negative.
        NotImplementedError: If ``metrics`` is true.
        StoreExistsError: If ``register`` is true and the name is taken.
    """

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
        if metrics:
            raise NotImplementedError("proxyrt does not measure the operations of stores")
        self.cache: LRUCache[ConnectorKeyT, Any] = LRUCache(cache_size)
        used: Any = connector
        if used is None:
            from proxyrt.connectors.shm import SharedMemoryConnector  # noqa: PLC0415  # POSIX only

            used = SharedMemoryConnector(name)
        self.connector: Any = used
        self.metrics = None
        self._name = name
        self._serializer = serializer
        self._deserializer = deserializer
        self._populate_target = populate_target
        self._register = register
        self._allow_pickle = allow_pickle
        self._lock = threading.RLock()
        # ProxyStore's stores call connectors from one thread at a time; theirs may rely on that.
        ours = type(used).__module__.startswith("proxyrt.connectors.")
        self._guard: Any = contextlib.nullcontext() if ours else self._lock
        self._config = StoreConfig(
            name=name,
            connector=ConnectorConfig(get_object_path(type(used)), used.config()),
            serializer=serializer,
            deserializer=deserializer,
            cache_size=cache_size,
            populate_target=populate_target,
            auto_register=register,
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
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def serializer(self) -> SerializerT:
        """The function that makes bytes of objects."""
        return self._serializer or default.serialize

    @property
    def deserializer(self) -> DeserializerT:
        """The function that makes objects of bytes; arrays can be changed in place."""
        return self._deserializer or self._deserialize

    def _deserialize(self, data: Any) -> Any:
        return default.deserialize(data, allow_pickle=self._allow_pickle, writable=True)

    def close(self, *args: Any, **kwargs: Any) -> None:
        """Close the connector, which may remove the objects; arguments are the connector's."""
        if self._register:
            unregister_store(self.name)
        with self._guard:
            self.connector.close(*args, **kwargs)

    def config(self) -> StoreConfig:
        """Return how to make a store of the same objects."""
        return self._config

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

    def _encode(self, obj: Any, serializer: SerializerT | None) -> Any:
        serializer = serializer or self._serializer
        if serializer is None:
            if getattr(self.connector, "accepts_frames", False):
                return default.encode(obj, checksum=getattr(self.connector, "checksum", False))
            return default.serialize(obj)
        data = serializer(obj)
        if not is_bytes_like(data):
            raise TypeError("Serializer must return a bytes-like object.")
        return data

    def _require_deferrable(self) -> None:
        if not isinstance(self.connector, DeferrableConnector):
            raise NotImplementedError(
                f"{type(self.connector).__name__} is no DeferrableConnector: "
                "it cannot set the object of a key."
            )

    def put(
        self,
        obj: Any,
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> ConnectorKeyT:
        """Keep an object and return its key; further arguments are the connector's.

        Raises:
            SerializationError: If the object cannot be serialized.
            TypeError: If ``serializer`` returns no bytes.
        """
        data = self._encode(obj, serializer)
        with self._guard:
            key: ConnectorKeyT = self.connector.put(data, **kwargs)
        if lifetime is not None:
            lifetime.add_key(key, store=self)
        return key

    def put_batch(
        self,
        objs: Sequence[Any],
        *,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        **kwargs: Any,
    ) -> list[ConnectorKeyT]:
        """Keep several objects and return their keys; see :meth:`put`."""
        data = [self._encode(obj, serializer) for obj in objs]
        with self._guard:
            keys: list[ConnectorKeyT] = self.connector.put_batch(data, **kwargs)
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
        data = self._encode(obj, serializer)
        with self._guard:
            self.connector.set(key, data, **kwargs)
            self.cache.evict(key)

    def get(
        self,
        key: ConnectorKeyT,
        *,
        deserializer: DeserializerT | None = None,
        default: object = None,
    ) -> Any:
        """Return the object of a key, or ``default`` if there is none.

        Raises:
            SerializationError: If the object cannot be read.
        """
        cached = self.cache.get(key, _MISSING)
        if cached is not _MISSING:
            return cached
        evictions = self.cache.evictions
        with self._guard:
            data = self.connector.get(key)
        if data is None:
            return default
        deserializer = deserializer or self.deserializer
        try:
            obj = deserializer(data)
        except Exception as error:  # whatever a deserializer raises
            raise SerializationError(
                f"Failed to deserialize object (deserializer={deserializer!r}, key={key}): {error}"
            ) from error
        self.cache.set(key, obj, evictions=evictions)
        return obj

    def evict(self, key: ConnectorKeyT) -> None:
        """Remove the object of a key, if there is one."""
        with self._guard:
            self.connector.evict(key)
            self.cache.evict(key)

    def exists(self, key: ConnectorKeyT) -> bool:
        """Tell whether there is an object of a key."""
        if self.cache.exists(key):
            return True
        with self._guard:
            return bool(self.connector.exists(key))

    def is_cached(self, key: ConnectorKeyT) -> bool:
        """Tell whether the object of a key is at hand."""
        return self.cache.exists(key)

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
        factory: PollingStoreFactory[Any, Any] = PollingStoreFactory(
            self.connector.new_key(),
            self.config(),
            deserializer=deserializer,
            evict=evict,
            **polling,
        )
        return Future(factory, serializer=serializer)

    def _make(
        self,
        key: ConnectorKeyT,
        obj: Any,
        evict: bool,
        deserializer: DeserializerT | None,
        populate_target: bool | None,
    ) -> Proxy[Any]:
        factory: StoreFactory[Any, Any] = StoreFactory(
            key, self._config, evict=evict, deserializer=deserializer
        )
        if self._populate_target if populate_target is None else populate_target:
            return Proxy(factory, cache_defaults=True, target=obj)
        return Proxy(factory)

    def proxy(
        self,
        obj: Any,
        *,
        evict: bool = False,
        lifetime: Lifetime | None = None,
        serializer: SerializerT | None = None,
        deserializer: DeserializerT | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Keep an object and return a proxy of it.

        Args:
            obj: The object.
            evict: Whether to remove the object once a proxy has been resolved.
            lifetime: Evicts the object when it ends.
            serializer: Used instead of the store's.
            deserializer: Used instead of the store's.
            populate_target: Whether the proxy is resolved. Default: what the store was told.
            skip_nonproxiable: Whether to return None, True and False as they are.
            kwargs: For the connector.

        Raises:
            NonProxiableTypeError: If the object is None, True or False.
            ValueError: If both ``evict`` and ``lifetime`` are given.
        """
        return self.proxy_batch(
            [obj],
            evict=evict,
            lifetime=lifetime,
            serializer=serializer,
            deserializer=deserializer,
            populate_target=populate_target,
            skip_nonproxiable=skip_nonproxiable,
            **kwargs,
        )[0]

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
        return self._make(key, None, evict, deserializer, populate_target=False)

    def locked_proxy(self, obj: Any, *, skip_nonproxiable: bool = True, **kwargs: Any) -> Any:
        """Keep an object and return a locked proxy of it; see :meth:`proxy`."""
        proxy = self.proxy(obj, skip_nonproxiable=skip_nonproxiable, **kwargs)
        return ProxyLocker(proxy) if type(proxy) is Proxy else proxy

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
        proxy = self.proxy(
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
