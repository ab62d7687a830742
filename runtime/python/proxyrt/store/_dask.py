"""Tasks of Dask with arguments and results by proxy.

Dask keeps the result of a task for as long as a future of it exists, gives it out any number of
times, and pickles it and the arguments whenever it likes. So nothing in its memory owns anything:
what is passed are plain proxies, and the client keeps the owners, one a task, with its futures.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import itertools
import threading
import uuid
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dask.base import is_dask_collection, tokenize
from dask.utils import funcname
from distributed import Client
from distributed import Future as _Future

from proxyrt.proxy import Proxy, get_factory
from proxyrt.store._tasks import (
    HeldFactory,
    contains,
    describe,
    is_proxy,
    is_reference,
    pack,
    replace,
)
from proxyrt.store.base import Store
from proxyrt.store.types import ConnectorKeyT

ProxyFunction = Callable[[Any, list[ConnectorKeyT]], Any]


class _Task:
    """A task of a client, shared by all futures of it in this process."""

    def __init__(self, key: str, receive: Callable[[Any], Any]) -> None:
        self.key = key
        self._receive = receive
        self._result: Any = None
        self._lock = threading.Lock()

    def receive(self, result: Any) -> Any:
        """Return what a result is to be here; the same owner each time."""
        with self._lock:
            # After a recomputation there is another object, but the first one is as good.
            if self._result is None:
                received = replace(result, self._receive)
                if received is result and not contains(result, _holds):
                    return result
                self._result = received
            return self._result

    @property
    def result(self) -> Any:
        """The result if it has an owner and has been received."""
        return self._result


class TaskFuture(_Future[Any]):
    """A future of Dask's whose result is received by :class:`_Task`."""

    _task: _Task

    async def _result(self, raiseit: bool = True) -> Any:
        if self._task.result is not None:
            return self._task.result
        result = super()._result(raiseit)  # type: ignore[no-untyped-call]
        return self._task.receive(await result)


