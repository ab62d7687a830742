"""Objects in the memory of this process; the same names as in ``proxystore.connectors.local``."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple

from typing_extensions import Self

from proxyrt._proxyrt import new_key
from proxyrt.serialize import BytesLike


class LocalKey(NamedTuple):
    """The key of an object in a :class:`LocalConnector`."""

    id: str


class LocalConnector:
    """Keeps objects in a dictionary: for tests, and for threads of one process.

    Args:
        store_dict: The dictionary, to share it between connectors.
        include_data_in_config: Whether :meth:`config` returns the dictionary, so that a connector
            made of the configuration in another process has a copy of the objects.
    """

    def __init__(
        self,
        store_dict: dict[LocalKey, BytesLike] | None = None,
        *,
        include_data_in_config: bool = False,
    ) -> None:
        self._store: dict[LocalKey, BytesLike] = {} if store_dict is None else store_dict
        self._include_data_in_config = include_data_in_config

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
        return f"{type(self).__name__}()"

    def close(self) -> None:
        """Do nothing: the objects live as long as the connector."""

    def config(self) -> dict[str, Any]:
        """Return the arguments that make a connector of the same objects."""
        config: dict[str, Any] = {"include_data_in_config": self._include_data_in_config}
        if self._include_data_in_config:
            config["store_dict"] = self._store
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LocalConnector:
        """Make a connector of what :meth:`config` returned."""
        return cls(**config)

    def evict(self, key: LocalKey) -> None:
        """Remove the object of a key, if there is one."""
        self._store.pop(key, None)

    def exists(self, key: LocalKey) -> bool:
        """Tell whether there is an object of a key."""
        return key in self._store

    def get(self, key: LocalKey) -> BytesLike | None:
        """Return the bytes of a key, or None if there are none."""
        return self._store.get(key)

    def get_batch(self, keys: Sequence[LocalKey]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""
        return [self.get(key) for key in keys]

    def new_key(self, obj: BytesLike | None = None) -> LocalKey:
        """Return a key that has no object yet."""
        key: LocalKey = new_key(LocalKey)
        return key

    def put(self, obj: BytesLike) -> LocalKey:
        """Keep bytes and return their key."""
        key: LocalKey = new_key(LocalKey)
        self._store[key] = obj
        return key

    def put_batch(self, objs: Sequence[BytesLike]) -> list[LocalKey]:
        """Keep several objects and return their keys in the same order."""
        return [self.put(obj) for obj in objs]

    def set(self, key: LocalKey, obj: BytesLike) -> None:
        """Keep bytes under a key."""
        self._store[key] = obj
