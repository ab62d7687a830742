"""Factories of stored objects; the same names as in ``proxystore.store.factory``."""

from __future__ import annotations

import time
from typing import Any, TypeVar, cast

from proxyrt._proxyrt import StoreFactory
from proxyrt.store.config import StoreConfig
from proxyrt.store.exceptions import ProxyResolveMissingKeyError
from proxyrt.store.types import ConnectorKeyT, ConnectorT, DeserializerT

__all__ = ["PollingStoreFactory", "StoreFactory"]

T = TypeVar("T")

_MISSING = object()


class PollingStoreFactory(StoreFactory[ConnectorT, T]):
    """Waits until the store has the object.

    Args:
        key: The key of the object in the store.
        store_config: How to open the store.
        deserializer: Used instead of the store's.
        evict: Whether to remove the object from the store once it has been resolved.
        polling_interval: Seconds between the first two looks.
        polling_backoff_factor: By how much the interval grows with each look.
        polling_interval_limit: How long the interval may get.
        polling_timeout: How many seconds to wait altogether; None waits for ever.
    """

    _polling_interval: float
    _polling_backoff_factor: float
    _polling_interval_limit: float | None
    _polling_timeout: float | None

    def __new__(  # noqa: D102  # see the class
        cls,
        key: ConnectorKeyT,
        store_config: StoreConfig,
        *,
        deserializer: DeserializerT | None = None,
        evict: bool = False,
        polling_interval: float = 1,
        polling_backoff_factor: float = 1,
        polling_interval_limit: float | None = None,
        polling_timeout: float | None = None,
    ) -> PollingStoreFactory[ConnectorT, T]:
        self = super().__new__(cls, key, store_config, evict=evict, deserializer=deserializer)
        self._polling_interval = polling_interval
        self._polling_backoff_factor = polling_backoff_factor
        self._polling_interval_limit = polling_interval_limit
        self._polling_timeout = polling_timeout
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        polling = {name.removeprefix("_"): value for name, value in vars(self).items()}
        state = {"evict": self.evict, "deserializer": self.deserializer, **polling}
        return _restore, (type(self), self.key, self.store_config, state)

    def resolve(self) -> T:
        """Wait for the object and return it.

        Raises:
            ProxyResolveMissingKeyError: If it does not come in time.
        """
        start = time.monotonic()
        store = self.get_store()
        interval = self._polling_interval
        while True:
            obj = store.get(self.key, deserializer=self.deserializer, default=_MISSING)
            if obj is not _MISSING:
                break
            pause = interval
            if self._polling_timeout is not None:
                left = start + self._polling_timeout - time.monotonic()
                if left <= 0:
                    raise ProxyResolveMissingKeyError(self.key, type(store), store.name)
                pause = min(interval, left)
            time.sleep(pause)
            interval *= self._polling_backoff_factor
            if self._polling_interval_limit is not None:
                interval = min(interval, self._polling_interval_limit)
        if self.evict:
            store.evict(self.key)
        if store.metrics is not None:
            elapsed = 1e3 * (time.monotonic() - start)
            store.metrics.add_time("factory.polling_resolve", self.key, elapsed)
        return cast("T", obj)


def _restore(
    cls: type[PollingStoreFactory[Any, T]],
    key: ConnectorKeyT,
    config: StoreConfig,
    options: dict[str, Any],
) -> PollingStoreFactory[Any, T]:
    return cls(key, config, **options)
