import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import globus_sdk

from proxystore.globus.client import (
    get_confidential_app_auth_client as get_confidential_app_auth_client,
)
from proxystore.globus.scopes import ProxyStoreRelayScopes as ProxyStoreRelayScopes
from proxystore.p2p.relay.config import RelayAuthConfig as RelayAuthConfig
from proxystore.p2p.relay.exceptions import (
    ForbiddenError as ForbiddenError,
    UnauthorizedError as UnauthorizedError,
)

UserT = TypeVar("UserT", covariant=True)

class Authenticator(Protocol[UserT]):
    def authenticate_user(self, headers: Mapping[str, str]) -> UserT: ...

class NullUser:
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class NullAuthenticator:
    def authenticate_user(self, headers: Mapping[str, str]) -> NullUser: ...

@dataclasses.dataclass(frozen=True, eq=False)
class GlobusUser:
    username: str
    sub: uuid.UUID
    email: str | None = ...
    display_name: str | None = ...
    def __eq__(self, other: object) -> bool: ...
    __hash__ = ...

class GlobusAuthenticator:
    auth_client: globus_sdk.ConfidentialAppAuthClient | None
    audience: str
    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        audience: str = ...,
        auth_client: globus_sdk.ConfidentialAppAuthClient | None = None,
    ) -> None: ...
    def authenticate_user(self, headers: Mapping[str, str]) -> GlobusUser: ...

def get_authenticator(config: RelayAuthConfig) -> Authenticator[Any]: ...
def get_token_from_headers(headers: Mapping[str, str]) -> str: ...
