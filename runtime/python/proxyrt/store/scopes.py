"""Borrows that end with tasks; the same names as in ``proxystore.store.scopes``.

::

    owner = store.owned_proxy([1, 2, 3])
    with ProcessPoolExecutor() as pool:
        future = submit(pool.submit, args=(sum, borrow(owner)))
        assert future.result() == 6
    mut_borrow(owner)  # nothing is borrowed any more

A :class:`~proxyrt.store.executor.StoreExecutor` over a Dask client does the same by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from proxyrt._proxyrt import is_valid, set_valid
from proxyrt.store._registry import evict_owned
from proxyrt.store.ref import RefMutProxy, RefProxy, _borrows, _factory

_get = object.__getattribute__
_set = object.__setattr__
_lock = threading.Lock()


@runtime_checkable
class FutureWithCallback(Protocol):
    """A future that tells when it is done."""

    def add_done_callback(self, callback: Callable[[Any], Any], /) -> Any:
        """Have a function called with the future when it is done."""


FutureT = TypeVar("FutureT", bound=FutureWithCallback)


def mark_refs_out_of_scope(*refs: RefProxy[Any] | RefMutProxy[Any]) -> None:
    """End borrows: they become invalid, and no longer keep their owners alive or from being lent.

    A borrow that has been given away, for instance to another process, ends likewise. Ending a
    borrow twice does nothing.

    Args:
        refs: The borrows.

    Raises:
        RuntimeError: If the owner of a borrow lives in another process.
    """
    for ref in refs:
        with _lock:
            owner = _get(ref, "__proxy_owner__")
            if owner is None:
                if is_valid(ref):
                    raise RuntimeError(
                        f"Cannot mark {ref!r} as out of scope because it has no reference to its "
                        "owner."
                    )
                continue
            _set(ref, "__proxy_owner__", None)
            set_valid(ref, False)
        if _borrows(owner).release():
            evict_owned(_factory(ref))


def _make_out_of_scope_callback(
    refs: Iterable[RefProxy[Any] | RefMutProxy[Any]],
) -> Callable[[Any], None]:
    ended = tuple(refs)

    def end(_: Any) -> None:
        mark_refs_out_of_scope(*ended)

    return end


def submit(
    submit_func: Callable[..., FutureT],
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    register_custom_refs: Iterable[Any] = (),
) -> FutureT:
    """Submit a task whose borrows end when it is done.

    Args:
        submit_func: Submits the task, such as ``Executor.submit``.
        args: Its positional arguments. Borrows among them end.
        kwargs: Its keyword arguments, likewise.
        register_custom_refs: Further borrows to end; anything else among them is ignored.

    Returns:
        What ``submit_func`` returned.
    """
    named = {} if kwargs is None else dict(kwargs)
    candidates = [*register_custom_refs, *args, *named.values()]
    refs = [item for item in candidates if type(item) in (RefProxy, RefMutProxy)]
    future = submit_func(*args, **named)
    future.add_done_callback(_make_out_of_scope_callback(refs))
    return future
