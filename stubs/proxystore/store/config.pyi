import pathlib
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from proxystore.connectors.protocols import Connector as Connector
from proxystore.store.types import DeserializerT as DeserializerT, SerializerT as SerializerT
from proxystore.utils.config import dump as dump, load as load
from proxystore.utils.imports import import_from_path as import_from_path

class ConnectorConfig(BaseModel):
    model_config: ClassVar[ConfigDict]
    kind: str
    options: dict[str, Any]
    def get_connector_type(self) -> type[Connector[Any]]: ...
    def get_connector(self) -> Connector[Any]: ...

class StoreConfig(BaseModel):
    model_config: ClassVar[ConfigDict]
    name: str
    connector: ConnectorConfig
    serializer: SerializerT | None
    deserializer: DeserializerT | None
    cache_size: int
    metrics: bool
    populate_target: bool
    auto_register: bool
    @classmethod
    def from_toml(cls, filepath: str | pathlib.Path) -> Self: ...
    def write_toml(self, filepath: str | pathlib.Path) -> None: ...
