"""Proxies with an owner: owned proxies, and references borrowed from them."""

from typing import Any, NoReturn, TypeAlias, TypeVar, overload

from typing_extensions import Self

from ty_extensions import Intersection

import _proxycheck
from _proxycheck import structural
from proxystore.proxy import (
    DefaultClassType as DefaultClassType,
    DefaultHashType as DefaultHashType,
    Proxy as Proxy,
    _Dynamic,
    _T_co,
    is_resolved as is_resolved,
)
from proxystore.store.exceptions import ProxyStoreFactoryError as ProxyStoreFactoryError
from proxystore.store.factory import StoreFactory as StoreFactory
from proxystore.store.types import SerializerT as SerializerT

T = TypeVar("T")

FactoryType: TypeAlias = StoreFactory[Any, T]

class BaseRefProxyError(Exception):
    """A rule of ownership was broken."""

class MutableBorrowError(BaseRefProxyError):
    """A mutable borrow would not be the only one."""

class ReferenceNotOwnedError(BaseRefProxyError):
    """The proxy is not one that owns its object."""

class ReferenceInvalidError(BaseRefProxyError):
    """The proxy went out of scope or gave its object away."""

class BaseRefProxy(Proxy[_T_co]):
    """What owned proxies and references have in common."""

    __proxy_valid__: bool
    @overload
    def __new__(
        cls, factory: _Dynamic, *, cache_defaults: bool = ..., target: Any = ...
    ) -> Intersection[_proxycheck.BaseRefProxy[Any], Self]: ...
    @overload
    def __new__(
        cls, factory: StoreFactory[Any, T], *, cache_defaults: bool = ..., target: Any = ...
    ) -> Intersection[_proxycheck.BaseRefProxy[T], Self]: ...
    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        factory: StoreFactory[Any, _T_co],
        *,
        cache_defaults: bool = False,
        target: _T_co | None = None,
    ) -> None: ...
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, memo: dict[Any, Any]) -> NoReturn: ...

class OwnedProxy(BaseRefProxy[_T_co]):
    """Evicts the object from its store when it goes out of scope."""

    __proxy_ref_count__: int
    __proxy_ref_mut_count__: int
    __proxy_finalizer__: Any
    @overload
    def __new__(
        cls, factory: _Dynamic, *, cache_defaults: bool = ..., target: Any = ...
    ) -> Intersection[_proxycheck.OwnedProxy[Any], Self]: ...
    @overload
    def __new__(
        cls, factory: StoreFactory[Any, T], *, cache_defaults: bool = ..., target: Any = ...
    ) -> Intersection[_proxycheck.OwnedProxy[T], Self]: ...
    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        factory: StoreFactory[Any, _T_co],
        *,
        cache_defaults: bool = False,
        target: _T_co | None = None,
    ) -> None: ...
    def __del__(self) -> None: ...

class RefProxy(BaseRefProxy[_T_co]):
    """One of any number of references that read the object of an owned proxy."""

    __proxy_finalizer__: Any
    __proxy_owner__: OwnedProxy[_T_co] | None
    @overload
    def __new__(
        cls,
        factory: _Dynamic,
        *,
        cache_defaults: bool = ...,
        owner: OwnedProxy[Any] | None = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.RefProxy[Any], Self]: ...
    @overload
    def __new__(
        cls,
        factory: StoreFactory[Any, T],
        *,
        cache_defaults: bool = ...,
        owner: OwnedProxy[Any] | None = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.RefProxy[T], Self]: ...
    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        factory: StoreFactory[Any, _T_co],
        *,
        cache_defaults: bool = False,
        owner: OwnedProxy[Any] | None = None,
        target: _T_co | None = None,
    ) -> None: ...
    def __del__(self) -> None: ...

class RefMutProxy(BaseRefProxy[_T_co]):
    """The only reference to the object of an owned proxy; it may change the object."""

    __proxy_finalizer__: Any
    __proxy_owner__: OwnedProxy[_T_co] | None
    @overload
    def __new__(
        cls,
        factory: _Dynamic,
        *,
        cache_defaults: bool = ...,
        owner: OwnedProxy[Any] | None = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.RefMutProxy[Any], Self]: ...
    @overload
    def __new__(
        cls,
        factory: StoreFactory[Any, T],
        *,
        cache_defaults: bool = ...,
        owner: OwnedProxy[Any] | None = ...,
        target: Any = ...,
    ) -> Intersection[_proxycheck.RefMutProxy[T], Self]: ...
    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        factory: StoreFactory[Any, _T_co],
        *,
        cache_defaults: bool = False,
        owner: OwnedProxy[Any] | None = None,
        target: _T_co | None = None,
    ) -> None: ...
    def __del__(self) -> None: ...

def borrow(
    proxy: structural.OwnedProxy[T], *, populate_target: bool = True
) -> _proxycheck.RefProxy[T]:
    """Returns a reference that reads the object of `proxy`."""

def mut_borrow(
    proxy: structural.OwnedProxy[T], *, populate_target: bool = True
) -> _proxycheck.RefMutProxy[T]:
    """Returns the reference that may change the object of `proxy`."""

def clone(proxy: structural.OwnedProxy[T]) -> _proxycheck.OwnedProxy[T]:
    """Returns an owned proxy of a copy of the object in the store."""

def into_owned(
    proxy: structural.Proxy[T], *, populate_target: bool = True
) -> _proxycheck.OwnedProxy[T]:
    """Returns an owned proxy of the same object."""

def update(
    proxy: OwnedProxy[Any] | RefMutProxy[Any], *, serializer: SerializerT | None = None
) -> None:
    """Puts the changed target of `proxy` into the store in place of the old object."""
