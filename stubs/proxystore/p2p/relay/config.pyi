import pathlib
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

from proxystore.utils.config import load as load

class RelayAuthConfig(BaseModel):
    model_config: ClassVar[ConfigDict]
    method: Literal["globus"] | None
    kwargs: dict[str, Any]

class RelayLoggingConfig(BaseModel):
    log_dir: str | None
    default_level: int | str
    websockets_level: int | str
    current_client_interval: int | None
    current_client_limit: int | None

class RelayServingConfig(BaseModel):
    host: str | None
    port: int
    certfile: str | None
    keyfile: str | None
    auth: RelayAuthConfig
    logging: RelayLoggingConfig
    max_message_bytes: int | None
    @classmethod
    def from_toml(cls, filepath: str | pathlib.Path) -> Self: ...
