import multiprocessing
from collections.abc import Sequence
from logging import Logger
from types import TracebackType
from typing import Any

from typing_extensions import Self

from proxystore.serialize import BytesLike as BytesLike
from proxystore_ex.connectors.dim.exceptions import ServerTimeoutError as ServerTimeoutError
from proxystore_ex.connectors.dim.models import (
    RPC as RPC,
    DIMKey as DIMKey,
    RPCResponse as RPCResponse,
)
from proxystore_ex.connectors.dim.utils import get_ip_address as get_ip_address

MAX_CHUNK_LENGTH_DEFAULT: int
zmq_import_error: ImportError | None
logger: Logger

class ZeroMQConnector:
    port: int
    chunk_length: int | None
    timeout: float
    address: str
    url: str
    server: multiprocessing.Process | None
    context: Any
    socket: Any
    def __init__(
        self,
        port: int,
        address: str | None = None,
        interface: str | None = None,
        chunk_length: int | None = None,
        timeout: float = 1,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def close(self, kill_server: bool = True) -> None: ...
    def config(self) -> dict[str, Any]: ...
    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ZeroMQConnector: ...
    def evict(self, key: DIMKey) -> None: ...
    def exists(self, key: DIMKey) -> bool: ...
    def get(self, key: DIMKey) -> BytesLike | None: ...
    def get_batch(self, keys: Sequence[DIMKey]) -> list[BytesLike | None]: ...
    def put(self, obj: BytesLike) -> DIMKey: ...
    def put_batch(self, objs: Sequence[BytesLike]) -> list[DIMKey]: ...

class ZeroMQServer:
    data: dict[str, BytesLike]
    def __init__(self) -> None: ...
    def evict(self, key: str) -> None: ...
    def exists(self, key: str) -> bool: ...
    def get(self, key: str) -> BytesLike | None: ...
    def put(self, key: str, data: BytesLike) -> None: ...
    def handle_rpc(self, rpc: RPC) -> RPCResponse: ...

async def run_server(address: str, port: int, chunk_length: int | None = None) -> None: ...
def start_server(address: str, port: int, chunk_length: int | None = None) -> None: ...
def spawn_server(
    address: str,
    port: int,
    *,
    chunk_length: int | None = None,
    spawn_timeout: float = 5.0,
    kill_timeout: float | None = 1.0,
) -> multiprocessing.Process: ...
def wait_for_server(address: str, port: int, timeout: float = 0.1) -> None: ...
