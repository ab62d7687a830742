from collections.abc import Callable as Callable, Collection, Iterable
from logging import Logger
from typing import Any, Literal, ParamSpec, TypeVar, overload

from dask._task_spec import DataNode
from distributed import Client as DaskDistributedClient, Future as DaskDistributedFuture

import _proxycheck
from proxystore.connectors.protocols import Connector
from proxystore.proxy import Proxy
from proxystore.store import Store
from proxystore.store.types import ConnectorKeyT as ConnectorKeyT

T = TypeVar("T")
P = ParamSpec("P")
ConnectorT = TypeVar("ConnectorT", bound=Connector[Any])
logger: Logger

class _ProxyNode(DataNode):
    key: ConnectorKeyT
    value: Proxy[Any]

class Client(DaskDistributedClient):
    def __init__(
        self,
        *args: Any,
        ps_store: Store[Any] | None = None,
        ps_threshold: int = 100000,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def map(
        self,
        func: Callable[..., T],
        *iterables: Collection[Any],
        key: str | list[str] | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: Literal[False],
        **kwargs: Any,
    ) -> list[DaskDistributedFuture[T]]: ...
    @overload
    def map(
        self,
        func: Callable[..., T],
        *iterables: Collection[Any],
        key: str | list[str] | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> list[DaskDistributedFuture[_proxycheck.ProxyOr[T]]]: ...
    @overload
    def map(
        self,
        func: Callable[..., T],
        *iterables: Collection[Any],
        key: str | list[str] | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: bool = False,
        actors: bool = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> list[DaskDistributedFuture[Any]]: ...
    @overload
    def submit(
        self,
        func: Callable[..., T],
        *args: Any,
        key: str | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: Literal[False],
        **kwargs: Any,
    ) -> DaskDistributedFuture[T]: ...
    @overload
    def submit(
        self,
        func: Callable[..., T],
        *args: Any,
        key: str | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> DaskDistributedFuture[_proxycheck.ProxyOr[T]]: ...
    @overload
    def submit(
        self,
        func: Callable[..., T],
        *args: Any,
        key: str | None = None,
        workers: str | Iterable[str] | None = None,
        retries: int | None = None,
        resources: dict[str, Any] | None = None,
        priority: int = 0,
        allow_other_workers: bool = False,
        fifo_timeout: str = "100 ms",
        actor: bool = False,
        actors: bool = False,
        pure: bool = True,
        batch_size: int | None = None,
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> DaskDistributedFuture[Any]: ...
