import uuid

import requests
from requests.exceptions import RequestException as RequestException

from proxystore.endpoint.constants import MAX_CHUNK_LENGTH as MAX_CHUNK_LENGTH
from proxystore.utils.data import chunk_bytes as chunk_bytes

def evict(
    address: str,
    key: str,
    endpoint: uuid.UUID | str | None = None,
    session: requests.Session | None = None,
) -> None: ...
def exists(
    address: str,
    key: str,
    endpoint: uuid.UUID | str | None = None,
    session: requests.Session | None = None,
) -> bool: ...
def get(
    address: str,
    key: str,
    endpoint: uuid.UUID | str | None = None,
    session: requests.Session | None = None,
) -> bytes | None: ...
def put(
    address: str,
    key: str,
    data: bytes,
    endpoint: uuid.UUID | str | None = None,
    session: requests.Session | None = None,
) -> None: ...
