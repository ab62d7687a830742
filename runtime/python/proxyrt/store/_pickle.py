"""The pickled form of factories of stored objects."""

from __future__ import annotations

from typing import Any

from proxyrt._proxyrt import StoreFactory
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.store.types import ConnectorKeyT, DeserializerT

_SHM = "proxyrt.connectors.shm.SharedMemoryConnector"


def _default(name: str) -> StoreConfig:
    return StoreConfig(name, ConnectorConfig(_SHM, {"namespace": name}))


def restore(name: str, key: str) -> StoreFactory[Any, Any]:
    """Make the factory of an object in a store that has nothing but a name."""
    from proxyrt.connectors.shm import SharedMemoryKey  # noqa: PLC0415  # POSIX only

    return StoreFactory(SharedMemoryKey(key), _default(name))


def reduce(
    cls: type[StoreFactory[Any, Any]],
    key: ConnectorKeyT,
    config: StoreConfig,
    evict: bool,
    deserializer: DeserializerT | None,
) -> tuple[Any, ...]:
    """Return what ``StoreFactory.__reduce__`` returns."""
    plain = cls is StoreFactory and not evict and deserializer is None
    if plain and config == _default(config.name):
        return restore, (config.name, key[0])
    return _restore_full, (cls, key, config, evict, deserializer)


def _restore_full(
    cls: type[StoreFactory[Any, Any]],
    key: ConnectorKeyT,
    config: StoreConfig,
    evict: bool,
    deserializer: DeserializerT | None,
) -> StoreFactory[Any, Any]:
    return cls(key, config, evict=evict, deserializer=deserializer)
