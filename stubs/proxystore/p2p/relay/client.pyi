import ssl
import uuid as uuid
from logging import Logger
from types import TracebackType
from uuid import UUID

from typing_extensions import Self

from websockets.asyncio.client import ClientConnection as ClientConnection

from proxystore.p2p.relay.exceptions import (
    RelayNotConnectedError as RelayNotConnectedError,
    RelayRegistrationError as RelayRegistrationError,
)
from proxystore.p2p.relay.messages import (
    RelayMessage as RelayMessage,
    RelayMessageDecodeError as RelayMessageDecodeError,
    RelayRegistrationRequest as RelayRegistrationRequest,
    RelayResponse as RelayResponse,
    decode_relay_message as decode_relay_message,
    encode_relay_message as encode_relay_message,
)
from proxystore.utils.environment import hostname as hostname
from proxystore.utils.tasks import spawn_guarded_background_task as spawn_guarded_background_task

logger: Logger

class RelayClient:
    def __init__(
        self,
        address: str,
        *,
        client_name: str | None = None,
        client_uuid: UUID | None = None,
        extra_headers: dict[str, str] | None = None,
        reconnect_task: bool = True,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 10,
        verify_certificate: bool = True,
    ) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID: ...
    @property
    def websocket(self) -> ClientConnection: ...
    async def connect(self, retry: bool = True) -> None: ...
    async def close(self) -> None: ...
    async def recv(self) -> RelayMessage: ...
    async def send(self, message: RelayMessage) -> None: ...
