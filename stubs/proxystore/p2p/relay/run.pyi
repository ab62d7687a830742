import asyncio
from logging import Logger
from typing import TypeVar

from proxystore.p2p.relay.authenticate import get_authenticator as get_authenticator
from proxystore.p2p.relay.config import RelayServingConfig as RelayServingConfig
from proxystore.p2p.relay.server import RelayServer as RelayServer
from proxystore.utils.tasks import spawn_guarded_background_task as spawn_guarded_background_task

logger: Logger
UserT = TypeVar("UserT")

def periodic_client_logger(
    server: RelayServer[UserT], interval: float = 60, limit: float | None = 60, level: int = ...
) -> asyncio.Task[None]: ...
async def serve(config: RelayServingConfig) -> None: ...
def cli(
    config_path: str | None,
    host: str | None,
    port: int | None,
    log_dir: str | None,
    log_level: str | None,
) -> None: ...
