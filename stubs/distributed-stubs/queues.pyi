"""Queues that the tasks and clients of a cluster share."""

from collections.abc import Generator
from typing import Any

from typing_extensions import Self

from distributed.client import Client

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

class Queue:
    """Values or futures in the order in which they were put."""

    name: Any
    maxsize: Any
    def __init__(
        self, name: Any = None, client: Client | None = None, maxsize: int = 0
    ) -> None: ...
    @property
    def client(self) -> Any: ...
    def __await__(self) -> Generator[Any, Any, Self]: ...
    def put(self, value: Any, timeout: Any = None, **kwargs: Any) -> Any: ...
    def get(self, timeout: Any = None, batch: Any = False, **kwargs: Any) -> Any: ...
    def qsize(self, **kwargs: Any) -> Any: ...
    def close(self) -> Any: ...
