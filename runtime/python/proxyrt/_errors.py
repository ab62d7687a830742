"""The exceptions of the proxy types."""

from __future__ import annotations

from typing import Any


class ProxyResolveError(Exception):
    """The factory of a proxy raised.

    Attributes:
        cause: The exception that the factory raised.
    """

    __module__ = "proxyrt.proxy"

    def __init__(self, message: str, cause: Exception) -> None:
        self.cause = cause
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.cause)


class BaseRefProxyError(Exception):
    """Base class of the errors of reference proxies."""

    __module__ = "proxyrt.store.ref"


class MutableBorrowError(BaseRefProxyError):
    """A borrow that the existing borrows rule out."""

    __module__ = "proxyrt.store.ref"


class ReferenceNotOwnedError(BaseRefProxyError):
    """An operation that needs the owner was tried on something else."""

    __module__ = "proxyrt.store.ref"


class ReferenceInvalidError(BaseRefProxyError):
    """A reference was used after it had been given away."""

    __module__ = "proxyrt.store.ref"


class SerializationError(Exception):
    """An object cannot be serialized, or bytes are no serialized object."""

    __module__ = "proxyrt.serialize"
