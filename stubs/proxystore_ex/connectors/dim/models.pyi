from dataclasses import dataclass
from typing import Literal, NamedTuple

from proxystore.serialize import BytesLike as BytesLike

class DIMKey(NamedTuple):
    dim_type: Literal["margo", "ucx", "zmq"]
    obj_id: str
    size: int
    peer_host: str
    peer_port: int

@dataclass
class RPC:
    operation: Literal["exists", "evict", "get", "put"]
    key: DIMKey
    data: BytesLike | None = ...

@dataclass
class RPCResponse:
    operation: Literal["exists", "evict", "get", "put"]
    key: DIMKey
    data: BytesLike | None = ...
    exists: bool | None = ...
    exception: Exception | None = ...
