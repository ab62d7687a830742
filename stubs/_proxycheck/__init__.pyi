"""The proxy types as users mean them, and the functions that the checker wraps around expressions.

A proxy of `T` is both a reference to a `T` and usable as a `T`: the intersection of the proxy class
with `T`. Where that would be empty, as for an enum, nothing is claimed of the target.
"""

from collections.abc import Iterator
from typing import Any, overload

from ty_extensions import Intersection, Not
from typing_extensions import TypeIs

import dask.delayed as _delayed
import distributed.client as _client
import proxystore.proxy as _proxy
import proxystore.store.ref as _ref

type Proxy[T] = Intersection[_proxy.Proxy[T], T]
type BaseRefProxy[T] = Intersection[_ref.BaseRefProxy[T], T]
type OwnedProxy[T] = Intersection[_ref.OwnedProxy[T], T]
type RefProxy[T] = Intersection[_ref.RefProxy[T], T]
type RefMutProxy[T] = Intersection[_ref.RefMutProxy[T], T]
type ProxyOr[T] = T | Proxy[T]

type OpaqueProxy[T] = Intersection[_proxy.Proxy[T], Any]
type OpaqueOwnedProxy[T] = Intersection[_ref.OwnedProxy[T], Any]
type OpaqueRefProxy[T] = Intersection[_ref.RefProxy[T], Any]
type OpaqueRefMutProxy[T] = Intersection[_ref.RefMutProxy[T], Any]

# A type without subclasses: nothing is both a proxy and such a `T`. It tells literals, enums, typed
# dictionaries, classes and functions from all other types.
type Sealed[T] = Intersection[T, Not[_proxy.Proxy[Any]]]

class Key[P]:
    """A key of a store, and the type of the proxies that `Store.proxy_from_key` makes of it.

    It is no tuple, because from one the inference solves nothing but the types of its elements.
    """

    @property
    def _proxy(self) -> P: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getitem__(self, index: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...

class Foreign[T]:
    """What the classes have in common that are proxies by configuration."""

    @property
    def _proxycheck_target(self) -> T: ...
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...

@overload
def strip[T](value: _proxy.Proxy[T], /) -> T: ...
@overload
def strip[T](value: Foreign[T], /) -> T: ...
@overload
def strip[U](value: U, /) -> U:
    """Takes the proxy part away from the type of `value`; what is no proxy stays what it is."""

@overload
def widen(value: bool, /) -> bool: ...
@overload
def widen(value: int, /) -> int: ...
@overload
def widen(value: str, /) -> str: ...
@overload
def widen(value: bytes, /) -> bytes: ...
@overload
def widen[T](value: T, /) -> T:
    """Widens a literal type to its class; any other type stays what it is."""

def hole(value: object, /) -> Any:
    """Forgets the type of `value`."""

def opaque[T](value: _proxy.Proxy[T], /) -> OpaqueProxy[T]:
    """A proxy that is known by its class only, so that it solves the `T` of a `Proxy[T]` as a whole."""

def nominal[T](value: _proxy.Proxy[T], /) -> _proxy.Proxy[T]:
    """A proxy without its target's part, which may hide what the target is."""

@overload
def task_argument[T](value: _client.Future[T] | _delayed.Delayed[T], /) -> T: ...
@overload
def task_argument[T](value: list[_client.Future[T]], /) -> list[T]: ...
@overload
def task_argument[T](value: list[_delayed.Delayed[T]], /) -> list[T]: ...
@overload
def task_argument[T](value: set[_client.Future[T]], /) -> set[T]: ...
@overload
def task_argument[T](value: tuple[_client.Future[T], ...], /) -> tuple[T, ...]: ...
@overload
def task_argument[K, T](value: dict[K, _client.Future[T]], /) -> dict[K, T]: ...
@overload
def task_argument[T](value: list[list[_client.Future[T]]], /) -> list[list[T]]: ...
@overload
def task_argument[U](value: U, /) -> U:
    """What a task gets for an argument: the values that futures stand for, also in containers."""

def is_proxy[T](value: T, cls: object, /) -> TypeIs[Proxy[T]]:
    """`isinstance(value, Proxy)` for a value that is declared as the target of a possible proxy."""
