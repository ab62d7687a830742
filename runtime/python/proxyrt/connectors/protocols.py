"""What a store needs of a connector; the same names as in ``proxystore.connectors.protocols``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from proxyrt.serialize import BytesLike

KeyT = TypeVar("KeyT", bound=tuple[Any, ...])


@runtime_checkable
class Connector(Protocol[KeyT]):
    """Keeps bytes under keys that it chooses; bytes once put do not change.

    A connector whose class sets ``accepts_frames = True`` also takes a
    :class:`~proxyrt.serialize.Frame` wherever it takes bytes, and so saves the store a copy.
    """

    def close(self) -> None:
        """Release what the connector holds. May be called again; may remove the objects."""

    def config(self) -> dict[str, Any]:
        """Return the arguments that make a connector of the same objects."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Connector[Any]:
        """Make a connector of what :meth:`config` returned."""

    def evict(self, key: KeyT) -> None:
        """Remove the object of a key, if there is one."""

    def exists(self, key: KeyT) -> bool:
        """Tell whether there is an object of a key."""

    def get(self, key: KeyT) -> BytesLike | None:
        """Return the bytes of a key, or None if there are none."""

    def get_batch(self, keys: Sequence[KeyT]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""

    def put(self, obj: BytesLike) -> KeyT:
        """Keep bytes and return their key."""

    def put_batch(self, objs: Sequence[BytesLike]) -> list[KeyT]:
        """Keep several objects and return their keys in the same order."""


@runtime_checkable
class DeferrableConnector(Protocol[KeyT]):
    """A connector that can make a key before there is an object."""

    def new_key(self, obj: bytes | None = None) -> KeyT:
        """Return a key that has no object yet."""

    def set(self, key: KeyT, obj: BytesLike) -> None:
        """Keep bytes under a key. Readers see all of them or none."""
