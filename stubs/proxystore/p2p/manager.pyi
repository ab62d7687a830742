from collections.abc import Generator, Iterable
from logging import Logger
from types import TracebackType
from typing import Any
from uuid import UUID

from aiortc import RTCIceServer as RTCIceServer

from proxystore.p2p.connection import PeerConnection as PeerConnection, log_name as log_name
from proxystore.p2p.exceptions import (
    PeerConnectionError as PeerConnectionError,
    PeerConnectionTimeoutError as PeerConnectionTimeoutError,
)
from proxystore.p2p.relay.client import RelayClient as RelayClient
from proxystore.p2p.relay.messages import (
    PeerConnectionRequest as PeerConnectionRequest,
    RelayMessageDecodeError as RelayMessageDecodeError,
    RelayResponse as RelayResponse,
)
from proxystore.utils.tasks import (
    SafeTaskExitError as SafeTaskExitError,
    spawn_guarded_background_task as spawn_guarded_background_task,
)

logger: Logger

class PeerManager:
    def __init__(
        self,
        relay_client: RelayClient,
        *,
        timeout: int = 30,
        peer_channels: int = 1,
        ice_servers: list[RTCIceServer] | None = None,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID: ...
    @property
    def relay_client(self) -> RelayClient: ...
    async def async_init(self) -> None: ...
    async def __aenter__(self) -> PeerManager: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def __await__(self) -> Generator[Any, None, PeerManager]: ...
    async def close(self) -> None: ...
    async def close_connection(self, peers: Iterable[UUID]) -> None: ...
    async def recv(self) -> tuple[UUID, bytes | str]: ...
    async def send(self, peer_uuid: UUID, message: bytes | str, timeout: float = 30) -> None: ...
    async def get_connection(self, peer_uuid: UUID) -> PeerConnection: ...
