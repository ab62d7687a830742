"""What a stream tells of its objects; the same names as in ``proxystore.stream.events``."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from proxyrt._imports import get_object_path, import_from_path
from proxyrt.serialize import BytesLike, deserialize, serialize
from proxyrt.store.config import StoreConfig


@dataclasses.dataclass
class EndOfStreamEvent:
    """There are no more objects of a topic.

    Attributes:
        topic: The topic.
    """

    topic: str

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EndOfStreamEvent:
        """Make an event of its fields."""
        return cls(**data)


@dataclasses.dataclass
class NewObjectEvent:
    """There is a new object, which the event has in it.

    Attributes:
        topic: The topic.
        obj: The object.
        metadata: What the producer tells about the object.
    """

    topic: str
    obj: Any
    metadata: dict[str, Any]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NewObjectEvent:
        """Make an event of its fields."""
        return cls(**data)


@dataclasses.dataclass
class NewObjectKeyEvent:
    """There is a new object in a store.

    Attributes:
        topic: The topic.
        key_type: The name of the class of its key, with the module.
        raw_key: The fields of its key.
        evict: Whether to remove the object once it has been taken.
        metadata: What the producer tells about the object.
        store_config: How to open the store.
    """

    topic: str
    key_type: str
    raw_key: list[Any]
    evict: bool
    metadata: dict[str, Any]
    store_config: StoreConfig

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NewObjectKeyEvent:
        """Make an event of its fields."""
        return cls(**data)

    @classmethod
    def from_key(
        cls,
        key: tuple[Any, ...],
        *,
        evict: bool,
        metadata: dict[str, Any],
        store_config: StoreConfig,
        topic: str,
    ) -> NewObjectKeyEvent:
        """Make an event of a key; see the attributes for the arguments."""
        return cls(
            topic=topic,
            key_type=get_object_path(type(key)),
            raw_key=list(key),
            evict=evict,
            metadata=metadata,
            store_config=store_config,
        )

    def get_key(self) -> Any:
        """Return the key of the object."""
        key_type = import_from_path(self.key_type)
        return tuple(self.raw_key) if key_type is tuple else key_type(*self.raw_key)


Event: TypeAlias = EndOfStreamEvent | NewObjectEvent | NewObjectKeyEvent


@dataclasses.dataclass
class EventBatch:
    """Events of one topic.

    Attributes:
        topic: The topic.
        events: The events in their order.
    """

    topic: str
    events: list[Event]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EventBatch:
        """Make a batch of its fields, the events being dictionaries."""
        events: list[Any] = [dict_to_event(event) for event in data["events"]]
        return cls(topic=data["topic"], events=events)


_TYPES: dict[str, Any] = {
    "END_OF_STREAM": EndOfStreamEvent,
    "EVENT_BATCH": EventBatch,
    "NEW_OBJECT": NewObjectEvent,
    "NEW_OBJECT_KEY": NewObjectKeyEvent,
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def event_to_dict(event: Event | EventBatch) -> dict[str, Any]:
    """Return the fields of an event and, as ``event_type``, what kind it is."""
    data: dict[str, Any] = {
        field.name: getattr(event, field.name) for field in dataclasses.fields(event)
    }
    if isinstance(event, EventBatch):
        data["events"] = [event_to_dict(item) for item in event.events]
    return {**data, "event_type": _NAMES[type(event)]}


def dict_to_event(data: dict[str, Any]) -> Event | EventBatch:
    """Make an event of what :func:`event_to_dict` returned.

    Raises:
        ValueError: If the dictionary is no event.
    """
    fields = dict(data)
    kind = fields.pop("event_type", None)
    if kind not in _TYPES:
        raise ValueError(f"there is no event of type {kind!r}")
    try:
        event: Event | EventBatch = _TYPES[kind].from_dict(fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are not the fields of {kind}: {sorted(fields)}") from error
    return event


def event_to_bytes(event: Event | EventBatch) -> bytes:
    """Serialize an event."""
    return serialize(event_to_dict(event))


def bytes_to_event(s: BytesLike) -> Event | EventBatch:
    """Make an event of what :func:`event_to_bytes` returned.

    Raises:
        SerializationError: If the bytes are no serialized object.
        ValueError: If they are, but of no event.
    """
    data = deserialize(s)
    if not isinstance(data, dict):
        raise ValueError(f"the message is a {type(data).__name__} and no event of a stream")
    return dict_to_event(data)


__all__ = [
    "EndOfStreamEvent",
    "Event",
    "EventBatch",
    "NewObjectEvent",
    "NewObjectKeyEvent",
    "bytes_to_event",
    "dict_to_event",
    "event_to_bytes",
    "event_to_dict",
]
