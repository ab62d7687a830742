from collections.abc import Iterable

import globus_sdk
from globus_sdk.globus_app import GlobusApp as GlobusApp

from proxystore.globus.app import (
    PROXYSTORE_GLOBUS_CLIENT_ID as PROXYSTORE_GLOBUS_CLIENT_ID,
    get_client_credentials_from_env as get_client_credentials_from_env,
    get_globus_app as get_globus_app,
)
from proxystore.globus.scopes import uses_data_access as uses_data_access

def get_confidential_app_auth_client(
    client_id: str | None = None, client_secret: str | None = None
) -> globus_sdk.ConfidentialAppAuthClient: ...
def get_native_app_auth_client(
    client_id: str = ..., app_name: str | None = None
) -> globus_sdk.NativeAppAuthClient: ...
def get_transfer_client(
    globus_app: GlobusApp | None = None, collections: Iterable[str] = ()
) -> globus_sdk.TransferClient: ...
