from proxystore.store.future import (
    ConnectorT as ConnectorT,
    Future as Future,
    PollingStoreFactory as PollingStoreFactory,
    Proxy as Proxy,
    SerializerT as SerializerT,
    T as T,
)
