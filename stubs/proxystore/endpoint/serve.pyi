from logging import Logger

import quart
from quart import Response

from proxystore.endpoint.config import EndpointConfig as EndpointConfig
from proxystore.endpoint.constants import MAX_CHUNK_LENGTH as MAX_CHUNK_LENGTH
from proxystore.endpoint.endpoint import Endpoint as Endpoint
from proxystore.endpoint.exceptions import PeerRequestError as PeerRequestError
from proxystore.endpoint.storage import (
    DictStorage as DictStorage,
    SQLiteStorage as SQLiteStorage,
    Storage as Storage,
)
from proxystore.globus.app import get_globus_app as get_globus_app
from proxystore.globus.scopes import (
    get_relay_scopes_by_resource_server as get_relay_scopes_by_resource_server,
)
from proxystore.p2p.manager import PeerManager as PeerManager
from proxystore.p2p.nat import check_nat_and_log as check_nat_and_log
from proxystore.p2p.relay.client import RelayClient as RelayClient
from proxystore.utils.data import chunk_bytes as chunk_bytes

logger: Logger
routes_blueprint: quart.Blueprint

def create_app(
    endpoint: Endpoint, max_content_length: int | None = None, body_timeout: int = 300
) -> quart.Quart: ...
def serve(
    config: EndpointConfig,
    *,
    log_level: int | str = ...,
    log_file: str | None = None,
    use_uvloop: bool = True,
) -> None: ...
async def endpoint_handler() -> Response: ...
async def evict_handler() -> Response: ...
async def exists_handler() -> Response: ...
async def get_handler() -> Response: ...
async def set_handler() -> Response: ...
