import enum
from logging import Logger

from proxystore import utils as utils
from proxystore.endpoint.config import (
    ENDPOINT_CONFIG_FILE as ENDPOINT_CONFIG_FILE,
    ENDPOINT_DATABASE_FILE as ENDPOINT_DATABASE_FILE,
    EndpointConfig as EndpointConfig,
    EndpointRelayAuthConfig as EndpointRelayAuthConfig,
    EndpointRelayConfig as EndpointRelayConfig,
    EndpointStorageConfig as EndpointStorageConfig,
    get_configs as get_configs,
    get_log_filepath as get_log_filepath,
    get_pid_filepath as get_pid_filepath,
    read_config as read_config,
    write_config as write_config,
)
from proxystore.endpoint.serve import serve as serve
from proxystore.utils.environment import home_dir as home_dir

logger: Logger

class EndpointStatus(enum.Enum):
    RUNNING = ...
    STOPPED = ...
    UNKNOWN = ...
    HANGING = ...

def get_status(name: str, proxystore_dir: str | None = None) -> EndpointStatus: ...
def configure_endpoint(
    name: str,
    *,
    host: str = "ip",
    peer_channels: int = 1,
    persist_data: bool = False,
    port: int | None,
    proxystore_dir: str | None = None,
    relay_auth: bool = True,
    relay_server: str | None,
) -> int: ...
def list_endpoints(*, proxystore_dir: str | None = None) -> int: ...
def remove_endpoint(name: str, *, proxystore_dir: str | None = None) -> int: ...
def start_endpoint(
    name: str, *, detach: bool = False, log_level: str = "INFO", proxystore_dir: str | None = None
) -> int: ...
def stop_endpoint(name: str, *, proxystore_dir: str | None = None) -> int: ...
