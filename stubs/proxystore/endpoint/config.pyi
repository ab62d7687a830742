from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from proxystore.endpoint.constants import MAX_OBJECT_SIZE_DEFAULT as MAX_OBJECT_SIZE_DEFAULT
from proxystore.utils.config import dump as dump, load as load

ENDPOINT_CONFIG_FILE: str
ENDPOINT_DATABASE_FILE: str
ENDPOINT_LOG_FILE: str
ENDPOINT_PID_FILE: str

class EndpointRelayAuthConfig(BaseModel):
    model_config: ClassVar[ConfigDict]
    method: Literal["globus"] | None
    kwargs: dict[str, Any]

class EndpointRelayICEServerConfig(BaseModel):
    model_config: ClassVar[ConfigDict]
    urls: str | list[str]
    username: str | None
    credential: str | None

class EndpointRelayConfig(BaseModel):
    address: str | None
    auth: EndpointRelayAuthConfig
    ice_servers: list[EndpointRelayICEServerConfig] | None
    peer_channels: int
    verify_certificate: bool

class EndpointStorageConfig(BaseModel):
    database_path: str | None
    max_object_size: int

class EndpointConfig(BaseModel):
    name: str
    uuid: str
    port: int
    host: str | None
    host_type: Literal["fqdn", "ip", "static"]
    relay: EndpointRelayConfig
    storage: EndpointStorageConfig

def get_configs(proxystore_dir: str) -> list[EndpointConfig]: ...
def get_log_filepath(endpoint_dir: str) -> str: ...
def get_pid_filepath(endpoint_dir: str) -> str: ...
def read_config(endpoint_dir: str) -> EndpointConfig: ...
def validate_name(name: str) -> bool: ...
def write_config(cfg: EndpointConfig, endpoint_dir: str) -> None: ...
