"""Objects to come; the same names as in ``proxystore.store.future``."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from proxyrt.proxy import Proxy
from proxyrt.store.factory import PollingStoreFactory
from proxyrt.store.types import SerializerT

T = TypeVar("T")


class Future(Generic[T]):
    """The place in a store of an object that is set later, maybe by another process.

    Args:
        factory: Waits for the object.
        serializer: Used instead of the store's.
    """

    def __init__(
        self, factory: PollingStoreFactory[Any, T], *, serializer: SerializerT | None = None
    ) -> None:
        self._factory = factory
        self._serializer = serializer

    def done(self) -> bool:
        """Tell whether the object has been set."""
        return bool(self._factory.get_store().exists(self._factory.key))

    def proxy(self) -> Proxy[T]:
        """Return a proxy of the object; using it waits for the object."""
        return Proxy(self._factory)

    def result(self) -> T:
        """Wait for the object and return it.

        Raises:
            ProxyResolveMissingKeyError: If it has not been set in time.
        """
        return self._factory.resolve()

    def set_result(self, obj: T) -> None:
        """Set the object; do so once."""
        self._factory.get_store()._set(self._factory.key, obj, serializer=self._serializer)
