from collections.abc import Callable
from typing import Any, TypeVar

from proxystore.connectors.protocols import Connector as Connector
from proxystore.serialize import BytesLike as BytesLike

ConnectorT = TypeVar("ConnectorT", bound=Connector[Any])
ConnectorKeyT = tuple[Any, ...]
SerializerT = Callable[[Any], BytesLike]
DeserializerT = Callable[[BytesLike], Any]
