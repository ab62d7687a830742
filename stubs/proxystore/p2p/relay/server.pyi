from logging import Logger
from typing import Generic, TypeVar

from websockets.asyncio.server import ServerConnection as ServerConnection

from proxystore.p2p.relay.authenticate import Authenticator as Authenticator
from proxystore.p2p.relay.exceptions import (
    ForbiddenError as ForbiddenError,
    RelayServerError as RelayServerError,
    UnauthorizedError as UnauthorizedError,
)
from proxystore.p2p.relay.manager import Client as Client, ClientManager as ClientManager
from proxystore.p2p.relay.messages import (
    PeerConnectionRequest as PeerConnectionRequest,
    RelayMessage as RelayMessage,
    RelayMessageDecodeError as RelayMessageDecodeError,
    RelayMessageEncodeError as RelayMessageEncodeError,
    RelayRegistrationRequest as RelayRegistrationRequest,
    RelayResponse as RelayResponse,
    decode_relay_message as decode_relay_message,
    encode_relay_message as encode_relay_message,
)

logger: Logger
UserT = TypeVar("UserT")

class RelayServer(Generic[UserT]):
    def __init__(
        self, authenticator: Authenticator[UserT], max_message_bytes: int | None = None
    ) -> None: ...
    @property
    def authenticator(self) -> Authenticator[UserT]: ...
    @property
    def client_manager(self) -> ClientManager[UserT]: ...
    async def send(self, client: Client[UserT], message: RelayMessage) -> None: ...
    async def register(
        self, websocket: ServerConnection, request: RelayRegistrationRequest
    ) -> None: ...
    async def unregister(
        self, client: Client[UserT], code: int = 1000, reason: str = ""
    ) -> None: ...
    async def forward(
        self, source_client: Client[UserT], request: PeerConnectionRequest
    ) -> None: ...
    async def handler(self, websocket: ServerConnection) -> None: ...
