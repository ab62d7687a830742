"""How arguments and results of tasks travel by proxy; for executors of all kinds."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, SupportsIndex, TypeVar

from proxyrt._proxyrt import StoreFactory, _proxy_trampoline, is_valid, set_valid
from proxyrt.factory import SimpleFactory
from proxyrt.proxy import Proxy, extract, get_factory, is_resolved
from proxyrt.store.base import Store
from proxyrt.store.ref import (
    BaseRefProxy,
    OwnedProxy,
    ReferenceInvalidError,
    RefMutProxy,
    RefProxy,
)
from proxyrt.store.types import ConnectorKeyT

T = TypeVar("T")
ProxyT = TypeVar("ProxyT", bound=Proxy[Any])

_get = object.__getattribute__
_set = object.__setattr__


def is_proxy(obj: object) -> bool:
    """Like ``isinstance``, but looks at the type only."""
    return issubclass(type(obj), Proxy)


def is_reference(obj: object) -> bool:
    """Tell whether an object is a proxy that is given away when it is pickled."""
    return issubclass(type(obj), BaseRefProxy)


def is_proxiable(obj: object) -> bool:
    """Tell whether a proxy can stand for an object, and does not yet."""
    return not (is_proxy(obj) or obj is None or obj is True or obj is False)


def replace(obj: Any, function: Callable[[Any], Any]) -> Any:
    """Apply a function to the elements of nested builtin containers.

    Containers in which nothing changes are returned as they are.
    """
    kind = type(obj)
    if kind is list or kind is tuple or kind is set:
        items = [replace(item, function) for item in obj]
        return obj if all(map(_is, items, obj)) else kind(items)
    if kind is dict:
        values = {key: replace(value, function) for key, value in obj.items()}
        return obj if all(values[key] is value for key, value in obj.items()) else values
    return function(obj)


def contains(obj: Any, condition: Callable[[Any], bool]) -> bool:
    """Tell whether a condition is true of an object or an element of nested builtin containers."""
    seen: set[int] = set()  # a container may contain itself
    rest = [obj]
    while rest:
        item = rest.pop()
        kind = type(item)
        if kind is list or kind is tuple or kind is set or kind is dict:
            if id(item) not in seen:
                seen.add(id(item))
                rest.extend(item.values() if kind is dict else item)
        elif condition(item):
            return True
    return False


def _is(a: object, b: object) -> bool:
    return a is b


class InputFactory(StoreFactory[Any, T]):
    """The factory of an argument that an executor stored.

    The object is evicted when the task is done. What a task keeps of its arguments in its result
    therefore travels by value.
    """

    _kept: tuple[T] | None

    def leave(self, proxy: Proxy[T]) -> None:
        """Let the pickle of a proxy have the object, because its task is done."""
        self._kept = (extract(proxy),) if is_resolved(proxy) else None

    def __reduce__(self) -> tuple[Any, ...]:
        if not hasattr(self, "_kept"):
            return super().__reduce__()
        return SimpleFactory, (self.resolve() if self._kept is None else self._kept[0],)


class ResultFactory(StoreFactory[Any, T]):
    """The factory of a result that nobody owns yet; the process that receives it adopts it."""


class NestedFactory(SimpleFactory[T]):
    """The factory of a container of results that nobody owns yet.

    A scheduler tells the types of results before it transfers them. That a proxy stands for the
    container tells who has submitted the task that there is something to be adopted.
    """


class TaskResult(Proxy[T]):
    """A proxy in the memory of a scheduler, which is not to be resolved there.

    Dask asks what it is about to pickle for its ``__module__``.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        return __name__ if name == "__module__" else super().__getattribute__(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_task_result, (get_factory(self), *_defaults(self))

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return self.__reduce__()


def _defaults(proxy: Proxy[Any]) -> tuple[Any, Any]:
    return _get(proxy, "__proxy_default_class__"), _get(proxy, "__proxy_default_hash__")


def _restore_task_result(
    factory: Callable[[], T], default_class: Any, default_hash: Any
) -> TaskResult[T]:
    result: TaskResult[T] = TaskResult(factory)
    _set(result, "__proxy_default_class__", default_class)
    _set(result, "__proxy_default_hash__", default_hash)
    return result


def to_task_result(result: Any) -> Any:
    """Return a plain proxy as a :class:`TaskResult`, and any other object as it is."""
    if type(result) is not Proxy:
        return result
    return _restore_task_result(get_factory(result), *_defaults(result))


def release_owners(result: Any) -> Any:
    """Turn owners in a result into proxies to be adopted; one of a container tells of them."""
    released = replace(result, lambda it: release_owner(it) if type(it) is OwnedProxy else it)
    if released is result or is_proxy(released):
        return released
    return Proxy(NestedFactory(released))


class Wrapped:
    """A proxy as the result of a task, for executors that ask what the result can do.

    Args:
        proxy: The proxy.
    """

    def __init__(self, proxy: Proxy[Any]) -> None:
        self.proxy = proxy


class HeldFactory(StoreFactory[Any, T]):
    """The factory of a proxy that keeps an owner alive in the process that has the owner."""

    owner: OwnedProxy[T]

    def __reduce__(self) -> tuple[Any, ...]:
        plain: StoreFactory[Any, T] = StoreFactory(
            self.key, self.store_config, deserializer=self.deserializer
        )
        return plain.__reduce__()


def store_input(obj: T, store: Store[Any]) -> tuple[Proxy[T], ConnectorKeyT]:
    """Keep an argument of a task; return its proxy and its key."""
    key = store.put(obj)
    factory: InputFactory[T] = InputFactory(key, store.config())
    return Proxy(factory, cache_defaults=True, target=obj), key


def store_result(obj: T, store: Store[Any]) -> Proxy[T]:
    """Keep a result of a task and return a proxy to be adopted."""
    factory: ResultFactory[T] = ResultFactory(store.put(obj), store.config())
    return Proxy(factory, cache_defaults=True, target=obj)


def without_target(proxy: Proxy[T], factory: StoreFactory[Any, T]) -> Proxy[T]:
    """Return an unresolved proxy of the same object that knows the same class and hash."""
    return _proxy_trampoline(factory, *_defaults(proxy))


def release_owner(owner: OwnedProxy[T]) -> Proxy[T]:
    """Turn an owner, which becomes invalid, into a proxy to be adopted."""
    factory = _get(owner, "__proxy_factory__")
    result: ResultFactory[T] = ResultFactory(
        factory.key, factory.store_config, deserializer=factory.deserializer
    )
    proxy = without_target(owner, result)
    set_valid(owner, False)
    return proxy


_owners: weakref.WeakValueDictionary[tuple[str, ConnectorKeyT], OwnedProxy[Any]] = (
    weakref.WeakValueDictionary()
)
_lock = threading.Lock()


def receive(result: Any) -> Any:
    """Return what a result of a task is to be in the process that has submitted the task.

    That is an owner if there is to be one: one for an object, however often its proxy arrives.
    Other proxies are plain ones.
    """
    if type(result) is Wrapped:
        result = result.proxy
    if type(result) not in (Proxy, TaskResult):
        return result
    factory: Any = get_factory(result)
    if type(factory) is NestedFactory:
        return replace(factory.resolve(), receive)
    if type(factory) is not ResultFactory:
        return result if type(result) is Proxy else _copy(result, Proxy(factory))
    name = (factory.store_config.name, factory.key)
    with _lock:
        owner = _owners.get(name)
        if owner is None:
            plain: StoreFactory[Any, Any] = StoreFactory(
                factory.key, factory.store_config, deserializer=factory.deserializer
            )
            owner = _copy(result, OwnedProxy(plain))
            _owners[name] = owner
    return owner


def _copy(source: Proxy[Any], proxy: ProxyT) -> ProxyT:
    """Let a proxy know what another one of the same object knows."""
    for name, value in zip(("class", "hash"), _defaults(source), strict=True):
        _set(proxy, f"__proxy_default_{name}__", value)
    if is_resolved(source):
        _set(proxy, "__proxy_wrapped__", extract(source))
    return proxy


def hold(owner: Any) -> Any:
    """Return a plain proxy that keeps its owner alive, and anything but an owner as it is."""
    if type(owner) is not OwnedProxy:
        return owner
    factory = _get(owner, "__proxy_factory__")
    held: HeldFactory[Any] = HeldFactory(
        factory.key, factory.store_config, deserializer=factory.deserializer
    )
    held.owner = owner
    if is_resolved(owner):
        return Proxy(held, cache_defaults=True, target=extract(owner))
    return without_target(owner, held)


class Parcel:
    """A proxy as an argument of a task, packed so that a scheduler leaves it alone.

    Schedulers look into arguments, which resolves proxies, and pickle them more than once, which
    references do not survive.
    """

    def __init__(self, proxy: Proxy[Any]) -> None:
        self._kind = type(proxy).__name__ if is_reference(proxy) else None
        self._factory = get_factory(proxy)
        self._defaults = _defaults(proxy)

    def __dask_tokenize__(self) -> object:
        if isinstance(self._factory, StoreFactory):
            return self._kind, self._factory.store_config.name, self._factory.key
        from dask.base import normalize_token  # noqa: PLC0415  # called by Dask only

        return self._kind, normalize_token(self._factory)

    def open(self) -> Proxy[Any]:
        """Return the proxy."""
        if self._kind is None:
            return _proxy_trampoline(self._factory, *self._defaults)
        kinds: dict[str, type[BaseRefProxy[Any]]] = {
            kind.__name__: kind for kind in (OwnedProxy, RefProxy, RefMutProxy)
        }
        factory: Any = self._factory
        return kinds[self._kind](factory)


def describe(obj: Any) -> Any:
    """Return a parcel of a proxy, which stays as it is, and any other object as it is.

    Raises:
        ReferenceInvalidError: If a reference is invalid.
    """
    if not is_proxy(obj):
        return obj
    if is_reference(obj) and not is_valid(obj):
        raise ReferenceInvalidError("a reference that has been given away was passed to a task")
    return Parcel(obj)


def pack(obj: Any) -> Any:
    """Pack a proxy into a parcel; a reference is given away, so it becomes invalid.

    Raises:
        ReferenceInvalidError: If a reference is invalid already.
    """
    parcel = describe(obj)
    if is_reference(obj):
        set_valid(obj, False)
    return parcel


def unpack(obj: Any) -> Any:
    """Return the proxy that came as a parcel or a result, and any other object as it is."""
    if type(obj) is TaskResult:
        factory = get_factory(obj)
        return factory() if type(factory) is NestedFactory else _copy(obj, Proxy(factory))
    return obj.open() if type(obj) is Parcel else obj
