"""Executors that pass arguments and results by proxy; the names of ``proxystore.store.executor``.

::

    with StoreExecutor(ProcessPoolExecutor(), store, ProxySize(100_000)) as executor:
        total = executor.submit(simulate, large_array).result()

:class:`StoreExecutor` takes any :class:`concurrent.futures.Executor` (of the standard library,
Parsl, TaskVine, Globus Compute, loky, mpi4py) and a ``distributed.Client``.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from proxyrt.proxy import Proxy, extract, get_factory, is_resolved, resolve
from proxyrt.serialize import SerializationError, encode
from proxyrt.store import ref
from proxyrt.store._registry import get_or_create_store
from proxyrt.store._tasks import (
    InputFactory,
    Wrapped,
    contains,
    is_proxiable,
    is_proxy,
    is_reference,
    receive,
    release_owners,
    replace,
    store_input,
    store_result,
    to_task_result,
    unpack,
)
from proxyrt.store.base import Store
from proxyrt.store.config import StoreConfig
from proxyrt.store.ref import OwnedProxy
from proxyrt.store.types import ConnectorKeyT

__all__ = ["ExecutorLike", "ProxyAlways", "ProxyNever", "ProxySize", "ProxyType", "StoreExecutor"]

P = ParamSpec("P")
R = TypeVar("R")


class ExecutorLike(Protocol):
    """What a :class:`StoreExecutor` needs of an executor, such as a ``distributed.Client``."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Schedule the call of a function and return a future of the result."""


class ProxyAlways:
    """Proxies every object."""

    def __call__(self, item: Any) -> bool:
        """Return True."""
        return True


class ProxyNever:
    """Proxies no object."""

    def __call__(self, item: Any) -> bool:
        """Return False."""
        return False


class ProxyType:
    """Proxies objects of some types.

    Args:
        types: The types; objects of their subclasses are proxied, too.
    """

    def __init__(self, *types: type) -> None:
        self.types = types

    def __call__(self, item: Any) -> bool:
        """Tell whether an object is of one of the types."""
        return isinstance(item, self.types)


class ProxySize:
    """Proxies objects that are large when they are serialized.

    Args:
        min_bytes: The size from which on an object is proxied.
    """

    def __init__(self, min_bytes: int = 100_000) -> None:
        self.min_bytes = min_bytes

    def __call__(self, item: Any) -> bool:
        """Tell whether an object has that size. What cannot be serialized has none."""
        if isinstance(item, bytes | bytearray | str):
            return len(item) >= self.min_bytes
        if contains(item, is_reference):
            return False  # measuring would give the reference away
        try:
            return len(encode(item)) >= self.min_bytes
        except SerializationError:
            return False


