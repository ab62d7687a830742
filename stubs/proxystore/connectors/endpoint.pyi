import uuid
from collections.abc import Sequence
from logging import Logger
from types import TracebackType
from typing import Any, NamedTuple
from uuid import UUID

from typing_extensions import Self

from proxystore.endpoint import client as client
from proxystore.endpoint.config import EndpointConfig as EndpointConfig, get_configs as get_configs
from proxystore.serialize import BytesLike as BytesLike
from proxystore.utils.environment import home_dir as home_dir

logger: Logger

class EndpointConnectorError(Exception): ...

class EndpointKey(NamedTuple):
    object_id: str
    endpoint_id: str | None

class EndpointConnector:
    endpoints: list[UUID]
    proxystore_dir: str | None
    endpoint_uuid: uuid.UUID
    endpoint_host: str | None
    endpoint_port: int
    address: str
    def __init__(
        self, endpoints: Sequence[str | UUID], proxystore_dir: str | None = None
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def config(self) -> dict[str, Any]: ...
    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EndpointConnector: ...
    def evict(self, key: EndpointKey) -> None: ...
    def exists(self, key: EndpointKey) -> bool: ...
    def get(self, key: EndpointKey) -> BytesLike | None: ...
    def get_batch(self, keys: Sequence[EndpointKey]) -> list[BytesLike | None]: ...
    def new_key(self, obj: BytesLike | None = None) -> EndpointKey: ...
    def put(self, obj: BytesLike) -> EndpointKey: ...
    def put_batch(self, objs: Sequence[BytesLike]) -> list[EndpointKey]: ...
    def set(self, key: EndpointKey, obj: BytesLike) -> None: ...
