"""Types of the arguments of stores; the same names as in ``proxystore.store.types``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from proxyrt.connectors.protocols import Connector
from proxyrt.serialize import BytesLike

ConnectorT = TypeVar("ConnectorT", bound=Connector[Any])
ConnectorKeyT: TypeAlias = tuple[Any, ...]
SerializerT: TypeAlias = Callable[[Any], BytesLike]
DeserializerT: TypeAlias = Callable[[BytesLike], Any]
