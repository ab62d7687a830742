from collections.abc import Callable as Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from proxystore.store.ref import RefMutProxy as RefMutProxy, RefProxy as RefProxy

class FutureWithCallback(Protocol):
    def add_done_callback(self, callback: Callable[[FutureWithCallback], Any]) -> None: ...

FutureT = TypeVar("FutureT", bound=FutureWithCallback)
P = ParamSpec("P")

def mark_refs_out_of_scope(*refs: RefProxy[Any] | RefMutProxy[Any]) -> None: ...
def submit(
    submit_func: Callable[P, FutureT],
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    register_custom_refs: Iterable[Any] = (),
) -> FutureT: ...
