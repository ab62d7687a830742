"""Several connectors, chosen by policies; the same names as in ``proxystore.connectors.multi``."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias, TypedDict

from typing_extensions import Self

from proxyrt._imports import get_object_path, import_from_path
from proxyrt.connectors.protocols import Connector, DeferrableConnector
from proxyrt.serialize import BytesLike, Frame


class PolicyDict(TypedDict):
    """A :class:`Policy` that can be written as JSON or TOML."""

    priority: int
    host_pattern: list[str] | str | None
    min_size_bytes: int
    max_size_bytes: int
    subset_tags: list[str]
    superset_tags: list[str]


@dataclasses.dataclass
class Policy:
    """What objects a connector is for.

    Attributes:
        priority: Of several connectors that are for an object, the one with the highest is taken.
        host_pattern: Regular expressions, one of which must match the whole name of a host on
            which the connector can be used. None: any.
        min_size_bytes: The least size of an object.
        max_size_bytes: The greatest size of an object.
        subset_tags: The tags that objects may have.
        superset_tags: The tags that objects must have.
    """

    priority: int = 0
    host_pattern: Iterable[str] | str | None = None
    min_size_bytes: int = 0
    max_size_bytes: int = sys.maxsize
    subset_tags: list[str] = dataclasses.field(default_factory=list)
    superset_tags: list[str] = dataclasses.field(default_factory=list)

    def is_valid(
        self,
        *,
        size_bytes: int | None = None,
        subset_tags: Iterable[str] | None = None,
        superset_tags: Iterable[str] | None = None,
    ) -> bool:
        """Tell whether the connector is for an object, on this host.

        Args:
            size_bytes: Its size, if it is known.
            subset_tags: Tags that :attr:`subset_tags` must all have.
            superset_tags: Tags that must have all of :attr:`superset_tags`.
        """
        if size_bytes is not None and not self.min_size_bytes <= size_bytes <= self.max_size_bytes:
            return False
        if subset_tags is not None and not set(subset_tags) <= set(self.subset_tags):
            return False
        if superset_tags is not None and not set(superset_tags) >= set(self.superset_tags):
            return False
        return self.is_valid_on_host()

    def is_valid_on_host(self) -> bool:
        """Tell whether the connector can be used on this host."""
        if self.host_pattern is None:
            return True
        single = isinstance(self.host_pattern, str)
        patterns: Any = [self.host_pattern] if single else self.host_pattern
        host = socket.gethostname()
        return any(re.fullmatch(pattern, host) for pattern in patterns)

    def as_dict(self) -> PolicyDict:
        """Return the policy as a dictionary, of which ``Policy(**dictionary)`` is the inverse."""
        hosts = self.host_pattern
        return PolicyDict(
            priority=self.priority,
            host_pattern=hosts if isinstance(hosts, str) or hosts is None else list(hosts),
            min_size_bytes=self.min_size_bytes,
            max_size_bytes=self.max_size_bytes,
            subset_tags=list(self.subset_tags),
            superset_tags=list(self.superset_tags),
        )


class _ConnectorPolicy(NamedTuple):
    connector: Connector[Any]
    policy: Policy


ConnectorPolicyConfig: TypeAlias = tuple[str, dict[str, Any], PolicyDict]
"""The name of a connector's class with the module, its configuration, and its policy."""


class MultiConnectorError(Exception):
    """No connector is for an object, or the one that has it cannot be used here."""


class MultiKey(NamedTuple):
    """The key of an object in a :class:`MultiConnector`.

    Attributes:
        connector_name: The name of the connector that has the object.
        connector_key: The key of the object there.
    """

    connector_name: str
    connector_key: Any


