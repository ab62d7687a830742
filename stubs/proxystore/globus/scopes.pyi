from collections.abc import Iterable
from typing import ClassVar

from globus_sdk import TransferClient as TransferClient
from globus_sdk.scopes import Scope, StaticScopeCollection

class _ProxyStoreRelayScopes(StaticScopeCollection):
    resource_server: ClassVar[str]
    relay_all: Scope

ProxyStoreRelayScopes: _ProxyStoreRelayScopes

def get_all_scopes_by_resource_server(
    collections: Iterable[str] = (),
) -> dict[str, list[Scope]]: ...
def get_auth_scopes_by_resource_server() -> dict[str, list[Scope]]: ...
def get_relay_scopes_by_resource_server() -> dict[str, list[Scope]]: ...
def get_transfer_scopes_by_resource_server(
    collections: Iterable[str] = (),
) -> dict[str, list[Scope]]: ...
def uses_data_access(client: TransferClient, collection: str) -> bool: ...