class DaskTasks:
    """Submits tasks to a client.

    Args:
        client: The client.
        store: The store of the arguments.
        receive: Returns what a result is to be in this process.
    """

    def __init__(self, client: Any, store: Store[Any], receive: Callable[[Any], Any]) -> None:
        self.token = uuid.uuid4().hex
        self._client: Any = client
        self._store = store
        self._receive = receive
        self._tasks: weakref.WeakValueDictionary[Any, _Task] = weakref.WeakValueDictionary()
        self._by_identity: weakref.WeakValueDictionary[str, _Task] = weakref.WeakValueDictionary()
        self._numbers = itertools.count()
        self._pending: dict[threading.Event, list[ConnectorKeyT]] = {}

    def find(self, key: Any) -> _Task | None:
        """Return the task of a key, if a future of it is in use."""
        return self._tasks.get(key)

    def _future(self, key: Any, identity: str | None = None) -> Any:
        future: Any = TaskFuture(key, self._client)
        future._task = self._tasks.setdefault(key, _Task(key, self._receive))
        if identity is not None:
            self._by_identity[identity] = future._task
        return future

    def _name(self, identity: str) -> str:
        """Return the key of a task that does the same, or a new one.

        No key is used again: while other tasks depend on it, Dask would call what it was first
        submitted with, the arguments of which have been evicted.
        """
        task = self._by_identity.get(identity)
        if task is not None and task.key in self._client.futures:
            return task.key
        return f"{identity}-{next(self._numbers)}"

    def submit(
        self,
        function: Callable[..., Any],
        proxy: ProxyFunction,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        options: dict[str, Any],
    ) -> Any:
        """Submit a task.

        Args:
            function: What to call; it unpacks its arguments.
            proxy: Returns what to send of an argument, and notes the keys of what it stores.
            args: The arguments.
            kwargs: The keyword arguments.
            options: What goes to Dask.
        """
        submit = functools.partial(Client.submit, self._client)
        if options.get("actor") or options.get("actors"):
            return submit(_unwrap(function), *args, **kwargs, **options)
        # The identity of a task is that of its arguments, not of the proxies that stand for them.
        packed, named = _pack_copy(args), _pack_copy(kwargs)
        key, identity = options.pop("key", None), None
        if key is None:
            # What is given away may be changed or evicted by its task.
            given = contains([*args, *kwargs.values()], is_reference)
            pure = options.pop("pure", True) and not given
            suffix = tokenize(function, packed, named) if pure else uuid.uuid4()
            identity = f"{funcname(function)}-{suffix}"
            key = self._name(identity)
        if key in self._client.futures:
            return self._future(key)
        keys: list[ConnectorKeyT] = []
        held = _held_by((args, kwargs), self)
        try:
            sent = [_send(arg, proxy, keys) for arg in args]
            sent_named = {name: _send(value, proxy, keys) for name, value in kwargs.items()}
            created = submit(function, *sent, key=key, **sent_named, **options)
        except BaseException:
            self._evict(keys)
            raise
        future = self._future(key, identity)
        del created  # the task would be forgotten if no future existed for a moment
        self._when_done([future], keys, held)
        return future

    def map(
        self,
        function: Callable[..., Any],
        proxy: ProxyFunction,
        items: Sequence[tuple[Any, ...]],
        kwargs: Mapping[str, Any],
        options: dict[str, Any],
    ) -> list[Any]:
        """Submit a task for each item; see :meth:`submit`."""
        call = functools.partial(Client.map, self._client)
        if options.get("actor") or options.get("actors"):
            columns = list(zip(*items, strict=True))
            return list(call(_unwrap(function), *columns, **kwargs, **options))
        if not items:
            return []
        batch_size = options.pop("batch_size", None)
        names = self._names(function, items, kwargs, options.pop("key", None), options)
        shared: list[ConnectorKeyT] = []
        futures: list[Any] = []
        step = batch_size if batch_size and batch_size > 1 else len(items)
        held = _held_by(kwargs, self)
        try:
            named = {name: _send(value, proxy, shared) for name, value in kwargs.items()}
            for start in range(0, len(items), step):
                batch = slice(start, start + step)
                futures += self._map_batch(
                    call, function, proxy, items[batch], names[batch], named, options
                )
        except BaseException:
            for future in futures:
                future.cancel()
            self._evict(shared)
            raise
        self._when_done(futures, shared, held)
        return futures

    def _names(
        self,
        function: Callable[..., Any],
        items: Sequence[tuple[Any, ...]],
        kwargs: Mapping[str, Any],
        prefix: Any,
        options: dict[str, Any],
    ) -> list[tuple[Any, str | None]]:
        """Return the key and the identity of each task."""
        given = contains([*items, *kwargs.values()], is_reference)
        pure = options.pop("pure", True) and not given
        if isinstance(prefix, Sequence) and not isinstance(prefix, str):
            if len(prefix) != len(items):
                raise ValueError(f"{len(prefix)} keys for {len(items)} tasks")
            return [(key, None) for key in prefix]
        prefix = prefix or funcname(function)
        if not pure:
            unique = uuid.uuid4()
            return [(f"{prefix}-{unique}-{number}", None) for number in range(len(items))]
        token = tokenize(function, _pack_copy(kwargs))
        identities = [f"{prefix}-{tokenize(token, _pack_copy(item))}" for item in items]
        keys = {identity: self._name(identity) for identity in dict.fromkeys(identities)}
        return [(keys[identity], identity) for identity in identities]

    def _map_batch(  # noqa: PLR0917
        self,
        call: Callable[..., Any],
        function: Callable[..., Any],
        proxy: ProxyFunction,
        items: Sequence[tuple[Any, ...]],
        names: list[tuple[Any, str | None]],
        kwargs: dict[str, Any],
        options: dict[str, Any],
    ) -> list[Any]:
        # Equal arguments are one task, which may be there already.
        tasks = {
            name: item
            for name, item in zip(names, items, strict=True)
            if name[0] not in self._client.futures
        }
        sent = []
        keys: list[list[ConnectorKeyT]] = []
        created: Any = None
        try:
            for item in tasks.values():
                keys.append([])
                sent.append([_send(arg, proxy, keys[-1]) for arg in item])
            if sent:
                columns = list(zip(*sent, strict=True))
                created = call(
                    function, *columns, key=[key for key, _ in tasks], **kwargs, **options
                )
        except BaseException:
            self._evict(key for group in keys for key in group)
            raise
        futures = {name: self._future(*name) for name in dict.fromkeys(names)}
        del created
        for (name, item), group in zip(tasks.items(), keys, strict=True):
            self._when_done([futures[name]], group, _held_by(item, self))
        return [futures[name] for name in names]

    def _evict(self, keys: Iterable[ConnectorKeyT]) -> None:
        for key in keys:
            self._store.evict(key)

    def _when_done(
        self, futures: Sequence[Any], keys: list[ConnectorKeyT], held: list[Any]
    ) -> None:
        """Receive results that are proxies, and then evict arguments and let go of others."""
        left = len(futures)
        finished = threading.Event()
        self._pending[finished] = keys

        def finish(future: TaskFuture) -> None:
            nonlocal left
            left -= 1  # callbacks have one thread
            try:
                self._receive_result(future)
            finally:
                if left == 0:
                    held.clear()
                    self._evict(keys)
                    self._pending.pop(finished, None)
                    finished.set()

        for future in futures:
            future.add_done_callback(finish)

    def _receive_result(self, future: TaskFuture) -> None:
        """Let the client own a result, so that it is evicted also if nobody asks for it."""
        kind = future.type
        if future.status != "finished" or not (isinstance(kind, type) and issubclass(kind, Proxy)):
            return
        if future._task.result is None:
            loop: Any = self._client.loop
            with contextlib.suppress(Exception):  # whoever asks for the result gets the error
                asyncio.run_coroutine_threadsafe(
                    future._result(raiseit=False), loop.asyncio_loop
                ).result(30)

    def close(self, wait: bool, cancel_futures: bool) -> None:
        """Close the client.

        Args:
            wait: Whether to wait for tasks that are not done.
            cancel_futures: Whether to cancel them first.
        """
        if cancel_futures:
            self._client.cancel(list(self._tasks.keys()))
        if wait and not self._client.asynchronous:
            for finished in list(self._pending):
                finished.wait()
        closing = self._client.close()
        if inspect.isawaitable(closing):
            self._closing = asyncio.ensure_future(closing)
        self.abandon()

    def abandon(self) -> None:
        """Evict the arguments of tasks that are cancelled, because the client is closed."""
        while self._pending:
            self._evict(self._pending.popitem()[1])


