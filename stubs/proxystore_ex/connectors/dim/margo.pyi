import multiprocessing
from collections.abc import Sequence
from enum import Enum
from logging import Logger
from types import TracebackType
from typing import Any

from typing_extensions import Self

from pymargo.bulk import Bulk as Bulk
from pymargo.core import Engine, Handle as Handle

from proxystore.serialize import BytesLike as BytesLike
from proxystore_ex.connectors.dim.exceptions import ServerTimeoutError as ServerTimeoutError
from proxystore_ex.connectors.dim.models import (
    RPC as RPC,
    DIMKey as DIMKey,
    RPCResponse as RPCResponse,
)
from proxystore_ex.connectors.dim.utils import get_ip_address as get_ip_address

pymargo_import_error: ImportError | None
logger: Logger

class Protocol(Enum):
    OFI_TCP = "ofi+tcp"
    OFI_VERBS = "ofi+verbs"
    OFI_GNI = "ofi+gni"
    UCX_TCP = "ucx+tcp"
    UCX_VERBS = "ucx+verbs"
    SM_SHM = "sm+shm"
    BMI_TCP = "bmi+tcp"

class MargoConnector:
    port: int
    protocol: Protocol | str
    timeout: float
    force_spawn_server: bool
    engine: Any
    address: str
    url: str
    server: multiprocessing.context.SpawnProcess | None
    def __init__(
        self,
        port: int,
        protocol: Protocol | str,
        address: str | None = None,
        interface: str | None = None,
        timeout: float = 1,
        force_spawn_server: bool = False,
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
    def from_config(cls, config: dict[str, Any]) -> MargoConnector: ...
    def evict(self, key: DIMKey) -> None: ...
    def exists(self, key: DIMKey) -> bool: ...
    def get(self, key: DIMKey) -> BytesLike | None: ...
    def get_batch(self, keys: Sequence[DIMKey]) -> list[BytesLike | None]: ...
    def put(self, obj: BytesLike) -> DIMKey: ...
    def put_batch(self, objs: Sequence[BytesLike]) -> list[DIMKey]: ...

class MargoServer:
    data: dict[str, BytesLike]
    engine: Engine
    def __init__(self, engine: Engine) -> None: ...
    def evict(self, handle: Handle, bulk_str: Bulk, bulk_size: int, key: DIMKey) -> None: ...
    def exists(self, handle: Handle, bulk_str: Bulk, bulk_size: int, key: DIMKey) -> None: ...
    def get(self, handle: Handle, bulk_str: Bulk, bulk_size: int, key: DIMKey) -> None: ...
    def put(self, handle: Handle, bulk_str: Bulk, bulk_size: int, key: DIMKey) -> None: ...

def start_server(url: str) -> None: ...
def spawn_server(
    protocol: str,
    address: str,
    port: int,
    *,
    spawn_timeout: float = 5.0,
    kill_timeout: float | None = 1.0,
) -> multiprocessing.context.SpawnProcess: ...
def wait_for_server(protocol: str, address: str, port: int, timeout: float = 0.1) -> None: ...
