from proxystore.store.factory import (
    ConnectorKeyT as ConnectorKeyT,
    ConnectorT as ConnectorT,
    DeserializerT as DeserializerT,
    PollingStoreFactory as PollingStoreFactory,
    ProxyResolveMissingKeyError as ProxyResolveMissingKeyError,
    Store as Store,
    StoreConfig as StoreConfig,
    StoreFactory as StoreFactory,
    T as T,
    Timer as Timer,
    logger as logger,
)
