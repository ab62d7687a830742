"""Transparent proxies of objects in a store, implemented in Rust.

The classes are those of ProxyStore's stubs, so that there is one proxy class to know, and the two
packages can be used together.
"""

from typing import Any

from proxyrt.proxy import resolve_async as resolve_async

from proxystore.proxy import (
    Proxy as Proxy,
    ProxyLocker as ProxyLocker,
    ProxyOr as ProxyOr,
    ProxyResolveError as ProxyResolveError,
    extract as extract,
    get_factory as get_factory,
    is_resolved as is_resolved,
    resolve as resolve,
)
from proxystore.store import (
    Store as Store,
    StoreConfig as StoreConfig,
    StoreFactory as StoreFactory,
    get_store as get_store,
    register_store as register_store,
    store_registration as store_registration,
    unregister_store as unregister_store,
)
from proxystore.store.executor import StoreExecutor as StoreExecutor
from proxystore.store.future import Future as Future
from proxystore.store.ref import (
    BaseRefProxy as BaseRefProxy,
    OwnedProxy as OwnedProxy,
    RefMutProxy as RefMutProxy,
    RefProxy as RefProxy,
    borrow as borrow,
    clone as clone,
    into_owned as into_owned,
    mut_borrow as mut_borrow,
    update as update,
)

__version__: str

# What only this package has: connectors of its own, and tools.
def __getattr__(name: str) -> Any: ...
def inspect(proxy: Proxy[Any]) -> Any:
    """Tells what is known of `proxy` without resolving it."""
