"""The short form of a store's configuration, which every pickled proxy of the store carries."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from proxyrt._proxyrt import StoreFactory
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.store.types import ConnectorKeyT, DeserializerT

_FILE = "proxyrt.connectors.file.FileConnector"
_LOCAL = "proxyrt.connectors.local.LocalConnector"
_SHM = "proxyrt.connectors.shm.SharedMemoryConnector"
_OURS = "proxyrt.connectors."

_PLAIN = (str, bytes, int, float, bool, type(None))

UNPACKED: dict[bytes, StoreConfig] = {}
"""The configurations that :func:`unpack` has made."""

_MOST_UNPACKED = 1000


def pack(config: StoreConfig) -> bytes | None:
    """Return the short form of a configuration, or None if it is not made of constants.

    The first byte says how to read the rest: the usual configurations are their names.
    """
    connector = config.connector
    functions = config.serializer, config.deserializer
    # A zero byte ends the name where something follows it.
    plain = all(map(_is_plain, connector.options.values()))
    if functions != (None, None) or not plain or "\0" in config.name:
        return None
    name = config.name.encode("utf-8", "surrogatepass")
    usual = _named(config.name, config.auto_register)
    # A small letter stands for a store that registers itself.
    letter = bytes.lower if config.auto_register else bytes.upper
    space = connector.options.get("namespace")
    if isinstance(space, str) and config == usual(_SHM, {"namespace": space}):
        rest = b"" if space == config.name else b"\0" + space.encode("utf-8", "surrogatepass")
        return letter(b"S") + name + rest
    if config == usual(_LOCAL, {"include_data_in_config": False}):
        return letter(b"L") + name
    folder = connector.options.get("store_dir")
    if isinstance(folder, str) and config == usual(_FILE, _file_options(folder)):
        return letter(b"F") + name + b"\0" + folder.encode("utf-8", "surrogatepass")
    # A leading dot is short for the package of our own connectors.
    kind = connector.kind
    if kind.startswith(_OURS):
        kind = "." + kind.removeprefix(_OURS)
    _, (_, _, *rest) = config.__reduce__()
    return b"P" + pickle.dumps((config.name, kind, connector.options, *rest), 5)


def unpack(packed: bytes) -> StoreConfig:
    """Return the configuration of its short form.

    Raises:
        ValueError: If there is no such form.
    """
    letter, rest = packed[:1], packed[1:]
    if letter == b"P":
        name, path, options, *more = pickle.loads(rest)
        path = _OURS + path[1:] if path.startswith(".") else path
        config = StoreConfig(name, ConnectorConfig(path, options), *more)
    else:
        name, _, place = rest.decode("utf-8", "surrogatepass").partition("\0")
        usual = _named(name, letter.islower())
        if letter.upper() == b"S":
            config = usual(_SHM, {"namespace": place or name})
        elif letter.upper() == b"L":
            config = usual(_LOCAL, {"include_data_in_config": False})
        elif letter.upper() == b"F":
            config = usual(_FILE, _file_options(place))
        else:
            raise ValueError("not the configuration of a store of this version of proxyrt")
    if len(UNPACKED) >= _MOST_UNPACKED:
        UNPACKED.clear()
    UNPACKED[packed] = config
    return config


def _named(name: str, auto_register: bool) -> Callable[[str, dict[str, Any]], StoreConfig]:
    """Return what makes configurations of a name that are otherwise the default."""

    def make(kind: str, options: dict[str, Any]) -> StoreConfig:
        return StoreConfig(name, ConnectorConfig(kind, options), auto_register=auto_register)

    return make


def _file_options(folder: str) -> dict[str, Any]:
    return {
        "store_dir": folder,
        "clear": True,
        "buffering": -1,
        "durable": False,
        "checksum": False,
    }


def _is_plain(value: object) -> bool:
    """Tell whether a value stays as it is, and every pickler pickles it alike."""
    if type(value) is tuple:
        return all(map(_is_plain, value))
    return type(value) in _PLAIN


def restore_factory(
    cls: type[StoreFactory[Any, Any]],
    key: ConnectorKeyT,
    config: StoreConfig,
    evict: bool,
    deserializer: DeserializerT | None,
) -> StoreFactory[Any, Any]:
    """Make a factory of its long pickled form."""
    return cls(key, config, evict=evict, deserializer=deserializer)
