import dataclasses
from collections.abc import Callable as Callable, Iterable, Mapping
from logging import Logger
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from proxystore.store import Store as Store, unregister_store as unregister_store
from proxystore.stream.events import (
    EndOfStreamEvent as EndOfStreamEvent,
    Event as Event,
    EventBatch as EventBatch,
    NewObjectEvent as NewObjectEvent,
    NewObjectKeyEvent as NewObjectKeyEvent,
    event_to_bytes as event_to_bytes,
)
from proxystore.stream.exceptions import TopicClosedError as TopicClosedError
from proxystore.stream.filters import NullFilter as NullFilter
from proxystore.stream.protocols import (
    EventPublisher as EventPublisher,
    Filter as Filter,
    MessagePublisher as MessagePublisher,
    Publisher as Publisher,
)

logger: Logger
T = TypeVar("T")

@dataclasses.dataclass(frozen=True)
class _BufferedObject(Generic[T]):
    obj: T
    evict: bool
    metadata: dict[str, Any]

@dataclasses.dataclass
class _TopicBuffer(Generic[T]):
    objects: list[_BufferedObject[T]]
    closed: bool

class StreamProducer(Generic[T]):
    publisher: Publisher
    def __init__(
        self,
        publisher: Publisher,
        *,
        aggregator: Callable[[list[T]], T] | None = None,
        batch_size: int = 1,
        default_store: Store[Any] | None = None,
        filter_: Filter | None = None,
        stores: Mapping[str, Store[Any] | None] | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def close(
        self, *, topics: Iterable[str] = (), publisher: bool = True, stores: bool = False
    ) -> None: ...
    def close_topics(self, *topics: str) -> None: ...
    def flush(self) -> None: ...
    def flush_topic(self, topic: str) -> None: ...
    def send(
        self, topic: str, obj: T, *, evict: bool = True, metadata: dict[str, Any] | None = None
    ) -> None: ...