class MultiConnector:
    """Keeps each object with the first of several connectors that is for it.

    ::

        MultiConnector({
            "small": (RedisConnector("localhost"), Policy(max_size_bytes=100_000)),
            "large": (FileConnector("/scratch/objects"), Policy(min_size_bytes=100_001)),
        })

    Args:
        connectors: Connectors with their policies, by name.
        dormant_connectors: Configurations of connectors that cannot be used on this host; they
            come from :meth:`from_config` and are handed on.
    """

    accepts_frames = True

    def __init__(
        self,
        connectors: dict[str, tuple[Connector[Any], Policy]],
        dormant_connectors: dict[str, ConnectorPolicyConfig] | None = None,
    ) -> None:
        self.connectors = {
            name: _ConnectorPolicy(connector, policy)
            for name, (connector, policy) in connectors.items()
        }
        self.dormant_connectors = dormant_connectors
        # Stores call us by several threads at once; connectors of others may not expect that.
        self._guards: dict[str, Any] = {
            name: contextlib.nullcontext() if _is_ours(connector) else threading.RLock()
            for name, (connector, _) in self.connectors.items()
        }
        self.connectors_by_priority = sorted(
            self.connectors,
            key=lambda name: self.connectors[name].policy.priority,
            reverse=True,
        )

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
        return f"{type(self).__name__}({self.connectors})"

    def close(self) -> None:
        """Close all connectors, also if one of them cannot be closed."""
        errors = []
        for connector, _ in self.connectors.values():
            try:
                connector.close()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def config(self) -> dict[str, Any]:
        """Return what :meth:`from_config` makes a connector of the same objects of."""
        return dict(self.dormant_connectors or {}) | {
            name: (get_object_path(type(connector)), connector.config(), policy.as_dict())
            for name, (connector, policy) in self.connectors.items()
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MultiConnector:
        """Make a connector of what :meth:`config` returned.

        Connectors that cannot be used on this host are not made.
        """
        connectors: dict[str, tuple[Connector[Any], Policy]] = {}
        dormant: dict[str, ConnectorPolicyConfig] = {}
        for name, (path, options, values) in config.items():
            policy = Policy(**values)
            if policy.is_valid_on_host():
                connectors[name] = (import_from_path(path).from_config(options), policy)
            else:
                dormant[name] = (path, options, values)
        return cls(connectors, dormant)

    def _find(self, key: MultiKey) -> Connector[Any]:
        found = self.connectors.get(key.connector_name)
        if found is not None:
            return found.connector
        if key.connector_name in (self.dormant_connectors or {}):
            raise MultiConnectorError(
                f"The connector associated with {key} is dormant: it cannot be used on the host "
                f"{socket.gethostname()!r}."
            )
        raise MultiConnectorError(f"The connector which created {key} does not exist.")

    def _choose(
        self,
        size: int | None,
        subset_tags: Iterable[str],
        superset_tags: Iterable[str],
        *,
        deferrable: bool = False,
    ) -> str:
        subset, superset = set(subset_tags), set(superset_tags)
        for name in self.connectors_by_priority:
            connector, policy = self.connectors[name]
            if deferrable and not isinstance(connector, DeferrableConnector):
                continue
            if policy.is_valid(size_bytes=size, subset_tags=subset, superset_tags=superset):
                return name
        raise MultiConnectorError(
            "No connector policy was suitable for the constraints: "
            f"size_bytes={size}, subset_tags={sorted(subset)}, superset_tags={sorted(superset)}."
        )

    def evict(self, key: MultiKey) -> None:
        """Remove the object of a key, if there is one.

        Raises:
            MultiConnectorError: If the connector that has it cannot be used here. The other
                methods that take a key raise it, too.
        """
        connector = self._find(key)
        with self._guards[key.connector_name]:
            connector.evict(key.connector_key)

    def exists(self, key: MultiKey) -> bool:
        """Tell whether there is an object of a key."""
        connector = self._find(key)
        with self._guards[key.connector_name]:
            return connector.exists(key.connector_key)

    def get(self, key: MultiKey) -> BytesLike | None:
        """Return the bytes of a key, or None if there are none."""
        connector = self._find(key)
        with self._guards[key.connector_name]:
            return connector.get(key.connector_key)

    def get_batch(self, keys: Sequence[MultiKey]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""
        results: list[BytesLike | None] = [None] * len(keys)
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key.connector_name, []).append(place)
        for name, group in places.items():
            connector = self._find(keys[group[0]])
            with self._guards[name]:
                found = connector.get_batch([keys[place].connector_key for place in group])
            for place, data in zip(group, found, strict=True):
                results[place] = data
        return results

    def new_key(
        self,
        obj: BytesLike | Frame | None = None,
        subset_tags: Iterable[str] = (),
        superset_tags: Iterable[str] = (),
    ) -> MultiKey:
        """Return a key that has no object yet; see :meth:`put`.

        Args:
            obj: The object to come, of which the size counts. None: any size will do.
            subset_tags: Tags of the object.
            superset_tags: Tags of the object.
        """
        size = None if obj is None else len(obj)
        name = self._choose(size, subset_tags, superset_tags, deferrable=True)
        connector: Any = self.connectors[name].connector
        with self._guards[name]:
            return MultiKey(name, connector.new_key())

    def set(self, key: MultiKey, obj: BytesLike | Frame) -> None:
        """Keep bytes under a key. Readers see all of them or none."""
        connector: Any = self._find(key)
        with self._guards[key.connector_name]:
            connector.set(key.connector_key, _for(connector, obj))

    def put(
        self,
        obj: BytesLike | Frame,
        subset_tags: Iterable[str] = (),
        superset_tags: Iterable[str] = (),
    ) -> MultiKey:
        """Keep bytes and return their key.

        Args:
            obj: The bytes.
            subset_tags: Tags that the ``subset_tags`` of the connector's policy must all have.
            superset_tags: Tags that must have all ``superset_tags`` of the connector's policy.

        Raises:
            MultiConnectorError: If no connector is for the object.
        """
        name = self._choose(len(obj), subset_tags, superset_tags)
        connector = self.connectors[name].connector
        with self._guards[name]:
            return MultiKey(name, connector.put(_for(connector, obj)))

    def put_batch(
        self,
        objs: Sequence[BytesLike | Frame],
        subset_tags: Iterable[str] = (),
        superset_tags: Iterable[str] = (),
    ) -> list[MultiKey]:
        """Keep several objects, maybe with different connectors, and return their keys.

        Nothing is kept if no connector is for one of them. See :meth:`put`.
        """
        places: dict[str, list[int]] = {}
        for place, obj in enumerate(objs):
            name = self._choose(len(obj), subset_tags, superset_tags)
            places.setdefault(name, []).append(place)
        keys: dict[int, MultiKey] = {}
        for name, group in places.items():
            connector = self.connectors[name].connector
            with self._guards[name]:
                made = connector.put_batch([_for(connector, objs[place]) for place in group])
            keys |= {place: MultiKey(name, key) for place, key in zip(group, made, strict=True)}
        return [keys[place] for place in range(len(objs))]


def _is_ours(connector: object) -> bool:
    return type(connector).__module__.startswith("proxyrt.connectors.")


def _for(connector: Any, obj: BytesLike | Frame) -> Any:
    """Return an object as a connector takes it."""
    takes_it = not isinstance(obj, Frame) or getattr(connector, "accepts_frames", False)
    return obj if takes_it else bytes(obj)
