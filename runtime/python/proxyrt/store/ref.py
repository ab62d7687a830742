"""Ownership and borrowing of objects in a store; the same names as in ``proxystore.store.ref``.

An :class:`OwnedProxy` owns the one object that it stands for: when it goes out of scope, the
object is evicted from the store. It can be lent, either any number of times as :class:`RefProxy`
(:func:`borrow`) or once as :class:`RefMutProxy` (:func:`mut_borrow`). Pickling a reference gives
it away: the sender's is invalid from then on.

All three keep the count of borrows in one object with atomic operations, so threads cannot both
win a mutable borrow, and an owner that the garbage collector finalises before its borrows leaves
the eviction to the last of them.
"""

from __future__ import annotations

import atexit
import copy
import gc
import logging
import weakref
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, SupportsIndex, TypeAlias, TypeVar, runtime_checkable

from proxyrt._errors import (
    BaseRefProxyError,
    MutableBorrowError,
    ReferenceInvalidError,
    ReferenceNotOwnedError,
)
from proxyrt._proxyrt import Borrows, is_valid, set_valid
from proxyrt.proxy import DefaultClassType, DefaultHashType, Proxy, is_resolved
from proxyrt.store._registry import evict_owned
from proxyrt.store.exceptions import ProxyStoreFactoryError

