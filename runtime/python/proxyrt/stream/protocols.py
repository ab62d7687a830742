"""What streams need of a message broker; the same names as in ``proxystore.stream.protocols``.

Publishers and subscribers come in two kinds: those of messages carry bytes, and those of events
carry :class:`~proxyrt.stream.events.EventBatch` as it is.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

from typing_extensions import Self

from proxyrt.stream.events import EventBatch


@runtime_checkable
class EventPublisher(Protocol):
    """Publishes events."""

    def close(self) -> None:
        """Stop publishing."""

    def send_events(self, events: EventBatch) -> None:
        """Publish events of one topic."""


@runtime_checkable
class EventSubscriber(Protocol):
    """Receives events; an iterator that ends when the stream is closed."""

    def __iter__(self) -> Self: ...

    def __next__(self) -> EventBatch: ...

    def close(self) -> None:
        """Stop receiving."""

    def next_events(self) -> EventBatch:
        """Wait for events and return them."""


@runtime_checkable
class MessagePublisher(Protocol):
    """Publishes messages."""

    def close(self) -> None:
        """Stop publishing."""

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message of a topic."""


@runtime_checkable
class MessageSubscriber(Protocol):
    """Receives messages; an iterator that ends when the stream is closed."""

    def __iter__(self) -> Self: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Stop receiving."""

    def next_message(self) -> bytes:
        """Wait for a message and return it."""


class Filter(Protocol):
    """Chooses objects by what is told about them."""

    def __call__(self, metadata: dict[str, Any]) -> bool:
        """Tell whether to drop an object."""


Publisher: TypeAlias = EventPublisher | MessagePublisher
Subscriber: TypeAlias = EventSubscriber | MessageSubscriber
