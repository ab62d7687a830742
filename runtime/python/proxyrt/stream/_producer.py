from __future__ import annotations

import dataclasses
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from proxyrt.store import Store, unregister_store
from proxyrt.store.types import ConnectorKeyT
from proxyrt.stream.events import (
    EndOfStreamEvent,
    Event,
    EventBatch,
    NewObjectEvent,
    NewObjectKeyEvent,
    event_to_bytes,
)
from proxyrt.stream.exceptions import TopicClosedError
from proxyrt.stream.filters import NullFilter
from proxyrt.stream.protocols import EventPublisher, Filter, MessagePublisher, Publisher

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class _Item(Generic[T]):
    obj: T
    evict: bool
    metadata: dict[str, Any]


@dataclasses.dataclass
class _Topic(Generic[T]):
    items: list[_Item[T]] = dataclasses.field(default_factory=list)
    closed: bool = False
    end_sent: bool = False


class StreamProducer(Generic[T]):
    """Sends objects to a stream. Threads may share it.

    Args:
        publisher: Publishes events or messages.
        aggregator: Makes one object of the objects of a batch.
        batch_size: How many objects of a topic to send at once.
        default_store: The store of topics that are not in ``stores``. None: objects are sent
            with the events.
        filter_: Tells by the metadata of an object whether to drop it.
        stores: The stores of topics; None for topics of which objects are sent with the events.

    Raises:
        ValueError: If ``batch_size`` is less than 1.

    Attributes:
        publisher: The publisher.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        aggregator: Callable[[list[T]], T] | None = None,
        batch_size: int = 1,
        default_store: Store[Any] | None = None,
        filter_: Filter | None = None,
        stores: Mapping[str, Store[Any] | None] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"the batch size must be at least 1, not {batch_size}")
        self.publisher = publisher
        self._aggregator = aggregator
        self._batch_size = batch_size
        self._default_store = default_store
        self._filter: Filter = NullFilter() if filter_ is None else filter_
        self._stores = {} if stores is None else stores
        self._topics: defaultdict[str, _Topic[T]] = defaultdict(_Topic)
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

    def send(
        self,
        topic: str,
        obj: T,
        *,
        evict: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Send an object, or note it until there is a batch.

        Args:
            topic: The topic.
            obj: The object.
            evict: Whether to remove the object from the store once one consumer has used it. Say
                False if several consumers are to have it; evicting it is left to you then.
            metadata: What to tell consumers and filters about the object.

        Raises:
            TopicClosedError: If the topic has been closed.
        """
        metadata = {} if metadata is None else metadata
        with self._lock:
            if self._topics[topic].closed:
                raise TopicClosedError(f'Topic "{topic}" has been closed.')
            if self._filter(metadata):
                return
            items = self._topics[topic].items
            items.append(_Item(obj, evict, metadata))
            if len(items) >= self._batch_size:
                self.flush_topic(topic)

    def flush(self) -> None:
        """Send the objects of incomplete batches."""
        with self._lock:
            for topic in list(self._topics):
                self.flush_topic(topic)

    def flush_topic(self, topic: str) -> None:
        """Send the objects of a topic that have been noted.

        If that fails they are noted still, and nothing of them is left in the store.
        """
        with self._lock:
            state = self._topics[topic]
            ends = state.closed and not state.end_sent
            if not state.items and not ends:
                return
            store = self._stores.get(topic, self._default_store)
            items = self._aggregate(state.items)
            keys: list[ConnectorKeyT] = []
            try:
                events: list[Event] = []
                if store is None:
                    events += [NewObjectEvent(topic, item.obj, item.metadata) for item in items]
                elif items:
                    keys = store.put_batch([item.obj for item in items])
                    events += [
                        NewObjectKeyEvent.from_key(
                            key,
                            evict=item.evict,
                            metadata=item.metadata,
                            store_config=store.config(),
                            topic=topic,
                        )
                        for key, item in zip(keys, items, strict=True)
                    ]
                if ends:
                    events.append(EndOfStreamEvent(topic))
                self._publish(EventBatch(topic, events))
            except BaseException:
                for key in keys:
                    assert store is not None
                    store.evict(key)
                raise
            state.items = []
            state.end_sent = state.closed

    def _aggregate(self, items: list[_Item[T]]) -> list[_Item[T]]:
        if self._aggregator is None or not items:
            return items
        metadata: dict[str, Any] = {}
        for item in items:
            metadata.update(item.metadata)
        obj = self._aggregator([item.obj for item in items])
        return [_Item(obj, any(item.evict for item in items), metadata)]

    def _publish(self, batch: EventBatch) -> None:
        if isinstance(self.publisher, EventPublisher):
            self.publisher.send_events(batch)
        elif isinstance(self.publisher, MessagePublisher):
            self.publisher.send_message(batch.topic, event_to_bytes(batch))
        else:
            raise TypeError(f"{type(self.publisher).__name__} is no publisher")

    def close_topics(self, *topics: str) -> None:
        """Send what has been noted of topics, and that there is no more.

        Consumers raise ``StopIteration`` when they come to that.
        """
        with self._lock:
            for topic in topics:
                self._topics[topic].closed = True
                self.flush_topic(topic)

    def close(
        self, *, topics: Iterable[str] = (), publisher: bool = True, stores: bool = False
    ) -> None:
        """Send what has been noted, and stop.

        Args:
            topics: Topics to close first, see :meth:`close_topics`.
            publisher: Whether to close the publisher.
            stores: Whether to close the stores, which may remove objects that are on their way.
        """
        with self._lock:
            self.close_topics(*topics)
            self.flush()
            if stores:
                used = {self._default_store, *self._stores.values()}
                for store in used - {None}:
                    assert store is not None
                    store.close()
                    unregister_store(store)
            if publisher:
                self.publisher.close()
