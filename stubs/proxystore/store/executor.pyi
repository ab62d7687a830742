from collections.abc import Callable as Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

import _proxycheck
from proxystore.proxy import Proxy as Proxy
from proxystore.store import get_store as get_store
from proxystore.store.base import Store as Store
from proxystore.store.config import StoreConfig as StoreConfig
from proxystore.store.types import ConnectorKeyT as ConnectorKeyT
from proxystore.store.utils import get_key as get_key

P = ParamSpec("P")
R = TypeVar("R")

class _FunctionWrapper(Generic[P, R]):
    function: Callable[P, R]
    store_config: StoreConfig
    should_proxy: Callable[[Any], bool]
    return_owned_proxy: bool
    def __init__(
        self,
        function: Callable[P, R],
        *,
        store_config: StoreConfig,
        should_proxy: Callable[[Any], bool],
        return_owned_proxy: bool,
    ) -> None: ...
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> _proxycheck.ProxyOr[R]: ...
    def get_store(self) -> Store[Any]: ...

class _FutureProtocol(Protocol[R]):
    def add_done_callback(self, callback: Callable[[_FutureProtocol[R]], Any]) -> None: ...
    def cancel(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def done(self) -> bool: ...
    def exception(self, timeout: float | None = None) -> BaseException | None: ...
    def result(self, timeout: float | None = None) -> R: ...

class ProxyAlways:
    def __call__(self, item: Any) -> bool: ...

class ProxyNever:
    def __call__(self, item: Any) -> bool: ...

class ProxyType:
    types: tuple[type, ...]
    def __init__(self, *types: type) -> None: ...
    def __call__(self, item: Any) -> bool: ...

# Clients of Dask are no `Executor`.
class _Submits(Protocol):
    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any: ...

class StoreExecutor(Executor):
    executor: Any
    store: Store[Any]
    should_proxy: Callable[[Any], bool]
    ownership: bool
    close_store: bool
    def __init__(
        self,
        executor: _Submits,
        store: Store[Any],
        should_proxy: Callable[[Any], bool] | None = None,
        *,
        ownership: bool = True,
        close_store: bool = True,
    ) -> None: ...
    # With a client of Dask, arguments may be futures, and there may be the client's own keywords.
    def submit(
        self, function: Callable[..., R], /, *args: Any, **kwargs: Any
    ) -> Future[_proxycheck.ProxyOr[R]]: ...
    def map(
        self, function: Callable[..., R], *iterables: Iterable[Any], **kwargs: Any
    ) -> Iterator[_proxycheck.ProxyOr[R]]: ...
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...
