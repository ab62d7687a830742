"""A client of Dask that passes large objects by proxy; that of ``proxystore.ex.plugins``.

::

    from proxyrt.ex.plugins.distributed import Client

    with Store("default", register=True) as store:
        with Client(ps_store=store, ps_threshold=100_000) as client:
            total = client.submit(numpy.sum, large_array).result()

It differs from ProxyStore's in what becomes of the objects:

* A result is there for as long as its future or a proxy that came from it is in use, and as long
  as tasks that were given either; then it is evicted. It can be asked for any number of times.
* Arguments that the client proxied, also keyword arguments of ``map``, are evicted when their
  tasks are done. Proxies of the caller are not.
* Futures in containers reach the task as their results, as without proxies, and actors work.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import distributed

from proxyrt.store import Store, get_store
from proxyrt.store._dask import DaskTasks
from proxyrt.store._tasks import hold, is_proxiable, receive, replace, store_input
from proxyrt.store.executor import ProxyNever, ProxySize, _TaskFunction
from proxyrt.store.types import ConnectorKeyT

__all__ = ["Client"]

T = TypeVar("T")

_OPTIONS = frozenset(
    name
    for method in (distributed.Client.submit, distributed.Client.map)
    for name, parameter in inspect.signature(method).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY
)


def _receive(result: Any) -> Any:
    return replace(receive(result), hold)


class Client(distributed.Client):
    """A ``distributed.Client`` that passes large arguments and results by proxy.

    Args:
        args: What ``distributed.Client`` takes.
        ps_store: The store of the objects. None: nothing is proxied.
        ps_threshold: The size in bytes of serialized objects from which on they are proxied.
        kwargs: What ``distributed.Client`` takes.
    """

    def __init__(
        self,
        *args: Any,
        ps_store: Store[Any] | None = None,
        ps_threshold: int = 100_000,
        **kwargs: Any,
    ) -> None:
        self._ps_store = ps_store
        self._ps_threshold = ps_threshold
        self._ps_tasks: DaskTasks | None = None
        if ps_store is not None:
            self._ps_tasks = DaskTasks(self, ps_store, _receive)
            if get_store(ps_store.name) is None:
                warnings.warn(
                    f'The store "{ps_store.name}" is not registered, so this process may open '
                    "it a second time. Call register_store() before making the client.",
                    stacklevel=2,
                )
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _ps_wrap(self, func: Callable[..., T], proxy_result: bool) -> Callable[..., Any]:
        assert self._ps_store is not None and self._ps_tasks is not None
        return _TaskFunction(
            func,
            store_config=self._ps_store.config(),
            should_proxy=ProxySize(self._ps_threshold) if proxy_result else ProxyNever(),
            return_owned_proxy=True,
            shared_results=True,
            token=self._ps_tasks.token,
        )

    def _ps_proxy(self, proxy_args: bool) -> Callable[[Any, list[ConnectorKeyT]], Any]:
        store, is_large = self._ps_store, ProxySize(self._ps_threshold)
        assert store is not None

        def proxy(item: Any, keys: list[ConnectorKeyT]) -> Any:
            if not proxy_args or not is_proxiable(item) or not is_large(item):
                return item
            stored, key = store_input(item, store)
            keys.append(key)
            return stored

        return proxy

    def submit(
        self,
        func: Callable[..., T],
        *args: Any,
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> distributed.Future[T]:
        """Submit a task, as ``distributed.Client.submit`` does.

        Args:
            func: The function.
            args: Its arguments.
            proxy_args: Whether to proxy large arguments.
            proxy_result: Whether to proxy a large result.
            kwargs: Its keyword arguments, and options of Dask.

        Returns:
            The future of the result.
        """
        if self._ps_tasks is None:
            return super().submit(func, *args, **kwargs)
        kwargs.pop("batch_size", None)
        options = {name: kwargs.pop(name) for name in _OPTIONS & kwargs.keys()}
        future: distributed.Future[T] = self._ps_tasks.submit(
            self._ps_wrap(func, proxy_result), self._ps_proxy(proxy_args), args, kwargs, options
        )
        return future

    def map(
        self,
        func: Callable[..., T],
        *iterables: Iterable[Any],
        proxy_args: bool = True,
        proxy_result: bool = True,
        **kwargs: Any,
    ) -> list[distributed.Future[T]]:
        """Submit a task for each item of iterables, as ``distributed.Client.map`` does.

        Args:
            func: The function; it takes as many arguments as there are iterables.
            iterables: The arguments.
            proxy_args: Whether to proxy large items and keyword arguments.
            proxy_result: Whether to proxy large results.
            kwargs: Keyword arguments of the function, and options of Dask.

        Returns:
            The futures of the results.
        """
        if self._ps_tasks is None:
            columns: Any = iterables
            return list(super().map(func, *columns, **kwargs))
        options = {name: kwargs.pop(name) for name in _OPTIONS & kwargs.keys()}
        items = list(zip(*iterables, strict=False))
        return self._ps_tasks.map(
            self._ps_wrap(func, proxy_result), self._ps_proxy(proxy_args), items, kwargs, options
        )

    def close(self, *args: Any, **kwargs: Any) -> Any:
        """Close the client; arguments of tasks that are not done are evicted."""
        closed = super().close(*args, **kwargs)  # type: ignore[no-untyped-call]
        if self._ps_tasks is not None:
            self._ps_tasks.abandon()
        return closed

    async def _gather(self, futures: Any, *args: Any, **kwargs: Any) -> Any:
        gathered = super()._gather(futures, *args, **kwargs)  # type: ignore[no-untyped-call]
        return replace(await gathered, _receive)
