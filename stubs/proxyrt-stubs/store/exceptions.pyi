from proxystore.store.exceptions import (
    NonProxiableTypeError as NonProxiableTypeError,
    ProxyResolveMissingKeyError as ProxyResolveMissingKeyError,
    ProxyStoreFactoryError as ProxyStoreFactoryError,
    StoreError as StoreError,
    StoreExistsError as StoreExistsError,
    base as base,
)
