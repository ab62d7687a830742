"""The proxy classes as parameters that a type variable is solved from.

From a union of proxies, which `Proxy[int | str]` is, the engine solves the type variable of a
protocol and not that of a class. The names are those of the classes, because messages show them.
"""

from typing import Protocol, TypeVar

_T_co = TypeVar("_T_co", covariant=True)

class Proxy(Protocol[_T_co]):
    @property
    def __proxy_wrapped__(self) -> _T_co: ...

class OwnedProxy(Protocol[_T_co]):
    @property
    def __proxy_wrapped__(self) -> _T_co: ...
    __proxy_ref_count__: int
    __proxy_ref_mut_count__: int
