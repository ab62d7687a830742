from collections.abc import Generator
from logging import Logger
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

import _proxycheck
from proxystore.proxy import Proxy as Proxy, ProxyOr as ProxyOr
from proxystore.store import (
    Store as Store,
    get_or_create_store as get_or_create_store,
    unregister_store as unregister_store,
)
from proxystore.stream.events import (
    EndOfStreamEvent as EndOfStreamEvent,
    EventBatch as EventBatch,
    NewObjectEvent as NewObjectEvent,
    NewObjectKeyEvent as NewObjectKeyEvent,
    bytes_to_event as bytes_to_event,
)
from proxystore.stream.filters import NullFilter as NullFilter
from proxystore.stream.protocols import (
    EventSubscriber as EventSubscriber,
    Filter as Filter,
    MessageSubscriber as MessageSubscriber,
    Subscriber as Subscriber,
)

logger: Logger
T = TypeVar("T")

class StreamConsumer(Generic[T]):
    subscriber: Subscriber
    def __init__(self, subscriber: Subscriber, *, filter_: Filter | None = None) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _proxycheck.ProxyOr[T]: ...
    def close(self, *, stores: bool = False, subscriber: bool = True) -> None: ...
    def iter_with_metadata(
        self,
    ) -> Generator[tuple[dict[str, Any], _proxycheck.ProxyOr[T]]]: ...
    def iter_objects(self) -> Generator[T]: ...
    def iter_objects_with_metadata(self) -> Generator[tuple[dict[str, Any], T]]: ...
    def next(self) -> _proxycheck.ProxyOr[T]: ...
    def next_with_metadata(self) -> tuple[dict[str, Any], _proxycheck.ProxyOr[T]]: ...
    def next_object(self) -> T: ...
    def next_object_with_metadata(self) -> tuple[dict[str, Any], T]: ...
