from proxystore.store import (
    Connector as Connector,
    ConnectorT as ConnectorT,
    Proxy as Proxy,
    ProxyStoreFactoryError as ProxyStoreFactoryError,
    Store as Store,
    StoreConfig as StoreConfig,
    StoreExistsError as StoreExistsError,
    StoreFactory as StoreFactory,
    T as T,
    get_factory as get_factory,
    get_or_create_store as get_or_create_store,
    get_store as get_store,
    logger as logger,
    register_store as register_store,
    store_registration as store_registration,
    unregister_store as unregister_store,
)

__all__ = [
    "Store",
    "StoreConfig",
    "StoreFactory",
    "get_store",
    "register_store",
    "store_registration",
    "unregister_store",
]
