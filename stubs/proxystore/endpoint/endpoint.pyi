import enum
from collections.abc import Generator
from logging import Logger
from types import TracebackType
from typing import Any
from uuid import UUID

from proxystore.endpoint.exceptions import (
    PeeringNotAvailableError as PeeringNotAvailableError,
    PeerRequestError as PeerRequestError,
)
from proxystore.endpoint.messages import EndpointRequest as EndpointRequest
from proxystore.endpoint.storage import DictStorage as DictStorage, Storage as Storage
from proxystore.p2p.connection import log_name as log_name
from proxystore.p2p.manager import PeerManager as PeerManager
from proxystore.serialize import (
    SerializationError as SerializationError,
    deserialize as deserialize,
    serialize as serialize,
)
from proxystore.utils.tasks import spawn_guarded_background_task as spawn_guarded_background_task

logger: Logger

class EndpointMode(enum.Enum):
    PEERING = 1
    SOLO = 2

class Endpoint:
    def __init__(
        self,
        name: str | None = None,
        uuid: UUID | None = None,
        *,
        peer_manager: PeerManager | None = None,
        storage: Storage | None = None,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID: ...
    @property
    def peer_manager(self) -> PeerManager | None: ...
    async def __aenter__(self) -> Endpoint: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def __await__(self) -> Generator[Any, None, Endpoint]: ...
    async def async_init(self) -> None: ...
    async def evict(self, key: str, endpoint: UUID | None = None) -> None: ...
    async def exists(self, key: str, endpoint: UUID | None = None) -> bool: ...
    async def get(self, key: str, endpoint: UUID | None = None) -> bytes | None: ...
    async def set(self, key: str, data: bytes, endpoint: UUID | None = None) -> None: ...
    async def close(self) -> None: ...
