from collections.abc import Awaitable, Callable as Callable
from logging import Logger
from typing import Any
from uuid import UUID

from aiortc import RTCDataChannel as RTCDataChannel, RTCIceServer as RTCIceServer

from proxystore.p2p.chunks import Chunk as Chunk, chunkify as chunkify, reconstruct as reconstruct
from proxystore.p2p.exceptions import (
    PeerConnectionError as PeerConnectionError,
    PeerConnectionTimeoutError as PeerConnectionTimeoutError,
)
from proxystore.p2p.relay.client import RelayClient as RelayClient
from proxystore.p2p.relay.messages import PeerConnectionRequest as PeerConnectionRequest
from proxystore.utils.counter import AtomicCounter as AtomicCounter

logger: Logger
MAX_CHUNK_SIZE_STRING: int
MAX_CHUNK_SIZE_BYTES: int

class PeerConnection:
    def __init__(
        self,
        relay_client: RelayClient,
        *,
        channels: int = 1,
        ice_servers: list[RTCIceServer] | None = None,
    ) -> None: ...
    @property
    def state(self) -> str: ...
    async def close(self) -> None: ...
    def on_close_callback(
        self, callback: Callable[..., Awaitable[None]], *args: Any, **kwargs: Any
    ) -> None: ...
    async def send(self, message: bytes | str, timeout: float = 30) -> None: ...
    async def recv(self) -> bytes | str: ...
    async def send_offer(self, peer_uuid: UUID) -> None: ...
    async def send_answer(self, peer_uuid: UUID) -> None: ...
    async def handle_server_message(self, message: PeerConnectionRequest) -> None: ...
    async def ready(self, timeout: float | None = None) -> None: ...

def log_name(uuid: UUID, name: str) -> str: ...
