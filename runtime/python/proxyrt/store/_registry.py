"""The stores of this process by name."""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from proxyrt._proxyrt import StoreFactory
from proxyrt.proxy import Proxy, get_factory
from proxyrt.store._log import logger
from proxyrt.store.exceptions import ProxyStoreFactoryError, StoreExistsError

if TYPE_CHECKING:
    from proxyrt.store.base import Store
    from proxyrt.store.config import StoreConfig

_stores: dict[str, Store[Any]] = {}
_closed: set[str] = set()
"""Names of stores that were closed and have not been registered again."""
_lock = threading.RLock()


def get_store(val: str | Proxy[Any]) -> Store[Any] | None:
    """Return the store of a name, or the one that made a proxy.

    Args:
        val: The name or the proxy, which is not resolved.

    Returns:
        The store, or None if no store of this name is registered.

    Raises:
        ProxyStoreFactoryError: If no store made the proxy.
    """
    if not issubclass(type(val), Proxy):
        return _stores.get(val)  # type: ignore[arg-type]  # a name
    factory = get_factory(val)  # type: ignore[arg-type]  # a proxy
    store: Store[Any] = require_store_factory(factory).get_store()
    return store


def require_store_factory(factory: object) -> StoreFactory[Any, Any]:
    """Return a factory if it comes from a store.

    Raises:
        ProxyStoreFactoryError: If it does not.
    """
    if not isinstance(factory, StoreFactory):
        raise ProxyStoreFactoryError(
            "The proxy must contain a factory with type StoreFactory. "
            f"{type(factory).__name__} is not supported."
        )
    return factory


def get_or_create_store(store_config: StoreConfig, *, register: bool = True) -> Store[Any]:
    """Return the registered store of a configuration's name, or make one.

    Args:
        store_config: How to make the store.
        register: Whether to register a store that is made.
    """
    store = _stores.get(store_config.name)
    if store is not None:
        return store
    from proxyrt.store.base import Store  # noqa: PLC0415  # which needs this module

    with _lock:
        store = _stores.get(store_config.name)
        if store is None:
            store = Store.from_config(store_config)
            if register:
                # With `auto_register` the store has registered itself.
                register_store(store, exist_ok=True)
        return store


def note_closed(store: Store[Any]) -> None:
    """Note that a store has been closed, for :func:`evict_owned`."""
    with _lock:
        if store.name not in _stores:
            _closed.add(store.name)


def evict_owned(factory: Any) -> None:
    """Evict the object of a factory whose owner has gone.

    A store that this process has closed is not opened for good: nobody would close it again, and
    nobody else could register one of its name.
    """
    closed = isinstance(factory, StoreFactory) and factory.store_config.name in _closed
    if not closed:
        factory.get_store().evict(factory.key)
        return
    connector = factory.store_config.connector.get_connector()
    connector.evict(factory.key)
    # Others may use the objects: only who says so keeps them.
    if "clear" in inspect.signature(connector.close).parameters:
        connector.close(clear=False)


def register_store(store: Store[Any], exist_ok: bool = False) -> None:
    """Let proxies in this process find a store by its name.

    Args:
        store: The store.
        exist_ok: Whether to replace a registered store of the same name.

    Raises:
        StoreExistsError: If there is one and ``exist_ok`` is false.
    """
    with _lock:
        if store.name in _stores and not exist_ok:
            raise StoreExistsError(f'A store named "{store.name}" already exists.')
        _stores[store.name] = store
        _closed.discard(store.name)
    logger.info('registered the store "%s"', store.name)


@contextlib.contextmanager
def store_registration(*stores: Store[Any], exist_ok: bool = False) -> Iterator[None]:
    """Register stores for the time of a context.

    Args:
        stores: The stores.
        exist_ok: Whether to replace registered stores of the same names.

    Raises:
        StoreExistsError: If there is one and ``exist_ok`` is false.
    """
    with contextlib.ExitStack() as registered:
        for store in stores:
            register_store(store, exist_ok=exist_ok)
            registered.callback(unregister_store, store)
        yield


def unregister_store(name_or_store: str | Store[Any]) -> None:
    """Forget a store, if it is registered.

    Args:
        name_or_store: The store or its name.
    """
    name = name_or_store if isinstance(name_or_store, str) else name_or_store.name
    with _lock:
        if _stores.pop(name, None) is not None:
            logger.info('unregistered the store "%s"', name)