__all__ = [
    "BaseRefProxy",
    "BaseRefProxyError",
    "MutableBorrowError",
    "OwnedProxy",
    "RefMutProxy",
    "RefProxy",
    "ReferenceInvalidError",
    "ReferenceNotOwnedError",
    "StoreFactoryLike",
    "borrow",
    "clone",
    "into_owned",
    "mut_borrow",
    "update",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
SerializerT: TypeAlias = Callable[[Any], Any]

logger = logging.getLogger(__name__)

_get = object.__getattribute__
_set = object.__setattr__


@runtime_checkable
class StoreFactoryLike(Protocol[T_co]):
    """What a reference proxy needs of its factory; ProxyStore's ``StoreFactory`` has it too."""

    key: Any
    evict: bool
    deserializer: Any

    def __call__(self) -> T_co:
        """Return the object."""

    def get_store(self) -> Any:
        """Return the store that has the object."""


_live: dict[int, weakref.ref[BaseRefProxy[Any]]] = {}


def _is(proxy: object, kind: type) -> bool:
    """Like ``isinstance``, which would resolve a proxy of another type."""
    return issubclass(type(proxy), kind)


@atexit.register
def _finalize_live() -> None:
    """Give back borrows and evict owned objects while their stores still work."""
    live = [proxy for reference in list(_live.values()) if (proxy := reference()) is not None]
    for proxy in sorted(live, key=lambda proxy: _is(proxy, OwnedProxy)):
        try:
            proxy.__del__()
        except Exception:
            logger.exception("could not finalize %r at exit", proxy)


def _proxy_trampoline(
    kind: str,
    factory: StoreFactoryLike[T],
    default_class: DefaultClassType = None,
    default_hash: DefaultHashType = None,
) -> BaseRefProxy[T]:
    """Make a reference proxy from its pickle."""
    kinds: dict[str, type[BaseRefProxy[T]]] = {
        "OwnedProxy": OwnedProxy,
        "RefProxy": RefProxy,
        "RefMutProxy": RefMutProxy,
    }
    if kind not in kinds:
        raise AssertionError(f"Unknown proxy kind: {kind}")
    proxy = kinds[kind](factory)
    _set(proxy, "__proxy_default_class__", default_class)
    _set(proxy, "__proxy_default_hash__", default_hash)
    return proxy


class BaseRefProxy(Proxy[T]):
    """A proxy that can be invalidated and that is given away by pickling it.

    Args:
        factory: The store factory that returns the target.
        cache_defaults: Remember the class and the hash of ``target``.
        target: The target, if it is at hand.
    """

    __slots__ = ()

    def __init__(
        self,
        factory: StoreFactoryLike[T],
        *,
        cache_defaults: bool = False,
        target: T | None = None,
    ) -> None:
        super().__init__(factory, cache_defaults=cache_defaults, target=target)
        _live[id(self)] = weakref.ref(self)

    def __del__(self) -> None:
        _live.pop(id(self), None)

    @property
    def __proxy_valid__(self) -> bool:
        """Whether the reference may be used."""
        return is_valid(self)

    @__proxy_valid__.setter
    def __proxy_valid__(self, valid: bool) -> None:
        set_valid(self, valid)

    def __copy__(self) -> NoReturn:
        raise NotImplementedError(
            "Copy is not implemented for reference proxy types to avoid incidental misuse of "
            "the API. Use clone() instead."
        )

    def __deepcopy__(self, memo: dict[Any, Any]) -> NoReturn:
        raise NotImplementedError(
            "Deep copy is not implemented for reference proxy types to avoid incidental misuse "
            "of the API. Use clone() instead."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        set_valid(self, False)
        return _proxy_trampoline, (
            type(self).__name__,
            _get(self, "__proxy_factory__"),
            _get(self, "__proxy_default_class__"),
            _get(self, "__proxy_default_hash__"),
        )

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return self.__reduce__()


class OwnedProxy(BaseRefProxy[T]):
    """The owner of an object in a store, which is evicted when the owner goes out of scope.

    Args:
        factory: The store factory that returns the target.
        cache_defaults: Remember the class and the hash of ``target``.
        target: The target, if it is at hand.
    """

    __slots__ = ("__proxy_borrows__",)

    __proxy_borrows__: Borrows

    def __init__(
        self,
        factory: StoreFactoryLike[T],
        *,
        cache_defaults: bool = False,
        target: T | None = None,
    ) -> None:
        _set(self, "__proxy_borrows__", Borrows())
        super().__init__(factory, cache_defaults=cache_defaults, target=target)

    @property
    def __proxy_ref_count__(self) -> int:
        """The number of immutable borrows."""
        return _borrows(self).shared

    @__proxy_ref_count__.setter
    def __proxy_ref_count__(self, count: int) -> None:
        _borrows(self).shared = count

    @property
    def __proxy_ref_mut_count__(self) -> int:
        """The number of mutable borrows: 0 or 1."""
        return _borrows(self).exclusive

    @__proxy_ref_mut_count__.setter
    def __proxy_ref_mut_count__(self, count: int) -> None:
        _borrows(self).exclusive = count

    def __del__(self) -> None:
        super().__del__()
        try:
            borrows: Borrows = _get(self, "__proxy_borrows__")
            factory: StoreFactoryLike[T] = _get(self, "__proxy_factory__")
        except AttributeError:
            return  # `__init__` failed before there was anything to own
        if not is_valid(self):
            return
        # Taken and never given back, so that nobody borrows an object that is being evicted.
        if borrows.lock():
            set_valid(self, False)
            evict_owned(factory)
        elif gc.is_finalized(self):
            # Collected in one cycle with its borrows: the order of finalizers means nothing.
            set_valid(self, False)
            if borrows.orphan():
                evict_owned(factory)
        else:
            raise RuntimeError(
                "Cannot safely delete OwnedProxy because there still exists "
                f"{borrows.shared} RefProxy and {borrows.exclusive} RefMutProxy."
            )


class _BorrowedProxy(BaseRefProxy[T]):
    """What the two kinds of borrows have in common.

    Args:
        factory: The store factory that returns the target.
        cache_defaults: Remember the class and the hash of ``target``.
        owner: The owner, which is kept alive. None if it lives in another process.
        target: The target, if it is at hand.
    """

    __slots__ = ("__proxy_owner__",)

    __proxy_owner__: OwnedProxy[T] | None

    def __init__(
        self,
        factory: StoreFactoryLike[T],
        *,
        cache_defaults: bool = False,
        owner: OwnedProxy[T] | None = None,
        target: T | None = None,
    ) -> None:
        _set(self, "__proxy_owner__", owner)
        super().__init__(factory, cache_defaults=cache_defaults, target=target)

    def __del__(self) -> None:
        super().__del__()
        try:
            owner: OwnedProxy[T] | None = _get(self, "__proxy_owner__")
        except AttributeError:
            return
        set_valid(self, False)
        if owner is not None:
            # First the borrow, then the owner, which may go with our reference to it.
            orphaned = _borrows(owner).release()
            _set(self, "__proxy_owner__", None)
            if orphaned:
                evict_owned(_get(self, "__proxy_factory__"))


class RefProxy(_BorrowedProxy[T]):
    """An immutable borrow of an object in a store.

    Args:
        factory: The store factory that returns the target.
        cache_defaults: Remember the class and the hash of ``target``.
        owner: The owner, which is kept alive. None if it lives in another process.
        target: The target, if it is at hand.
    """

    __slots__ = ()


class RefMutProxy(_BorrowedProxy[T]):
    """The mutable borrow of an object in a store.

    Args:
        factory: The store factory that returns the target.
        cache_defaults: Remember the class and the hash of ``target``.
        owner: The owner, which is kept alive. None if it lives in another process.
        target: The target, if it is at hand.
    """

    __slots__ = ()


def _borrows(owner: OwnedProxy[Any]) -> Borrows:
    borrows: Borrows = _get(owner, "__proxy_borrows__")
    return borrows


def _factory(proxy: Proxy[T]) -> Any:
    return _get(proxy, "__proxy_factory__")


def _copy_state(source: Proxy[T], destination: Proxy[T], *, deepcopy: bool = False) -> None:
    if is_resolved(source):
        target = _get(source, "__proxy_wrapped__")
        _set(destination, "__proxy_wrapped__", copy.deepcopy(target) if deepcopy else target)
    for name in ("__proxy_default_class__", "__proxy_default_hash__"):
        _set(destination, name, _get(source, name))


def borrow(proxy: OwnedProxy[T], *, populate_target: bool = True) -> RefProxy[T]:
    """Borrow an owned object as immutable.

    Args:
        proxy: The owner.
        populate_target: If the owner is resolved, let the borrow have the target too.

    Raises:
        ReferenceNotOwnedError: If ``proxy`` is not an owner.
        MutableBorrowError: If the object is borrowed as mutable.
    """
    if not _is(proxy, OwnedProxy):
        raise ReferenceNotOwnedError("Only owned references can be borrowed.")
    if not _borrows(proxy).share():
        raise MutableBorrowError("Proxy was already borrowed as mutable.")
    reference: RefProxy[T] = RefProxy(_factory(proxy), owner=proxy)
    if populate_target:
        _copy_state(proxy, reference)
    return reference


def mut_borrow(proxy: OwnedProxy[T], *, populate_target: bool = True) -> RefMutProxy[T]:
    """Borrow an owned object as mutable.

    Args:
        proxy: The owner.
        populate_target: If the owner is resolved, let the borrow have the target too.

    Raises:
        ReferenceNotOwnedError: If ``proxy`` is not an owner.
        MutableBorrowError: If the object is borrowed.
    """
    if not _is(proxy, OwnedProxy):
        raise ReferenceNotOwnedError("Only owned references can be borrowed.")
    borrows = _borrows(proxy)
    if not borrows.lock():
        kind = "immutable" if borrows.shared else "mutable"
        raise MutableBorrowError(f"Proxy was already borrowed as {kind}.")
    reference: RefMutProxy[T] = RefMutProxy(_factory(proxy), owner=proxy)
    if populate_target:
        _copy_state(proxy, reference)
    return reference


def clone(proxy: OwnedProxy[T]) -> OwnedProxy[T]:
    """Copy an owned object in its store, and return the owner of the copy.

    A target that ``proxy`` has resolved is copied deeply.

    Args:
        proxy: The owner.

    Raises:
        ReferenceNotOwnedError: If ``proxy`` is not an owner.
    """
    if not _is(proxy, OwnedProxy):
        raise ReferenceNotOwnedError("Only owned references can be cloned.")
    factory = _factory(proxy)
    store = factory.get_store()
    key = store.connector.put(store.connector.get(factory.key))
    owned: OwnedProxy[T] = OwnedProxy(
        type(factory)(
            key,
            store_config=store.config(),
            evict=factory.evict,
            deserializer=factory.deserializer,
        )
    )
    _copy_state(proxy, owned, deepcopy=True)
    return owned


def into_owned(proxy: Proxy[T], *, populate_target: bool = True) -> OwnedProxy[T]:
    """Make an owner from a plain proxy, of which there must be no copies.

    The factory no longer evicts the object when it is resolved.

    Args:
        proxy: A proxy that a store made.
        populate_target: If the proxy is resolved, let the owner have the target too.

    Raises:
        ValueError: If ``proxy`` is a reference proxy already.
        ProxyStoreFactoryError: If the factory of ``proxy`` does not come from a store.
    """
    if _is(proxy, BaseRefProxy):
        raise ValueError("Only a base proxy can be converted into an owned proxy.")
    factory = _factory(proxy)
    if not isinstance(factory, StoreFactoryLike):
        raise ProxyStoreFactoryError(
            "The proxy must contain a factory with type StoreFactory. "
            f"{type(factory).__name__} is not supported."
        )
    factory.evict = False
    owned: OwnedProxy[T] = OwnedProxy(factory)
    if populate_target:
        _copy_state(proxy, owned)
    return owned


def update(proxy: OwnedProxy[T] | RefMutProxy[T], *, serializer: SerializerT | None = None) -> None:
    """Write the local target back to the store; does nothing while the proxy is unresolved.

    Copies of the object that others have already fetched do not change.

    Args:
        proxy: The owner or the mutable borrow.
        serializer: Used instead of the store's.

    Raises:
        ReferenceNotOwnedError: If ``proxy`` is neither.
        MutableBorrowError: If ``proxy`` is an owner whose object is borrowed.
        NotImplementedError: If the store's connector cannot set the value of a key.
    """
    if not (_is(proxy, OwnedProxy) or _is(proxy, RefMutProxy)):
        raise ReferenceNotOwnedError("Reference is an immutable borrow.")
    if _is(proxy, OwnedProxy):
        borrows: Borrows = _get(proxy, "__proxy_borrows__")
        if borrows.shared or borrows.exclusive:
            raise MutableBorrowError("OwnedProxy has been borrowed. Cannot mutate.")
    if not is_resolved(proxy):
        return
    factory = _factory(proxy)
    value = _get(proxy, "__proxy_wrapped__")
    try:
        factory.get_store()._set(factory.key, value, serializer=serializer)
    except NotImplementedError as error:
        raise NotImplementedError(
            "Mutating the global copy of the value requires a connector type that supports set()."
        ) from error