class _TaskFunction(Generic[P, R]):
    """A function whose result becomes a proxy where it is called, if it should.

    Args:
        function: The function.
        store_config: How to open the store of the results.
        should_proxy: Tells whether to proxy a result.
        return_owned_proxy: Whether a proxy of a result is to be adopted by who receives it.
        shared_results: Whether a scheduler keeps results and may pickle them more than once.
        token: Tells functions of different executors apart.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        store_config: StoreConfig,
        should_proxy: Callable[[Any], bool],
        return_owned_proxy: bool,
        shared_results: bool = False,
        token: str = "",
    ) -> None:
        self.function = function
        self.store_config = store_config
        self.should_proxy = should_proxy
        self.return_owned_proxy = return_owned_proxy
        self.shared_results = shared_results
        self.token = token
        # Schedulers name tasks after their functions.
        self.__name__: str = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        # Dask awaits what such a function returns.
        self.__tornado_coroutine__: bool = inspect.iscoroutinefunction(function)

    # Some executors, such as Globus Compute's, send a function once and then refer to it.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TaskFunction) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.function, self.store_config.name))

    def __dask_tokenize__(self) -> object:
        from dask.base import normalize_token  # noqa: PLC0415  # called by Dask only

        return self.token, normalize_token(self.function), normalize_token(self.should_proxy)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R | Proxy[R]:
        sent: Any = replace(args, unpack) if self.shared_results else args
        named: Any = replace(kwargs, unpack) if self.shared_results else kwargs
        if self.__tornado_coroutine__:
            return self._await(sent, named)  # type: ignore[return-value]  # awaited by Dask
        with _leaving(sent, named):
            return self._return(self.function(*sent, **named))

    async def _await(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R | Proxy[R]:
        function: Any = self.function
        with _leaving(args, kwargs):
            return self._return(await function(*args, **kwargs))

    def _return(self, result: R) -> R | Proxy[R]:
        if _is_input(result):
            result = extract(result)  # type: ignore[arg-type]  # a proxy
        found: Any = result
        if self.shared_results:
            found = release_owners(found)
        if is_proxiable(found) and self.should_proxy(found):
            store: Store[Any] = get_or_create_store(self.store_config)
            found = store_result(found, store) if self.return_owned_proxy else store.proxy(found)
        if self.shared_results:
            # The memory of a scheduler's worker is not the place for what is in the store.
            return to_task_result(found)  # type: ignore[no-any-return]
        return Wrapped(found) if is_proxy(found) else found  # type: ignore[return-value]


@contextlib.contextmanager
def _leaving(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[None]:
    """Tell arguments that were stored for a task when it is done."""
    inputs = [arg for arg in (*args, *kwargs.values()) if _is_input(arg)]
    counts = [sys.getrefcount(proxy) for proxy in inputs]
    try:
        yield
        for proxy, count in zip(inputs, counts, strict=True):
            if sys.getrefcount(proxy) > count:  # probably part of the result
                resolve(proxy)
    finally:
        for proxy in inputs:
            factory: Any = get_factory(proxy)
            factory.leave(proxy)


def _is_input(obj: object) -> bool:
    return type(obj) is Proxy and type(get_factory(obj)) is InputFactory


class _Chunk(Generic[R]):
    """Calls a function with several sets of arguments.

    Args:
        function: The function.
    """

    def __init__(self, function: Callable[..., R]) -> None:
        self.function = function

    def __call__(self, items: list[tuple[Any, ...]]) -> list[R]:
        return [self.function(*item) for item in items]


class _ResultFuture(Future[R]):
    """The future of a task whose result is adopted by this process.

    What the executor's own future has besides is found here, too.

    Args:
        task: The executor's own future.
        receive: Returns what the result is to be here.
        clean_up: Called when the task is done, before this future is.
    """

    def __init__(
        self, task: Any, receive: Callable[[Any], R], clean_up: Callable[[], None]
    ) -> None:
        super().__init__()
        self._task = task
        self._receive = receive
        self._clean_up = clean_up
        # The task must not refer to this future for ever: results are to go with their futures.
        waiting = [self]
        task.add_done_callback(lambda task: waiting.pop()._finish(task))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_task"], name)

    def _finish(self, task: Any) -> None:
        try:
            self._clean_up()
        finally:
            self._settle(task)

    def _settle(self, task: Any) -> None:
        try:
            if task.cancelled():
                super().cancel()
                self.set_running_or_notify_cancel()
                return
            try:
                result = self._receive(task.result())
            except CancelledError:
                super().cancel()
                self.set_running_or_notify_cancel()
            except BaseException as error:
                self.set_exception(error)
            else:
                self.set_result(result)
        except InvalidStateError:
            pass  # cancelled meanwhile

    def cancel(self) -> bool:
        """Cancel the task, unless it is running or done."""
        return bool(self._task.cancel())

    def result(self, timeout: float | None = None) -> R:
        """Return the result; see :class:`concurrent.futures.Future`."""
        return super().result(self._wait(timeout))

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the task has raised, if it has."""
        return super().exception(self._wait(timeout))

    def _wait(self, timeout: float | None) -> float | None:
        """Wait for the task and return what is left of the time.

        Futures of TaskVine are not done, and call nobody back, before they are asked.
        """
        if self.done():
            return timeout
        start = time.monotonic()
        with contextlib.suppress(Exception):  # raised by this future, too
            self._task.result(timeout)
        return None if timeout is None else max(0, timeout - (time.monotonic() - start))

    def running(self) -> bool:
        """Tell whether the task is running."""
        return not self.done() and bool(self._task.running())


