from proxystore.store.utils import (
    ConnectorKeyT as ConnectorKeyT,
    Proxy as Proxy,
    ProxyStoreFactoryError as ProxyStoreFactoryError,
    T as T,
    base as base,
    get_factory as get_factory,
    get_key as get_key,
    is_resolved as is_resolved,
    resolve_async as resolve_async,
)
