"""Lazy transparent proxies.

The proxy class declares only what is not forwarded. Everything else comes from the target's part of
the intersection `Proxy[T] & T`, so that it has the target's exact types.
"""

from collections.abc import Callable
from enum import Enum
from types import FunctionType
from typing import Any, Generic, ParamSpec, TypeAlias, final, overload

from ty_extensions import Intersection
from typing_extensions import Self, TypeVar

import _proxycheck
from _proxycheck import ProxyOr as ProxyOr, structural
from proxystore.proxy._utils import ProxyMetaType as ProxyMetaType, as_metaclass as as_metaclass

T = TypeVar("T")
_P = ParamSpec("_P")
_Enum = TypeVar("_Enum", bound=Enum)

# `Proxy(factory)` is `Proxy[T] & Self`. `Self` is there for subclasses; for `Proxy` itself the default
# makes it `Proxy[object]`, which `Proxy[T]` absorbs.
_T_co = TypeVar("_T_co", covariant=True, default=object)

FactoryType: TypeAlias = Callable[[], T]
DefaultClassType: TypeAlias = type | None
DefaultHashType: TypeAlias = Exception | int | None

@final
class _Nothing: ...

# Only a dynamic type solves it. The overload that it belongs to comes first, because otherwise an
# argument of unknown type would match several overloads, and the result would be unknown, too.
_Dynamic = TypeVar("_Dynamic", bound=_Nothing)

class ProxyResolveError(Exception):
    """The factory of a proxy failed."""

    cause: Exception
    def __init__(self, message: str, cause: Exception) -> None: ...

class Proxy(Generic[_T_co], metaclass=ProxyMetaType):
    """A lazy stand-in for the object that its factory returns."""

    __proxy_default_class__: DefaultClassType
    __proxy_default_hash__: DefaultHashType
    @property
    def __proxy_target__(self) -> _T_co: ...
    @__proxy_target__.setter
    def __proxy_target__(self, value: Any) -> None: ...
    @__proxy_target__.deleter
    def __proxy_target__(self) -> None: ...
    @property
    def __proxy_factory__(self) -> FactoryType[_T_co]: ...
    @__proxy_factory__.setter
    def __proxy_factory__(self, value: Any) -> None: ...
    @property
    def __proxy_resolved__(self) -> bool: ...
    @property
    def __proxy_wrapped__(self) -> _T_co: ...
    @__proxy_wrapped__.setter
    def __proxy_wrapped__(self, target: Any) -> None: ...
    @__proxy_wrapped__.deleter
    def __proxy_wrapped__(self) -> None: ...

    # A proxy of a sealed type would be empty: literals widen, and of the rest nothing is claimed.
    # Where the factory's result is unknown, several overloads match, and the first one's `cls` decides.
    @overload
    def __new__(
        cls: type[Proxy[Any]], factory: _Dynamic, *, cache_defaults: bool = ..., target: Any = ...
    ) -> _proxycheck.Proxy[Any]: ...
    @overload
    def __new__(
        cls: type[Proxy[Any]],
        factory: Callable[[], _proxycheck.Sealed[_Enum]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> _proxycheck.OpaqueProxy[_Enum]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[bool]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.Proxy[bool], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[int]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.Proxy[int], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[str]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.Proxy[str], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[bytes]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.Proxy[bytes], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[type[T]]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.OpaqueProxy[type[T]], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], Intersection[FunctionType, Callable[_P, T]]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.Proxy[Callable[_P, T]], Self]: ...
    @overload
    def __new__(
        cls,
        factory: Callable[[], _proxycheck.Sealed[T]],
        *,
        cache_defaults: bool = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.OpaqueProxy[T], Self]: ...
    @overload
    def __new__(
        cls, factory: Callable[[], T], *, cache_defaults: bool = ..., target: Any = ...
    ) -> Intersection[_proxycheck.Proxy[T], Self]: ...
    # The constructor of a subclass, which has its own parameters.
    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        factory: FactoryType[_T_co],
        *,
        cache_defaults: bool = False,
        target: _T_co | None = None,
    ) -> None: ...

    # The target decides: an array returns an array.
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...

def get_factory(proxy: structural.Proxy[T]) -> FactoryType[T]:
    """Returns the factory of `proxy` without calling it."""

def extract(proxy: structural.Proxy[T]) -> T:
    """Returns the target of `proxy`, which is resolved first if need be."""

def is_resolved(proxy: Proxy[Any]) -> bool:
    """Tells whether `proxy` holds its target already."""

def resolve(proxy: Proxy[Any]) -> None:
    """Calls the factory of `proxy` unless that has happened."""

class ProxyLocker(Generic[T]):
    """Keeps a proxy from being used, and so from being resolved, until it is unlocked."""

    def __init__(self, proxy: structural.Proxy[T]) -> None: ...
    def unlock(self) -> _proxycheck.Proxy[T]:
        """Returns the proxy."""
