"""What all clusters have in common."""

from collections.abc import Generator
from types import TracebackType
from typing import Any

from typing_extensions import Self

from distributed.client import Client

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

class Cluster:
    """A scheduler and its workers."""

    scheduler_info: Any
    periodic_callbacks: Any
    quiet: bool
    scheduler_comm: Any
    status: Any
    name: Any
    asynchronous: Any
    def __init__(
        self,
        asynchronous: bool = False,
        loop: Any = None,
        quiet: bool = False,
        name: Any = None,
        scheduler_sync_interval: Any = 1,
    ) -> None: ...
    # Subclasses of other packages set attributes of their own.
    def __getattr__(self, name: str) -> Any: ...
    def sync(
        self,
        func: Any,
        *args: Any,
        asynchronous: Any = None,
        callback_timeout: Any = None,
        **kwargs: Any,
    ) -> Any: ...
    @property
    def loop(self) -> Any: ...
    @property
    def called_from_running_loop(self) -> bool: ...
    def close(self, timeout: float | None = None) -> Any: ...
    def adapt(self, Adaptive: Any = ..., **kwargs: Any) -> Any: ...
    def scale(self, n: int) -> Any: ...
    def get_logs(
        self, cluster: bool = True, scheduler: bool = True, workers: bool = True
    ) -> Any: ...
    def get_client(self) -> Client: ...
    @property
    def dashboard_link(self) -> str: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def __await__(self) -> Generator[Any, Any, Self]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    @property
    def scheduler_address(self) -> str: ...
    @property
    def plan(self) -> Any: ...
    @property
    def requested(self) -> Any: ...
    @property
    def observed(self) -> Any: ...
    def wait_for_workers(self, n_workers: int, timeout: float | None = None) -> Any: ...