def _unwrap(function: Any) -> Any:
    return function.function


def _pack_copy(obj: Any) -> Any:
    """Pack what must not be looked into, for its identity; references stay valid."""
    return replace(obj, describe)


def _send(arg: Any, proxy: ProxyFunction, keys: list[ConnectorKeyT]) -> Any:
    """Return what Dask gets of an argument: a parcel instead of a proxy."""
    # Dask has to see results of tasks, and storing a reference would give it away.
    sent = arg if is_proxy(arg) or contains(arg, _is_task_or_reference) else proxy(arg, keys)
    return replace(sent, pack)


def _holds(proxy: Any) -> bool:
    return type(proxy) is Proxy and type(get_factory(proxy)) is HeldFactory


def _is_task_or_reference(obj: Any) -> bool:
    if is_proxy(obj):
        return is_reference(obj)
    return isinstance(obj, _Future) or is_dask_collection(obj)


def _held_by(obj: Any, tasks: DaskTasks) -> list[Any]:
    """Return what must stay while a task uses an object: owners, borrows, other tasks."""
    held: list[Any] = []

    def look(item: Any) -> Any:
        if is_proxy(item):
            factory = get_factory(item)
            if isinstance(factory, HeldFactory):
                held.append(factory.owner)
            elif is_reference(item):
                held.append(item)
        elif isinstance(item, _Future):
            task = tasks.find(item.key)
            if task is not None:
                held.append((item, task))
        return item

    replace(obj, look)
    return held
