from collections.abc import Callable
from typing import Any, TypeVar

import _proxycheck
from proxystore.connectors.protocols import Connector as Connector
from proxystore.serialize import BytesLike as BytesLike

ConnectorT = TypeVar("ConnectorT", bound=Connector[Any])
ConnectorKeyT = tuple[Any, ...]
_GivenKey = tuple[Any, ...] | _proxycheck.Key[Any]
# Bytes on the one side; what it is on the other, a partial or generic function need not say.
SerializerT = Callable[[Any], Any]
DeserializerT = Callable[[Any], Any]
