import dataclasses
import enum
from typing import Any

from proxystore.serialize import deserialize as deserialize, serialize as serialize
from proxystore.store.config import StoreConfig as StoreConfig
from proxystore.utils.imports import (
    get_object_path as get_object_path,
    import_from_path as import_from_path,
)

@dataclasses.dataclass
class EndOfStreamEvent:
    topic: str
    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EndOfStreamEvent: ...

@dataclasses.dataclass
class NewObjectEvent:
    topic: str
    obj: Any
    metadata: dict[str, Any]
    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NewObjectEvent: ...

@dataclasses.dataclass
class NewObjectKeyEvent:
    topic: str
    key_type: str
    raw_key: list[Any]
    evict: bool
    metadata: dict[str, Any]
    store_config: StoreConfig
    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NewObjectKeyEvent: ...
    @classmethod
    def from_key(
        cls,
        key: tuple[Any, ...],
        *,
        evict: bool,
        metadata: dict[str, Any],
        store_config: StoreConfig,
        topic: str,
    ) -> NewObjectKeyEvent: ...
    def get_key(self) -> Any: ...

Event = EndOfStreamEvent | NewObjectEvent | NewObjectKeyEvent

@dataclasses.dataclass
class EventBatch:
    topic: str
    events: list[Event]
    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EventBatch: ...

class _EventMapping(enum.Enum):
    END_OF_STREAM = EndOfStreamEvent
    EVENT_BATCH = EventBatch
    NEW_OBJECT = NewObjectEvent
    NEW_OBJECT_KEY = NewObjectKeyEvent

def event_to_dict(event: Event | EventBatch) -> dict[str, Any]: ...
def dict_to_event(data: dict[str, Any]) -> Event | EventBatch: ...
def event_to_bytes(event: Event | EventBatch) -> bytes: ...
def bytes_to_event(s: bytes) -> Event | EventBatch: ...
