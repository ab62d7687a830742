from proxystore.store.metrics import (
    ConnectorKeyT as ConnectorKeyT,
    KeyT as KeyT,
    Metrics as Metrics,
    Proxy as Proxy,
    ProxyT as ProxyT,
    StoreMetrics as StoreMetrics,
    TimeStats as TimeStats,
    get_key as get_key,
)
