import dataclasses
from collections.abc import Iterable, Sequence
from logging import Logger
from types import TracebackType
from typing import Any, NamedTuple, TypedDict, TypeVar

from typing_extensions import Self

from proxystore import utils as utils
from proxystore.connectors.protocols import Connector as Connector
from proxystore.serialize import BytesLike as BytesLike
from proxystore.utils.imports import (
    get_object_path as get_object_path,
    import_from_path as import_from_path,
)

logger: Logger
KeyT = TypeVar("KeyT", bound=NamedTuple)

class PolicyDict(TypedDict):
    priority: int
    host_pattern: list[str] | str | None
    min_size_bytes: int
    max_size_bytes: int
    subset_tags: list[str]
    superset_tags: list[str]

@dataclasses.dataclass
class Policy:
    priority: int = ...
    host_pattern: Iterable[str] | str | None = ...
    min_size_bytes: int = ...
    max_size_bytes: int = ...
    subset_tags: list[str] = dataclasses.field(default_factory=list)
    superset_tags: list[str] = dataclasses.field(default_factory=list)
    def is_valid(
        self,
        *,
        size_bytes: int | None = None,
        subset_tags: Iterable[str] | None = None,
        superset_tags: Iterable[str] | None = None,
    ) -> bool: ...
    def is_valid_on_host(self) -> bool: ...
    def as_dict(self) -> PolicyDict: ...

class _ConnectorPolicy(NamedTuple):
    connector: Connector[Any]
    policy: Policy

ConnectorPolicyConfig = tuple[str, dict[str, Any], PolicyDict]

class MultiConnectorError(Exception): ...

class MultiKey(NamedTuple):
    connector_name: str
    connector_key: Any

class MultiConnector:
    connectors: dict[str, tuple[Connector[Any], Policy]]
    dormant_connectors: dict[str, ConnectorPolicyConfig] | None
    connectors_by_priority: list[str]
    def __init__(
        self,
        connectors: dict[str, tuple[Connector[Any], Policy]],
        dormant_connectors: dict[str, ConnectorPolicyConfig] | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def config(self) -> dict[str, ConnectorPolicyConfig]: ...
    @classmethod
    def from_config(cls, config: dict[str, ConnectorPolicyConfig]) -> MultiConnector: ...
    def evict(self, key: MultiKey) -> None: ...
    def exists(self, key: MultiKey) -> bool: ...
    def get(self, key: MultiKey) -> BytesLike | None: ...
    def get_batch(self, keys: Sequence[MultiKey]) -> list[BytesLike | None]: ...
    def put(
        self, obj: BytesLike, subset_tags: Iterable[str] = (), superset_tags: Iterable[str] = ()
    ) -> MultiKey: ...
    def put_batch(
        self,
        objs: Sequence[BytesLike],
        subset_tags: Iterable[str] = (),
        superset_tags: Iterable[str] = (),
    ) -> list[MultiKey]: ...