class _Results:
    """The tasks of an executor and their results; the store is closed after the last of them.

    Args:
        store: The store.
    """

    def __init__(self, store: Store[Any]) -> None:
        self._store = store
        self._tasks = 0
        self._live: dict[int, weakref.ref[Any]] = {}
        self._closing = False
        self._lock = threading.RLock()

    def add(self, result: Any) -> None:
        """Note a result, if it needs the store."""
        if not is_proxy(result):
            return
        number = id(result)
        this = weakref.ref(self)

        def forget(_: object) -> None:
            results = this()
            if results is not None:
                results._forget(number)

        with self._lock:
            self._live[number] = weakref.ref(result, forget)

    def _forget(self, number: int) -> None:
        with self._lock:
            self._live.pop(number, None)
            self._close_if_unused()

    def begin(self, future: Future[Any]) -> None:
        """Note a task that may use the store until its future is done."""
        with self._lock:
            self._tasks += 1
        future.add_done_callback(self._end)

    def _end(self, _: Future[Any]) -> None:
        with self._lock:
            self._tasks -= 1
            self._close_if_unused()

    def _needs_store(self, reference: weakref.ref[Any]) -> bool:
        proxy = reference()
        return proxy is not None and (type(proxy) is OwnedProxy or not is_resolved(proxy))

    def close(self) -> None:
        """Close the store once no task and no result needs it."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            for number, reference in list(self._live.items()):
                if not self._needs_store(reference):
                    self._live.pop(number, None)
            _waiting.add(self)
            self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._closing and not self._live and not self._tasks and self in _waiting:
            _waiting.discard(self)
            self._store.close()


_waiting: set[_Results] = set()


@atexit.register
def _close_waiting() -> None:
    """Close the stores of results that live until the interpreter exits."""
    if _waiting:
        ref._finalize_live()  # evicts while there are stores
    while _waiting:
        _waiting.pop()._store.close()


class StoreExecutor(Executor):
    """Passes the arguments and the results of tasks by proxy.

    Arguments are evicted when their task is done; what a task returns of them travels by value.
    Results have an owner, an :class:`~proxyrt.store.ref.OwnedProxy`, which evicts them when it
    goes out of scope.

    With a ``distributed.Client``, a result has one owner, however often it is asked for, and lives
    as long as its future or the owner is in use, and as long as tasks that this executor has given
    the future to. Arguments that are proxies or references are not looked into by Dask; a
    reference given to a task becomes invalid, and its borrow ends with the task. Options such as
    ``workers`` go to Dask as they are, and so do actors.

    Args:
        executor: Where the tasks run. It is shut down with this executor.
        store: Where arguments and results are kept. Tasks open it by its configuration.
        should_proxy: Tells whether to proxy an argument or a result, but not what is in it. It is
            called in other processes, too. Default: :class:`ProxyNever`. None, True and False are
            never proxied.
        ownership: Whether results have owners; if not, evicting them is left to the caller.
        close_store: Whether :meth:`shutdown` closes the store, once no result needs it any more.
    """

    def __init__(
        self,
        executor: Executor | ExecutorLike,
        store: Store[Any],
        should_proxy: Callable[[Any], bool] | None = None,
        *,
        ownership: bool = True,
        close_store: bool = True,
    ) -> None:
        self.executor = executor
        self.store = store
        self.should_proxy: Callable[[Any], bool] = should_proxy or ProxyNever()
        self.ownership = ownership
        self.close_store = close_store
        self._results = _Results(store)
        self._options = _options_of(executor)
        self._dask: Any = None
        if is_dask_client(executor):
            from proxyrt.store._dask import DaskTasks  # noqa: PLC0415  # needs distributed

            self._dask = DaskTasks(executor, store, self._receive)

    def _receive(self, result: Any) -> Any:
        result = receive(result)
        self._results.add(result)
        return result

    def _receive_chunk(self, results: list[Any]) -> list[Any]:
        return [self._receive(result) for result in results]

    def _wrap(self, function: Callable[..., R]) -> _TaskFunction[..., R]:
        return _TaskFunction(
            function,
            store_config=self.store.config(),
            should_proxy=self.should_proxy,
            return_owned_proxy=self.ownership,
            shared_results=self._dask is not None,
            token=self._dask.token if self._dask is not None else "",
        )

    def _proxy(self, item: Any, keys: list[ConnectorKeyT]) -> Any:
        """Keep an argument if it should be proxied; its key is added to `keys`."""
        if not is_proxiable(item) or not self.should_proxy(item):
            return item
        proxy, key = store_input(item, self.store)
        keys.append(key)
        return proxy

    def _evict(self, keys: Iterable[ConnectorKeyT]) -> None:
        for key in keys:
            self.store.evict(key)

    def submit(  # type: ignore[override]
        self, function: Callable[..., R], /, *args: Any, **kwargs: Any
    ) -> Future[R | Proxy[R]]:
        """Schedule the call of a function.

        Args:
            function: The function.
            args: Its positional arguments.
            kwargs: Its keyword arguments, and options that the executor's own method names.

        Returns:
            The future of the result: with Dask a ``distributed.Future``.
        """
        options = {name: kwargs.pop(name) for name in self._options & kwargs.keys()}
        if self._dask is not None:
            future: Future[R | Proxy[R]] = self._dask.submit(
                self._wrap(function), self._proxy, args, kwargs, options
            )
            return future
        keys: list[ConnectorKeyT] = []
        try:
            sent = [self._proxy(arg, keys) for arg in args]
            named = {name: self._proxy(value, keys) for name, value in kwargs.items()}
            task: Any = self.executor.submit(self._wrap(function), *sent, **named, **options)
        except BaseException:
            self._evict(keys)
            raise
        return self._future(task, keys, self._receive)

    def _future(
        self, task: Any, keys: list[ConnectorKeyT], receive: Callable[[Any], Any]
    ) -> Future[Any]:
        clean_up = functools.partial(_evict_inputs, self.store, keys)
        future: Future[Any] = _ResultFuture(task, receive, clean_up)
        self._results.begin(future)
        return future

    def map(  # type: ignore[override]
        self,
        function: Callable[..., R],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        **options: Any,
    ) -> Iterator[R | Proxy[R]]:
        """Call a function with the items of iterables, which are proxied one by one.

        The inputs of each call are evicted when it is done, also if nobody asks for its result.

        Args:
            function: The function; it takes as many arguments as there are iterables.
            iterables: The arguments.
            timeout: How many seconds to wait for the results altogether. None waits for ever.
            chunksize: How many calls to send at once; with Dask use ``batch_size``.
            options: With Dask, what ``Client.map`` takes, and keyword arguments of the function;
                otherwise options that the executor's own ``submit`` names.

        Returns:
            An iterator over the results in the order of the arguments. If it is dropped, calls
            that have not begun are cancelled.

        Raises:
            ValueError: If ``chunksize`` is less than 1.
            TypeError: If the executor knows no such option.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        end = None if timeout is None else time.monotonic() + timeout
        items = list(zip(*iterables, strict=False))
        futures: list[Any]
        if self._dask is not None:
            named = {name: options.pop(name) for name in options.keys() - self._options}
            wrapped = self._wrap(function)
            futures = self._dask.map(wrapped, self._proxy, items, named, options)
        else:
            unknown = sorted(options.keys() - self._options)
            if unknown:
                name = type(self.executor).__name__
                raise TypeError(f"{name} has no option {', '.join(map(repr, unknown))}")
            futures = self._submit_all(function, items, chunksize, options)
        return _iterate(futures, end, chunked=chunksize > 1 and self._dask is None)

    def _submit_all(
        self,
        function: Callable[..., R],
        items: list[tuple[Any, ...]],
        chunksize: int,
        options: Mapping[str, Any],
    ) -> list[Future[Any]]:
        if chunksize == 1:
            return [self.submit(function, *item, **options) for item in items]
        futures = []
        chunk = _Chunk(self._wrap(function))
        for start in range(0, len(items), chunksize):
            keys: list[ConnectorKeyT] = []
            try:
                sent = [
                    tuple(self._proxy(arg, keys) for arg in item)
                    for item in items[start : start + chunksize]
                ]
                task = self.executor.submit(chunk, sent, **options)
            except BaseException:
                self._evict(keys)
                raise
            futures.append(self._future(task, keys, self._receive_chunk))
        return futures

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the executor down, and close the store if that is wanted.

        The store stays open for tasks that are not done, and for results that need it: until the
        last owner is gone, and until the last proxy that has not been resolved is.

        Args:
            wait: Whether to wait for tasks that are not done.
            cancel_futures: Whether to cancel tasks that have not begun.
        """
        executor: Any = self.executor
        if self._dask is not None:
            self._dask.close(wait, cancel_futures)
        elif isinstance(executor, Executor):
            # Parsl's and others' executors do not take the second argument.
            arguments = {"cancel_futures": True} if cancel_futures else {}
            executor.shutdown(wait=wait, **arguments)
        elif hasattr(executor, "close"):
            executor.close()
        else:
            warnings.warn(
                f"Cannot shutdown {type(executor).__name__} because it is not a subclass of "
                "Executor nor does it have a close() method.",
                category=RuntimeWarning,
                stacklevel=2,
            )
        if self.close_store:
            self._results.close()


def _evict_inputs(store: Store[Any], keys: list[ConnectorKeyT]) -> None:
    for key in keys:
        store.evict(key)


def _iterate(futures: list[Any], end: float | None, chunked: bool) -> Iterator[Any]:
    """Yield results in order; futures are dropped as soon as they have been asked."""
    futures.reverse()
    try:
        while futures:
            left = None if end is None else max(0, end - time.monotonic())
            result = futures[-1].result(timeout=left)
            futures.pop()
            if chunked:
                result.reverse()
                while result:
                    yield result.pop()
            else:
                yield result
    finally:
        for future in futures:
            with contextlib.suppress(NotImplementedError):  # Parsl's
                future.cancel()


def _options_of(executor: Any) -> frozenset[str]:
    """Return the keyword arguments that a method ``submit`` takes for itself."""
    with contextlib.suppress(TypeError, ValueError):
        parameters = inspect.signature(executor.submit).parameters.values()
        return frozenset(it.name for it in parameters if it.kind is it.KEYWORD_ONLY)
    return frozenset()


def is_dask_client(executor: object) -> bool:
    """Tell whether an object is a ``distributed.Client``; does not import it."""
    distributed = sys.modules.get("distributed.client")
    return distributed is not None and isinstance(executor, distributed.Client)
