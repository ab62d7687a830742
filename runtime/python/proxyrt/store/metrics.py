"""How long the operations of a store take; the same names as in ``proxystore.store.metrics``."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from proxyrt.proxy import Proxy
from proxyrt.store.types import ConnectorKeyT
from proxyrt.store.utils import get_key

KeyT: TypeAlias = ConnectorKeyT | Sequence[ConnectorKeyT]
ProxyT: TypeAlias = Proxy[Any] | Sequence[Proxy[Any]]


@dataclass
class TimeStats:
    """The durations of an operation that happened several times.

    Attributes:
        count: How often it happened.
        avg_time_ms: The mean duration in milliseconds.
        min_time_ms: The shortest, infinity if there is none.
        max_time_ms: The longest.
        last_time_ms: The last.
        last_timestamp: When the last ended, in seconds since the epoch.
    """

    count: int = 0
    avg_time_ms: float = 0
    min_time_ms: float = math.inf
    max_time_ms: float = 0
    last_time_ms: float = 0
    last_timestamp: float = 0

    def __add__(self, other: TimeStats) -> TimeStats:
        count = self.count + other.count
        weight = other.count / count if count else 0
        last = max(other, self, key=lambda stats: stats.last_timestamp)
        return TimeStats(
            count=count,
            avg_time_ms=self.avg_time_ms + weight * (other.avg_time_ms - self.avg_time_ms),
            min_time_ms=min(self.min_time_ms, other.min_time_ms),
            max_time_ms=max(self.max_time_ms, other.max_time_ms),
            last_time_ms=last.last_time_ms,
            last_timestamp=last.last_timestamp,
        )

    def add_time(self, time_ms: float) -> None:
        """Add a duration in milliseconds that has just ended."""
        self.avg_time_ms += (time_ms - self.avg_time_ms) / (self.count + 1)
        self.min_time_ms = min(self.min_time_ms, time_ms)
        self.max_time_ms = max(self.max_time_ms, time_ms)
        self.last_time_ms = time_ms
        self.last_timestamp = time.time()
        self.count += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes as a dictionary."""
        return asdict(self)


@dataclass
class Metrics:
    """What is known about the operations on one object, or on one batch of objects.

    Attributes:
        attributes: Facts, such as ``store.put.object_size`` in bytes.
        counters: How often something happened, such as ``store.get.cache_hits``.
        times: The durations of operations and of their parts, such as ``store.put.serialize``.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    times: dict[str, TimeStats] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes, and theirs, as a dictionary."""
        return asdict(self)


class StoreMetrics:
    """Collects the metrics of a store. Threads may share it.

    Everything is noted for a key, or for the keys of a batch together.
    """

    def __init__(self) -> None:
        self._metrics: defaultdict[ConnectorKeyT, Metrics] = defaultdict(Metrics)
        self._lock = threading.Lock()

    def add_attribute(self, name: str, key: KeyT, value: Any) -> None:
        """Note a fact about the object of a key."""
        with self._lock:
            self._metrics[_keys(key)].attributes[name] = value

    def add_counter(self, name: str, key: KeyT, value: int) -> None:
        """Add to a counter of a key."""
        with self._lock:
            counters = self._metrics[_keys(key)].counters
            counters[name] = counters.get(name, 0) + value

    def add_time(self, name: str, key: KeyT, time_ms: float) -> None:
        """Note how many milliseconds an operation on a key took."""
        with self._lock:
            self._metrics[_keys(key)].times.setdefault(name, TimeStats()).add_time(time_ms)

    def aggregate_times(self) -> dict[str, TimeStats]:
        """Return the durations of each operation on any key."""
        with self._lock:
            total: defaultdict[str, TimeStats] = defaultdict(TimeStats)
            for metrics in self._metrics.values():
                for name, stats in metrics.times.items():
                    total[name] += stats
            return dict(total)

    def get_metrics(self, key_or_proxy: KeyT | ProxyT) -> Metrics | None:
        """Return what is known about an object, or None.

        Args:
            key_or_proxy: A key, the keys of a batch, or proxies of them, which are not resolved.
        """
        with self._lock:
            return copy.deepcopy(self._metrics.get(_keys(key_or_proxy)))


def _keys(key_or_proxy: Any) -> ConnectorKeyT:
    if issubclass(type(key_or_proxy), Proxy):
        return get_key(key_or_proxy)
    # A key is a tuple itself, and a list or a tuple of proxies is a batch.
    if type(key_or_proxy) in (list, tuple):
        return tuple(map(_keys, key_or_proxy))
    key: ConnectorKeyT = key_or_proxy
    return key
