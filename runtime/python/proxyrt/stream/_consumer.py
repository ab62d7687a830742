from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from proxyrt.proxy import Proxy, ProxyOr
from proxyrt.store import Store, get_or_create_store, unregister_store
from proxyrt.stream.events import (
    EndOfStreamEvent,
    Event,
    EventBatch,
    NewObjectEvent,
    NewObjectKeyEvent,
    bytes_to_event,
)
from proxyrt.stream.filters import NullFilter
from proxyrt.stream.protocols import EventSubscriber, Filter, MessageSubscriber, Subscriber

T = TypeVar("T")

_MISSING = object()


class StreamConsumer(Generic[T]):
    """Receives objects of a stream; an iterator over proxies. Threads may share it.

    What comes from a store is a proxy, and what the producer sent without one is the object.
    The stores of the objects are opened and registered when they are needed.

    Args:
        subscriber: Receives events or messages.
        filter_: Tells by the metadata of an object whether to drop it. What is dropped is
            evicted if the producer wanted it to be once it had been used.

    Attributes:
        subscriber: The subscriber.
    """

    def __init__(self, subscriber: Subscriber, *, filter_: Filter | None = None) -> None:
        self.subscriber = subscriber
        self._filter: Filter = NullFilter() if filter_ is None else filter_
        self._events: deque[Event] = deque()
        self._stores: dict[str, Store[Any]] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ProxyOr[T]:
        return self.next()

    def close(self, *, stores: bool = False, subscriber: bool = True) -> None:
        """Stop receiving.

        Args:
            stores: Whether to close the stores that objects came from.
            subscriber: Whether to close the subscriber.
        """
        if stores:
            for store in self._stores.values():
                store.close()
                unregister_store(store)
        if subscriber:
            self.subscriber.close()

    def _store_of(self, event: NewObjectKeyEvent) -> Store[Any]:
        # Not by topic: several producers may send to it, each with a store of its own.
        name = event.store_config.name
        if name not in self._stores:
            self._stores[name] = get_or_create_store(event.store_config, register=True)
        return self._stores[name]

    def _next_batch(self) -> EventBatch:
        if isinstance(self.subscriber, EventSubscriber):
            return next(self.subscriber)
        if not isinstance(self.subscriber, MessageSubscriber):
            raise TypeError(f"{type(self.subscriber).__name__} is no subscriber")
        event = bytes_to_event(next(self.subscriber))
        if not isinstance(event, EventBatch):
            raise ValueError(f"the message is no batch of events but a {type(event).__name__}")
        return event

    def _next_event(self) -> NewObjectEvent | NewObjectKeyEvent:
        with self._lock:
            while True:
                while not self._events:
                    self._events.extend(self._next_batch().events)
                event = self._events.popleft()
                if isinstance(event, EndOfStreamEvent):
                    raise StopIteration
                if not self._filter(event.metadata):
                    return event
                if isinstance(event, NewObjectKeyEvent) and event.evict:
                    self._store_of(event).evict(event.get_key())

    def next(self) -> ProxyOr[T]:
        """Wait for an object and return it, by proxy if it is in a store.

        Raises:
            StopIteration: If the producer has closed the topic.
        """
        return self.next_with_metadata()[1]

    def next_with_metadata(self) -> tuple[dict[str, Any], ProxyOr[T]]:
        """Wait for an object and return what is told about it, and itself; see :meth:`next`."""
        event = self._next_event()
        if isinstance(event, NewObjectEvent):
            return event.metadata, event.obj
        with self._lock:
            store = self._store_of(event)
        proxy: Proxy[T] = store.proxy_from_key(event.get_key(), evict=event.evict)
        return event.metadata, proxy

    def next_object(self) -> T:
        """Wait for an object and return it without a proxy.

        Raises:
            StopIteration: If the producer has closed the topic.
            ValueError: If the object is not in its store any more.
        """
        return self.next_object_with_metadata()[1]

    def next_object_with_metadata(self) -> tuple[dict[str, Any], T]:
        """Wait for an object and return what is told about it, and itself.

        See :meth:`next_object`.
        """
        event = self._next_event()
        if isinstance(event, NewObjectEvent):
            return event.metadata, event.obj
        with self._lock:
            store = self._store_of(event)
        key = event.get_key()
        obj = store.get(key, default=_MISSING)
        if obj is _MISSING:
            raise ValueError(
                f'Store(name="{store.name}") returned None for key={key}: the object has been '
                "evicted, maybe by another consumer."
            )
        if event.evict:
            store.evict(key)
        return event.metadata, obj

    def iter_with_metadata(self) -> Generator[tuple[dict[str, Any], ProxyOr[T]], None, None]:
        """Iterate over what :meth:`next_with_metadata` returns."""
        while True:
            try:
                yield self.next_with_metadata()
            except StopIteration:
                return

    def iter_objects(self) -> Generator[T, None, None]:
        """Iterate over what :meth:`next_object` returns."""
        while True:
            try:
                yield self.next_object()
            except StopIteration:
                return

    def iter_objects_with_metadata(self) -> Generator[tuple[dict[str, Any], T], None, None]:
        """Iterate over what :meth:`next_object_with_metadata` returns."""
        while True:
            try:
                yield self.next_object_with_metadata()
            except StopIteration:
                return
