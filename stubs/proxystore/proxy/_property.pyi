from collections.abc import Callable as Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from typing_extensions import Self

T = TypeVar("T")
P = ParamSpec("P")

class ProxyProperty(Generic[T]):
    fget: Callable[[Any], T]
    fset: Callable[[Any, T], None] | None
    fdel: Callable[[Any], None] | None
    default: T | None
    __doc__: str | None
    def __init__(
        self,
        fget: Callable[[Any], T],
        fset: Callable[[Any, T], None] | None = None,
        fdel: Callable[[Any], None] | None = None,
        default: T | None = None,
        doc: str | None = None,
    ) -> None: ...
    def __set_name__(self, owner: Any, name: str) -> None: ...
    def __get__(self, obj: Any, objtype: Any = None) -> T: ...
    def __set__(self, obj: Any, value: T) -> None: ...
    def __delete__(self, obj: Any) -> None: ...
    def setter(self, fset: Callable[[Any, T], None]) -> Self: ...
    def deleter(self, fdel: Callable[[Any], None]) -> Self: ...

@overload
def proxy_property(function: Callable[P, T], *, default: T | None = ...) -> ProxyProperty[T]: ...
@overload
def proxy_property(
    function: None = ..., *, default: T | None = ...
) -> Callable[[Callable[P, T]], ProxyProperty[T]]: ...
