from dataclasses import dataclass
from typing import Literal

@dataclass
class EndpointRequest:
    kind: Literal["request", "response"]
    op: Literal["evict", "exists", "get", "set"]
    uuid: str
    key: str
    data: bytes | None = ...
    exists: bool | None = ...
    error: Exception | None = ...
